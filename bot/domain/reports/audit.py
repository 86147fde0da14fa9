"""What the audit holds, in words. Pure."""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime, tzinfo
from typing import Any

from bot.domain.money.pricing import show_money
from bot.domain.money.quota import Level

#: the action of everything that was refused
REFUSED = "refused"
#: characters of an entry; eight of them fit into one reply on every platform, whatever has to be escaped
_ENTRY_MAX = 300
#: values of details that are left out
_NOTHING: tuple[object, ...] = ("", None, [], {})
#: amounts, in micro-dollars unless the entry names another unit
_MONEY = "money"
_AMOUNTS = frozenset({"amount", "given_back", "confirm_above", "approve_above", "undo_above"})
_SECONDS = frozenset({"undo_s"})
#: how people read a name of the record; empty: its value says enough
_LABELS = {"undo_s": "undo within", "effect": "", "pattern": "", "id": "rule"}
#: of everything that is decided; the entry itself says who did it and when
_OF_DECISION = frozenset({"by", "at"})


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
        return f"{datetime.fromtimestamp(self.at / 1000, zone):%d %b %Y %H:%M} · {self.who}"

    @property
    def sentence(self) -> str:
        """What was done to what, with what was before and after."""
        details = (f"{label} {value}" for label, value in self.details)
        text = self._without_workspace(" · ".join((f"{self.action} {self._subject}".strip(), *details)))
        return text if len(text) <= _ENTRY_MAX else f"{text[: _ENTRY_MAX - 1]}…"

    @property
    def about(self) -> str:
        """What it was done to, in a table; empty for the workspace itself."""
        if not self._subject:
            return ""
        level, between, subject = self.subject.partition(":")
        if between and level in (Level.WORKSPACE, Level.CEILING):
            return "the whole workspace"
        if between and level == Level.MEMBER and not subject:
            return "every member"
        return self._without_workspace(subject if between and level in set(Level) else self.subject)

    @property
    def _subject(self) -> str:
        """What the action does not say already."""
        said = self.subject == self.workspace or self.action.endswith(f" {self.subject}")
        return "" if said else self.subject

    @property
    def details(self) -> tuple[tuple[str, str], ...]:
        """Labels and values, such as what was before and after."""
        unit = self.detail.get("unit", _MONEY)
        shown = (
            (_label(name), self._without_workspace(_shown(name, value, unit)))
            for name, value in self.detail.items()
            if value not in _NOTHING and name != "unit"
        )
        return tuple((label, text) for label, text in shown if text)

    @property
    def who(self) -> str:
        """Who did it, as people of the workspace know them."""
        return self.actor_name or self._without_workspace(self.actor)

    def _without_workspace(self, text: str) -> str:
        return text.replace(f"{self.workspace}:", "") if self.workspace else text


def _label(name: str) -> str:
    return _LABELS.get(name, name.replace("_", " "))


def _shown(name: str, value: Any, unit: str) -> str:
    match value:
        case bool():
            return "yes" if value else "no"
        case int() if name in _AMOUNTS:
            return show_money(value) if unit == _MONEY else f"{value} {unit}"
        case int() if name in _SECONDS:
            return f"{value} s"
        case list():
            return ", ".join(_shown(name, _without_noes(one), unit) for one in value)
        case dict():
            shown = ((_label(inner), _shown(inner, one, unit)) for inner, one in _without_ids(value).items())
            return ", ".join(f"{label} {text}".strip() for label, text in shown if text)
        case _:
            return str(value)


def _without_noes(value: Any) -> Any:
    """A rule in a list without what it does not do."""
    if not isinstance(value, dict):
        return value
    return {name: one for name, one in value.items() if one is not False}


def _without_ids(values: Mapping[str, Any]) -> Mapping[str, Any]:
    """What people read of a record: names in place of ids, and not who decided it, which the entry says."""
    names = {name.removesuffix("_name"): value for name, value in values.items() if name.endswith("_name")}
    return {
        name: names.get(name) or value
        for name, value in values.items()
        if value not in _NOTHING and name not in _OF_DECISION and not name.endswith("_name")
    }
