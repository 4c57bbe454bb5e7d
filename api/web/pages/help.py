"""Help: what each page is for, the glossary, the documents that rules come from."""

from fastapi import APIRouter, Response

from api.web import words
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
