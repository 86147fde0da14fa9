"""Odd numbers, texts and bodies at every route of the web server: a plain answer, never an error of ours.

Each route gets a few of the odd values; in `make soak` it gets many.
"""

import asyncio
import logging
import random
from collections.abc import AsyncIterator, Iterator
from contextlib import asynccontextmanager
from dataclasses import replace
from pathlib import Path
from urllib.parse import quote

import httpx
import pytest
from starlette.routing import BaseRoute, Mount, Route

from adapters.playground import plugin
from bot.bootstrap import App
from bot.service.plugin import Adapter, AdapterContext
from bot.settings import Settings
from tests.databases import lay_migrated
from tests.engine.settings import AT_EASE, given_settings
from tests.media_workers import PlainPool
from tests.web.running_app import served

CHANCE = random.Random(12)  # noqa: S311 - seeded, so that a failure comes again

NUMBERS = [
    "", "0",
    "-0", "-1", "+1", "1.5", "1e3", "1e999", "NaN", "-Infinity", "0x10", "1_000", " 7 ", "null", "[]",
    "9223372036854775807", "9223372036854775808", "-9223372036854775809", "9" * 400, "9" * 5000,
    "١٢", "\u00b2", "１２", "bytes=-", "bytes=0-", "bytes=-0", "bytes=5-1", "bytes=99999999999999999999-",
    "bytes=0-0,1-1", "bytes=\u00b2-", "bytes=" + ",".join(["0-"] * 200), "items=0-1",
]  # fmt: skip
TEXTS = [
    "\0",
    "a\0b",
    "../../etc/passwd",
    "%00",
    "%",
    "%zz",
    "\u202e",
    "\ufffe",
    "😀",
    "a" * 3000,
    "'",
    "{}",
    "💩\0",
]
RAW = ["%00", "%ED%A0%80", "%FF%FE", "%C0%80", "a%00b", "..%2f..%2fsecret", "%2e%2e", "+", "%F0%9F"]
NAMES = ("me", "channel", "since", "after", "limit", "offset", "text", "page", "code", "state", "token")

#: addresses of the core's own routes; those of the playground are read from it
CORE = (
    ("GET", "/healthz"), ("GET", "/readyz"), ("GET", "/metrics"), ("GET", "/media/view.css"),
    ("GET", "/media/{token}"), ("HEAD", "/media/{token}"), ("GET", "/media/{token}/still"),
    ("GET", "/media/{token}/view"), ("POST", "/callbacks/{token}"), ("GET", "/nowhere"), ("PUT", "/"),
)  # fmt: skip


class Fuzzed:
    """A whole bot, and every method and address that it answers."""

    def __init__(self, folder: Path) -> None:
        self.routes: list[tuple[str, str]] = list(CORE)
        lay_migrated(folder)
        self.app = App(
            given_settings(folder, http_port=0, times=AT_EASE),
            plugins=[replace(plugin, build=self._build)],
            open_pool=PlainPool,
        )

    def _build(self, context: AdapterContext) -> Adapter:
        built = plugin.build(context)
        self.routes += [pair for route in built.routes for pair in _addresses(route)]
        return built

    @asynccontextmanager
    async def running(self) -> AsyncIterator[httpx.AsyncClient]:
        async with served(self.app) as http:
            yield http

    async def status(self, method: str, target: str, headers: dict[str, str], body: bytes = b"") -> int:
        """Send a request as it stands, and answer the status."""
        host = self.app.address.removeprefix("http://")
        fields = {"Host": host, "Origin": self.app.address, "Connection": "close"} | headers
        if body:
            fields.setdefault("Content-Length", str(len(body)))
        head = "".join(f"{name}: {value}\r\n" for name, value in fields.items())
        reader, writer = await asyncio.open_connection(*host.split(":"))
        try:
            writer.write(f"{method} {target} HTTP/1.1\r\n{head}\r\n".encode() + body)
            line = await reader.readline()
        finally:
            writer.close()
        return int(line.split()[1])


def _addresses(route: BaseRoute) -> Iterator[tuple[str, str]]:
    match route:
        case Route():
            for method in sorted(route.methods or ()):
                yield method, route.path
        case Mount():
            yield "GET", f"{route.path}/{{token}}"


@asynccontextmanager
async def fuzzed(folder: Path, caplog: pytest.LogCaptureFixture) -> AsyncIterator[tuple[Fuzzed, list[str]]]:
    """A running bot, and a list of what it should not have answered; ends by looking at both."""
    bot, wrong = Fuzzed(folder), list[str]()
    with caplog.at_level(logging.ERROR):
        async with bot.running():
            # The people of a new playground are there from its first use.
            assert 200 == await bot.status("GET", "/playground/state", {})
            yield bot, wrong
    assert [] == wrong
    assert [] == [record.getMessage() for record in caplog.records]


def kind_of(target: str) -> dict[str, str]:
    return {"Content-Type": "application/octet-stream" if "upload" in target else "application/json"}


@pytest.mark.parametrize("many", [8, pytest.param(25, marks=pytest.mark.soak)])
async def test_odd_queries_and_paths_are_answered_plainly(
    many: int, tmp_path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    values = [quote(one, safe="") for one in NUMBERS + TEXTS] + RAW
    async with fuzzed(tmp_path, caplog) as (bot, wrong):
        for method, path in bot.routes:
            for value in CHANCE.sample(values, many):
                # A person who exists, so that what comes behind is reached too.
                for me in ("ada", value):
                    query = "&".join(f"{name}={me if name == 'me' else value}" for name in NAMES)
                    target = f"{path.replace('{token}', value or 'x')}?{query}"
                    status = await bot.status(method, target, kind_of(target))
                    if status >= 500:
                        wrong.append(f"{status} {method} {target}"[:300])
            assert len(wrong) < 10, wrong


@pytest.mark.parametrize("many", [2, pytest.param(6, marks=pytest.mark.soak)])
async def test_odd_numbers_in_headers_are_answered_plainly(
    many: int, tmp_path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    names = ("Content-Length", "Last-Event-ID", "Range", "If-Range", "X-File-Name", "Cookie", "Authorization")
    async with fuzzed(tmp_path, caplog) as (bot, wrong):
        for method, path in bot.routes:
            target = f"{path.replace('{token}', 'index.html')}?me=ada"
            for name in names:
                for value in CHANCE.sample(NUMBERS, many):
                    if name == "Content-Length" and method == "GET":
                        continue
                    status = await bot.status(method, target, kind_of(target) | {name: value})
                    if status >= 500:
                        wrong.append(f"{status} {method} {target} {name}: {value}"[:300])
            assert len(wrong) < 10, wrong


async def test_a_stream_begins_at_a_number_or_not_at_all(
    tmp_path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    async with fuzzed(tmp_path, caplog) as (bot, _):
        target = "/playground/events?me=ada"
        for value in ("-1", "NaN", "1.5", "9" * 30, "9" * 5000, "٣", "²", "x"):
            assert 400 == await bot.status("GET", f"{target}&since={quote(value)}", {}), value
            assert 400 == await bot.status("GET", target, {"Last-Event-ID": value}), value
            assert 200 == await bot.status("GET", f"{target}&since=7", {}), value


FIELDS = ("text", "command", "values", "files", "replied", "key", "channel", "action", "job", "question",
          "confirmed", "card", "emoji", "on", "id", "name", "password", "prompt", "aspect_ratio")  # fmt: skip
SCRAPS = [
    "null", "true", "-1", "1e999", "NaN", "123456789012345678901234567890", '""', '"\\u0000"', '"a\\u0000b"',
    '"\\ud800"', '"\\udc00x"', '"\\ud83d\\ude00"', '"key-00001"', '"studio"', '"/imagine a fox\\u0000"',
    '"/imagine \\ud800 a red fox"', '"#abc\\u0000"', "[]", "{}", '{"prompt": "a\\u0000 fox"}',
    '{"prompt": "\\udfff fox"}', '["\\u0000"]', '"imagine"', '"❤️"', '"delete"',
]  # fmt: skip
BODIES = [
    b"",
    b"{",
    b"[]",
    b"1e999",
    b"NaN",
    b"\xff\xfe",
    b"\x00",
    b'"\\ud800"',
    b"[" * 20_000,
    b'{"a":' * 9_000,
]


async def test_odd_bodies_are_answered_plainly(tmp_path: Path, caplog: pytest.LogCaptureFixture) -> None:
    async with fuzzed(tmp_path, caplog) as (bot, wrong):
        posts = [path for method, path in bot.routes if method == "POST"]
        for path in posts:
            bodies = list(BODIES)
            for _ in range(60):
                # Each wrong password has to wait longer.
                chosen = CHANCE.sample(FIELDS, CHANCE.randint(1, 6)) if path != LOGIN else ["name"]
                bodies.append(_object({name: CHANCE.choice(SCRAPS) for name in chosen}))
            for form in _forms(path):
                bodies += [
                    _object(form | {name: scrap})
                    for name in form
                    for scrap in SCRAPS[:: 12 if path == LOGIN else 1]
                ]
            target = f"{path.replace('{token}', 'x')}?me=ada"
            for body in bodies:
                status = await bot.status("POST", target, kind_of(target), body)
                if status >= 500:
                    wrong.append(f"{status} {path} {body[:200]!r}")
            assert len(wrong) < 10, wrong


LOGIN = "/playground/login"


def _object(fields: dict[str, str]) -> bytes:
    return ("{" + ", ".join(f'"{name}": {value}' for name, value in fields.items()) + "}").encode()


def _forms(path: str) -> list[dict[str, str]]:
    """Bodies of a route that would pass, so that each odd value reaches what lies behind the form."""
    key = {"key": '"key-00001"'}
    known: dict[str, list[dict[str, str]]] = {
        "command": [
            {"text": '"/imagine a red fox"'} | key,
            {"text": '"/show abc"', "replied": '"abc"'} | key,
            {"command": '"imagine"', "values": '{"prompt": "a red fox"}'} | key,
        ],
        "price": [{"text": '"/imagine a red fox"', "replied": '"abc"'}],
        "action": [{"action": '"variation"', "job": '"abc"', "prompt": '"new words"'} | key],
        "decide": [{"job": '"abc"', "question": '"abc"', "confirmed": "true"} | key],
        "react": [{"card": '"abc"', "emoji": '"❤️"', "on": "true", "job": '"abc"'} | key],
        "dismiss": [{"id": '"key-00001"'}],
        "people": [{"name": '"lin"'}],
        "login": [{"password": '"open sesame"'}],
    }
    return known.get(path.rpartition("/")[2], [])


HEADERS = ("content-security-policy", "x-content-type-options", "referrer-policy", "permissions-policy",
           "x-frame-options", "cross-origin-opener-policy", "cache-control")  # fmt: skip


#: method, address and status; None where it depends on when it is asked
ANSWERS = (
    ("GET", "/healthz", 200),
    ("GET", "/readyz", None),
    ("GET", "/", 200),
    ("GET", "/playground/static/app.js", 200),
    ("GET", "/playground/static/none.js", 404),
    ("GET", "/nowhere", 404),
    ("GET", "/media/nothing", 404),
    ("DELETE", "/healthz", 405),
    ("GET", "/callbacks/x", 405),
    ("POST", "/callbacks/x", 404),
    ("POST", "/playground/command?me=ada", 403),
    ("GET", "/playground/events?me=ada&since=x", 400),
)


async def test_every_answer_has_the_security_headers(tmp_path: Path) -> None:
    async with Fuzzed(tmp_path).running() as http:
        for method, path, status in ANSWERS:
            answer = await http.request(method, path)
            assert status in (None, answer.status_code), (method, path)
            assert [] == [name for name in HEADERS if name not in answer.headers], (method, path)
            assert "strict-transport-security" not in answer.headers, (method, path)


async def test_an_error_of_ours_has_them_too_and_tells_nothing(tmp_path: Path) -> None:
    async def fail(_: object) -> None:
        raise RuntimeError("a detail of ours")

    def build(_: AdapterContext) -> Adapter:
        return Adapter(name="playground", routes=[Route("/fails", fail)])

    app = App(
        given_settings(tmp_path, http_port=0), plugins=[replace(plugin, build=build)], open_pool=PlainPool
    )
    async with served(app) as http:
        answer = await http.get("/fails")
    assert 500 == answer.status_code
    assert "a detail" not in answer.text
    assert [] == [name for name in HEADERS if name not in answer.headers]


@pytest.mark.parametrize(
    ("public_url", "told"),
    [("https://bot.example.org", True), ("http://127.0.0.1:8080", False), (None, False)],
)
async def test_https_is_asked_for_where_people_come_by_it(
    tmp_path: Path, public_url: str | None, told: bool
) -> None:
    app = App(given_settings(tmp_path, http_port=0, public_url=public_url), plugins=[], open_pool=PlainPool)
    async with served(app) as http:
        for path in ("/healthz", "/nowhere"):
            assert told == ("strict-transport-security" in (await http.get(path)).headers)


def test_the_public_url_may_not_be_one_that_only_some_addresses_heed() -> None:
    assert Settings(public_url="HTTPS://Bot.example.org").public_url == "https://Bot.example.org"
