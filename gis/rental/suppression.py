"""Small counts, and the cells that would give them away, across two hierarchies at once.

Published are counts of cells in two nested hierarchies over the same dwellings, such as district >
street > community > grid > compound and the H3 cells of three resolutions. A reader may add and
subtract everything that is shown. What is hidden must not follow from it.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
import pandas as pd

from gis.arrays import Flags, Ints
from gis.rental.cycles import Network, close_cycles, close_cycles_apart

Labels = Mapping[str, pd.Index]


@dataclass(frozen=True)
class _Publication:
    """The network of all sums, and which published cell each edge belongs to.

    ``cell`` is (m,) int, -1 for a sum that is not published. ``labels`` names the cells in
    order; a cell has one edge per parent, so usually one. ``above`` is the edge over an edge's
    upper node (-1 where there is none). ``piece`` (m,) bool: the pieces between the hierarchies.
    """

    network: Network
    cell: Ints
    above: Ints
    piece: Flags
    labels: dict[str, pd.Index]


def hidden_cells(
    pieces: pd.DataFrame,
    *,
    value: str,
    hierarchies: tuple[Sequence[str], Sequence[str]],
    below: int,
    also: Labels | None = None,
) -> dict[str, pd.Index]:
    """The cells whose count must not be shown.

    Parameters
    ----------
    pieces : frame
        What is counted, cut so finely that each row lies in one cell of every level: the count
        ``value`` (int >= 0) and a column per level; null where no cell of that level holds it.
    hierarchies : two sequences of columns
        Each from wide to narrow; the second may be empty.
    below : int
        Counts from 1 to ``below - 1`` are hidden.
    also : level -> labels, optional
        Cells to be hidden and protected whatever their count.

    Returns
    -------
    dict of level -> Index
        Labels to hide. Zero is never hidden: it speaks of no dwelling.

    Notes
    -----
    Three laws hold for the reader who knows every shown count, that a hidden one is at least 1
    (zero is shown), that no other is negative, and even which pieces exist:

    1. no hidden cell can be computed: every one lies on a cycle of unknown sums (see `cycles`);
    2. neither can the uncounted rest of a cell (dwellings in no grid, say) when it is small;
    3. where a shown cell has hidden parts, the parts hidden in it count ``below`` or more together.

    A cell that lies in two parents (a compound across two grids) counts as parts: while it is
    shown the reader is taken to know each part, when it is hidden the sum itself is protected.
    """
    known = pieces[pieces[value] > 0]
    if known.empty:
        return {level: pd.Index([]) for side in hierarchies for level in side}
    published = _publish(known, value, hierarchies)
    totals = _totals(published)
    hidden = (totals > 0) & (totals < below)
    first = 0
    for level, labels in published.labels.items():
        if also is not None and level in also:
            hidden[first : first + len(labels)] |= labels.isin(also[level])
        first += len(labels)
    hidden = _protect(published, hidden, below)
    return _by_level(published, hidden)


def _publish(
    pieces: pd.DataFrame, value: str, hierarchies: tuple[Sequence[str], Sequence[str]]
) -> _Publication:
    """Nodes are the distinct paths down each hierarchy from one common root.

    Counts run from the root down the first hierarchy, over the pieces and up the second one.
    """
    builder = _Builder(pieces[value].to_numpy(dtype=np.int64))
    leaves, downwards = [], 0
    for side in hierarchies:
        downwards = sum(map(len, builder.edges))
        node, above = np.zeros(len(pieces), dtype=np.int64), builder.whole()
        for level in side:
            node, above = builder.descend(node, above, level, pieces[level])
        if not side:  # one unpublished sum of everything
            node, above = builder.descend(node, above, "", pd.Series([None] * len(pieces)))
        leaves.append(node)
    whole = sum(map(len, builder.edges))
    builder.join(*leaves)
    edges = pd.concat(builder.edges, ignore_index=True)
    upwards = (edges.index >= downwards) & (edges.index < whole)
    tail, head = (
        edges["tail"].where(~upwards, edges["head"]),
        edges["head"].where(~upwards, edges["tail"]),
    )
    flow, cell, over = (edges[name].to_numpy() for name in ("flow", "cell", "above"))
    network = Network(builder.nodes, tail.to_numpy(), head.to_numpy(), flow)
    return _Publication(network, cell, over, (edges.index >= whole), builder.labels)


class _Builder:
    """Collects edges, level by level; ``flow`` is the count of each piece."""

    def __init__(self, flow: Ints) -> None:
        self.flow, self.nodes = flow, 1
        self.edges: list[pd.DataFrame] = []
        self.labels: dict[str, pd.Index] = {}

    def whole(self) -> Ints:
        """The edge over the root of a hierarchy: the only top cell of the first one, if any."""
        only = bool(self.edges) and self.edges[0]["cell"].tolist() == [0]
        return np.full(len(self.flow), 0 if only else -1)

    def descend(
        self, node: Ints, above: Ints, level: str, labels: "pd.Series[Any]"
    ) -> tuple[Ints, Ints]:
        """Add one level below ``node`` (n,); returns node and edge of each piece there."""
        code, names = pd.factorize(labels, sort=True)
        path, one = _distinct(node, code)
        first = sum(len(known) for known in self.labels.values())
        cell = np.where(code[one] < 0, -1, code[one] + first)
        before = sum(len(known) for known in self.edges)
        head = self.nodes + np.arange(len(one))
        self._add(node[one], head, path, cell, above[one])
        if level:
            self.labels[level] = pd.Index(names)
        below, self.nodes = self.nodes + path, self.nodes + len(one)
        return below, before + path

    def join(self, left: Ints, right: Ints) -> None:
        """Add the pieces themselves, between the narrowest cells of the two hierarchies."""
        path, one = _distinct(left, right)
        none = np.full(len(one), -1)
        self._add(left[one], right[one], path, none, none)

    def _add(self, tail: Ints, head: Ints, path: Ints, cell: Ints, above: Ints) -> None:
        flow = np.bincount(path, weights=self.flow).astype(np.int64)
        columns = {"tail": tail, "head": head, "flow": flow, "cell": cell, "above": above}
        self.edges.append(pd.DataFrame(columns))


def _distinct(first: Ints, second: Ints) -> tuple[Ints, Ints]:
    """Number the distinct pairs: (n,) the pair of each row, and one row of each pair."""
    key = first * (second.max() + 2) + second + 1
    _, one, path = np.unique(key, return_index=True, return_inverse=True)
    return path, one


def _totals(published: _Publication) -> Ints:
    cells = sum(len(names) for names in published.labels.values())
    own = published.cell >= 0
    weights = published.network.flow[own]
    return np.bincount(published.cell[own], weights=weights, minlength=cells).astype(np.int64)


def _protect(published: _Publication, hidden: Flags, below: int) -> Flags:
    """Enlarge ``hidden`` until the three laws hold."""
    network, cell = published.network, published.cell
    rest = (cell < 0) & ~published.piece & (network.flow < below)
    split = _parts(published) > 1
    least = (cell >= 0) & (_totals(published)[cell] == 1)  # a hidden cell is not 0: that is shown
    while True:
        enough = _enough_in_each(published, hidden, below)
        unknown = np.where(cell >= 0, enough[cell], True)
        closed = close_cycles(network, unknown, rest | ((cell >= 0) & unknown))
        cells = enough.copy()
        cells[cell[closed & (cell >= 0)]] = True
        groups = [*_edges_of(published, cells), *np.flatnonzero(rest)[:, np.newaxis]]
        closed = close_cycles_apart(network, closed, groups, least)
        hidden = enough.copy()
        hidden[cell[closed & (cell >= 0)]] = True
        # What was added can change itself; only a split cell asks for more than that.
        more = (hidden & ~enough & split).any()
        if not more and (_enough_in_each(published, hidden, below) == hidden).all():
            return hidden


def _enough_in_each(published: _Publication, hidden: Flags, below: int) -> Flags:
    """Under each shown sum, hide the smallest shown parts while the hidden ones are too few."""
    network, cell, above = published.network, published.cell, published.above
    unknown = np.where(cell >= 0, hidden[cell], True)
    part = np.flatnonzero((above >= 0) & ~unknown[above])
    parts = pd.DataFrame(
        {"over": above[part], "flow": network.flow[part], "cell": cell[part]}
    ).assign(unknown=unknown[part])
    return _hide_smallest(parts, hidden, below)


def _hide_smallest(parts: pd.DataFrame, hidden: Flags, below: int) -> Flags:
    sums = parts.loc[parts["unknown"]].groupby("over")["flow"].sum()
    few = sums.index[sums < below]
    shown = parts[~parts["unknown"] & parts["over"].isin(few)]
    smallest = shown.sort_values(["flow", "cell"]).drop_duplicates("over")
    more = hidden.copy()
    more[smallest["cell"].to_numpy()] = True
    return more


def _parts(published: _Publication) -> Ints:
    """How many edges each cell has: as many as parents hold it."""
    cells = sum(len(names) for names in published.labels.values())
    return np.bincount(published.cell[published.cell >= 0], minlength=cells)


def _edges_of(published: _Publication, cells: Flags) -> list[Ints]:
    """The edges of each of the ``cells``."""
    own = np.flatnonzero(published.cell >= 0)
    own = own[cells[published.cell[own]]]
    own = own[np.argsort(published.cell[own], kind="stable")]
    groups = np.split(own, np.flatnonzero(np.diff(published.cell[own])) + 1)
    return groups if len(own) else []


def _by_level(published: _Publication, hidden: Flags) -> dict[str, pd.Index]:
    ends = np.cumsum([len(names) for names in published.labels.values()])[:-1]
    masks = np.split(hidden, ends)
    names = published.labels
    return {level: names[level][mask] for level, mask in zip(names, masks, strict=True)}
