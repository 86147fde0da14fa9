"""The fields of a command's modal as input blocks, and the values people entered."""

from collections.abc import Callable, Collection, Iterator, Mapping
from dataclasses import dataclass, field, replace
from typing import Any

from adapters.chat.text import sanitize_line
from adapters.slack.messages.message_files import reference_to
from adapters.slack.messages.mrkdwn import Block, plain_text
from adapters.slack.messages.option_fields import (
    SLACK_CHOICE,
    SLACK_HINT,
    SLACK_LABEL,
    SlackField,
    SlackKind,
    slack_fields,
)
from adapters.slack.places import member_caller
from bot.domain.command_text.completion import AutocompleteChoice, defaulted_option, offered_option
from bot.domain.command_text.job_settings import JobSettings
from bot.domain.commands import Command, GenerateCommand, Settings, Toggle
from bot.domain.errors import InvalidRequest
from bot.domain.generations.concepts import CONCEPTS_MAX, CONCEPTS_OPTION, MOTION_OPTION
from bot.domain.generations.media import MediaKind, Reference
from bot.domain.generations.offers import OPEN_FIELDS
from bot.domain.generations.requests import PROMPT_MAX
from bot.domain.named_options import dump_named
from bot.domain.options import Kind, Option
from bot.domain.workspace.defaults import YOURS, EffectiveDefault
from bot.domain.workspace.presets import NAMED_MAX
from bot.domain.workspace.timezones import TIMEZONE_OPTION
from bot.media.declared_types import PICTURE_ENDINGS, VIDEO_ENDINGS

#: block id suffix, after an option's name: the select of the caller's own jobs
JOB_SELECT = "_job"
#: longest text that gets a single-line input
_SINGLE_LINE = 300

#: what a modal shows or holds, by block id
Values = Mapping[str, Any]
#: what counts where an option is left open, by the name of the default
Defaults = Mapping[str, EffectiveDefault]
#: by the name of an option, the values that providers offer
Offered = Mapping[str, Collection[str]]
#: a view's `state.values`: block id → action id → element
ViewState = Mapping[str, Mapping[str, Mapping[str, Any]]]


@dataclass(frozen=True, slots=True, kw_only=True)
class ModalValues:
    """What was entered into a modal."""

    #: option values, by name
    options: dict[str, Any] = field(default_factory=dict)
    #: users who were selected
    users: tuple[str, ...] = ()


def input_blocks(
    command: type[Command], values: Values, defaults: Defaults, offered: Offered, *, all_fields: bool
) -> Iterator[Block]:
    """The fields with their values; rarely used ones only with `all_fields`.

    `defaults` has what counts for the person where a field is left empty, `offered` the choices of options
    that the providers narrow.
    """
    priced = issubclass(command, GenerateCommand)
    for slack_field in slack_fields(command):
        option = defaulted_option(offered_option(slack_field.option, offered), command, defaults)
        is_address = option.kind is Kind.MEDIA and slack_field.kind is SlackKind.TEXT
        if not all_fields and (is_address or not _is_basic(command, option)):
            continue
        yield _input(
            replace(slack_field, option=option, choices=option.choices),
            values.get(slack_field.name),
            priced=priced,
        )
        if slack_field.kind is SlackKind.FILES:
            yield _job_select(option, values.get(f"{option.name}{JOB_SELECT}"))


def initial_values(settings: JobSettings) -> dict[str, Any]:
    """The settings of a job as a modal shows them; its pictures and videos are no values of fields."""
    found: dict[str, Any] = {}
    for slack_field in slack_fields(settings.command):
        value = settings.values.get(slack_field.name)
        if value is None or slack_field.option.kind in (Kind.MEDIA, Kind.JOB):
            continue
        text = str(value)
        if slack_field.kind is SlackKind.FLAG:
            found.update({slack_field.name: [_YES]} if value else {})
        elif slack_field.name == CONCEPTS_OPTION:
            words = [word.strip() for word in text.split(",")]
            found[slack_field.name] = [
                select_option(AutocompleteChoice(value=one, label=one)) for one in words
            ]
        elif slack_field.kind is SlackKind.CHOICE or slack_field.name == MOTION_OPTION:
            found[slack_field.name] = _same(text)
        elif slack_field.max_length is None or len(text) <= slack_field.max_length:
            found[slack_field.name] = text
    return found


def _same(value: str) -> Block:
    """An option that is shown as its value."""
    return select_option(AutocompleteChoice(value=value, label=value))


def chosen_defaults(command: type[Command], defaults: Defaults) -> dict[str, Any]:
    """The values of the fields that show a default as chosen: what a person has set, and a private result."""
    if command is Settings:
        own = {name: found.value for name, found in defaults.items() if found.origin == YOURS}
        return {name: _shown_value(name, value) for name, value in own.items()}
    private = issubclass(command, GenerateCommand) and "private" in defaults and defaults["private"].value
    return {"private": [_YES]} if private else {}


def _shown_value(name: str, value: object) -> Any:
    """A default as its field holds it."""
    if name == "private":
        value = Toggle.ON if value else Toggle.OFF
    if isinstance(value, int):
        return str(value)
    return select_option(AutocompleteChoice(value=str(value), label=str(value)))


def has_more_fields(command: type[Command]) -> bool:
    """Whether some fields are shown only on demand."""
    return any(
        each.kind is SlackKind.FILES or not _is_basic(command, each.option) for each in slack_fields(command)
    )


def select_option(offer: AutocompleteChoice) -> Block:
    """An offer as an option of a select."""
    return {"text": plain_text(offer.label, SLACK_CHOICE), "value": offer.value}


#: the one option of a checkbox
_YES = select_option(AutocompleteChoice(value="yes", label="Yes"))


def view_values(state: ViewState) -> dict[str, Any]:
    """The values of a view, to be parsed or to be shown again."""
    return {
        block: value
        for block, actions in state.items()
        for element in actions.values()
        if (value := _element_value(element))
    }


def parse_view(command: type[Command], state: ViewState, team: str) -> ModalValues:
    """Parse a view's values; raises InvalidRequest that names the field to correct."""
    values = view_values(state)
    options: dict[str, Any] = {}
    users: list[str] = []
    for slack_field in slack_fields(command):
        option, value = slack_field.option, values.get(slack_field.name)
        if option.kind is Kind.MEDIA:
            if slack_field.kind is SlackKind.FILES:
                options |= _parse_media(option, values)
        elif value is None:
            continue
        elif slack_field.kind is SlackKind.MEMBER:
            users.append(value)
            options[option.name] = member_caller(team, value, value).member
        else:
            options[option.name] = _entered(slack_field, value)
    return ModalValues(options=options, users=tuple(users))


def _entered(slack_field: SlackField, value: Any) -> Any:
    """The value of an option that one field fills."""
    option = slack_field.option
    if slack_field.kind is SlackKind.CHANNEL:
        return _channels(option, value)
    if slack_field.kind is SlackKind.FLAG:
        return True
    if isinstance(value, Mapping):
        return str(value["value"])
    if isinstance(value, list):
        several = tuple(str(each["value"]) for each in value)
        return several if option.kind is Kind.ROLE else ", ".join(several)
    return value


def _channels(option: Option, value: Any) -> Any:
    """The selected channels, which Slack sends by id only."""
    found = tuple(dump_named(str(one), str(one)) for one in (value if isinstance(value, list) else [value]))
    return found if option.max_count > 1 else found[0]


def _is_basic(command: type[Command], option: Option) -> bool:
    """Whether the field is shown at once."""
    common = option.required or option.positional or option.default is not None
    attached = command.attachment_options if issubclass(command, GenerateCommand) else ()
    by_kind = bool(option.choices) or option.kind in (Kind.FLAG, Kind.DECIMAL, Kind.JOB, Kind.PRESET)
    by_kind = by_kind or option.max_length == PROMPT_MAX
    return common or by_kind or option.name in attached or not issubclass(command, GenerateCommand)


def _element_value(element: Mapping[str, Any]) -> Any:
    """The value of one element; None where it is empty."""
    if (text := element.get("value")) is not None:
        return str(text).strip() or None
    return (
        element.get("selected_option")
        or element.get("selected_options")
        or element.get("selected_user")
        or element.get("selected_conversation")
        or element.get("selected_conversations")
        or element.get("files")
        or None
    )


def _parse_media(option: Option, values: Values) -> dict[str, Any]:
    """The files, jobs and addresses given for one option."""
    files: list[Reference | str] = [reference_to(file) for file in values.get(option.name) or ()]
    typed: list[Reference | str] = [*str(values.get(f"{option.name}_from") or "").split()]
    selected = values.get(f"{option.name}{JOB_SELECT}") or ()
    jobs = [str(each["value"]) for each in ([selected] if isinstance(selected, Mapping) else selected)]
    if option.max_count > 1:
        found = (*files, *typed, *jobs)
        return {option.name: found} if found else {}
    # The modal opens with a job selected, so that anything entered replaces it.
    given = [*files, *typed] or jobs
    if len(given) > 1:
        raise InvalidRequest(f"{option.name} accepts one input: a file or an address, not both")
    return {option.name: given[0]} if given else {}


def _input(slack_field: SlackField, value: Any, *, priced: bool) -> Block:
    return {
        "type": "input",
        "block_id": slack_field.name,
        "label": plain_text(_label(slack_field.name), SLACK_LABEL),
        "hint": plain_text(slack_field.description, SLACK_HINT),
        "optional": not slack_field.required,
        # A choice changes the price that the modal shows.
        "dispatch_action": priced and slack_field.kind is SlackKind.CHOICE,
        "element": {"action_id": slack_field.name, **_element(slack_field, value)},
    }


def _element(slack_field: SlackField, value: Any) -> Block:
    if slack_field.name == CONCEPTS_OPTION:
        return _external_select(value, several=True, limit=CONCEPTS_MAX)
    if slack_field.option.kind is Kind.PRESET:
        return _external_select(value, several=True, limit=NAMED_MAX)
    if slack_field.option.kind is Kind.ROLE:
        several = slack_field.option.max_count > 1
        return _external_select(value, several=several, limit=slack_field.option.max_count)
    if slack_field.option.kind is Kind.JOB or slack_field.name in (MOTION_OPTION, TIMEZONE_OPTION):
        return _external_select(value, several=False, limit=1)
    return _ELEMENTS[slack_field.kind](slack_field, value)


def _files(slack_field: SlackField, _: Any) -> Block:
    pictures_only = slack_field.option.result is MediaKind.PICTURE
    types = [*PICTURE_ENDINGS, *(() if pictures_only else VIDEO_ENDINGS)]
    return {"type": "file_input", "filetypes": types, "max_files": slack_field.files}


def _choices(slack_field: SlackField, value: Any) -> Block:
    options = [
        select_option(AutocompleteChoice(value=choice, label=choice)) for choice in slack_field.choices
    ]
    for option, note in zip(options, slack_field.option.choice_notes, strict=False):
        option["description"] = plain_text(note, SLACK_CHOICE)
    default = slack_field.option.default
    # Slack takes only what is the same as an option, with its description.
    given = (value or {}).get("value")
    chosen = next((option for option in options if option["value"] == given), None)
    if slack_field.name in OPEN_FIELDS or slack_field.option.default_origin:
        # What nobody chooses follows what providers offer and people set; a preselected value would not.
        unset = _placeholder(slack_field.option)
        return {"type": "static_select", "options": options, **unset, **_with("initial_option", chosen)}
    initial = chosen or next((option for option in options if option["value"] == default), None)
    return {"type": "static_select", "options": options, **_with("initial_option", initial)}


def _flag(_: SlackField, value: Any) -> Block:
    return {"type": "checkboxes", "options": [_YES], **_with("initial_options", value)}


def _number(slack_field: SlackField, value: Any) -> Block:
    decimals = slack_field.kind is SlackKind.DECIMAL
    bounds = {"min_value": slack_field.minimum, "max_value": slack_field.maximum}
    known = {name: str(bound) for name, bound in bounds.items() if bound is not None}
    initial = _with("initial_value", value) | _placeholder(slack_field.option)
    return {"type": "number_input", "is_decimal_allowed": decimals, **known, **initial}


def _placeholder(option: Option) -> Block:
    """What an empty field shows."""
    default = option.default_text
    return _with("placeholder", plain_text(f"{default} (default)", SLACK_CHOICE) if default else None)


def _member(_: SlackField, value: Any) -> Block:
    return {"type": "users_select", **_with("initial_user", value)}


def _channel(slack_field: SlackField, value: Any) -> Block:
    public = {"filter": {"include": ["public", "private"], "exclude_bot_users": True}}
    most = slack_field.option.max_count
    if most > 1:
        initial = _with("initial_conversations", value)
        return {"type": "multi_conversations_select", "max_selected_items": most, **public, **initial}
    return {"type": "conversations_select", **public, **_with("initial_conversation", value)}


def _text(slack_field: SlackField, value: Any) -> Block:
    return {
        "type": "plain_text_input",
        "multiline": (slack_field.max_length or 0) > _SINGLE_LINE,
        "max_length": slack_field.max_length,
        **_with("initial_value", value or slack_field.option.default),
    }


_ELEMENTS: Mapping[SlackKind, Callable[[SlackField, Any], Block]] = {
    SlackKind.FILES: _files,
    SlackKind.CHOICE: _choices,
    SlackKind.FLAG: _flag,
    SlackKind.NUMBER: _number,
    SlackKind.DECIMAL: _number,
    SlackKind.MEMBER: _member,
    SlackKind.CHANNEL: _channel,
    SlackKind.TEXT: _text,
}


def _job_select(option: Option, value: Any) -> Block:
    """A select of the caller's own jobs, below the files of an option."""
    several = option.max_count > 1
    block = f"{option.name}{JOB_SELECT}"
    label = f"{_label(option.name)}: or {'some' if several else 'one'} of your jobs"
    return {
        "type": "input",
        "block_id": block,
        "label": plain_text(label, SLACK_LABEL),
        "optional": True,
        "element": {"action_id": block, **_external_select(value, several=several, limit=option.max_count)},
    }


def _external_select(value: Any, *, several: bool, limit: int) -> Block:
    if several:
        return {
            "type": "multi_external_select",
            "min_query_length": 0,
            "max_selected_items": limit,
            **_with("initial_options", value),
        }
    return {"type": "external_select", "min_query_length": 0, **_with("initial_option", value)}


def _with(name: str, value: Any) -> Block:
    return {name: value} if value else {}


def _label(name: str) -> str:
    return sanitize_line(name.replace("_", " ").capitalize(), SLACK_LABEL)
