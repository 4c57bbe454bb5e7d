"""What a value that cannot be used is told, by pydantic's kind of error, in both languages."""

from collections.abc import Mapping, Sequence
from typing import Any

_MEANT: dict[tuple[str, str], str] = {
    ("缺少此项", "this is missing"): "missing missing_argument missing_keyword_only_argument"
    " missing_positional_only_argument default_factory_not_called",
    ("没有这一项", "there is no such entry"): "extra_forbidden unexpected_keyword_argument"
    " unexpected_positional_argument no_such_attribute",
    ("只能给一次", "give it only once"): "multiple_argument_values",
    ("不能修改", "this cannot be changed"): "frozen_field frozen_instance",
    ("应留空", "leave this empty"): "none_required missing_sentinel_error ellipsis_error",
    ("不是有效的 JSON", "not valid JSON"): "json_invalid json_type",
    ("嵌套过深", "nested too deeply"): "recursion_loop recursion_depth_exceeded",
    ("应为 JSON 对象", "should be a JSON object"): "model_type model_attributes_type"
    " dataclass_type dataclass_exact_type named_tuple_type dict_type frozen_dict_type"
    " ordered_dict_type counter_type mapping_type arguments_type",
    ("名称应为文字", "names should be text"): "invalid_key",
    ("应为列表", "should be a list"): "list_type tuple_type set_type frozen_set_type deque_type"
    " iterable_type",
    ("此值无法使用", "this value cannot be used"): "value_error assertion_error iteration_error"
    " get_attribute_error needs_python_object is_instance_of is_subclass_of callable_type"
    " set_item_not_hashable",
    ("应大于 {gt}", "should be greater than {gt}"): "greater_than",
    ("应不小于 {ge}", "should be {ge} or more"): "greater_than_equal",
    ("应小于 {lt}", "should be less than {lt}"): "less_than",
    ("应不大于 {le}", "should be {le} or less"): "less_than_equal",
    ("应为 {multiple_of} 的倍数", "should be a multiple of {multiple_of}"): "multiple_of",
    ("应为有限的数", "should be a finite number"): "finite_number",
    ("至少 {min_length} 项", "at least {min_length} entries"): "too_short",
    ("最多 {max_length} 项", "at most {max_length} entries"): "too_long",
    ("应为文字", "should be text"): "string_type",
    ("文字编码有误", "the text is not encoded as UTF-8"): "string_unicode bytes_invalid_encoding",
    ("只能用 ASCII 字符", "only ASCII characters"): "string_not_ascii",
    ("至少 {min_length} 个字符", "at least {min_length} characters"): "string_too_short",
    ("最多 {max_length} 个字符", "at most {max_length} characters"): "string_too_long"
    " url_too_long",
    ("格式应为 {pattern}", "should look like {pattern}"): "string_pattern_mismatch",
    ("可选：{expected}", "choose one of {expected}"): "enum literal_error",
    ("应为 true 或 false", "should be true or false"): "bool_type bool_parsing",
    ("应为整数", "should be a whole number"): "int_type int_parsing int_from_float",
    ("数字太大", "the number is too large"): "int_parsing_size",
    ("应为数字", "should be a number"): "float_type float_parsing decimal_type decimal_parsing"
    " fraction_type fraction_parsing complex_type complex_str_parsing",
    ("最多 {max_digits} 位数字", "at most {max_digits} digits"): "decimal_max_digits",
    ("最多 {decimal_places} 位小数", "at most {decimal_places} decimals"): "decimal_max_places",
    ("整数部分最多 {whole_digits} 位",
     "at most {whole_digits} digits before the point"): "decimal_whole_digits",
    ("应为文件或字节", "should be a file or bytes"): "bytes_type",
    ("至少 {min_length} 字节", "at least {min_length} bytes"): "bytes_too_short",
    ("最多 {max_length} 字节", "at most {max_length} bytes"): "bytes_too_long",
    ("应为日期，如 2026-09-30", "should be a date such as 2026-09-30"): "date_type date_parsing"
    " date_from_datetime_parsing date_from_datetime_inexact",
    ("应为过去的时间", "should lie in the past"): "date_past datetime_past",
    ("应为将来的时间", "should lie in the future"): "date_future datetime_future",
    ("应为时刻，如 08:00", "should be a time such as 08:00"): "time_type time_parsing",
    ("应为日期和时间，如 2026-09-30T08:00:00+08:00",
     "should be a date and time such as 2026-09-30T08:00:00+08:00"): "datetime_type"
    " datetime_parsing datetime_object_invalid datetime_from_date_parsing",
    ("不要写时区", "give no time zone"): "timezone_naive",
    ("请写明时区，如 +08:00", "give the time zone, such as +08:00"): "timezone_aware"
    " timezone_offset",
    ("应为时长", "should be a duration"): "time_delta_type time_delta_parsing",
    ("类别不可用", "this kind is not known"): "union_tag_invalid",
    ("请写明类别", "say of which kind it is"): "union_tag_not_found",
    ("应为网址", "should be a web address"): "url_type url_parsing url_syntax_violation",
    ("网址应以 {expected_schemes} 开头",
     "an address should begin with {expected_schemes}"): "url_scheme",
    ("应为 UUID", "should be a UUID"): "uuid_type uuid_parsing uuid_version",
}  # fmt: skip
WORDS = {kind: words for words, kinds in _MEANT.items() for kind in kinds.split()}
"""Chinese and English by kind of error; ``{name}`` is a value of the error's own context."""


def reason(error: Mapping[str, Any]) -> tuple[str, str]:
    """What is wrong with one value, in Chinese and in English."""
    told = {
        name: str(value).replace("'", "").replace(" or ", ", ")
        for name, value in error.get("ctx", {}).items()
    }
    zh, en = WORDS[error["type"]]
    return zh.format_map(told), en.format_map(told)


def both(errors: Sequence[Mapping[str, Any]], *, parts: slice = slice(None)) -> str:
    """All that is wrong in one ``Chinese / English`` line; ``parts`` of each value's address."""
    told = [(where(one, parts), *reason(one)) for one in errors]
    zh = "；".join(f"{place}：{why}" for place, why, _ in told)
    en = "; ".join(f"{place}: {why}" for place, _, why in told)
    return f"{zh} / {en}"


def where(error: Mapping[str, Any], parts: slice = slice(None)) -> str:
    """Where the value stands, as ``query.limit``."""
    return ".".join(str(part) for part in error["loc"][parts])
