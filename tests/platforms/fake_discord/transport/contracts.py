"""Validates requests and events against the service's published schemas, if they are available."""

from collections.abc import Iterator
from functools import cache
from pathlib import Path
from typing import Any, cast

import orjson
from jsonschema import Draft7Validator, Draft202012Validator
from jsonschema.exceptions import ValidationError, best_match
from jsonschema.validators import extend
from referencing.jsonschema import DRAFT7, DRAFT202012

from tests.platforms.fake_discord.rest.routing import Route
from tests.platforms.fake_discord.rules.refusals import FormErrors
from tests.platforms.schemas import Document, Schema

FOLDER = Path(__file__).parents[5] / "shared" / "reference" / "platforms"
_REST, _GATEWAY = "rest", "gateway"

#: event or opcode → the contract's name for its payload
_PAYLOADS: dict[str | int, str] = {
    "READY": "GatewayReadyDispatch",
    "GUILD_CREATE": "GatewayGuildCreateDispatch",
    "INTERACTION_CREATE": "GatewayInteractionCreateDispatch",
    "MESSAGE_CREATE": "GatewayMessageCreateDispatch",
    "MESSAGE_REACTION_ADD": "GatewayMessageReactionAddDispatch",
    10: "GatewayHello",
    11: "GatewayHeartbeatAck",
}
#: event → the contract's name for its data alone
_DATA = {
    "MESSAGE_UPDATE": "GatewayMessageCreateDispatchData",
    "MESSAGE_REACTION_REMOVE": "GatewayMessageReactionRemoveDispatchData",
    "CHANNEL_CREATE": "APIChannel",
    "CHANNEL_UPDATE": "APIChannel",
    "CHANNEL_DELETE": "APIChannel",
    "THREAD_CREATE": "APIChannel",
    "THREAD_UPDATE": "APIChannel",
}


#: keyword of the contract → the service's code and words for it
_SAID = {
    "maximum": ("NUMBER_TYPE_MAX", "int value should be less than or equal to {}."),
    "minimum": ("NUMBER_TYPE_MIN", "int value should be greater than or equal to {}."),
    "enum": ("BASE_TYPE_CHOICES", "Value must be one of {}."),
}
_LENGTHS = {"maxLength", "maxItems", "minLength", "minItems"}
_OF_SIZE = _LENGTHS | {"maximum", "minimum"}
#: a bound that a contract leaves open
_ENDLESS = 1 << 31


class Contracts:
    """Checks what the bot sends, and what the fake itself answers and sends."""

    def request(self, route: Route, body: Any) -> tuple[FormErrors, list[str]]:
        """Return what the contract says against a body, and what of it is no mere matter of size.

        Too long a text is refused; a body of the wrong shape is nothing that a client should ever send.
        """
        errors, never = FormErrors(), []
        schema = _request_body(route.template, route.method.lower())
        if schema is not None:
            for error in schema.errors(body):
                worst = _deepest(error)
                _complain(errors, worst)
                if worst.validator not in _OF_SIZE:
                    never.append(f"{route.key}: {worst.json_path}: {worst.message[:300]}")
        return errors, never

    def response(self, route: Route, status: int, body: Any) -> str | None:
        """Return the first thing that the contract says against one of the fake's own answers."""
        return self._own(
            f"{route.key} {status}", response_body(route.template, route.method.lower(), status), body
        )

    def payload(self, payload: dict[str, Any]) -> str | None:
        """Return the first thing that the contract says against something sent by the gateway."""
        name = payload.get("t") or payload.get("op")
        if name in _PAYLOADS:
            return self._own(str(name), _gateway(_PAYLOADS[name]), payload)
        if name in _DATA:
            return self._own(str(name), _gateway(_DATA[name]), payload["d"])
        return None

    def _own(self, what: str, schema: Schema | None, body: Any) -> str | None:
        error = None if schema is None else best_match(schema.errors(body))
        if error is None:
            return None
        worst = _deepest(error)
        return f"{what}: {worst.json_path}: {worst.message[:300]}"


def _complain(errors: FormErrors, error: ValidationError) -> None:
    path = tuple(cast("list[str | int]", list(error.absolute_path)))
    if error.validator == "required":
        missing = set(cast("list[str]", error.validator_value)) - set(cast("dict[str, Any]", error.instance))
        for name in sorted(missing):
            errors.add((*path, name), "BASE_TYPE_REQUIRED", "This field is required")
        return
    if error.validator in _LENGTHS:
        bounds = cast("dict[str, int]", error.schema)
        errors.add_size(
            path,
            len(cast("list[Any] | str", error.instance)),
            least=bounds.get("minLength", bounds.get("minItems", 0)),
            most=bounds.get("maxLength", bounds.get("maxItems", _ENDLESS)),
        )
        return
    code, words = _SAID.get(str(error.validator), ("BASE_TYPE_INVALID", error.message[:300]))
    errors.add(path, code, words.format(error.validator_value))


def _deepest(error: ValidationError) -> ValidationError:
    """Return the part of a failed choice that came nearest to fitting."""
    while error.context:
        error = min(error.context, key=lambda each: (-len(each.absolute_path), each.validator == "type"))
    return error


@cache
def _document(name: str) -> dict[str, Any] | None:
    path = FOLDER / name
    return orjson.loads(path.read_bytes()) if path.is_file() else None


@cache
def _rest() -> dict[str, Any] | None:
    document = _document("discord_openapi.json")
    if document is not None:
        # Libraries send ids as numbers, and the service takes them.
        document["components"]["schemas"]["SnowflakeType"] = {"type": ["string", "integer"]}
        permissions = document["components"]["schemas"]["ApplicationCommandUpdateRequest"]["properties"]
        permissions["default_member_permissions"] = {"type": ["integer", "string", "null"]}
    return document


@cache
def _request_body(template: str, method: str) -> Schema | None:
    return _rest_schema(template, method, ("requestBody", "content", "application/json", "schema"))


@cache
def response_body(template: str, method: str, status: int) -> Schema | None:
    return _rest_schema(template, method, ("responses", str(status), "content", "application/json", "schema"))


def _rest_schema(template: str, method: str, steps: tuple[str, ...]) -> Schema | None:
    document = _rest()
    if document is None:
        return None
    node: Any = document["paths"]
    pointer = "/paths"
    for step in (template, method, *steps):
        if not isinstance(node, dict) or step not in node:
            return None
        node = node[step]
        pointer += "/" + step.replace("~", "~0").replace("/", "~1").replace("{", "%7B").replace("}", "%7D")
    return _rest_schemas().schema({"$ref": f"urn:{_REST}#{pointer}"})


@cache
def _events() -> dict[str, Any] | None:
    document = _document("discord_gateway.schema.json")
    definitions: dict[str, Any] = document["definitions"] if document is not None else {}
    for name, definition in definitions.items():
        channel = definition.get("properties", {}).get("channel", {})
        if name.endswith("Flags"):
            # A set of flags is written down there as if only one of them could be set.
            definitions[name] = {"type": "number"}
        elif "properties" in channel:
            # The service sends it with every interaction from a guild.
            channel["properties"]["permissions"] = {"type": "string"}
    return document


@cache
def _gateway(name: str) -> Schema | None:
    document = _events()
    if document is None or name not in document["definitions"]:
        return None
    return _gateway_schemas().schema({"$ref": f"urn:{_GATEWAY}#/definitions/{name}"})


@cache
def _rest_schemas() -> Document:
    return Document(_REST, _rest() or {}, DRAFT202012, _Choosing)


@cache
def _gateway_schemas() -> Document:
    return Document(_GATEWAY, _events() or {}, DRAFT7, Draft7Validator)


def _choose(
    validator: Any, branches: list[dict[str, Any]], instance: Any, schema: dict[str, Any]
) -> Iterator[ValidationError]:
    """Hold a typed object only against the branch of its type, which is quick and says what is wrong."""
    if isinstance(instance, dict) and isinstance(instance.get("type"), int):
        fitting = [branch for branch in branches if instance["type"] in _types(branch)]
        if len(fitting) == 1:
            yield from validator.descend(instance, fitting[0])
            return
    yield from Draft202012Validator.VALIDATORS["anyOf"](validator, branches, instance, schema)


def _types(branch: dict[str, Any]) -> list[int]:
    document = _rest()
    name = str(branch.get("$ref", "")).rpartition("/")[2]
    if document is None or not name:
        return []
    found = document["components"]["schemas"].get(name, {})
    return cast("list[int]", found.get("properties", {}).get("type", {}).get("enum", []))


_Choosing: Any = extend(Draft202012Validator, {"oneOf": _choose, "anyOf": _choose})  # type: ignore[no-untyped-call]
