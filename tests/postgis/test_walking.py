"""The 15-minute circle over a store."""

from datetime import date

from sqlalchemy import text

from gis.walking import service


def test_a_facility_in_no_street_is_walked_to_and_in_nobodys_own_street(demo_store):
    """A record that no community holds has the district's code."""
    asked = {"policy": demo_store.house.policy, "district": demo_store.house.district,
             "as_of": date(2026, 9, 30)}  # fmt: skip
    outside = "UPDATE wangge.facilities SET area_code = '530102' WHERE function = 'culture'"
    with demo_store.begin() as session:
        before = service.circle(session, **asked).functions.set_index("function").loc["culture"]
        session.execute(text(outside))
        after = service.circle(session, **asked).functions.set_index("function").loc["culture"]
        assert after["households_share"] == before["households_share"] > 0
        assert before["own_street_share"] > after["own_street_share"] == 0
        session.rollback()  # all tests share the store
