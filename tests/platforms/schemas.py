"""Checks values against the JSON Schemas that the platforms publish.

`jsonschema-rs` decides, some hundred times as fast as `jsonschema`, whose errors say which branch of a choice
a value came nearest to.
"""

from collections.abc import Iterable
from typing import Any, cast

import jsonschema_rs
from jsonschema.exceptions import ValidationError
from jsonschema.protocols import Validator
from referencing import Registry, Specification


class Schema:
    def __init__(self, fast: jsonschema_rs.Validator, explaining: Validator) -> None:
        self._fast = fast
        self._explaining = explaining

    def errors(self, value: Any) -> Iterable[ValidationError]:
        """Return what is wrong with the value. What the explaining validator accepts has no errors."""
        return () if self._fast.is_valid(value) else self._explaining.iter_errors(value)


class Document:
    """A document of schemas that refer to each other; references to it start with `urn:` and its name."""

    def __init__(
        self, name: str, content: dict[str, Any], specification: Specification[Any], explaining: Any
    ) -> None:
        """`explaining` is the class of the validator that finds errors."""
        address = f"urn:{name}"
        self._explaining = explaining
        self._registry: Registry[Any] = Registry().with_resource(
            address, specification.create_resource(content)
        )
        self._fast = jsonschema_rs.validator_cls_for({"$schema": explaining.META_SCHEMA["$schema"]})
        self._fast_registry = jsonschema_rs.Registry([(address, content)], draft=_DRAFTS[self._fast])

    def schema(self, schema: dict[str, Any]) -> Schema:
        return Schema(
            self._fast(schema, registry=self._fast_registry, validate_formats=False),
            cast("Validator", self._explaining(schema, registry=self._registry)),
        )


_DRAFTS = {
    jsonschema_rs.Draft7Validator: jsonschema_rs.Draft7,
    jsonschema_rs.Draft202012Validator: jsonschema_rs.Draft202012,
}
