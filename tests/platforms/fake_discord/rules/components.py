"""Validates components of messages and modals, in both layouts."""

from collections.abc import Iterator
from enum import IntEnum
from typing import Any

from tests.platforms.fake_discord.rules.refusals import Complaints

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


def check_components(components: list[Component], complaints: Complaints, *, new_layout: bool) -> None:
    """Complain about what the service would not show under a message."""
    if new_layout:
        _check_new_layout(components, complaints)
    else:
        _check_rows(components, complaints)
    _check_parts(components, complaints)


def check_modal(modal: dict[str, Any], complaints: Complaints) -> None:
    """Complain about a form that could not be opened."""
    path = ("data",)
    complaints.length((*path, "title"), str(modal.get("title") or ""), least=1, most=45)
    complaints.length((*path, "custom_id"), str(modal.get("custom_id") or ""), least=1, most=100)
    components = modal.get("components") or []
    complaints.count((*path, "components"), components, least=1, most=_ROWS)
    _check_parts(components, complaints)


def _check_rows(components: list[Component], complaints: Complaints) -> None:
    complaints.count(("components",), components, most=_ROWS)
    for index, row in enumerate(components):
        if row.get("type") != Part.ROW:
            complaints.add(("components", index, "type"), "BASE_TYPE_CHOICES", "Value must be one of {1}.")


def _check_new_layout(components: list[Component], complaints: Complaints) -> None:
    parts = [part for _, part in walk(components)]
    if len(parts) > _PARTS:
        complaints.add(
            ("components",), "COMPONENT_MAX_TOTAL_COMPONENTS_EXCEEDED", f"Must be {_PARTS} or fewer."
        )
    if sum(len(part.get("content") or "") for part in parts if part.get("type") == Part.TEXT) > _TEXT:
        complaints.add(
            ("components",), "COMPONENT_DISPLAYABLE_TEXT_SIZE_EXCEEDED", f"Must be {_TEXT} or fewer."
        )


def _check_parts(components: list[Component], complaints: Complaints) -> None:
    seen: set[str] = set()
    for path, part in walk(components):
        custom_id = part.get("custom_id")
        if custom_id is not None:
            complaints.length((*path, "custom_id"), custom_id, least=1, most=100)
            if custom_id in seen:
                complaints.add(
                    (*path, "custom_id"),
                    "COMPONENT_CUSTOM_ID_DUPLICATED",
                    "Component custom id cannot be duplicated",
                )
            seen.add(custom_id)
        kind = part.get("type")
        if kind == Part.ROW:
            _check_row(part, complaints, path)
        elif kind == Part.BUTTON:
            _check_button(part, complaints, path)
        elif kind == Part.SELECT:
            _check_select(part, complaints, path)
        elif kind in SELECTS:
            complaints.length((*path, "placeholder"), part.get("placeholder") or "", most=150)
            complaints.count((*path, "default_values"), part.get("default_values") or [], most=_OPTIONS)
        elif kind == Part.TEXT_INPUT:
            complaints.length((*path, "value"), part.get("value") or "", most=4000)
            complaints.length((*path, "placeholder"), part.get("placeholder") or "", most=100)


def _check_row(row: Component, complaints: Complaints, path: Path) -> None:
    inner = row.get("components") or []
    complaints.count((*path, "components"), inner, least=1, most=_IN_A_ROW)
    if len(inner) > 1 and any(part.get("type") in SELECTS for part in inner):
        complaints.add(
            (*path, "components"),
            "COMPONENT_LAYOUT_WIDTH_EXCEEDED",
            "The specified component exceeds the maximum width",
        )


def _check_button(button: Component, complaints: Complaints, path: Path) -> None:
    complaints.length((*path, "label"), button.get("label") or "", most=80)
    if not button.get("label") and not button.get("emoji"):
        complaints.add(path, "BUTTON_COMPONENT_LABEL_REQUIRED", "A label or an emoji is required")
    needed = "url" if button.get("style") == _LINK else "custom_id"
    if not button.get(needed):
        complaints.add((*path, needed), "BASE_TYPE_REQUIRED", "This field is required")


def _check_select(select: Component, complaints: Complaints, path: Path) -> None:
    options = select.get("options") or []
    complaints.count((*path, "options"), options, least=1, most=_OPTIONS)
    complaints.length((*path, "placeholder"), select.get("placeholder") or "", most=150)
    values = [option.get("value") for option in options]
    if len(set(values)) < len(values):
        complaints.add(
            (*path, "options"),
            "SELECT_COMPONENT_OPTION_VALUE_DUPLICATED",
            "The specified option value is already used",
        )
    for index, option in enumerate(options):
        for field in ("label", "value", "description"):
            complaints.length(
                (*path, "options", index, field),
                str(option.get(field) or ""),
                least=0 if field == "description" else 1,
                most=100,
            )
