"""Which further edges must be unknown so that every secret edge lies on a cycle of unknown edges.

In a network whose flows are conserved at every node, the flow of an unknown edge follows from the
known ones exactly when no cycle of unknown edges passes through it: along such a cycle flow can be
shifted and no known edge notices. Gusfield (1988), A graph theoretic approach to data security,
SIAM Journal on Computing 17(3), 552-571. An edge that is known to carry its least cannot fall; the
cycle then must pass it, or be turned to pass it, in the direction of its flow.
"""

import heapq
from collections.abc import Iterator
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray
from scipy.sparse import coo_array
from scipy.sparse.csgraph import (
    breadth_first_order,
    connected_components,
    minimum_spanning_tree,
)

from gis.arrays import Flags, Ints


@dataclass(frozen=True)
class Network:
    """A connected graph without parallel edges or loops; node 0 is its root.

    ``tail`` and ``head`` are the ends of the edges, ``flow`` what passes from the one to the other
    (> 0), all (m,) int.
    """

    nodes: int
    tail: Ints
    head: Ints
    flow: Ints


@dataclass(frozen=True)
class _Tree:
    """A rooted spanning tree: (n,) parent node (-1 for the root), edge to it, and depth."""

    parent: list[int]
    edge: list[int]
    depth: list[int]

    def path(self, a: int, b: int) -> Iterator[int]:
        """The edges between two nodes."""
        while a != b:
            if self.depth[a] < self.depth[b]:
                a, b = b, a
            yield self.edge[a]
            a = self.parent[a]


def close_cycles(network: Network, unknown: Flags, secret: Flags) -> Flags:
    """``unknown`` enlarged until each ``secret`` edge lies on a cycle of unknown edges.

    Parameters
    ----------
    unknown, secret : (m,) bool
        Edges that nobody is told; those of them whose flow must not be derivable.

    Returns
    -------
    (m,) bool
        Every edge that was added lies itself on a cycle of unknown edges. An edge that lies on no
        cycle at all stays as it is.

    Notes
    -----
    Take a spanning tree in which unknown edges come first and then small flows before large ones.
    The cheapest edge that reconnects the tree when a tree edge is cut closes that edge's cycle:
    if it is unknown, so is the whole cycle and nothing need be added (the edge was no bridge);
    otherwise the cycle's known edges become unknown. Exact and one pass, near-linear in m; which
    edges are added is a heuristic (a least total flow is NP-hard to find).
    """
    order = np.lexsort((np.arange(len(unknown)), network.flow, ~unknown))
    tree, in_tree = _spanning_tree(network, order)
    covers = _covering_edges(network, tree, order[~in_tree[order]], secret & in_tree)
    added = unknown.copy()
    for edge in covers:
        if not unknown[edge]:
            added[edge] = True
            ends = int(network.tail[edge]), int(network.head[edge])
            added[list(tree.path(*ends))] = True
    return added


def _spanning_tree(network: Network, order: Ints) -> tuple[_Tree, Flags]:
    """The spanning tree that is minimal in ``order``, rooted at node 0, and its edges (m,) bool."""
    rank = np.empty(len(order))
    rank[order] = np.arange(1, len(order) + 1)  # distinct weights: one minimal tree, everywhere
    shape = (network.nodes, network.nodes)
    full = coo_array((rank, (network.tail, network.head)), shape=shape).tocsr()
    chosen = minimum_spanning_tree(full).tocoo()
    edges = order[chosen.data.astype(np.int64) - 1]
    in_tree = np.zeros(len(order), dtype=bool)
    in_tree[edges] = True
    sequence, parent = breadth_first_order(chosen.tocsr(), 0, directed=False)
    edge = np.full(network.nodes, -1)
    a, b = network.tail[edges], network.head[edges]
    below = np.where(parent[a] == b, a, b)
    edge[below] = edges
    depth = [0] * network.nodes
    above = np.where(parent < 0, -1, parent).tolist()
    for node in sequence[1:].tolist():
        depth[node] = depth[above[node]] + 1
    return _Tree(above, edge.tolist(), depth), in_tree


def _covering_edges(network: Network, tree: _Tree, others: Ints, wanted: Flags) -> list[int]:
    """For the ``wanted`` tree edges the first of ``others`` (edges off the tree) that covers each.

    Tree edges are contracted when they are first covered (union-find), so each is met once.
    """
    waiting = int(wanted.sum())
    joined = list(range(network.nodes))
    found: list[int] = []

    def top(node: int) -> int:
        while joined[node] != node:
            joined[node] = joined[joined[node]]
            node = joined[node]
        return node

    parent, edge, depth, is_wanted = tree.parent, tree.edge, tree.depth, wanted.tolist()
    ends = zip(
        others.tolist(), network.tail[others].tolist(), network.head[others].tolist(), strict=True
    )
    for other, tail, head in ends:
        if waiting == 0:
            break
        a, b, useful = top(tail), top(head), False
        while a != b:
            if depth[a] < depth[b]:
                a, b = b, a
            if is_wanted[edge[a]]:
                waiting, useful = waiting - 1, True
            joined[a] = parent[a]
            a = top(a)
        if useful:
            found.append(other)
    return found


def close_cycles_apart(network: Network, unknown: Flags, groups: list[Ints], least: Flags) -> Flags:
    """``unknown`` enlarged until the sum of each group of unknown edges can change.

    The edges of a group all point the same way; two of them may shift against each other and leave
    their sum as it was. The flow of ``least`` edges, once unknown, can rise and not fall. For a sum
    that stands still the cheapest cycle through the group's first edge alone is added.

    Notes
    -----
    Where flows may rise along edges, and fall but for the ``least``, whatever changes lies within
    one strongly connected part; within it every cycle can be passed in both directions if a little
    of a flow that uses all its edges is added. So a sum stands still exactly when no cycle of the
    unknown edges inside such parts changes it.
    """
    if not groups:
        return unknown
    shift = _any_circulation(network, unknown & _inside(network, unknown, least))
    fixed = [group.tolist() for group in groups if shift[group].sum() == 0]
    if not fixed:
        return unknown
    search = _Search(network, unknown, least)
    for group in fixed:
        search.close(group)
    return np.array([cost == 0 for cost in search.cost])


def _inside(network: Network, unknown: Flags, least: Flags) -> Flags:
    """Edges whose ends are joined in both directions by what unknown edges may do."""
    falls = unknown & ~least
    start = np.concatenate([network.tail[unknown], network.head[falls]])
    end = np.concatenate([network.head[unknown], network.tail[falls]])
    shape = (network.nodes, network.nodes)
    ways = coo_array((np.ones(len(start), dtype=np.int8), (start, end)), shape=shape).tocsr()
    _, part = connected_components(ways, directed=True, connection="strong")
    return np.asarray(part[network.tail] == part[network.head])


def _any_circulation(network: Network, unknown: Flags) -> NDArray[np.uint64]:
    """A random change of the unknown edges that no node and no known edge notices, modulo 2**64.

    A sum that cannot change is 0 in it, whatever the draw; one that can is 0 with probability
    2**-63, and then costs a needless search: the draw can never show what must be hidden.
    """
    order = np.lexsort((np.arange(len(unknown)), network.flow, ~unknown))
    tree, in_tree = _spanning_tree(network, order)
    drawn = np.random.default_rng(0).integers(2**64, size=len(unknown), dtype=np.uint64)
    change = np.where(unknown & ~in_tree, drawn, np.uint64(0))
    leaving = np.zeros(network.nodes, dtype=np.uint64)
    np.add.at(leaving, network.tail, change)
    np.subtract.at(leaving, network.head, change)
    parent, edge, depth = (np.array(column) for column in (tree.parent, tree.edge, tree.depth))
    for level in range(depth.max(), 0, -1):
        here = np.flatnonzero(depth == level)
        down = network.head[edge[here]] == here
        change[edge[here]] = np.where(down, leaving[here], -leaving[here])
        np.add.at(leaving, parent[here], leaving[here])
    return change


class _Search:
    """Adjacency of a network, for shortest paths; ``cost`` is 0 for an unknown edge."""

    def __init__(self, network: Network, unknown: Flags, least: Flags) -> None:
        ends = np.concatenate([network.tail, network.head])
        order = np.argsort(ends, kind="stable")
        self.tail, self.head = network.tail.tolist(), network.head.tolist()
        self.least = least.tolist()
        self.starts = np.searchsorted(ends[order], np.arange(network.nodes + 1)).tolist()
        self.edges = (order % len(network.tail)).tolist()
        self.cost: list[int] = np.where(unknown, 0, network.flow).tolist()

    def close(self, group: list[int]) -> None:
        """Make unknown the cheapest cycle through ``group[0]`` that avoids the rest of it."""
        first, barred = group[0], set(group)
        found = [self._way(self.head[first], self.tail[first], barred)]
        if not self.least[first]:
            found.append(self._way(self.tail[first], self.head[first], barred))
        ways = [way for way in found if way is not None]
        for step in min(ways, default=(0, []))[1]:
            self.cost[step] = 0

    def _way(self, start: int, goal: int, barred: set[int]) -> tuple[int, list[int]] | None:
        """Cost and edges of the cheapest way: along flows that rise, against those that fall.

        It is looked for from both ends, always from the one that has met fewer nodes: what is free
        to reach from one end may be most of the network, and then it is little from the other.
        """
        sides = (_Side(start, onward=True), _Side(goal, onward=False))
        best, meeting = -1, -1
        while sides[0].heap and sides[1].heap:
            if 0 <= best <= sides[0].heap[0][0] + sides[1].heap[0][0]:
                break
            here, there = sorted(sides, key=lambda side: len(side.reached))
            for node in self._step(here, barred):
                if node in there.reached:
                    total = here.reached[node] + there.reached[node]
                    if best < 0 or total < best:
                        best, meeting = total, node
        if best < 0:
            return None
        return best, [step for side in sides for step in side.back(meeting)]

    def _step(self, side: "_Side", barred: set[int]) -> Iterator[int]:
        """Go on from the side's nearest node; the nodes that were met, or met for less."""
        so_far, node = heapq.heappop(side.heap)
        if so_far > side.reached[node]:
            return
        for step in self.edges[self.starts[node] : self.starts[node + 1]]:
            leaves = self.tail[step] == node
            if step in barred or (self.least[step] and leaves != side.onward):
                continue
            other = self.head[step] if leaves else self.tail[step]
            total = so_far + self.cost[step]
            if total < side.reached.get(other, total + 1):
                side.reached[other], side.via[other] = total, (step, node)
                heapq.heappush(side.heap, (total, other))
                yield other


class _Side:
    """What was met from one end of a way: cost to each node, and the edge and node before it."""

    def __init__(self, end: int, *, onward: bool) -> None:
        self.onward = onward
        self.reached, self.via, self.heap = {end: 0}, {end: (-1, -1)}, [(0, end)]

    def back(self, node: int) -> Iterator[int]:
        """The edges between a node that was met and the end."""
        step, before = self.via[node]
        while step >= 0:
            yield step
            step, before = self.via[before]
