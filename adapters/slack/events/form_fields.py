"""The fields of a form as Slack's blocks, and what people have put into them. Pure."""

from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, field
from typing import Any

from adapters.chat.text import sanitize_line
from adapters.slack.events.command_line import member
from adapters.slack.events.message_files import reference_of
from adapters.slack.messages.mrkdwn import Block, plain_text
from adapters.slack.messages.option_fields import (
    SLACK_CHOICE,
    SLACK_HINT,
    SLACK_LABEL,
    SlackField,
    SlackKind,
    slack_fields,
)
from bot.domain.commands import Command, GenerateCommand
from bot.domain.completion import AutocompleteChoice
from bot.domain.errors import InvalidRequest
from bot.domain.media import MediaKind, Reference
from bot.domain.options import Kind, Option
from bot.media.sniff import PICTURE_ENDINGS, VIDEO_ENDINGS

#: behind an option's name: the block in which one of the caller's own jobs is picked
PICKER = "_job"
#: characters that are typed in one line
_ONE_LINE = 300

#: what stands in a form, by block; as people have put it in, or as it begins
Values = Mapping[str, Any]
ViewState = Mapping[str, Mapping[str, Mapping[str, Any]]]


@dataclass(frozen=True, slots=True, kw_only=True)
class ModalValues:
    """What was put into a form."""

    values: dict[str, Any] = field(default_factory=dict)
    #: users who were chosen
    named: tuple[str, ...] = ()


def input_blocks(command: type[Command], chosen: Values, *, everything: bool) -> Iterator[Block]:
    """The fields with what is chosen in them; without `everything`, rarely used ones are left out."""
    priced = issubclass(command, GenerateCommand)
    for one in slack_fields(command):
        option = one.option
        is_address = option.kind is Kind.MEDIA and one.kind is SlackKind.TEXT
        if not everything and (is_address or not _is_first(command, option)):
            continue
        yield _input(one, chosen.get(one.name), priced=priced)
        if one.kind is SlackKind.FILES:
            yield _picker(option, chosen.get(f"{option.name}{PICKER}"))


def has_more(command: type[Command]) -> bool:
    """Whether some fields are shown only when they are asked for."""
    return any(
        one.kind is SlackKind.FILES or not _is_first(command, one.option) for one in slack_fields(command)
    )


def select_option(offer: AutocompleteChoice) -> Block:
    """An offer as an option of a list."""
    return {"text": plain_text(offer.label, SLACK_CHOICE), "value": offer.value}


def view_values(state: ViewState) -> dict[str, Any]:
    """What stands in a form as it is now, to be shown in it again."""
    return {
        block: said for block, actions in state.items() for one in actions.values() if (said := _said(one))
    }


def parse_view(command: type[Command], state: ViewState, team: str) -> ModalValues:
    """What a form says; raises InvalidRequest saying what to mend."""
    said = view_values(state)
    values: dict[str, Any] = {}
    named: list[str] = []
    for one in slack_fields(command):
        option, value = one.option, said.get(one.name)
        if option.kind is Kind.MEDIA:
            if one.kind is SlackKind.FILES:
                values |= _media(option, said)
        elif value is None:
            continue
        elif one.kind is SlackKind.MEMBER:
            named.append(value)
            values[option.name] = member(team, value, value).member
        elif one.kind is SlackKind.FLAG:
            values[option.name] = True
        elif isinstance(value, Mapping):
            values[option.name] = str(value["value"])
        else:
            values[option.name] = value
    return ModalValues(values=values, named=tuple(named))


def _is_first(command: type[Command], option: Option) -> bool:
    plainly = option.required or option.positional or option.default is not None
    takes = command.attachment_options[:1] if issubclass(command, GenerateCommand) else ()
    return plainly or bool(option.choices) or option.kind in (Kind.FLAG, Kind.JOB) or option.name in takes


def _said(one: Mapping[str, Any]) -> Any:
    """What one element holds; None for nothing."""
    if (text := one.get("value")) is not None:
        return str(text).strip() or None
    return (
        one.get("selected_option")
        or one.get("selected_options")
        or one.get("selected_user")
        or one.get("selected_conversation")
        or one.get("files")
        or None
    )


def _media(option: Option, said: Values) -> dict[str, Any]:
    """Files, picked jobs and addresses of one option together."""
    files: list[Reference | str] = [reference_of(one) for one in said.get(option.name) or ()]
    typed: list[Reference | str] = [*str(said.get(f"{option.name}_from") or "").split()]
    picked = said.get(f"{option.name}{PICKER}") or ()
    jobs = [str(one["value"]) for one in ([picked] if isinstance(picked, Mapping) else picked)]
    if option.max_count > 1:
        found = (*files, *typed, *jobs)
        return {option.name: found} if found else {}
    # A job stands in the form from its beginning, so whatever else is given is meant instead of it.
    several = [*files, *typed] or jobs
    if len(several) > 1:
        raise InvalidRequest(f"{option.name} takes one: a file or an address, not both")
    return {option.name: several[0]} if several else {}


def _input(one: SlackField, value: Any, *, priced: bool) -> Block:
    return {
        "type": "input",
        "block_id": one.name,
        "label": plain_text(_label(one.name), SLACK_LABEL),
        "hint": plain_text(one.description, SLACK_HINT),
        "optional": not one.required,
        # Choices decide on the price, which the form tells.
        "dispatch_action": priced and one.kind is SlackKind.CHOICE,
        "element": {"action_id": one.name, **_element(one, value)},
    }


def _element(one: SlackField, value: Any) -> Block:
    if one.option.kind is Kind.JOB:
        return _external(value, several=False, times=1)
    return _ELEMENTS[one.kind](one, value)


def _files(one: SlackField, _: Any) -> Block:
    pictures_only = one.option.result is MediaKind.PICTURE
    types = [*PICTURE_ENDINGS, *(() if pictures_only else VIDEO_ENDINGS)]
    return {"type": "file_input", "filetypes": types, "max_files": one.files}


def _choices(one: SlackField, value: Any) -> Block:
    offered = [select_option(AutocompleteChoice(value=each, label=each)) for each in one.choices]
    begins = value or next((each for each in offered if each["value"] == one.option.default), None)
    return {"type": "static_select", "options": offered, **_with("initial_option", begins)}


def _flag(_: SlackField, value: Any) -> Block:
    offered = [select_option(AutocompleteChoice(value="yes", label="Yes"))]
    return {"type": "checkboxes", "options": offered, **_with("initial_options", value)}


def _number(one: SlackField, value: Any) -> Block:
    bounds = {"min_value": one.minimum, "max_value": one.maximum}
    known = {name: str(bound) for name, bound in bounds.items() if bound is not None}
    begins = _with("initial_value", value or one.option.default)
    return {"type": "number_input", "is_decimal_allowed": False, **known, **begins}


def _member(_: SlackField, value: Any) -> Block:
    return {"type": "users_select", **_with("initial_user", value)}


def _text(one: SlackField, value: Any) -> Block:
    return {
        "type": "plain_text_input",
        "multiline": (one.max_length or 0) > _ONE_LINE,
        "max_length": one.max_length,
        **_with("initial_value", value or one.option.default),
    }


_ELEMENTS: Mapping[SlackKind, Callable[[SlackField, Any], Block]] = {
    SlackKind.FILES: _files,
    SlackKind.CHOICE: _choices,
    SlackKind.FLAG: _flag,
    SlackKind.NUMBER: _number,
    SlackKind.MEMBER: _member,
    SlackKind.TEXT: _text,
}


def _picker(option: Option, value: Any) -> Block:
    """Picks results of the caller's own, next to the files of an option."""
    several = option.max_count > 1
    block = f"{option.name}{PICKER}"
    return {
        "type": "input",
        "block_id": block,
        "label": plain_text(
            f"{_label(option.name)}: or {'some' if several else 'one'} of yours", SLACK_LABEL
        ),
        "optional": True,
        "element": {"action_id": block, **_external(value, several=several, times=option.max_count)},
    }


def _external(value: Any, *, several: bool, times: int) -> Block:
    if several:
        return {
            "type": "multi_external_select",
            "min_query_length": 0,
            "max_selected_items": times,
            **_with("initial_options", value),
        }
    return {"type": "external_select", "min_query_length": 0, **_with("initial_option", value)}


def _with(name: str, value: Any) -> Block:
    return {name: value} if value else {}


def _label(name: str) -> str:
    return sanitize_line(name.replace("_", " ").capitalize(), SLACK_LABEL)
