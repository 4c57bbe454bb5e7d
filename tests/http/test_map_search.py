"""The list beside the map finds a compound by name, code, address and pinyin initials."""

import pytest
from sqlalchemy import text

from api.web.search import initials


def found(client, words):
    """Codes of the rows that are shown, and the page."""
    page = client.get("/map", params={"q": words, "columns": ["name", "code", "address"]}).text
    return [one.partition('"')[0] for one in page.split('data-key="')[1:]], page


@pytest.mark.parametrize("by", ["name", "code", "address", "initials"])
def test_a_compound_is_found(client, demo_store, by):
    asked = text("""
        SELECT name, code, address FROM wangge.compounds
        JOIN wangge.ratings ON ratings.compound_code = code
        WHERE valid_to IS NULL AND address IS NOT NULL ORDER BY code LIMIT 1
    """)
    with demo_store.begin() as session:
        one = session.execute(asked).mappings().one()
    words = initials(one["name"]) if by == "initials" else one[by]
    codes, page = found(client, words)
    assert one["code"] in codes
    assert len(codes) < len(found(client, "")[0])
    assert one["address"] in page
