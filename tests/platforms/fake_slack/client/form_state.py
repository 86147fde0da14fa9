"""Converts what a person entered to a view's state, as the Slack app does."""

from collections.abc import Mapping
from typing import Any

from tests.platforms.fake_discord.client.options import NotOffered
from tests.platforms.fake_slack.rules.blocks import elements
from tests.platforms.fake_slack.rules.elements import offered
from tests.platforms.fake_slack.rules.refusals import Json
from tests.platforms.fake_slack.state.files import File
from tests.platforms.fake_slack.state.initial import MANY, is_empty, slot_of, state_of
from tests.platforms.fake_slack.state.payloads import file_json
from tests.platforms.fake_slack.state.views import View
from tests.platforms.fake_slack.state.world import World

_EXTERNAL = {"external_select", "multi_external_select"}
_MOST_FILES = 10


def part(where: Any, name: str) -> tuple[Json, Json]:
    """Find what can be used by its action_id, its block_id, or what it says."""
    found = list(elements(where.blocks))
    for block, element in found:
        if name in (element["action_id"], block.get("block_id")):
            return block, element
    for block, element in found:
        said = element.get("text") or element.get("placeholder") or block.get("label") or {}
        if str(said.get("text", "")).endswith(name):
            return block, element
    raise NotOffered(f"no {name!r} among {[element['action_id'] for _, element in found]}")


def fill(world: World, view: View, values: Mapping[str, Any]) -> None:
    """Put values in, each by its input's name."""
    for name, value in values.items():
        block, element = part(view, name)
        key = (block["block_id"], element["action_id"])
        view.typed[key] = state_of(element, _put_in(world, view, element, value))


def check_filled(view: View) -> None:
    """Refuse to send a form in which something is missing."""
    for block, element in elements(view.blocks):
        state = view.typed.get((block["block_id"], element["action_id"]))
        needed = block["type"] == "input" and not block.get("optional")
        if needed and (state is None or is_empty(state)):
            raise NotOffered(f"{element['action_id']} must be filled in")


def chosen(where: Any, element: Json, values: tuple[str, ...]) -> Json:
    """Return the part of an action that says what was chosen."""
    kind = element["type"]
    if kind == "overflow":
        return {"selected_option": _option(where, element, values[0])}
    slot = slot_of(element)
    if slot == "selected_options":
        return {slot: [_option(where, element, value) for value in values]}
    if len(values) != 1:
        raise NotOffered(f"{element['action_id']} does not take {len(values)} values")
    return {slot: _option(where, element, values[0]) if slot == "selected_option" else values[0]}


def _put_in(world: World, view: View, element: Json, value: Any) -> Any:
    slot = slot_of(element)
    if value is None:
        return [] if slot in MANY else None
    if slot == "files":
        return _files(world, element, value if isinstance(value, list) else [value])
    if slot == "selected_option":
        return _option(view, element, value)
    if slot == "selected_options":
        return [_option(view, element, each) for each in value]
    if slot in MANY:
        return [str(each) for each in value]
    if slot == "value":
        _check_text(element, str(value))
    return str(value)


def _option(where: Any, element: Json, value: str) -> Json:
    """Find an option by its value or by what it says."""
    options = offered(element)
    if element["type"] in _EXTERNAL:
        first = element.get("initial_option")
        known = where.looked_up if isinstance(where, View) else {}
        options = [*known.get(element["action_id"], []), *([first] if first else [])]
    for option in options:
        if value in (option["value"], option["text"]["text"]):
            return option
    raise NotOffered(f"{element['action_id']} offers {[each['value'] for each in options]}, not {value!r}")


def _check_text(element: Json, text: str) -> None:
    least, most = element.get("min_length", 0), element.get("max_length", 3000)
    if element["type"] == "plain_text_input" and not least <= len(text) <= most:
        raise NotOffered(f"{element['action_id']} takes {least} to {most} characters, not {len(text)}")
    if element["type"] == "number_input":
        number = float(text)
        low, high = float(element.get("min_value", "-inf")), float(element.get("max_value", "inf"))
        if not low <= number <= high:
            raise NotOffered(f"{element['action_id']} takes {low} to {high}, not {text}")


def _files(world: World, element: Json, files: list[File]) -> list[Json]:
    if len(files) > element.get("max_files", _MOST_FILES):
        raise NotOffered(f"{element['action_id']} takes {element.get('max_files')} files")
    kinds = element.get("filetypes")
    for file in files:
        if kinds and file.name.rpartition(".")[2].lower() not in kinds:
            raise NotOffered(f"{element['action_id']} takes {kinds}, not {file.name}")
    return [file_json(file, world) for file in files]
