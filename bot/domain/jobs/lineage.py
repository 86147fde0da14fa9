"""The family tree of a result: what it was made from, and what was made from it."""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from enum import StrEnum

#: what stands for a result that the caller may not see, and for one that is gone
HIDDEN, DELETED = "a hidden result", "a deleted result"
#: characters of a title in the description
_TITLE = 60


class Shown(StrEnum):
    """How a result appears in a tree."""

    #: with its picture, its id and its command
    FULL = "full"
    #: somebody else's that the caller may not see: neither id nor words
    HIDDEN = "hidden"
    DELETED = "deleted"


@dataclass(frozen=True, slots=True, kw_only=True)
class TreeNode:
    """One result of a tree."""

    #: id within the tree
    key: str
    #: key of the result that it was made from, where that is in the tree
    parent: str | None
    shown: Shown
    #: two short lines below the picture
    lines: tuple[str, ...] = ()
    title: str = ""
    #: the result that was asked about
    asked: bool = False


@dataclass(frozen=True, slots=True, kw_only=True)
class PlacedNode:
    """A node with its place in the drawing, in cells from the left and from the top."""

    node: TreeNode
    column: int
    row: float


def placed(nodes: Sequence[TreeNode]) -> tuple[PlacedNode, ...]:
    """Place a tree from left to right: each generation is a column, and a parent is centred at its children.

    The first node is the root; every other one comes after its parent.
    """
    children = _children(nodes)
    columns: dict[str, int] = {}
    for node in nodes:
        columns[node.key] = columns[node.parent] + 1 if node.parent is not None else 0
    rows: dict[str, float] = {}
    next_row = 0
    # Leaves take rows in the order of a walk, and each parent the middle of its children.
    for node in _walk(nodes[0], children):
        if not children.get(node.key):
            rows[node.key] = next_row
            next_row += 1
    for node in reversed(nodes):
        if below := children.get(node.key):
            rows[node.key] = (rows[below[0].key] + rows[below[-1].key]) / 2
    return tuple(PlacedNode(node=node, column=columns[node.key], row=rows[node.key]) for node in nodes)


def describe(nodes: Sequence[TreeNode]) -> str:
    """A tree in words, for people who cannot see its picture."""
    children = _children(nodes)
    by_key = {node.key: node for node in nodes}
    parts = []
    for node in nodes:
        if below := children.get(node.key):
            made = ", ".join(_name(one) for one in below)
            parts.append(f"{_name(by_key[node.key])} led to {made}")
    return "; ".join(parts) or f"{_name(nodes[0])}, from which nothing was made"


def _name(node: TreeNode) -> str:
    match node.shown:
        case Shown.HIDDEN:
            return HIDDEN
        case Shown.DELETED:
            return DELETED
        case Shown.FULL:
            title = node.title if len(node.title) <= _TITLE else f"{node.title[: _TITLE - 1]}…"
            return f"{' '.join(node.lines)} “{title}”"


def _children(nodes: Sequence[TreeNode]) -> Mapping[str, list[TreeNode]]:
    found: dict[str, list[TreeNode]] = {}
    for node in nodes:
        if node.parent is not None:
            found.setdefault(node.parent, []).append(node)
    return found


def _walk(node: TreeNode, children: Mapping[str, list[TreeNode]]) -> Iterator[TreeNode]:
    """A node with everything below it, depth first; without recursion, however long a line is."""
    waiting = [node]
    while waiting:
        one = waiting.pop()
        yield one
        waiting += reversed(children.get(one.key, ()))
