"""What the documents themselves show being asked of the API, where they are at hand."""

import ast
import json
import re
from collections.abc import Iterator
from functools import cache
from pathlib import Path
from typing import Any

import yaml

from tests.providers.documented import PICTURES, VIDEOS, Body, frames, still

REFERENCE = Path(__file__).parents[3] / "shared" / "reference"

_OBJECT = re.compile(r"^\{$.*?^\}", re.DOTALL | re.MULTILINE)
_HEADING = re.compile(r"^(Image|Video) Generation$", re.MULTILINE)
_PYTHON = re.compile(r"client\.generations\.(image\.)?create\(\n(.*?)\n\)", re.DOTALL)
_JAVASCRIPT = re.compile(r"client\.generations\.(image\.)?create\((\{.*?\})\);", re.DOTALL)
#: in a create's body: modifying a video is asked for in another way
_MODIFIES = "mode"


def shown() -> Iterator[tuple[str, Body]]:
    """Path and body of every example of a create, without the slips of the pen that no parser takes."""
    yield from _curl(_seed("000"))
    yield from _curl(_seed("001"))
    yield from _python(_seed("001"))
    yield from _javascript(_seed("002"))
    yield from _described()
    yield from _gateway(_seed("004"))


def _seed(number: str) -> str:
    return next(REFERENCE.glob(f"seeds/{number}*.txt")).read_text(encoding="utf-8")


def _curl(text: str) -> Iterator[tuple[str, Body]]:
    for found in _OBJECT.finditer(text):
        body = json.loads(_tidy(found[0]))
        if "prompt" in body and _MODIFIES not in body:
            heading = [one[1] for one in _HEADING.finditer(text, 0, found.start())][-1]
            yield _path(pictures=heading == "Image"), body


def _python(text: str) -> Iterator[tuple[str, Body]]:
    for found in _PYTHON.finditer(text):
        whole = re.sub(r'"\n(\s+\w+=)', r'",\n\1', found[2])
        # The interpolation names its second frame twice.
        whole = re.sub(r'"frame1"(?=.*"frame1")', '"frame0"', whole, flags=re.DOTALL)
        call = ast.parse(f"create({whole})", mode="eval").body
        assert isinstance(call, ast.Call)
        yield (
            _path(pictures=bool(found[1])),
            {str(word.arg): ast.literal_eval(word.value) for word in call.keywords},
        )


def _javascript(text: str) -> Iterator[tuple[str, Body]]:
    for found in _JAVASCRIPT.finditer(text):
        quoted = re.sub(r"^(\s*)(\w+):", r'\1"\2":', found[2], flags=re.MULTILINE)
        yield _path(pictures=bool(found[1])), json.loads(_tidy(quoted))


def _described() -> Iterator[tuple[str, Body]]:
    for example in description()["components"]["schemas"]["GenerationRequest"]["examples"]:
        yield VIDEOS, example["value"]
    content = description()["paths"][VIDEOS]["post"]["requestBody"]["content"]
    yield VIDEOS, content["application/json"]["examples"]["default"]["value"]


def _gateway(text: str) -> Iterator[tuple[str, Body]]:
    for found in _OBJECT.finditer(text):
        body = json.loads(found[0])
        if body.keys() == {"url", "prompt"}:
            yield VIDEOS, {"prompt": body["prompt"], **frames(still(body["url"]), None)}


@cache
def description() -> dict[str, Any]:
    """The API's own description."""
    loaded: dict[str, Any] = yaml.safe_load(
        (REFERENCE / "dream-machine.openapi.yaml").read_text(encoding="utf-8")
    )
    return loaded


def _path(*, pictures: bool) -> str:
    return PICTURES if pictures else VIDEOS


def _tidy(text: str) -> str:
    return re.sub(r",(\s*})", r"\1", re.sub(r"#.*", "", text))
