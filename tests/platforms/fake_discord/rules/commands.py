"""Validates command registrations and normalises them as the service returns them."""

import re
from typing import Any

import orjson

from tests.platforms.fake_discord.rules.refusals import FormErrors

Path = tuple[str | int, ...]

_CHAT_INPUT = 1
_SUBCOMMAND, _GROUP, _STRING, _INTEGER, _NUMBER = 1, 2, 3, 4, 10
_WITH_CHOICES = (_STRING, _INTEGER, _NUMBER)
_NAME = re.compile(r"^[-_'\w]{1,32}$")
#: characters of names, descriptions and values, each in its longest language
_CHARACTERS = 8000
_OPTIONS = 25
_CHOICES = 25
_DEEPEST = 2
#: commands that were found right, as JSON: all bots of a run register the same ones
_FAULTLESS: set[bytes] = set()


def check(form: dict[str, Any], errors: FormErrors, path: Path) -> None:
    """Complain about everything that is wrong with one command."""
    content = orjson.dumps(form)
    if content in _FAULTLESS:
        return
    found = FormErrors()
    _check(form, found, ())
    if found:
        _check(form, errors, path)
    else:
        _FAULTLESS.add(content)


def _check(form: dict[str, Any], errors: FormErrors, path: Path) -> None:
    if (form.get("type") or _CHAT_INPUT) == _CHAT_INPUT:
        _check_words(form, errors, path)
        _check_options(form.get("options") or [], errors, (*path, "options"), depth=0)
        if _size(form) > _CHARACTERS:
            errors.add(path, "APPLICATION_COMMAND_TOO_LARGE", f"Command exceeds maximum size ({_CHARACTERS})")
        return
    errors.length((*path, "name"), str(form.get("name") or ""), least=1, most=32)
    for field in ("description", "options"):
        if form.get(field):
            errors.add(
                (*path, field),
                "APPLICATION_COMMAND_CONTEXT_MENU_FIELD",
                f"Context menu commands cannot have {field}",
            )


def filled_in(form: dict[str, Any], *, guild_id: int | None) -> dict[str, Any]:
    """Return the command as the service will show it, without its ids."""
    permissions = form.get("default_member_permissions")
    command: dict[str, Any] = {
        "default_member_permissions": None if permissions is None else str(permissions),
        "type": form.get("type") or _CHAT_INPUT,
        "name": form["name"],
        "name_localizations": form.get("name_localizations") or None,
        "description": form.get("description") or "",
        "description_localizations": form.get("description_localizations") or None,
        "nsfw": bool(form.get("nsfw")),
    }
    if guild_id is None:
        contexts = form.get("contexts")
        command["contexts"] = sorted(contexts) if contexts is not None else None
        command["integration_types"] = sorted(form.get("integration_types") or [0])
        command["dm_permission"] = contexts is None or 1 in contexts
    else:
        command["guild_id"] = str(guild_id)
    options = [_option_filled_in(option) for option in form.get("options") or []]
    return {**command, "options": options} if options else command


def _option_filled_in(option: dict[str, Any]) -> dict[str, Any]:
    kept = {key: value for key, value in option.items() if not _says_nothing(value)}
    if "options" in kept:
        kept["options"] = [_option_filled_in(inner) for inner in kept["options"]]
    if "choices" in kept:
        kept["choices"] = [
            {key: value for key, value in choice.items() if value is not None} for choice in kept["choices"]
        ]
    return kept


def _says_nothing(value: Any) -> bool:
    return value is None or value is False or value in ([], {})


def _check_words(form: dict[str, Any], errors: FormErrors, path: Path) -> None:
    names = {"name": form.get("name"), **_localised(form, "name")}
    for key, name in names.items():
        text = str(name or "")
        if not _NAME.fullmatch(text) or text != text.lower():
            where = ("name",) if key == "name" else ("name_localizations", key)
            errors.add(
                (*path, *where),
                "APPLICATION_COMMAND_INVALID_NAME",
                "Command name is invalid",
            )
    errors.length((*path, "description"), str(form.get("description") or ""), least=1, most=100)
    for locale, text in _localised(form, "description").items():
        errors.length((*path, "description_localizations", locale), text, least=1, most=100)


def _check_options(options: list[dict[str, Any]], errors: FormErrors, path: Path, *, depth: int) -> None:
    errors.count(path, options, most=_OPTIONS)
    seen: set[str] = set()
    optional_came = False
    for index, option in enumerate(options):
        at = (*path, index)
        _check_words(option, errors, at)
        if option.get("name") in seen:
            errors.add(
                (*at, "name"), "APPLICATION_COMMAND_OPTIONS_NAME_DUPLICATE", "Option names must be unique"
            )
        seen.add(str(option.get("name")))
        if option.get("required") and optional_came:
            errors.add(
                at,
                "APPLICATION_COMMAND_OPTIONS_REQUIRED_INVALID",
                "Required options must be placed before non-required options",
            )
        optional_came = optional_came or not option.get("required")
        _check_choices(option, errors, at)
        if option["type"] in (_SUBCOMMAND, _GROUP):
            if depth >= _DEEPEST or (option["type"] == _GROUP and depth > 0):
                errors.add(
                    at, "APPLICATION_COMMAND_OPTIONS_TYPE_INVALID", "Sub-command option type is invalid"
                )
            _check_options(option.get("options") or [], errors, (*at, "options"), depth=depth + 1)


def _check_choices(option: dict[str, Any], errors: FormErrors, path: Path) -> None:
    choices = option.get("choices") or []
    if choices and option["type"] not in _WITH_CHOICES:
        errors.add(
            (*path, "choices"), "APPLICATION_COMMAND_OPTIONS_CHOICES_INVALID", "This option has no choices"
        )
    if choices and option.get("autocomplete"):
        errors.add(
            path,
            "APPLICATION_COMMAND_AUTOCOMPLETE_WITH_CHOICES",
            "Autocomplete cannot be used together with choices",
        )
    check_choices(choices, errors, (*path, "choices"))


def check_choices(choices: list[dict[str, Any]], errors: FormErrors, path: Path) -> None:
    """Complain about choices, be they registered or offered while somebody types."""
    errors.count(path, choices, most=_CHOICES)
    for index, choice in enumerate(choices):
        errors.length((*path, index, "name"), str(choice.get("name") or ""), least=1, most=100)
        if isinstance(choice.get("value"), str):
            errors.length((*path, index, "value"), choice["value"], least=1, most=100)


def _localised(form: dict[str, Any], field: str) -> dict[str, str]:
    return form.get(f"{field}_localizations") or {}


def _size(form: dict[str, Any]) -> int:
    total = sum(
        max(len(text) for text in [str(form.get(field) or ""), *_localised(form, field).values()])
        for field in ("name", "description")
    )
    for choice in form.get("choices") or []:
        total += max(len(text) for text in [str(choice["name"]), *_localised(choice, "name").values()])
        total += len(str(choice["value"]))
    return total + sum(_size(option) for option in form.get("options") or [])
