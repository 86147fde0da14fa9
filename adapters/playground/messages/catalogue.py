"""The catalogue as a page needs it to build its forms."""

from typing import Any

from bot.domain.commands import CATALOGUE, Audience, Command, GenerateCommand
from bot.domain.options import Kind, Option, options

#: a number up to here is chosen often; larger ones are measures for those who know what they do
_SMALL = 50


def forms_for(*, admin: bool) -> list[dict[str, Any]]:
    """Every command that this person is offered, with the fields of its form."""
    return [
        _form(command) for command in CATALOGUE.values() if admin or command.audience is Audience.EVERYONE
    ]


def _form(command: type[Command]) -> dict[str, Any]:
    making = command if issubclass(command, GenerateCommand) else None
    newest = making.default_source if making else None
    return {
        "name": command.name,
        "about": command.description,
        "admins": command.audience is Audience.ADMINS,
        "makes": making is not None,
        #: options that files fill which come along without a name
        "takes": making.attachment_options if making else (),
        #: the option that means one's newest result where it is empty
        "newest": newest and {"option": newest[0], "kind": newest[1]},
        "fields": [_field(option, making) for option in options(command)],
    }


def _field(option: Option, making: type[GenerateCommand] | None) -> dict[str, Any]:
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
        #: shown at once; the others are folded away
        "main": _is_main(option, making),
    }


def _is_main(option: Option, making: type[GenerateCommand] | None) -> bool:
    if option.required or option.positional or option.kind in (Kind.CHOICE, Kind.FLAG):
        return True
    if option.kind is Kind.MEDIA:
        return making is not None and option.name in making.attachment_options
    return option.kind is Kind.INTEGER and option.maximum is not None and option.maximum <= _SMALL
