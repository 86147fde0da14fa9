"""What the audit holds, in words. Pure."""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from datetime import datetime, tzinfo
from typing import Any

from bot.domain.pricing import show_money

#: the action of everything that was refused
REFUSED = "refused"
#: characters of an entry; eight of them fit into one reply on every platform, whatever has to be escaped
_ENTRY_MAX = 300
#: values of details that are left out
_NOTHING: tuple[object, ...] = ("", None, [], {})
#: amounts, in micro-dollars unless the entry names another unit
_MONEY = "money"
_AMOUNTS = frozenset({"amount", "given_back"})


@dataclass(frozen=True, slots=True, kw_only=True)
class AuditRecord:
    """One decision or refusal."""

    #: milliseconds UTC
    at: int
    #: a member, or `operator`
    actor: str
    #: as last seen; empty if they are not known
    actor_name: str
    workspace: str
    action: str
    subject: str
    detail: Mapping[str, Any]

    def heading(self, zone: tzinfo) -> str:
        """When it was, and who did it."""
        who = self.actor_name or self.actor.removeprefix(f"{self.workspace}:")
        return f"{datetime.fromtimestamp(self.at / 1000, zone):%d %b %Y %H:%M} · {who}"

    @property
    def sentence(self) -> str:
        """What was done to what, with what was before and after."""
        text = " · ".join((f"{self.action} {self.subject}".strip(), *self._details()))
        if self.workspace:
            text = text.replace(f"{self.workspace}:", "")
        return text if len(text) <= _ENTRY_MAX else f"{text[: _ENTRY_MAX - 1]}…"

    def _details(self) -> Iterator[str]:
        unit = self.detail.get("unit", _MONEY)
        for name, value in self.detail.items():
            if value not in _NOTHING and name != "unit":
                yield f"{name.replace('_', ' ')} {_shown(name, value, unit)}"


def _shown(name: str, value: Any, unit: str) -> str:
    match value:
        case bool():
            return "yes" if value else "no"
        case int() if name in _AMOUNTS:
            return show_money(value) if unit == _MONEY else f"{value} {unit}"
        case list():
            return ", ".join(_shown(name, one, unit) for one in value)
        case dict():
            return ", ".join(
                f"{inner.replace('_', ' ')} {_shown(inner, one, unit)}"
                for inner, one in value.items()
                if one not in _NOTHING
            )
        case _:
            return str(value)
