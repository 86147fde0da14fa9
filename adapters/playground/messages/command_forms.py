"""Describes every command so that a page can build its form."""

from typing import Any

from bot.domain.commands import CATALOGUE, Audience, Command, GenerateCommand
from bot.domain.options import Kind, Option, options

#: integer options with a larger maximum are for experts, and are folded away
_SMALL = 50


def command_forms(*, admin: bool) -> list[dict[str, Any]]:
    """Return every command that is available to a person, with the fields of its form."""
    return [
        _form(command) for command in CATALOGUE.values() if admin or command.audience is Audience.EVERYONE
    ]


def _form(command: type[Command]) -> dict[str, Any]:
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
        "fields": [_field(option, generate) for option in options(command)],
    }


def _field(option: Option, generate: type[GenerateCommand] | None) -> dict[str, Any]:
    return {
        "name": option.name,
        "label": option.name.replace("_", " ").capitalize(),
        "kind": option.kind,
        "about": option.description,
        "required": option.required,
        "default": option.default,
        "choices": option.choices,
        "minimum": option.minimum,
        "maximum": option.maximum,
        "longest": option.max_length,
        "times": option.max_count,
        "weighted": option.weighted,
        #: shown at once; the other fields are folded away
        "main": _is_main(option, generate),
    }


def _is_main(option: Option, generate: type[GenerateCommand] | None) -> bool:
    if option.required or option.positional or option.kind in (Kind.CHOICE, Kind.FLAG):
        return True
    if option.kind is Kind.MEDIA:
        return generate is not None and option.name in generate.attachment_options
    return option.kind is Kind.INTEGER and option.maximum is not None and option.maximum <= _SMALL
