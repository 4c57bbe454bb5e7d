"""What looks like data about a person: hidden in reports, refused in what users write."""

import re
import unicodedata

from gis.errors import BadInput

_PHONE = (
    r"(?<!\d)(?:(?:\+|00)?86[- ]?)?1[3-9]\d(?:[- ]?\d{4}[- ]?|\.\d{4}\.)\d{4}(?!\d)"
    r"|(?<!\d)(?:0\d{2,3}-|\(0\d{2,3}\) ?)\d{7,8}(?!\d)"
)
_IDENTITY = (
    r"(?<!\d)[1-9]\d{5}[- ]?(?:18|19|20)\d{2}(?:0[1-9]|1[0-2])(?:[0-2]\d|3[01])[- ]?"
    r"\d{3}[\dXx](?!\d)"
)
PROVINCES = "京津沪渝冀豫云辽黑湘皖鲁新苏浙赣鄂桂甘晋蒙陕吉闽贵粤青藏川宁琼使领"
_PLATE = (
    rf"[{PROVINCES}]"
    r" ?[A-HJ-NP-Za-hj-np-z][·\s]?[A-HJ-NP-Za-hj-np-z0-9]{4,5}[A-HJ-NP-Za-hj-np-z0-9挂学警港澳]"
)
_MAIL = r"(?<![A-Za-z0-9_.+-])[A-Za-z0-9_.+-]{1,64}@[\w-]{1,64}\.[A-Za-z0-9.]{1,64}"
PERSONAL = "|".join((_PHONE, _IDENTITY, _PLATE, _MAIL))
NUMBERS = "|".join((_PHONE, _IDENTITY))
HIDDEN = "***"
# The hundred commonest surnames of the 2020 register (Ministry of Public Security, name report
# 2021) and the two-character ones in use; they carry more than nine names of ten.
SURNAMES = (
    "王李张刘陈杨黄赵吴周徐孙马朱胡郭何林罗高郑梁谢宋唐许韩冯邓曹彭曾肖田董袁潘于蒋蔡余杜叶程"
    "苏魏吕丁任沈姚卢姜崔钟谭陆汪范金石廖贾夏韦付方白邹孟熊秦邱江尹薛闫段雷侯龙史陶黎贺顾毛郝龚"
    "邵万钱严覃武戴莫孔向汤普"
)
DOUBLE_SURNAMES = "欧阳|上官|司马|诸葛|东方|皇甫|尉迟|公孙|慕容|令狐|司徒|夏侯"
_PERSONAL = re.compile(PERSONAL)
_ROLES = "姓名|户主|房东|租客|承租人|嫌疑人|受害人|报警人|当事人|业主"
_NAMED = re.compile(
    rf"(?:{_ROLES})\s*(?:[:：是为叫]|名叫)\s*[\u4e00-\u9fff]{{2,4}}"
    rf"|(?:{DOUBLE_SURNAMES}|[{SURNAMES}])[\u4e00-\u9fff]{{0,2}}(?:先生|女士|师傅|警官)"
    r"|(?:身份证|手机|电话|微信|车牌)号?码?\s*[:：是为]?\s*[0-9A-Za-z]{5,}"
)
# What else a writer may not keep. Imported columns of figures are not held against these: there a
# number written like a telephone's is most often none.
_HAN = r"\u4e00-\u9fff"
_NUMERAL = "[零〇○一二三四五六七八九幺两壹贰叁肆伍陆柒捌玖]"
_DIALLED = "|".join((
    r"(?<![\dA-Za-z])\+[1-9](?:[ ().-]{0,2}\d){7,14}(?!\d)",  # with a country's number
    r"(?<!\d)(?:\(\d{3}\) ?|\d{3}[-. ])\d{3}[-. ]\d{4}(?!\d)",  # North America
    r"(?<!\d)\(?0\d{2}\)?(?P<a>[ -])\d{4}(?P=a)?\d{4}(?!\d)",  # trunk numbers of 10, 11, 12 digits
    r"(?<!\d)\(?0\d{3}\)?(?P<b>[ -])\d{3,4}(?P=b)?\d{4}(?!\d)",
    r"(?<!\d)\(?0\d{4}\)?(?P<c>[ -])\d{3}(?P=c)?\d{3}(?!\d)",
    rf"[一幺壹][三四五六七八九叁肆伍陆柒捌玖]{_NUMERAL}{{9}}|[零〇○]{_NUMERAL}{{9,11}}",
    rf"(?:手机|电话)号?码?\s*[:：是为]?\s*(?:{_NUMERAL}{{7,}}|\d(?:[ -]?\d){{6,}})",
    r"\b(?i:tel|telephone|phone|mobile|cell|call|ring|whatsapp|wechat)(?i:\s+no| number)?"
    r"[.:]?\s*\(?\d(?:[ ().-]{0,2}\d){6,}",
))  # fmt: skip
_WESTERN_ROLES = (
    "owner|tenant|landlord|landlady|lodger|lessee|resident|householder|occupier|occupant|keyholder"
    "|suspect|offender|victim|caller|complainant|witness|driver"
)
_UNITS = (  # of several capital words with one of these, none is a person
    "Association|Authority|Bank|Block|Board|Building|Bureau|Cent(?:er|re)|Church|City|Co|Committee"
    "|Community|Company|Corporation|Council|Department|District|Estates?|Gardens?|Group|Hall"
    "|Holdings|Hospital|House|Housing|Inc|LLC|LLP|Limited|Ltd|Management|Office|PLC|Panel|Park"
    "|Parking|Partners|Permits?|Police|Property|Properties|Road|School|Services?|Society|Station"
    "|Street|Support|Team|Trust|Unit|University"
)
_NAME = r"[A-Z][a-z’'-]+(?:\s+[A-Z][a-z’'.-]*){1,3}"
_NOT_A_UNIT = rf"(?!(?:[A-Z][\w’'.-]*\s+)*(?:{_UNITS})\b)"
_SURNAMED = rf"(?:{DOUBLE_SURNAMES}|[{SURNAMES}])"
_GIVEN = rf"(?:(?![人户家居客民者员便])[{_HAN}]){{1,2}}"
_PERSON = "|".join((
    rf"\b(?i:{_WESTERN_ROLES})(?i:[’']?s? name)?\s*(?:[:=]|(?:is|named|called)\s)\s*"
    rf"{_NOT_A_UNIT}{_NAME}",
    rf"\b(?:{_WESTERN_ROLES})\s+{_NOT_A_UNIT}{_NAME}",
    r"\b(?i:full name|first name|last name|surname)\s*[:=]\s*[A-Z][a-z]+",
    r"\b(?:Mr|Mrs|Ms|Miss)\b\.?\s+[A-Z][a-z]+",
    rf"\b{_NOT_A_UNIT}[A-Z][a-z’'-]+\s+[A-Z][a-z’'-]+\s+(?:lives|resides|is (?:living|staying))\s+"
    r"(?:at|in)\b",
    rf"(?:联系人|住户|租户|房客|屋主|车主|机主|嫌犯)\s*(?:[:：]|名?叫)\s*{_SURNAMED}{_GIVEN}(?![{_HAN}])",
    rf"(?:(?<![{_HAN}])|(?<=[的是叫])|(?:{_ROLES}|住户|居民)){_SURNAMED}{_GIVEN}[现租暂]?居?住[在于]?"
    rf"[^，。；,;\s]{{0,12}}?\d+(?:栋|幢|号楼|座|单元)[^，。；,;\s]{{0,6}}?\d+",
))  # fmt: skip
_WRITTEN = re.compile(f"{_NAMED.pattern}|{_DIALLED}|{_PERSON}")


class PersonalText(BadInput):
    """A text that looks as if it held data about a person; nothing was kept."""

    code = "personal_text"

    def __init__(self, what: str) -> None:
        super().__init__(
            f"{what}：文字疑似含个人信息（姓名、电话、证件号、车牌、邮箱），未保存，"
            "请只写场所和事项 / the text looks as if it named a person (name, phone, id, plate, "
            "mail): it was not kept; write of the place and the matter"
        )


def hidden(text: str) -> str:
    """``text`` with ``***`` for phones, ids, plates and mail, full-width ones included."""
    clean, found = _PERSONAL.subn(HIDDEN, text)
    if unicodedata.is_normalized("NFKC", text):
        return clean
    plain, more = _PERSONAL.subn(HIDDEN, unicodedata.normalize("NFKC", text))
    return plain if more > found else clean


def checked(text: str, what: str) -> str:
    """``text`` without blanks round it, if it may be kept; ``what`` names it in the error.

    Raises PersonalText for phones (of China, of other countries, in Chinese numerals), identity
    numbers, plates, mail addresses, for words such as "姓名：" or "Tenant:" with a name behind
    them, and for who lives in which dwelling. A bare name that nothing announces is not recognised.
    """
    clean = text.strip()
    if hidden(clean) != clean or _WRITTEN.search(unicodedata.normalize("NFKC", clean)):
        raise PersonalText(what)
    return clean
