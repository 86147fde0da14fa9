"""Options that take a role or a channel: an id with its name, because only the platform knows all names."""

from typing import Annotated

from pydantic import BeforeValidator

from bot.domain.identity import Named
from bot.domain.options import shorten

#: stands for every channel or every role; no platform has such an id
EVERY = Named(id="*", name="all")
_EVERY_WORDS = frozenset({"all", "any", "everyone", "everywhere", "every"})
_BETWEEN = "|"


def dump_named(id_: str, name: str) -> str:
    """A role or channel as the text that an option takes."""
    return f"{id_}{_BETWEEN}{name}"


def load_named(text: str) -> Named | None:
    """The role or channel in a text that `dump_named` wrote; None for any other text."""
    id_, between, name = text.strip().partition(_BETWEEN)
    return Named(id=id_, name=name or id_) if between and id_ else None


def _read_named(value: object) -> object:
    if not isinstance(value, str):
        return value
    if value.strip().lower() in _EVERY_WORDS:
        return EVERY
    if (named := load_named(value)) is None:
        raise ValueError(f"{shorten(value)!r} is not known here; choose it from the list, or mention it")
    return named


#: a role or a channel; as text its id and name, see `dump_named`
Subject = Annotated[Named, BeforeValidator(_read_named)]
