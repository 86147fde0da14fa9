"""Validates requests and payloads against the service's published schemas, if they are available."""

from collections.abc import Iterator
from functools import cache
from typing import Any

import orjson
from jsonschema import Draft7Validator
from jsonschema.exceptions import ValidationError, best_match
from jsonschema.validators import extend
from referencing.jsonschema import DRAFT7

from tests.platforms.fake_discord.transport.contracts import FOLDER
from tests.platforms.fake_slack.rules.refusals import Json
from tests.platforms.schemas import Document, Schema

_BLOCKS, _EVENTS, _METHODS = "slack_blocks.schema.json", "slack_events.schema.json", "slack_methods.json"
#: event → the contract's name for it
_KNOWN = {
    "app_home_opened": "X_HOME",
    "app_mention": "X_MENTION",
    "app_uninstalled": "X_UNINSTALLED",
    "message": "X_MESSAGE",
    "reaction_added": "X_REACTION_ADDED",
    "tokens_revoked": "X_REVOKED",
}
#: arguments that every method takes
_ALWAYS = {"token", "team_id"}


def blocks_fault(blocks: Any) -> str | None:
    """Return the first thing that the contract says against blocks."""
    return _fault(
        _BLOCKS, {"type": "array", "items": {"$ref": f"urn:{_BLOCKS}#/definitions/X_BLOCK"}}, blocks
    )


def view_fault(view: Any) -> str | None:
    """Return the first thing that the contract says against a form or a home tab."""
    name = "HomeView" if isinstance(view, dict) and view.get("type") == "home" else "ModalView"
    return _fault(_BLOCKS, {"$ref": f"urn:{_BLOCKS}#/definitions/{name}"}, view)


def event_fault(event: Json) -> str | None:
    """Return the first thing that the contract says against an event of the fake's own."""
    name = _KNOWN.get(event["type"])
    if name is None:
        return None
    # The contract knows only what an app writes in a view, and here it is as the service keeps it.
    told = {key: value for key, value in event.items() if key != "view"}
    return _fault(_EVENTS, {"$ref": f"urn:{_EVENTS}#/definitions/{name}"}, told)


def unknown_arguments(method: str, names: set[str]) -> list[str]:
    """Return arguments that the contract does not name for this method."""
    methods = _document(_METHODS)
    if methods is None or method not in methods:
        return []
    return sorted(names - methods[method]["args"]["properties"].keys() - _ALWAYS)


def are_at_hand() -> bool:
    return FOLDER.is_dir()


def scopes_of(method: str) -> list[str] | None:
    """Return the scopes of which a bot's token needs one; nothing without the contracts."""
    methods = _document(_METHODS)
    return None if methods is None else list(methods[method]["scope"].get("bot", []))


def _fault(document: str, schema: Json, value: Any) -> str | None:
    found = _schema(document, orjson.dumps(schema))
    error = None if found is None else best_match(found.errors(value))
    if error is None:
        return None
    while error.context:
        error = min(error.context, key=lambda each: -len(each.absolute_path))
    return f"{error.json_path}: {error.message[:300]}"


@cache
def _document(name: str) -> Json | None:
    path = FOLDER / name
    if not path.is_file():
        return None
    document: Json = orjson.loads(path.read_bytes())
    if name == _EVENTS:
        # The service adds to its own events all the time; what is written there are the least of them.
        _open(document)
    return document


@cache
def _schema(name: str, schema: bytes) -> Schema | None:
    document = _schemas(name)
    return None if document is None else document.schema(orjson.loads(schema))


@cache
def _schemas(name: str) -> Document | None:
    document = _document(name)
    return None if document is None else Document(name, document, DRAFT7, _Choosing)


def _open(part: Any) -> None:
    if isinstance(part, dict):
        if part.get("additionalProperties") is False:
            del part["additionalProperties"]
        for value in part.values():
            _open(value)
    elif isinstance(part, list):
        for value in part:
            _open(value)


def _choose(validator: Any, branches: list[Json], instance: Any, schema: Json) -> Iterator[ValidationError]:
    """Hold a typed object only against the branches of its type, which is quick and says what is wrong."""
    if isinstance(instance, dict) and isinstance(instance.get("type"), str):
        fitting = [branch for branch in branches if instance["type"] in _types(validator, branch)]
        if len(fitting) == 1:
            yield from validator.descend(instance, fitting[0])
            return
        branches = fitting or branches
    yield from Draft7Validator.VALIDATORS["anyOf"](validator, branches, instance, schema)


def _types(validator: Any, branch: Json) -> set[str]:
    if "$ref" in branch:
        branch = validator._resolver.lookup(branch["$ref"]).contents
    if "anyOf" in branch:
        return {kind for each in branch["anyOf"] for kind in _types(validator, each)}
    kind = branch.get("properties", {}).get("type", {}).get("const")
    return set() if kind is None else {kind}


_Choosing: Any = extend(Draft7Validator, {"anyOf": _choose})  # type: ignore[no-untyped-call]
