"""Describes every command so that a page can build its form."""

from collections.abc import Mapping, Sequence
from typing import Any

from adapters.playground.messages.conversations import STUDIO
from bot.domain.commands import CATALOGUE, Audience, Command, GenerateCommand, Reframe
from bot.domain.framing import PLACEMENT
from bot.domain.named_options import EVERY, dump_named
from bot.domain.options import Kind, Option, options
from bot.domain.timezones import COMMON, TIMEZONE_OPTION

#: words to suggest, by the name of the option
Suggestions = Mapping[str, Sequence[str]]

#: the channels that admins can name: as values of an option, with their names
_CHANNELS = {dump_named(STUDIO.channel, "studio"): "studio"}
#: integer options with a larger maximum are for experts, and are folded away
_SMALL = 50


def command_forms(*, admin: bool, suggestions: Suggestions) -> list[dict[str, Any]]:
    """Return every command that is available to a person, with the fields of its form."""
    return [
        _form(command, suggestions)
        for command in CATALOGUE.values()
        if admin or command.audience is Audience.EVERYONE
    ]


def _form(command: type[Command], suggestions: Suggestions) -> dict[str, Any]:
    generate = command if issubclass(command, GenerateCommand) else None
    newest = generate.default_source if generate else None
    return {
        "name": command.name,
        "about": command.description,
        "admins": command.audience is Audience.ADMINS,
        "makes": generate is not None,
        #: media options that attached files fill, in this order
        "takes": generate.attachment_options if generate else (),
        #: the option that stands for the person's newest result when it is left empty
        "newest": newest and {"option": newest[0], "kind": newest[1]},
        #: the fields whose effect a drawing shows
        "places": (*PLACEMENT, "preview") if command is Reframe else (),
        "fields": [
            _field(option, generate, suggestions)
            for option in options(command)
            # There are no roles here.
            if option.kind is not Kind.ROLE
        ],
    }


def _field(
    option: Option, generate: type[GenerateCommand] | None, suggestions: Suggestions
) -> dict[str, Any]:
    channels = _CHANNELS if option.kind is Kind.CHANNEL else {}
    if channels and option.max_count > 1:
        channels = {EVERY.name: "everywhere"} | channels
    return {
        "name": option.name,
        "label": option.name.replace("_", " ").capitalize(),
        "kind": Kind.CHOICE if channels else option.kind,
        "about": option.description,
        "required": option.required,
        "default": option.default,
        "choices": tuple(channels) or option.choices,
        #: how each choice is shown, where that is not its value
        "labels": tuple(channels.values()),
        #: one line about each choice, where choices need it
        "notes": option.choice_notes,
        #: words that can be added to a text
        "suggestions": COMMON if option.name == TIMEZONE_OPTION else suggestions.get(option.name, ()),
        "minimum": option.minimum,
        "maximum": option.maximum,
        "longest": option.max_length,
        "times": option.max_count,
        "weighted": option.weighted,
        #: shown at once; the other fields are folded away
        "main": _is_main(option, generate),
    }


def _is_main(option: Option, generate: type[GenerateCommand] | None) -> bool:
    if option.required or option.positional or option.kind in (Kind.CHOICE, Kind.FLAG, Kind.CHANNEL):
        return True
    if option.kind is Kind.MEDIA:
        return generate is not None and option.name in generate.attachment_options
    if option.kind is Kind.DECIMAL:
        return True
    return option.kind is Kind.INTEGER and option.maximum is not None and option.maximum <= _SMALL
