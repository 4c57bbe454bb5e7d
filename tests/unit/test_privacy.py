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
        "Tenant: John Smith, call 020 7946 0958",
        "Owner name: Zhang San, phone 0871 6312 3456",
        "the tenant Mary Jones was away",
        "Ask for Mrs. Miller",
        "Full name: Smith",
        "John Smith lives in flat 3",
        "(312) 555-0142",
        "312-555-0142",
        "+44 7700 900123",
        "0114 496 0123",
        "01632 960 123",
        "Tel. 7946 0958",
        "电话 6312 3456",
        "手机一三八零零一三八零零零",
        "幺三八零零一三八零零零",
        "联系人：张三",
        "张三住3栋201室，有前科",
        "租客李四租住在翠湖花园3栋2单元201",
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
        "2026-10-08 0900-1700 施工，2026-11-27 20:00 复查",
        "3栋201室有人居住，老人住3栋201室",
        "王家桥小区居住户数多，方便居住3栋201户",
        "联系人：物业公司，住户是否知情待查",
        "一、二、三、四、五、六、七栋，二〇二六年十一月",
        "网格 530102001001 001 002 003，坐标 102.712345, 25.045678",
        "100 000 m², 1 250 households, +1,250.5 m² since 2025",
        "Owner: Wuhua Property Company",
        "Tenant: Green Park Housing Association; landlord: Sheffield City Council",
        "Tenants Association Hall, Victim Support Unit, Resident Permit Zone",
        "Call point 12 broken, phone box 7 at 221B Baker Street",
        "St James Court, 14 High Street, S1 2HE",
        "resident parking on Park Road is full",
        "Chicago 60601, 77 West Wacker Drive, 41.8781 N 87.6298 W",
    ],
)
def test_a_text_about_a_place_is_kept_without_blanks_round_it(text):
    assert checked(f"  {text}\n", "备注") == text
