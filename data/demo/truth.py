"""What was planted: true rates, true gaps, faults. Kept beside the files, never imported."""

import json
from collections import Counter
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import numpy as np

from data.demo import kinds
from data.demo.compounds import Compounds, is_stale
from data.demo.facilities import M2_PER_HOUSEHOLD, Register
from data.demo.grids import Fault
from data.demo.incidents import TELECOM, Incidents
from data.demo.rentals import Lettings
from data.demo.sizes import AS_OF
from gis.arrays import Ints


def compounds_truth(
    compounds: Compounds, incidents: Incidents, lettings: Lettings
) -> list[dict[str, Any]]:
    """True relative risk, true yearly rate per 1,000 households and what really happened."""
    count = len(compounds)
    rated = (incidents.compound >= 0) & (incidents.category != TELECOM)
    recent = rated & (incidents.occurred_at >= np.datetime64("2024-10-01"))
    happened = np.bincount(incidents.compound[rated], minlength=count)
    window = np.bincount(incidents.compound[recent], minlength=count)
    rented = lettings.per_compound(count)
    return [
        {
            "code": str(compounds.code[c]),
            "kind": kinds.KINDS[compounds.kind[c]].value,
            "households": int(compounds.households[c]),
            "theta": round(float(compounds.theta[c]), 4),
            "rate_per_1000_household_years": round(float(compounds.rate[c]) * 1000, 3),
            "rated_incidents": int(happened[c]),
            "rated_incidents_24_months": int(window[c]),
            "let_dwellings": int(rented[c]),
            "hot": bool(compounds.hot[c]),
        }
        for c in range(count)
    ]


def communities_truth(
    codes: Sequence[str], households: Ints, register: Register
) -> list[dict[str, Any]]:
    """Floor area that counts, area due and the gap, in m², of every community."""
    found = []
    for code, homes, counted in zip(
        codes, households.tolist(), register.counted_m2.tolist(), strict=True
    ):
        due = M2_PER_HOUSEHOLD * homes
        verdict = "none" if counted == 0 else "met" if counted >= due else "below"
        found.append(
            {
                "code": code, "households": homes, "counted_m2": round(counted, 2),
                "required_m2": round(due, 2), "gap_m2": round(max(due - counted, 0), 2),
                "verdict": verdict,
            }
        )  # fmt: skip
    return found


def further_faults(
    compounds: Compounds, lettings: Lettings, register: Register
) -> tuple[Fault, ...]:
    """Faults that lie in compounds, lettings and facilities."""
    keys = lettings.rows["key"].to_numpy()
    stale = np.flatnonzero([is_stale(day) for day in compounds.counted_on])
    listed = {
        "hot_compound": compounds.code[compounds.hot],
        "small_compound": compounds.code[compounds.small],
        "stale_households": compounds.code[stale],
        "mainly_rental": compounds.code[lettings.mainly],
        "suspected_group": keys[lettings.group & lettings.active],
    } | {f"facility_{kind}": np.array(found) for kind, found in register.keys.items()}
    return tuple(Fault(kind, (str(key),)) for kind, found in listed.items() for key in found)


def write(path: Path, head: dict[str, Any], parts: dict[str, Any], faults: Sequence[Fault]) -> None:
    """One JSON file; ``faults`` with their counts by kind."""
    planted = [
        {"kind": fault.kind, "keys": list(fault.keys)}
        | ({} if fault.figure is None else {"figure": fault.figure})
        for fault in faults
    ]
    counted = dict(sorted(Counter(fault.kind for fault in faults).items()))
    whole = head | {"as_of": AS_OF.isoformat(), "planted": counted} | parts | {"faults": planted}
    path.write_text(json.dumps(whole, ensure_ascii=False, indent=1) + "\n", encoding="utf-8")
