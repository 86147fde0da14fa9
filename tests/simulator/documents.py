"""The request examples of the API's documents.

`examples.txt` lists them by document and heading, with the words, addresses and ids left out; where the
documents are at hand the same is read from them.
"""

import ast
import json
import re
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import yaml

REFERENCE = Path(__file__).parents[3] / "shared" / "reference"

_API = "https://api.lumalabs.ai/dream-machine/v1"
#: a line that names what follows; not the title of a box, which has a sign or an indent before it
_HEADING = re.compile(
    r"(?<!☁️\n\n)(?<!🚧\n\n)^(?!API$|Open$|Models$|Resolution can)[A-Z][^.:;(){}=\t\n]{3,60}$", re.MULTILINE
)
_CURL = re.compile(
    rf"curl --request (\w+) \\\s+--url '?{re.escape(_API)}(\S*?)'? \\(.*?)(?:^'$|\n\n|\Z)",
    re.DOTALL | re.MULTILINE,
)
_CALL = re.compile(r"client\.(generations[\w.]*?)\.(\w+)\((.*?)\)(?:;|\n|\Z)", re.DOTALL)
_FRAGMENT = re.compile(
    r"""(?:(?<!data '\n)^\{\n|(?<![{(]\n)^) {2}"?prompt"?[:=] ?"[^"]*",\n {2}"?(\w+)"?[:=] ?("[^"]*")$""",
    re.MULTILINE,
)
_MODIFY = re.compile(r'\{[^{}]*"prompt"[^{}]*"media": \{.*?"model": "ray-2"[^}]*\}', re.DOTALL)
_METHODS = {"create": "POST", "list": "GET", "get": "GET", "delete": "DELETE"}


@dataclass(frozen=True, slots=True, kw_only=True)
class Example:
    document: str
    heading: str
    #: as a client sends it
    method: str
    path: str
    #: with the words, addresses and ids replaced by what they are
    body: dict[str, Any] | None = None


def listed_examples() -> list[Example]:
    """Read the list."""
    found = []
    for line in Path(__file__).with_name("examples.txt").read_text("utf-8").splitlines():
        document, heading, call, *body = line.split(" | ")
        method, _, path = call.partition(" ")
        found.append(
            Example(
                document=document,
                heading=heading,
                method=method,
                path=path,
                body=json.loads(body[0]) if body else None,
            )
        )
    return found


def filled(value: Any, values: dict[str, str]) -> Any:
    """Put values into the body of an example."""
    if isinstance(value, dict):
        return {name: filled(part, values) for name, part in value.items()}
    if isinstance(value, list):
        return [filled(part, values) for part in value]
    return values.get(value, value) if isinstance(value, str) else value


def documented_examples() -> Iterator[Example]:
    """Read every request example, without the slips of the pen that no parser takes."""
    for number, name in enumerate(("REST", "API", "JavaScript")):
        text = next(REFERENCE.glob(f"seeds/00{number}*.txt")).read_text(encoding="utf-8")
        found = [*_requests(text), *_calls(text), *_fragments(text), *_modifications(text)]
        for at, method, path, body in sorted(found, key=lambda item: item[0]):
            heading = [match.group() for match in _HEADING.finditer(text, 0, at)][-1]
            plain = None if body is None else _plain(body)
            yield Example(document=name, heading=heading, method=method, path=_plain(path), body=plain)
    described = yaml.safe_load((REFERENCE / "dream-machine.openapi.yaml").read_text(encoding="utf-8"))
    for example in described["components"]["schemas"]["GenerationRequest"]["examples"]:
        yield _described(example["summary"], example["value"])
    content = described["paths"]["/generations/video"]["post"]["requestBody"]["content"]
    yield _described("Create a generation", content["application/json"]["examples"]["default"]["value"])


def _described(heading: str, body: dict[str, Any]) -> Example:
    return Example(
        document="OpenAPI", heading=heading, method="POST", path="/generations/video", body=_plain(body)
    )


Found = tuple[int, str, str, dict[str, Any] | None]


def _requests(text: str) -> Iterator[Found]:
    for match in _CURL.finditer(text):
        method, path, rest = match.groups()
        _, data, body = rest.partition("--data '")
        yield match.start(), method, path, json.loads(re.sub(r",(\s*})", r"\1", body)) if data else None


def _calls(text: str) -> Iterator[Found]:
    """Read the calls of the SDKs, in Python or JavaScript, as the requests that they send."""
    for match in _CALL.finditer(text):
        part, name, arguments = match.groups()
        body = _keywords(arguments) if "=" in arguments.partition("{")[0] else _object(arguments)
        path = "/" + part.replace(".", "/")
        if name == "list" and path != "/generations":
            path += "/list"
        if name in ("get", "delete"):
            path += "/{id}"
        if name == "list" and body:
            path += "?" + "&".join(f"{key}={value}" for key, value in body.items())
        yield match.start(), _METHODS[name], path, body if name == "create" else None


def _fragments(text: str) -> Iterator[Found]:
    for match in _FRAGMENT.finditer(text):
        name, value = match.groups()
        yield match.start(), "POST", "/generations/image", {"prompt": "", name: json.loads(value)}


def _modifications(text: str) -> Iterator[Found]:
    for match in _MODIFY.finditer(text):
        yield (
            match.start(),
            "POST",
            "/generations/video/modify",
            json.loads(re.sub(r"#.*", "", match.group())),
        )


def _keywords(arguments: str) -> dict[str, Any]:
    whole = re.sub(r'"\n(\s+\w+=)', r'",\n\1', arguments)
    call = ast.parse(f"call({whole})", mode="eval").body
    assert isinstance(call, ast.Call)
    return {str(word.arg): _literal(word.value) for word in call.keywords}


def _literal(node: ast.expr) -> Any:
    return "variable" if isinstance(node, ast.Attribute) else ast.literal_eval(node)


def _object(arguments: str) -> dict[str, Any]:
    if not arguments.startswith("{"):
        return {}
    found: dict[str, Any] = json.loads(re.sub(r"^(\s*)(\w+):", r'\1"\2":', arguments, flags=re.MULTILINE))
    return found


def _plain(value: Any, name: str = "") -> Any:
    """Replace words, addresses and ids by the name of their field."""
    if isinstance(value, dict):
        return {key: _plain(part, key) for key, part in value.items()}
    if isinstance(value, list):
        return [_plain(part, "url") for part in value]
    if isinstance(value, str) and name in ("prompt", "url", "id", "callback_url"):
        return name
    return (
        re.sub(r"[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}", "{id}", value)
        if isinstance(value, str)
        else value
    )
