"""How an address asks for a plan."""

from typing import Annotated

from fastapi import Query

from api.planning.plans import LARGEST

Compound = Annotated[str | None, Query(min_length=1, max_length=64, description="one compound")]
Area = Annotated[
    str | None,
    Query(pattern=r"^\d{6,12}$", description=f"an area of at most {LARGEST} compounds instead"),
]
Budget = Annotated[int, Query(ge=1, le=200, description="points")]
Target = Annotated[
    float | None, Query(gt=0, le=1, description="covered share to reach, instead of a budget")
]
EveryDeg = Annotated[
    float | None, Query(ge=10, le=180, description="degrees between directions looked at")
]
