"""Describes every command so that a page can build its form."""

from collections.abc import Collection, Mapping, Sequence
from types import MappingProxyType
from typing import Any

from adapters.playground.messages.conversations import STUDIO
from bot.domain.command_text.completion import defaulted_option, offered_option
from bot.domain.commands import CATALOGUE, Audience, Command, GenerateCommand, MediaCommand, Reframe
from bot.domain.generations.concepts import CONCEPTS_OPTION
from bot.domain.generations.framing import PLACEMENT
from bot.domain.generations.requests import PROMPT_MAX
from bot.domain.named_options import EVERY, dump_named
from bot.domain.options import Kind, Option, options
from bot.domain.workspace.defaults import EffectiveDefault
from bot.domain.workspace.timezones import COMMON, TIMEZONE_OPTION

#: words to suggest, by the name of the option
Suggestions = Mapping[str, Sequence[str]]

#: the channels that admins can name: as values of an option, with their names
_CHANNELS = {dump_named(STUDIO.channel, "studio"): "studio"}
_MAIN = (Kind.CHOICE, Kind.FLAG, Kind.CHANNEL, Kind.PRESET)
#: integer options with a larger maximum are for experts, and are folded away
_SMALL = 50


def command_forms(
    *,
    admin: bool,
    suggestions: Suggestions,
    defaults: Mapping[str, EffectiveDefault],
    offered: Mapping[str, Collection[str]] = MappingProxyType({}),
) -> list[dict[str, Any]]:
    """Return every command that is available to a person, with the fields of its form.

    `defaults` has what counts for the person where an option is left open, `offered` the choices of options
    that the providers narrow.
    """
    return [
        _form(command, suggestions, defaults, offered)
        for command in CATALOGUE.values()
        if admin or command.audience is Audience.EVERYONE
    ]


def _form(
    command: type[Command],
    suggestions: Suggestions,
    defaults: Mapping[str, EffectiveDefault],
    offered: Mapping[str, Collection[str]],
) -> dict[str, Any]:
    generate = command if issubclass(command, GenerateCommand) else None
    newest = generate.default_source if generate else None
    return {
        "name": command.name,
        "about": command.description,
        "admins": command.audience is Audience.ADMINS,
        "makes": generate is not None,
        #: media options that attached files fill, in this order
        "takes": command.attachment_options if issubclass(command, MediaCommand) else (),
        #: the option that stands for the person's newest result when it is left empty
        "newest": newest and {"option": newest[0], "kind": newest[1]},
        #: the fields whose effect a drawing shows
        "places": (*PLACEMENT, "preview") if command is Reframe else (),
        "fields": [
            _field(defaulted_option(offered_option(option, offered), command, defaults), command, suggestions)
            for option in options(command)
            # There are no roles here.
            if option.kind is not Kind.ROLE
        ],
    }


def _field(option: Option, command: type[Command], suggestions: Suggestions) -> dict[str, Any]:
    channels = _CHANNELS if option.kind is Kind.CHANNEL else {}
    if channels and option.max_count > 1:
        channels = {EVERY.name: "everywhere"} | channels
    return {
        "name": option.name,
        "label": option.name.replace("_", " ").capitalize(),
        "kind": Kind.CHOICE if channels else option.kind,
        "about": option.counted_description,
        "required": option.required,
        "default": option.default_text,
        "choices": tuple(channels) or option.choices,
        #: how each choice is shown, where that is not its value
        "labels": tuple(channels.values()),
        #: one line about each choice, where choices need it
        "notes": option.choice_notes,
        #: words that can be added to a text
        "suggestions": COMMON if option.name == TIMEZONE_OPTION else suggestions.get(option.name, ()),
        #: several of these words make a list
        "listed": option.name == CONCEPTS_OPTION or option.kind is Kind.PRESET,
        "minimum": option.minimum,
        "maximum": option.maximum,
        "longest": option.max_length,
        "times": option.max_count,
        #: of a result or file, the kind that fits; None: either
        "result": option.result,
        "weighted": option.weighted,
        #: shown at once; the other fields are folded away
        "main": _is_main(option, command),
    }


def _is_main(option: Option, command: type[Command]) -> bool:
    if option.required or option.positional or option.kind in _MAIN:
        return True
    if option.kind is Kind.MEDIA:
        return issubclass(command, MediaCommand) and option.name in command.attachment_options
    if option.kind is Kind.DECIMAL or option.max_length == PROMPT_MAX:
        return True
    return option.kind is Kind.INTEGER and option.maximum is not None and option.maximum <= _SMALL
