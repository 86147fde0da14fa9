"""What the documents themselves show being asked of the API, where they are at hand."""

import ast
import json
import re
from collections.abc import Iterator
from dataclasses import dataclass
from functools import cache
from pathlib import Path
from typing import Any

import yaml

from tests.providers.documented import MODIFIED_VIDEOS, PICTURES, VIDEOS, Body, frames, still
from tests.providers.documented_calls import DELETE, DOWNLOAD, LIST, MOTIONS, POLL, READ

REFERENCE = Path(__file__).parents[3] / "shared" / "reference"

_OBJECT = re.compile(r"^\{$.*?^\}", re.DOTALL | re.MULTILINE)
_PYTHON = re.compile(r"client\.generations\.(image\.)?create\(\n(.*?)\n\)", re.DOTALL)
_JAVASCRIPT = re.compile(r"client\.generations\.(image\.)?create\((\{.*?\})\);?", re.DOTALL)
#: a part of a call, shown on its own
_PART = re.compile(r"^  prompt(?:=|: )\"(.*)\",\n  (aspect_ratio|model)(?:=|: )\"(.*)\"$", re.MULTILINE)
#: a heading stands alone in its line
_HEADING = re.compile(r"^[A-Z0-9e][\w ,-]{2,58}$", re.MULTILINE)
_NO_HEADINGS = (
    "Image URL",
    "API Reference",
    "Open",
    "Changing colors",
    "Resolution can",
    "Import and",
    "Using",
)


@dataclass(frozen=True, slots=True, kw_only=True)
class Shown:
    """One example of a create."""

    document: str
    heading: str
    path: str
    body: Body


def shown() -> Iterator[Shown]:
    """Every example of a create, without the slips of the pen that no parser takes."""
    rest, whole, javascript = _seed("000"), _seed("001"), _seed("002")
    # The part about the SDK begins with its address.
    sdk = whole.index("https://github.com/lumalabs/lumaai-python")
    yield from _curl("REST pictures", rest)
    yield from _curl("REST", whole)
    yield from _python("Python", whole[sdk:])
    yield from _javascript("JavaScript", javascript)
    yield from _described()
    yield from _gateway(_seed("004"))


def _seed(number: str) -> str:
    return next(REFERENCE.glob(f"seeds/{number}*.txt")).read_text(encoding="utf-8")


def _heading(text: str, at: int) -> str:
    """The heading above a place, below that of its chapter."""
    found = [
        one[0] for one in _HEADING.finditer(text, 0, at) if one[0] and not one[0].startswith(_NO_HEADINGS)
    ]
    chapters = [one for one in found if one in _CHAPTERS]
    chapter = chapters[-1] if chapters else ""
    return chapter if chapter == found[-1] else f"{chapter}: {found[-1]}"


_CHAPTERS = ("Image Generation", "Video Generation", "Reframe", "Modify Video")


def _curl(document: str, text: str) -> Iterator[Shown]:
    for found in _OBJECT.finditer(text):
        body = json.loads(_tidy(found[0]))
        if "prompt" not in body:
            continue
        heading = _heading(text, found.start())
        path = MODIFIED_VIDEOS if "mode" in body else _path(pictures=heading.startswith("Image"))
        yield Shown(document=document, heading=heading, path=path, body=body)


def _python(document: str, text: str) -> Iterator[Shown]:
    yield from _parts(document, text)
    for found in _PYTHON.finditer(text):
        whole = re.sub(r'"\n(\s+\w+=)', r'",\n\1', found[2])
        # The interpolation names its second frame twice.
        whole = re.sub(r'"frame1"(?=.*"frame1")', '"frame0"', whole, flags=re.DOTALL)
        call = ast.parse(f"create({whole})", mode="eval").body
        assert isinstance(call, ast.Call)
        yield Shown(
            document=document,
            heading=_heading(text, found.start()),
            path=_path(pictures=bool(found[1])),
            body={str(word.arg): ast.literal_eval(word.value) for word in call.keywords},
        )


def _javascript(document: str, text: str) -> Iterator[Shown]:
    yield from _parts(document, text)
    for found in _JAVASCRIPT.finditer(text):
        quoted = re.sub(r"^(\s*)(\w+):", r'\1"\2":', found[2], flags=re.MULTILINE)
        yield Shown(
            document=document,
            heading=_heading(text, found.start()),
            path=_path(pictures=bool(found[1])),
            body=json.loads(_tidy(quoted)),
        )


def _parts(document: str, text: str) -> Iterator[Shown]:
    for prompt, name, value in _PART.findall(text):
        at = text.index(f'  prompt{"=" if "prompt=" in text else ": "}"{prompt}",\n  {name}')
        yield Shown(
            document=document,
            heading=_heading(text, at),
            path=PICTURES,
            body={"prompt": prompt, name: value},
        )


def _described() -> Iterator[Shown]:
    document = "OpenAPI"
    for example in description()["components"]["schemas"]["GenerationRequest"]["examples"]:
        yield Shown(document=document, heading=example["summary"], path=VIDEOS, body=example["value"])
    content = description()["paths"][VIDEOS]["post"]["requestBody"]["content"]
    body = content["application/json"]["examples"]["default"]["value"]
    yield Shown(document=document, heading="Generate a video", path=VIDEOS, body=body)


def _gateway(text: str) -> Iterator[Shown]:
    for language, found in zip(_LANGUAGES, _GATEWAY_CREATE.finditer(text), strict=True):
        body = {"prompt": found["prompt"], **frames(still(found["url"]), None)}
        yield Shown(document="Gateway", heading=f"Request: {language}", path=VIDEOS, body=body)


@dataclass(frozen=True, slots=True, kw_only=True)
class Followed:
    """One example of what is asked beside a create."""

    document: str
    heading: str
    #: method and path without the base URL; `{id}` stands for a generation
    call: str
    #: the names of its parameters
    parameters: tuple[str, ...] = ()


def followed() -> Iterator[Followed]:
    """Every example of a request that is no create."""
    whole = _seed("001")
    sdk = whole.index("https://github.com/lumalabs/lumaai-python")
    # The questions and answers behind the SDK's part are about HTTP again.
    yield from _followed("REST pictures", _seed("000"), _CURL_READ, _DOWNLOAD)
    yield from _followed("REST", whole[:sdk], _CURL_READ, _DOWNLOAD, _BARE)
    yield from _followed("Python", whole[sdk:], _CURL_READ, _SDK_READ, _DOWNLOAD, _BARE)
    yield from _followed("JavaScript", _seed("002"), _SDK_READ, _DOWNLOAD)
    for language, _ in zip(_LANGUAGES, _GATEWAY_POLL.finditer(_seed("004")), strict=True):
        yield Followed(document="Gateway", heading=f"Polling: {language}", call=POLL, parameters=("task_id",))


_CURL_READ = re.compile(
    r"--request (?P<method>GET|DELETE) \\\s+--url '?\S+?/v1(?P<path>/[^\s?']+)\??(?P<rest>[^\s']*)"
)
_SDK_READ = re.compile(
    r"client\.generations\.(?P<method>get|list|delete|camera_motion\.list)\((?P<rest>[^)]*)\)"
)
_DOWNLOAD = re.compile(r"curl -o \S+ https://|requests\.get\(|await fetch\(")
_BARE = re.compile(r"^https://\S+?/v1(?P<path>/\S+)$", re.MULTILINE)
_NAME = re.compile(r"(\w+)=")
_SDK_CALLS = {
    "get": READ,
    "list": LIST,
    "delete": DELETE,
    "camera_motion.list": MOTIONS,
}


def _followed(document: str, text: str, *patterns: re.Pattern[str]) -> Iterator[Followed]:
    for pattern in patterns:
        for found in pattern.finditer(text):
            parts = found.groupdict()
            method, path = parts.get("method"), parts.get("path")
            if pattern is _DOWNLOAD:
                call = DOWNLOAD
            elif path is None:
                call = _SDK_CALLS[str(method)]
            else:
                call = f"{method or 'GET'} {_UUID.sub('{id}', path)}"
            names = tuple(name for name in _NAME.findall(parts.get("rest") or "") if name != "id")
            yield Followed(
                document=document, heading=_heading(text, found.start()), call=call, parameters=names
            )


_UUID = re.compile(r"[0-9a-f]{8}-[0-9a-f-]{27}")
#: the languages in which the gateway shows each request, in their order; what it shows in Python has no body
_LANGUAGES = ("JSON", "HTTP", "JavaScript", "curl", "Java", "PHP")
_GATEWAY_CREATE = re.compile(
    r'\{\s*\\?"url\\?": \\?"(?P<url>[^"\\]+)\\?",\s*\\?"prompt\\?": \\?"(?P<prompt>[^"\\]+)\\?"\s*\}'
)
_GATEWAY_POLL = re.compile(r'\{\s*\\?"task_id\\?":\s*\\?"[^"\\]*\\?"\s*\}')


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
    return re.sub(r",(\s*})", r"\1", re.sub(r"(?<![\"\w:/])#.*", "", text))
