"""Validates components of messages and modals, in both layouts."""

from collections.abc import Iterator
from enum import IntEnum
from typing import Any

from tests.platforms.fake_discord.rules.refusals import FormErrors

Component = dict[str, Any]
Path = tuple[str | int, ...]


class Part(IntEnum):
    ROW = 1
    BUTTON = 2
    SELECT = 3
    TEXT_INPUT = 4
    USER_SELECT = 5
    ROLE_SELECT = 6
    MENTIONABLE_SELECT = 7
    CHANNEL_SELECT = 8
    TEXT = 10
    LABEL = 18
    FILE_UPLOAD = 19


SELECTS = {Part.SELECT, Part.USER_SELECT, Part.ROLE_SELECT, Part.MENTIONABLE_SELECT, Part.CHANNEL_SELECT}
_LINK = 5
_ROWS = 5
_IN_A_ROW = 5
_OPTIONS = 25
#: components of one message in the new layout, all levels together
_PARTS = 40
#: characters of all its texts
_TEXT = 4000


def walk(components: list[Component], path: Path = ("components",)) -> Iterator[tuple[Path, Component]]:
    """Yield every component of every level with its place in the form."""
    for index, component in enumerate(components):
        at = (*path, index)
        yield at, component
        yield from walk(component.get("components") or [], (*at, "components"))
        for slot in ("accessory", "component"):
            if isinstance(component.get(slot), dict):
                yield from _one((*at, slot), component[slot])


def _one(path: Path, component: Component) -> Iterator[tuple[Path, Component]]:
    yield path, component
    yield from walk(component.get("components") or [], (*path, "components"))


def check_components(components: list[Component], errors: FormErrors, *, new_layout: bool) -> None:
    """Complain about what the service would not show under a message."""
    if new_layout:
        _check_new_layout(components, errors)
    else:
        _check_rows(components, errors)
    _check_parts(components, errors)


def check_modal(modal: dict[str, Any], errors: FormErrors) -> None:
    """Complain about a form that could not be opened."""
    path = ("data",)
    errors.length((*path, "title"), str(modal.get("title") or ""), least=1, most=45)
    errors.length((*path, "custom_id"), str(modal.get("custom_id") or ""), least=1, most=100)
    components = modal.get("components") or []
    errors.count((*path, "components"), components, least=1, most=_ROWS)
    _check_parts(components, errors)


def _check_rows(components: list[Component], errors: FormErrors) -> None:
    errors.count(("components",), components, most=_ROWS)
    for index, row in enumerate(components):
        if row.get("type") != Part.ROW:
            errors.add(("components", index, "type"), "BASE_TYPE_CHOICES", "Value must be one of {1}.")


def _check_new_layout(components: list[Component], errors: FormErrors) -> None:
    parts = [part for _, part in walk(components)]
    if len(parts) > _PARTS:
        errors.add(("components",), "COMPONENT_MAX_TOTAL_COMPONENTS_EXCEEDED", f"Must be {_PARTS} or fewer.")
    if sum(len(part.get("content") or "") for part in parts if part.get("type") == Part.TEXT) > _TEXT:
        errors.add(("components",), "COMPONENT_DISPLAYABLE_TEXT_SIZE_EXCEEDED", f"Must be {_TEXT} or fewer.")


def _check_parts(components: list[Component], errors: FormErrors) -> None:
    seen: set[str] = set()
    for path, part in walk(components):
        custom_id = part.get("custom_id")
        if custom_id is not None:
            errors.length((*path, "custom_id"), custom_id, least=1, most=100)
            if custom_id in seen:
                errors.add(
                    (*path, "custom_id"),
                    "COMPONENT_CUSTOM_ID_DUPLICATED",
                    "Component custom id cannot be duplicated",
                )
            seen.add(custom_id)
        kind = part.get("type")
        if kind == Part.ROW:
            _check_row(part, errors, path)
        elif kind == Part.BUTTON:
            _check_button(part, errors, path)
        elif kind == Part.SELECT:
            _check_select(part, errors, path)
        elif kind in SELECTS:
            errors.length((*path, "placeholder"), part.get("placeholder") or "", most=150)
            errors.count((*path, "default_values"), part.get("default_values") or [], most=_OPTIONS)
        elif kind == Part.TEXT_INPUT:
            errors.length((*path, "value"), part.get("value") or "", most=4000)
            errors.length((*path, "placeholder"), part.get("placeholder") or "", most=100)


def _check_row(row: Component, errors: FormErrors, path: Path) -> None:
    inner = row.get("components") or []
    errors.count((*path, "components"), inner, least=1, most=_IN_A_ROW)
    if len(inner) > 1 and any(part.get("type") in SELECTS for part in inner):
        errors.add(
            (*path, "components"),
            "COMPONENT_LAYOUT_WIDTH_EXCEEDED",
            "The specified component exceeds the maximum width",
        )


def _check_button(button: Component, errors: FormErrors, path: Path) -> None:
    errors.length((*path, "label"), button.get("label") or "", most=80)
    if not button.get("label") and not button.get("emoji"):
        errors.add(path, "BUTTON_COMPONENT_LABEL_REQUIRED", "A label or an emoji is required")
    needed = "url" if button.get("style") == _LINK else "custom_id"
    if not button.get(needed):
        errors.add((*path, needed), "BASE_TYPE_REQUIRED", "This field is required")


def _check_select(select: Component, errors: FormErrors, path: Path) -> None:
    options = select.get("options") or []
    errors.count((*path, "options"), options, least=1, most=_OPTIONS)
    errors.length((*path, "placeholder"), select.get("placeholder") or "", most=150)
    values = [option.get("value") for option in options]
    if len(set(values)) < len(values):
        errors.add(
            (*path, "options"),
            "SELECT_COMPONENT_OPTION_VALUE_DUPLICATED",
            "The specified option value is already used",
        )
    for index, option in enumerate(options):
        for field in ("label", "value", "description"):
            errors.length(
                (*path, "options", index, field),
                str(option.get(field) or ""),
                least=0 if field == "description" else 1,
                most=100,
            )
