"""What the published figures of a place give away about figures that are not published."""

import pandas as pd

from gis.rental.analysis import SUMS, figures, hidden_sums

LEVELS = (("district", "compound"), ())


def let(compound, rented, people, counted):
    sums = dict.fromkeys(SUMS, 0) | {"rented": rented, "occupants": people, "counted": counted}
    return {"district": "D", "compound": compound, **sums}


def published(*pieces):
    pieces = pd.DataFrame(pieces)
    hidden = hidden_sums(pieces, LEVELS, below=5)
    sums = pieces.set_index("compound")[list(SUMS)]
    ground = pd.DataFrame({"dwellings": 100.0, "ground_m2": 1e4}, index=sums.index)
    return figures(sums, ground, {name: levels["compound"] for name, levels in hidden.items()})


def test_people_counted_in_few_lettings_are_not_shown():
    found = published(let("a", 12, 7, 1), let("b", 30, 60, 30), let("c", 30, 90, 30))
    assert found["rented_dwellings"].tolist() == [12, 30, 30]  # the lettings themselves are many
    shown = found["occupants_per_dwelling"].dropna()
    assert shown.to_dict() == {"c": 3.0}  # b goes with a: the district's sum would tell a
    assert found["occupants"].isna().tolist() == [True, True, False]


def test_people_counted_in_five_lettings_are_shown():
    found = published(let("a", 12, 7, 5), let("b", 30, 60, 30))
    assert found["occupants_per_dwelling"].tolist() == [1.4, 2.0]
