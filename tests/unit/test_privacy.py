"""Texts that users write: what names a person is refused, what names a place is kept."""

import pytest

from gis.privacy import PersonalText, checked


@pytest.mark.parametrize(
    "text",
    [
        "联系 13912345678",
        "１３９１２３４５６７８ 来电",
        "身份证 530102199001011234",
        "车牌云A12345占用消防通道",
        "邮箱 someone@example.org",
        "姓名：张三丰",
        "户主叫李四",
        "找王师傅开门",
        "欧阳女士反映",
        "电话0871-65123456",
        "微信号：abc12345",
    ],
)
def test_a_text_that_names_a_person_is_refused(text):
    with pytest.raises(PersonalText, match="备注"):
        checked(text, "备注")


@pytest.mark.parametrize(
    "text",
    [
        "3栋2单元消防通道被占用，2026-10-08 现场查看",
        "物业维修师傅已到场",
        "业主大会已通过",
        "门牌 530102001001 号，约 120 户",
        "电话亭旁路灯不亮",
        "居民反映夜间噪音",
        "翠湖北路 12 号，面积 1139.5 m²",
    ],
)
def test_a_text_about_a_place_is_kept_without_blanks_round_it(text):
    assert checked(f"  {text}\n", "备注") == text
