"""Pages of long lists."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Generic, TypeVar

#: entries of one page
PAGE = 25

_Item = TypeVar("_Item")


@dataclass(frozen=True, slots=True, kw_only=True)
class Page(Generic[_Item]):
    """A part of a list."""

    items: Sequence[_Item]
    #: its number, from 1
    number: int
    #: another page follows
    more: bool


def skipped(number: int) -> int:
    """How many entries come before a page."""
    return (number - 1) * PAGE


def page_of(found: Sequence[_Item], number: int) -> Page[_Item]:
    """A page of entries that were read from its first one, with one more than it shows."""
    return Page(items=found[:PAGE], number=number, more=len(found) > PAGE)
