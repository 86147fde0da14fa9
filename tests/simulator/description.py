"""The API's OpenAPI description: its facts stand in `description.yaml`, without words and examples."""

from functools import cache
from pathlib import Path
from typing import Any
from uuid import UUID

import jsonschema_rs
import yaml

_FILE = Path(__file__).with_name("description.yaml")
_WORDS = {"description", "summary", "example", "examples", "tags", "operationId", "servers"}


@cache
def description() -> dict[str, Any]:
    found: dict[str, Any] = yaml.safe_load(_FILE.read_text(encoding="utf-8"))
    return found


def stripped(value: Any) -> Any:
    """Leave out what only people read."""
    if isinstance(value, dict):
        return {name: stripped(part) for name, part in value.items() if name not in _WORDS}
    return [stripped(part) for part in value] if isinstance(value, list) else value


def check_answer(method: str, path: str, status: int, body: Any) -> None:
    """Fail when an answer is not what the description says; `path` is below the API's own address."""
    parts = path.strip("/").split("/")
    if len(parts) > 1 and _is_id(parts[1]):
        parts[1] = "{id}"
    validator = _validator(method.lower(), "/" + "/".join(parts), status)
    if validator is None:
        return
    if isinstance(body, dict) and (isinstance(body.get("detail"), list) or body.get("state") == "polishing"):
        # Known from elsewhere: lists of what is wrong with single fields; the state is a fault on demand.
        return
    validator.validate(_told(body))


@cache
def _validator(method: str, path: str, status: int) -> jsonschema_rs.Validator | None:
    """What checks an answer; None where the description says nothing of it."""
    answers = description()["paths"].get(path, {}).get(method, {}).get("responses", {})
    answer = answers.get(str(status)) or (answers.get("default") if status >= 400 else None)
    if answers and status < 400:
        assert answer is not None, f"{method} {path} answers an undocumented {status}"
    content = (answer or {}).get("content", {})
    schema: dict[str, Any] | None = content.get("application/json", {}).get("schema")
    if schema is None:
        return None
    components = description()["components"]
    return jsonschema_rs.Draft202012Validator({**schema, "components": components}, validate_formats=True)


def _is_id(text: str) -> bool:
    try:
        UUID(text)
    except ValueError:
        return False
    return True


def _told(value: Any) -> Any:
    """Leave out what is null: the description knows absent fields only, its examples have nulls."""
    if isinstance(value, dict):
        return {name: _told(part) for name, part in value.items() if part is not None}
    return [_told(part) for part in value] if isinstance(value, list) else value
