"""Cutting a set of blocks into connected parts of wanted sizes by straight, tilted lines."""

from dataclasses import dataclass

import numpy as np
from scipy.sparse import coo_matrix
from scipy.sparse.csgraph import connected_components

from gis.arrays import Floats, Ints

TILT_RAD = 0.22  # cuts lean a little, or the map would look ruled


@dataclass(frozen=True)
class Parts:
    """k wanted parts: ``share`` of the weight, ``need`` blocks at least, (k, 2) anchors or NaN."""

    share: Floats
    need: Ints
    anchors: Floats

    def __len__(self) -> int:
        return len(self.share)


def parts(share: Floats, need: Ints, anchors: Floats | None = None) -> Parts:
    """Wanted parts; without anchors they may lie anywhere."""
    places = np.full((len(share), 2), np.nan) if anchors is None else anchors
    return Parts(share, need, places)


def split(points: Floats, weight: Floats, wanted: Parts, rng: np.random.Generator) -> Ints:
    """(n,) number of the part each point goes to; at least ``need`` points each if n allows."""
    label = np.zeros(len(points), dtype=np.int64)
    stack = [(np.arange(len(points)), np.arange(len(wanted)))]
    while stack:
        inside, kids = stack.pop()
        if len(kids) == 1:
            label[inside] = kids[0]
            continue
        axis = _axis(points[inside], weight[inside], wanted.anchors[kids], rng)
        kids, middle = _halves(kids, wanted, axis)
        inside = inside[np.argsort(points[inside] @ axis, kind="stable")]
        low, high = kids[:middle], kids[middle:]
        fraction = wanted.share[low].sum() / wanted.share[kids].sum()
        running = np.cumsum(weight[inside])
        cut = int(np.searchsorted(running, fraction * running[-1]))
        most = max(len(inside) - int(wanted.need[high].sum()), 1)
        cut = min(max(cut, int(wanted.need[low].sum())), most)
        stack += [(inside[:cut], low), (inside[cut:], high)]
    return label


def _axis(points: Floats, weight: Floats, anchors: Floats, rng: np.random.Generator) -> Floats:
    """Unit vector across which to cut: the long way of the anchors, else of the points."""
    known = anchors[~np.isnan(anchors[:, 0])]
    cloud, mass = (known, np.ones(len(known))) if len(known) > 1 else (points, weight)
    offset = cloud - np.average(cloud, axis=0, weights=mass)
    spread = (offset * mass[:, None]).T @ offset
    angle = 0.5 * np.arctan2(2 * spread[0, 1], spread[0, 0] - spread[1, 1])
    angle += rng.normal(0, TILT_RAD)
    return np.array([np.cos(angle), np.sin(angle)])


def _halves(kids: Ints, wanted: Parts, axis: Floats) -> tuple[Ints, int]:
    """The parts in the order of the axis, and how many of them go to the first half."""
    places = wanted.anchors[kids] @ axis
    if not np.isnan(places).any():
        kids = kids[np.argsort(places, kind="stable")]
    running = np.cumsum(wanted.share[kids])
    middle = int(np.searchsorted(running, running[-1] / 2)) + 1
    return kids, min(max(middle, 1), len(kids) - 1)


def connect(label: Ints, parent: Ints, near: Ints, *, rounds: int = 30) -> Ints:
    """Give stray pieces of a part to a neighbour inside the same parent; (n,) new labels.

    ``near`` (n, 4) holds neighbours or -1. A stray piece without such a neighbour stays.
    """
    fixed = _without_strays(label, near)
    for _ in range(rounds):
        loose = np.flatnonzero(fixed < 0)
        if len(loose) == 0:
            break
        around = near[loose]
        usable = (around >= 0) & (fixed[around] >= 0) & (parent[around] == parent[loose, None])
        first = np.argmax(usable, axis=1)
        found = usable.any(axis=1)
        fixed[loose[found]] = fixed[around[found, first[found]]]
    return np.where(fixed < 0, label, fixed)


def _without_strays(label: Ints, near: Ints) -> Ints:
    """Labels with -1 for every block that is not in its part's largest connected piece."""
    count = len(label)
    source = np.repeat(np.arange(count), near.shape[1])
    target = near.ravel()
    same = (target >= 0) & (label[source] == label[target])
    ones = np.ones(int(same.sum()))
    graph = coo_matrix((ones, (source[same], target[same])), shape=(count, count))
    _, piece = connected_components(graph, directed=False)
    size = np.bincount(piece)[piece]
    order = np.lexsort((piece, -size, label))
    largest = order[np.unique(label[order], return_index=True)[1]]
    main = np.full(label.max() + 1, -1)
    main[label[largest]] = piece[largest]
    return np.where(piece == main[label], label, -1)
