"""The buttons and forms of admins: the set-up of a workspace, and its own API key. Pure."""

from collections.abc import Mapping, Sequence
from typing import Any

from pydantic import SecretStr

from adapters.discord.messages.cards import Payload
from adapters.discord.messages.modals import OUTDATED_MODAL, modal_value
from bot.domain.commands import Toggle
from bot.domain.errors import InvalidRequest
from bot.domain.identity import Named
from bot.domain.money.pricing import MICROUSD, show_money
from bot.domain.named_options import EVERY
from bot.domain.workspace.timezones import COMMON
from bot.domain.workspace.workspace_keys import KEY_LABEL, KEY_MAX, KEY_TITLE
from bot.service.replies import SetupState

#: what the custom ids begin with; messages that were sent already hold them
SETUP = "rs:"
#: opens the set-up, opens the modal for the time zone, and is that modal
SETUP_OPEN, SETUP_ZONE, SETUP_ZONE_MODAL = f"{SETUP}open", f"{SETUP}zone", f"{SETUP}timezone"
_BUDGET, _CHANNELS, _ROLES, _ADMIN = (
    f"{SETUP}{name}" for name in ("budget", "channels", "roles", "admin_channel")
)
_REACTIONS = f"{SETUP}reactions:"
_ACTION_ROW, _BUTTON, _SELECT, _ROLE_SELECT, _CHANNEL_SELECT, _LABEL = 1, 2, 3, 6, 8, 18
_PRIMARY, _SECONDARY = 1, 2
#: channels where people write: text, voice, announcements, stages and forums
CHANNEL_TYPES = (0, 2, 5, 13, 15)
#: those of them that take messages; a forum takes only posts
POSTED_TYPES = (0, 2, 5, 13)
#: most channels or roles of a select
_MOST = 25
_TITLE = "Time zone"
#: custom id of the button and of the modal; messages that were sent already hold it
KEY_FORM = "rk:set"
#: custom id of the input
KEY = "api_key"
_TEXT_INPUT, _SHORT = 4, 1


def open_row() -> Payload:
    """The button that opens the set-up; only admins get it."""
    button = {"type": _BUTTON, "style": _PRIMARY, "custom_id": SETUP_OPEN, "label": "Set up (admins)"}
    return {"type": _ACTION_ROW, "components": [button]}


def setup_rows(state: SetupState) -> list[Payload]:
    """One row for each choice; each is applied at once."""
    budgets = [
        {
            "label": f"{show_money(amount)} a month at most",
            "value": f"{amount / MICROUSD:.6f}",
            "default": amount == state.budget,
        }
        for amount in state.budgets[:_MOST]
    ]
    reactions = Toggle.OFF if state.reactions else Toggle.ON
    return [
        _row({**_select(_BUDGET, "Budget of a month"), "type": _SELECT, "options": budgets}),
        _row(_subjects(_CHANNELS, "Channels where I may be used (none: everywhere)", state.channels)),
        _row(_subjects(_ROLES, "Roles that may use me (none: every member)", state.roles, is_role=True)),
        _row(
            {
                **_subjects(_ADMIN, "Channel for warnings about the budget", _one(state.admin_channel)),
                "min_values": 1,
                "max_values": 1,
                "channel_types": list(POSTED_TYPES),
            }
        ),
        {
            "type": _ACTION_ROW,
            "components": [
                _button(f"{_REACTIONS}{reactions}", f"Reactions: turn {reactions}"),
                _button(SETUP_ZONE, f"Time zone: {state.timezone}"[:80]),
            ],
        },
    ]


def timezone_modal(selected: str) -> Payload:
    """Ask for one of the most common time zones; /studio timezone knows all."""
    options = [{"label": zone, "value": zone, "default": zone == selected} for zone in COMMON]
    field = {"type": _SELECT, "custom_id": "timezone", "options": options, "required": True}
    about = "Others: /studio timezone"
    label = {"type": _LABEL, "label": _TITLE, "description": about, "component": field}
    return {"custom_id": SETUP_ZONE_MODAL, "title": _TITLE, "components": [label]}


def chosen(data: Mapping[str, Any]) -> dict[str, Any]:
    """The option values of `/studio setup` that a component stands for; raises InvalidRequest."""
    custom_id, values = str(data["custom_id"]), list(data.get("values") or ())
    resolved = data.get("resolved") or {}
    if custom_id.startswith(_REACTIONS):
        return {"reactions": custom_id.removeprefix(_REACTIONS)}
    if custom_id == _CHANNELS:
        return {"channels": _named(values, resolved.get("channels"), "#") or (EVERY,)}
    if custom_id == _ROLES:
        return {"roles": _named(values, resolved.get("roles"), "") or (EVERY,)}
    if custom_id == _ADMIN and values:
        return {"admin_channel": _named(values, resolved.get("channels"), "#")[0]}
    if custom_id == _BUDGET and values:
        return {"budget": str(values[0])}
    raise InvalidRequest(OUTDATED_MODAL)


def named(identifier: str, resolved: Mapping[str, Any], mark: str) -> Named:
    """A role or channel of an event, with its name as Discord shows it."""
    return Named(id=identifier, name=f"{mark}{str(resolved[identifier]['name']).removeprefix(mark)}")


def _named(values: Sequence[Any], resolved: Any, mark: str) -> tuple[Named, ...]:
    """Roles or channels that were chosen; those that were deleted meanwhile are left out."""
    known = resolved or {}
    found = tuple(named(str(one), known, mark) for one in values if str(one) in known)
    if values and not found:
        # An empty choice means all of them.
        raise InvalidRequest("What you chose does not exist any longer. Nothing was changed; choose again.")
    return found


def _one(subject: Named | None) -> tuple[Named, ...]:
    return () if subject is None else (subject,)


def _row(component: Payload) -> Payload:
    return {"type": _ACTION_ROW, "components": [component]}


def _button(custom_id: str, label: str) -> Payload:
    return {"type": _BUTTON, "style": _SECONDARY, "custom_id": custom_id, "label": label}


def _select(custom_id: str, placeholder: str) -> Payload:
    return {"custom_id": custom_id, "placeholder": placeholder, "min_values": 1, "max_values": 1}


def _subjects(
    custom_id: str, placeholder: str, selected: Sequence[Named], *, is_role: bool = False
) -> Payload:
    kind = "role" if is_role else "channel"
    return {
        **_select(custom_id, placeholder),
        "type": _ROLE_SELECT if is_role else _CHANNEL_SELECT,
        "min_values": 0,
        "max_values": _MOST,
        "default_values": [{"id": one.id, "type": kind} for one in selected[:_MOST]],
        **({} if is_role else {"channel_types": list(CHANNEL_TYPES)}),
    }


def key_row() -> Payload:
    """The button that opens the modal."""
    button = {"type": _BUTTON, "style": _PRIMARY, "custom_id": KEY_FORM, "label": KEY_TITLE}
    return {"type": _ACTION_ROW, "components": [button]}


def key_modal() -> Payload:
    field = {
        "type": _TEXT_INPUT,
        "custom_id": KEY,
        "style": _SHORT,
        "required": True,
        "max_length": KEY_MAX,
    }
    return {
        "custom_id": KEY_FORM,
        "title": KEY_TITLE,
        "components": [{"type": _LABEL, "label": KEY_LABEL, "component": field}],
    }


def entered_key(values: Mapping[str, str]) -> SecretStr:
    """The submitted key; raises InvalidRequest where the modal has no such input."""
    return SecretStr(modal_value(values, KEY))
