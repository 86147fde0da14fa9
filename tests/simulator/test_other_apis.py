"""Whatever is sent to Luma Agents and to the Appy Pie gateway, no answer is an error of ours."""

import json
from collections import Counter
from collections.abc import Iterator
from typing import Any

import pytest
import requests
from hypothesis import HealthCheck, given, settings
from pydantic import BaseModel
from schemathesis import Case, GenerationMode

from simulator.agents.schemas import FILE_STATES, PURPOSES, CreateBody, FileBody
from simulator.appypie.routes import CreateBody as GatewayBody
from simulator.appypie.routes import StatusBody
from tests.simulator.client import KEY
from tests.simulator.test_description import operations_of, running_in_thread

_AUTH = {"Authorization": f"Bearer {KEY}", "Ocp-Apim-Subscription-Key": KEY}
#: the errors of the gateway, as documented
_GATEWAY_ERRORS = {
    400: "Invalid request parameters",
    401: "Invalid or missing authentication",
    403: "Access denied for this operation",
    404: "Endpoint not found",
    429: "Rate limit exceeded, please retry later",
    500: "An unexpected error occurred, please try again later",
}
_ID = {"name": "id", "in": "path", "required": True, "schema": {"type": "string", "format": "uuid"}}


def _described() -> dict[str, Any]:
    """The calls of both APIs with the bodies that their documents name."""
    components: dict[str, Any] = {}

    def body(model: type[BaseModel], name: str) -> dict[str, Any]:
        schema = model.model_json_schema(ref_template="#/components/schemas/{model}")
        components.update(schema.pop("$defs", {}))
        for each in (schema, *components.values()):
            # The form of URLs is no part of the schemas.
            if "url" in each.get("properties", {}):
                each["properties"]["url"] = {"const": "https://a.example/file"}
        components[name] = schema
        reference = {"$ref": f"#/components/schemas/{name}"}
        return {"required": True, "content": {"application/json": {"schema": reference}}}

    def call(**more: Any) -> dict[str, Any]:
        return {"responses": {"200": {"description": "done"}}, **more}

    def choice(name: str, *values: str) -> dict[str, Any]:
        return {"name": name, "in": "query", "schema": {"enum": list(values)}}

    limit = {"name": "limit", "in": "query", "schema": {"type": "integer", "minimum": 1, "maximum": 100}}
    cursor = {"name": "cursor", "in": "query", "schema": {"type": "string"}}
    agents, file = "/agents/v1", "/agents/v1/files/{id}"
    listing = [limit, cursor, choice("purpose", *PURPOSES), choice("state", *FILE_STATES)]
    paths = {
        f"{agents}/generations": {"post": call(requestBody=body(CreateBody, "Create"))},
        f"{agents}/generations/{{id}}": {"get": call(parameters=[_ID])},
        f"{agents}/files": {
            "get": call(parameters=listing),
            "post": call(requestBody=body(FileBody, "File")),
        },
        file: {"get": call(parameters=[_ID]), "delete": call(parameters=[_ID])},
        f"{file}/complete": {"post": call(parameters=[_ID])},
        "/lumalabs-ai/v1/generateRequestFromImage": {"post": call(requestBody=body(GatewayBody, "Gateway"))},
        "/lumalabs-ai-polling/v1/getStatus": {"post": call(requestBody=body(StatusBody, "Status"))},
    }
    return {
        "openapi": "3.1.0",
        "info": {"title": "other APIs", "version": "1"},
        "paths": paths,
        "components": {"schemas": components},
    }


_OPERATIONS = operations_of(_described())


@pytest.fixture(scope="module")
def origin(tmp_path_factory: pytest.TempPathFactory) -> Iterator[str]:
    with running_in_thread(tmp_path_factory.mktemp("others")) as url:
        yield url


@pytest.mark.parametrize("label", _OPERATIONS)
def test_no_request_is_answered_with_an_error_of_ours(origin: str, label: str) -> None:
    """The same requests in every run; a longer run with others follows."""
    _explore(origin, label, settings(max_examples=8, derandomize=True, database=None))


@pytest.mark.soak
@pytest.mark.parametrize("label", _OPERATIONS)
def test_no_request_of_a_long_run_is_answered_with_an_error_of_ours(origin: str, label: str) -> None:
    _explore(origin, label, settings(max_examples=300, database=None))


def _explore(origin: str, label: str, chosen: settings) -> None:
    session, statuses = requests.Session(), Counter[int]()
    session.trust_env = False

    def check(case: "Case[Any]") -> None:
        request = case.as_transport_kwargs(base_url=origin)
        request["headers"] = {**request["headers"], **_AUTH}
        answer = session.request(**request, timeout=60)
        statuses[answer.status_code] += 1
        assert answer.status_code < 500, answer.content
        if answer.status_code >= 400 and case.path.startswith("/lumalabs"):
            assert {"error": _GATEWAY_ERRORS[answer.status_code]} == json.loads(answer.content)

    with session:
        for mode in GenerationMode:
            strategy = _OPERATIONS[label].as_strategy(generation_mode=mode)
            settings(chosen, deadline=None, suppress_health_check=list(HealthCheck))(
                given(case=strategy)(check)
            )()
    assert statuses[200] + statuses[201] + statuses[404] > 0, statuses


@pytest.mark.parametrize(
    ("video", "words"),
    [
        ({"keyframe_indexes": [0]}, "keyframe_indexes"),
        ({"edit": {"strength": "flex_1"}}, "edit is only valid"),
        ({"source_position": {"x_norm": 0, "y_norm": 0, "w_norm": 1, "h_norm": 1}}, "source_position"),
        ({"source_position": {"x_norm": 1e308, "y_norm": 0, "w_norm": 1, "h_norm": 1}}, "x_norm"),
        ({"start_frame": {"data": "*", "media_type": "image/png"}}, "data is not valid base64"),
    ],
)
def test_fields_that_are_malformed_or_do_not_go_together_are_refused(
    origin: str, video: dict[str, Any], words: str
) -> None:
    body: dict[str, Any] = {"prompt": "a fox", "type": "video", "video": video}
    answer = requests.post(f"{origin}/agents/v1/generations", json=body, headers=_AUTH, timeout=60)
    assert answer.status_code in (400, 422)
    assert words in answer.text


@pytest.mark.parametrize(
    ("method", "path"),
    [
        ("POST", "/lumalabs-ai/v1/generateRequestFromText"),
        ("GET", "/lumalabs-ai/v1/generateRequestFromImage"),
        ("POST", "/lumalabs-ai-polling/v1/elsewhere"),
    ],
)
def test_the_gateway_says_in_its_own_words_that_an_endpoint_does_not_exist(
    origin: str, method: str, path: str
) -> None:
    answer = requests.request(method, origin + path, headers=_AUTH, timeout=60)
    assert (404, {"error": _GATEWAY_ERRORS[404]}) == (answer.status_code, answer.json())
