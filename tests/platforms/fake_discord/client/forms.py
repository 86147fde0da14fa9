"""Fills in and submits modals."""

from collections.abc import Mapping
from typing import Any

from tests.platforms.fake_discord.client.options import NotOffered
from tests.platforms.fake_discord.rules.components import Part
from tests.platforms.fake_discord.state.payloads import Json


def filled_in(form: Json, values: Mapping[str, Any]) -> list[Json]:
    """Return the form's components with their values; what is not named keeps what stood there."""
    unknown = set(values) - {_field(each).get("custom_id") for each in form["components"]}
    if unknown:
        raise NotOffered(f"the form has no {', '.join(sorted(unknown))}")
    return [_part(each, values) for each in form["components"]]


def _field(component: Json) -> Json:
    if component["type"] == Part.LABEL:
        return dict(component["component"])
    if component["type"] == Part.ROW:
        return dict(component["components"][0])
    return component


def _part(component: Json, values: Mapping[str, Any]) -> Json:
    number = {"id": component["id"]} if "id" in component else {}
    if component["type"] == Part.LABEL:
        return {"type": int(Part.LABEL), **number, "component": _value(component["component"], values)}
    if component["type"] == Part.ROW:
        return {"type": int(Part.ROW), **number, "components": [_value(component["components"][0], values)]}
    return {"type": component["type"], **number}


def _value(field: Json, values: Mapping[str, Any]) -> Json:
    name = field["custom_id"]
    answer: Json = {"type": field["type"], "custom_id": name}
    if "id" in field:
        answer["id"] = field["id"]
    if field["type"] != Part.TEXT_INPUT:
        chosen = [option["value"] for option in field.get("options") or [] if option.get("default")]
        return answer | {"values": list(values.get(name, chosen))}
    text = str(values.get(name, field.get("value") or ""))
    least = field.get("min_length") or (1 if field.get("required", True) else 0)
    most = field.get("max_length") or 4000
    if not least <= len(text) <= most and (text or field.get("required", True)):
        raise NotOffered(f"{name} takes {least} to {most} characters, not {len(text)}")
    return answer | {"value": text}
