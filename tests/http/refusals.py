"""How a refusal has to be told."""

import re

from gis.errors import halves

CHINESE = re.compile(r"[\u4e00-\u9fff]")
LATIN = re.compile(r"[A-Za-z]{2}")


def told_in_both(answer):
    """Whether a problem document says it in Chinese, and then in English without any Chinese."""
    zh, en = halves(answer.json()["detail"])
    return bool(CHINESE.search(zh) and LATIN.search(en) and not CHINESE.search(en))
