"""Help: what each page is for, the glossary, the documents that rules come from."""

from fastapi import APIRouter, Depends, Response

from api.deps import Db, signed_in
from api.web import places, words
from api.web.desk import AtDesk
from gis.legend import RATING
from maps.context import rule_texts

router = APIRouter()


@router.get("/help")
def read_help(desk: AtDesk) -> Response:
    """Glossary, colours, rules and first steps, open to every role."""
    texts = rule_texts(desk.house.policy)
    return desk.page(
        "help.html", glossary=words.area("glossary"), rules=list(texts.values()),
        documents=list(desk.house.policy.documents.items()),
        colours=[desk.chip(one) for one in RATING.entries],
    )  # fmt: skip


@router.get("/tour", dependencies=[Depends(signed_in)])
def read_tour(desk: AtDesk, db: Db) -> Response:
    """A first walk through the workplace, on the data that are there."""
    changed = [
        row for row in places.rows(places.read(desk, db, "rating"))
        if row["previous_colour"] not in (None, row["colour"])
    ]  # fmt: skip
    one = f"/places/compound/{changed[0]['code']}" if changed else "/map"
    steps = [
        ("one", "/today"), ("two", one), ("three", "/map"), ("four", "/visits"),
        ("five", "/dangers/new"),
    ]  # fmt: skip
    return desk.page("tour.html", steps=[one for one in steps if desk.opens(one[1])])
