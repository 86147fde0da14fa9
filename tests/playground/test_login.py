"""The door of a shared playground."""

import asyncio
import re
from collections.abc import AsyncIterator
from http import HTTPStatus

import httpx
import pytest
from pydantic import SecretStr
from starlette.requests import Request
from starlette.responses import Response

from adapters.playground.session import Sessions, TooManyTries
from bot.settings import Settings, Switch
from tests.playground.fake_studio import START
from tests.playground.serving import SIGNER, Served, serve

EVERYWHERE = "0.0.0.0"  # noqa: S104 - what containers listen on
PASSWORD = "open sesame"


@pytest.fixture
async def shared() -> AsyncIterator[Served]:
    settings = Settings(
        playground=Switch.ON,
        playground_password=SecretStr(PASSWORD),
        public_url="https://bot.example.org",
    )
    async with serve(settings) as served:
        yield served


async def sign_in(client: httpx.AsyncClient, password: str = PASSWORD) -> httpx.Response:
    return await client.post("/playground/login", json={"password": password})


def made_in(notice: str) -> str:
    found = re.search(r"password: ([a-z2-7-]+)$", notice, re.MULTILINE)
    assert found is not None, notice
    return found[1]


async def test_beyond_loopback_a_password_is_made_and_told_to_the_operator() -> None:
    """A container without any setting works; the password outlives a restart."""
    settings = Settings(http_host=EVERYWHERE, playground_password=None)
    told = []
    for _ in range(2):
        async with serve(settings) as served:
            assert served.adapter.notice is not None
            told.append(made_in(served.adapter.notice("http://127.0.0.1:8080")))
            async with served.client() as client:
                assert (await client.get("/playground/state")).status_code == HTTPStatus.UNAUTHORIZED
                assert (await sign_in(client, "")).status_code == HTTPStatus.FORBIDDEN
                assert (await sign_in(client, told[-1])).is_success
                assert (await client.get("/playground/state")).is_success
    assert told[0] == told[1]
    assert len(told[0].replace("-", "")) == 16


async def test_the_password_that_was_set_is_not_repeated_on_the_terminal() -> None:
    for settings in (
        Settings(http_host=EVERYWHERE, playground_password=SecretStr(PASSWORD)),
        Settings(playground_password=SecretStr(PASSWORD)),
    ):
        async with serve(settings) as served, served.client() as client:
            assert served.adapter.notice is not None
            notice = served.adapter.notice(served.url)
            assert served.url in notice
            assert PASSWORD not in notice
            assert (await client.get("/playground/state")).status_code == HTTPStatus.UNAUTHORIZED
            assert (await sign_in(client)).is_success


async def test_http_1_0_over_a_socket_finds_the_open_playground_closed() -> None:
    async with serve() as served:
        host, port = served.url.removeprefix("http://").split(":")
        answers = []
        for version in ("1.0", "1.1"):
            reader, writer = await asyncio.open_connection(host, int(port))
            writer.write(f"GET / HTTP/{version}\r\nHost: 127.0.0.1\r\nConnection: close\r\n\r\n".encode())
            answers.append(int((await reader.readline()).split()[1]))
            writer.close()
            await writer.wait_closed()
    assert [HTTPStatus.FORBIDDEN, HTTPStatus.OK] == answers


async def test_without_a_session_there_is_only_the_door(shared: Served) -> None:
    async with shared.client() as client:
        page = await client.get("/")
        assert (page.status_code, page.headers["location"]) == (HTTPStatus.SEE_OTHER, "/playground/login")
        assert "Come in" in (await client.get("/playground/login")).text
        for path in ("state", "events", "suggest", "quota"):
            assert (await client.get(f"/playground/{path}?me=ada")).status_code == HTTPStatus.UNAUTHORIZED
        for path in ("command", "action", "people", "dismiss", "logout"):
            answer = await client.post(f"/playground/{path}?me=ada", json={})
            assert answer.status_code == HTTPStatus.UNAUTHORIZED


async def test_the_password_opens_until_one_leaves(shared: Served) -> None:
    async with shared.client() as client:
        cookie = (await sign_in(client)).headers["set-cookie"]
        assert "HttpOnly" in cookie
        assert "SameSite=strict" in cookie
        assert PASSWORD not in cookie
        assert (await client.get("/playground/state")).json()["signed_in"]
        await client.post("/playground/logout", json={})
        assert (await client.get("/playground/state")).status_code == HTTPStatus.UNAUTHORIZED


async def test_a_login_over_tls_gives_a_cookie_for_tls_alone(shared: Served) -> None:
    headers = {"Origin": "https://bot.example.org", "Host": "bot.example.org", "X-Forwarded-Proto": "https"}
    async with shared.client(headers=headers) as client:
        assert "Secure" in (await sign_in(client)).headers["set-cookie"]


async def test_a_wrong_password_opens_nothing(shared: Served) -> None:
    async with shared.client() as client:
        answer = await sign_in(client, "sesame")
        assert answer.status_code == HTTPStatus.FORBIDDEN
        assert "set-cookie" not in answer.headers


async def test_a_login_from_another_site_is_refused(shared: Served) -> None:
    async with shared.client(headers={"Origin": "https://evil.example"}) as client:
        assert (await sign_in(client)).status_code == HTTPStatus.FORBIDDEN


def sessions(password: str = PASSWORD, *, now: list[int] | None = None) -> Sessions:
    times = now or [START]
    return Sessions(password=password, signer=SIGNER, clock=lambda: times[0], delay_s=0)


async def test_ten_wrong_tries_a_minute_are_the_most() -> None:
    now = [START]
    door = sessions(now=now)
    for _ in range(10):
        assert not await door.try_password("guess")
        now[0] += 1000
    with pytest.raises(TooManyTries, match="wait a minute"):
        await door.try_password(PASSWORD)
    now[0] = START + 60_000
    assert await door.try_password(PASSWORD)


def with_cookie(token: str) -> Request:
    return Request({"type": "http", "headers": [(b"cookie", f"reverie_session={token}".encode())]})


def token_of(door: Sessions) -> str:
    response = Response()
    door.open(response, secure=False)
    return response.headers["set-cookie"].partition(";")[0].partition("=")[2]


def test_sessions_end_with_their_time_their_password_and_their_signature() -> None:
    now = [START]
    door = sessions(now=now)
    token = token_of(door)
    assert door.knows(with_cookie(token))
    assert not door.knows(with_cookie(token[:-1] + ("a" if token[-1] != "a" else "b")))
    assert not door.knows(with_cookie(SIGNER.sign("media", "open", expires_at=START * 2)))
    assert not door.knows(with_cookie(""))
    assert not sessions("another password").knows(with_cookie(token))
    now[0] += 30 * 86_400_000
    assert not door.knows(with_cookie(token))


async def test_the_password_is_read_like_its_setting(shared: Served) -> None:
    """A file's line break is in neither, and what somebody copied with its quotes opens too."""
    async with shared.client() as client:
        for typed in (f"{PASSWORD}\n", f" {PASSWORD}", f'"{PASSWORD}"'):
            assert (await sign_in(client, typed)).is_success
        assert HTTPStatus.FORBIDDEN == (await sign_in(client, PASSWORD.replace(" ", ""))).status_code


async def test_a_clock_that_is_set_back_shuts_nobody_out() -> None:
    now = [START]
    sessions = Sessions(password=PASSWORD, signer=SIGNER, clock=lambda: now[0], delay_s=0)
    for _ in range(10):
        assert not await sessions.try_password("guess")
    with pytest.raises(TooManyTries):
        await sessions.try_password(PASSWORD)
    now[0] -= 24 * 3_600_000
    assert await sessions.try_password(PASSWORD)
