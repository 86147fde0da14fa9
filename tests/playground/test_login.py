"""Sign-in to a playground that others can reach."""

import asyncio
import re
from collections.abc import AsyncIterator
from contextlib import AbstractAsyncContextManager
from http import HTTPStatus
from pathlib import Path
from typing import Any

import httpx
import pytest
from pydantic import SecretStr
from structlog.testing import capture_logs

from bot.domain.errors import StoreError
from bot.settings import Switch
from tests.patience import PATIENCE_S
from tests.playground.serving import Served, serve

EVERYWHERE = "0.0.0.0"  # noqa: S104 - what containers listen on
PASSWORD = "open sesame"


@pytest.fixture
async def shared() -> AsyncIterator[Served]:
    async with serve(
        playground=Switch.ON,
        playground_password=SecretStr(PASSWORD),
        public_url="https://bot.example.org",
    ) as served:
        yield served


async def sign_in(client: httpx.AsyncClient, password: str = PASSWORD) -> httpx.Response:
    return await client.post("/playground/login", json={"password": password})


def made_in(notice: str) -> str:
    found = re.search(r"password: ([a-z2-7-]+)$", notice, re.MULTILINE)
    assert found is not None, notice
    return found[1]


async def test_beyond_loopback_a_password_is_generated_and_shown_to_the_operator() -> None:
    """A container works without any setting; a restart keeps the password."""
    told = []
    for _ in range(2):
        async with serve(http_host=EVERYWHERE) as served:
            assert served.core.adapter.startup_notice is not None
            told.append(made_in(served.core.adapter.startup_notice("http://127.0.0.1:8080")))
            async with served.client() as client:
                assert (await client.get("/playground/state")).status_code == HTTPStatus.UNAUTHORIZED
                assert (await sign_in(client, "")).status_code == HTTPStatus.FORBIDDEN
                assert (await sign_in(client, told[-1])).is_success
                assert (await client.get("/playground/state")).is_success
    assert told[0] == told[1]
    assert len(told[0].replace("-", "")) == 16


async def test_a_configured_password_is_not_printed() -> None:
    for host in (EVERYWHERE, "127.0.0.1"):
        settings: dict[str, Any] = {"http_host": host, "playground_password": SecretStr(PASSWORD)}
        async with serve(**settings) as served, served.client() as client:
            assert served.core.adapter.startup_notice is not None
            notice = served.core.adapter.startup_notice(served.url)
            assert served.url in notice
            assert PASSWORD not in notice
            assert (await client.get("/playground/state")).status_code == HTTPStatus.UNAUTHORIZED
            assert (await sign_in(client)).is_success


async def test_an_open_playground_refuses_http_1_0() -> None:
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


async def test_without_a_session_there_is_only_the_login_page(shared: Served) -> None:
    async with shared.client() as client:
        page = await client.get("/")
        assert (page.status_code, page.headers["location"]) == (HTTPStatus.SEE_OTHER, "/playground/login")
        assert "Sign in" in (await client.get("/playground/login")).text
        page = await client.get("/playground/admin")
        assert "/playground/login?to=admin" == page.headers["location"]
        for path in ("state", "events", "suggest", "quota", "admin/start", "admin/members"):
            assert (await client.get(f"/playground/{path}?me=ada")).status_code == HTTPStatus.UNAUTHORIZED
        for path in ("command", "action", "people", "dismiss", "logout"):
            answer = await client.post(f"/playground/{path}?me=ada", json={})
            assert answer.status_code == HTTPStatus.UNAUTHORIZED


async def test_the_gallery_s_page_is_behind_the_login(shared: Served) -> None:
    async with shared.client() as client:
        asked = await client.get("/playground/gallery")
        assert (asked.status_code, asked.headers["location"]) == (HTTPStatus.SEE_OTHER, "/playground/login")
        await sign_in(client)
        page = await client.get("/playground/gallery", follow_redirects=True)
        assert page.url.path.startswith("/gallery/")
        assert "Nothing here" in page.text


async def test_a_session_lasts_until_sign_out(shared: Served) -> None:
    async with shared.client() as client:
        cookie = (await sign_in(client)).headers["set-cookie"]
        assert "HttpOnly" in cookie
        assert "SameSite=strict" in cookie
        assert "Path=/" in cookie
        assert PASSWORD not in cookie
        assert (await client.get("/playground/state")).json()["signed_in"]
        await client.post("/playground/logout", json={})
        assert (await client.get("/playground/state")).status_code == HTTPStatus.UNAUTHORIZED


async def asks(served: Served, cookie: str, path: str = "state") -> HTTPStatus:
    """Request the state with a given cookie."""
    async with served.client(headers={"Cookie": cookie}) as client:
        return HTTPStatus((await client.get(f"/playground/{path}")).status_code)


async def cookie_of(served: Served, **headers: str) -> str:
    async with served.client(headers=headers) as client:
        return (await sign_in(client)).headers["set-cookie"].partition(";")[0]


async def test_signing_out_ends_the_session_for_every_copy_of_its_cookie(shared: Served) -> None:
    cookie, other = await cookie_of(shared), await cookie_of(shared)
    async with shared.client(headers={"Cookie": cookie}) as client:
        assert (await client.post("/playground/logout", json={})).is_success
    assert (HTTPStatus.UNAUTHORIZED, HTTPStatus.OK) == (await asks(shared, cookie), await asks(shared, other))


async def test_open_and_ended_sessions_survive_a_restart(tmp_path: Path) -> None:
    def restart(password: str) -> AbstractAsyncContextManager[Served]:
        return serve(tmp_path, playground=Switch.ON, playground_password=SecretStr(password))

    async with restart(PASSWORD) as served:
        kept, ended = await cookie_of(served), await cookie_of(served)
        async with served.client(headers={"Cookie": ended}) as client:
            await client.post("/playground/logout", json={})
    async with restart(PASSWORD) as served:
        assert (HTTPStatus.OK, HTTPStatus.UNAUTHORIZED) == (
            await asks(served, kept),
            await asks(served, ended),
        )
    async with restart("another one") as served:
        assert HTTPStatus.UNAUTHORIZED == await asks(served, kept)


async def test_a_session_ends_after_30_days(shared: Served) -> None:
    cookie = await cookie_of(shared)
    shared.core.engine.advance(30 * 86_400_000 - 60_000)
    assert HTTPStatus.OK == await asks(shared, cookie)
    shared.core.engine.advance(60_001)
    assert HTTPStatus.UNAUTHORIZED == await asks(shared, cookie)


async def test_the_store_holds_no_cookie_and_its_keys_open_nothing(shared: Served) -> None:
    name, _, token = (await cookie_of(shared)).partition("=")
    (entry,) = await shared.core.adapter_data.since("session/", 0)
    assert token not in entry.key + entry.value
    for forged in (entry.key, entry.key.partition("/")[2], f"{token}x", token[:-1], ""):
        assert HTTPStatus.UNAUTHORIZED == await asks(shared, f"{name}={forged}")


async def test_the_oldest_of_too_many_sessions_ends(shared: Served) -> None:
    first, second, third = [await cookie_of(shared) for _ in range(3)]
    other = f'{{"until":{shared.core.now + 60_000},"password":""}}'
    for number in range(197):
        await shared.core.adapter_data.put(f"session/{number}", other)
    for _ in range(2):
        await cookie_of(shared)
    assert 200 == len(await shared.core.adapter_data.since("session/", 0))
    assert HTTPStatus.UNAUTHORIZED == await asks(shared, first)
    assert HTTPStatus.UNAUTHORIZED == await asks(shared, second)
    assert HTTPStatus.OK == await asks(shared, third)


async def test_an_unavailable_store_signs_nobody_out(shared: Served) -> None:
    cookie = await cookie_of(shared)
    shared.core.adapter_data.get_error = StoreError("no answer")
    assert HTTPStatus.SERVICE_UNAVAILABLE == await asks(shared, cookie)


OVER_TLS = {"Origin": "https://bot.example.org", "Host": "bot.example.org", "X-Forwarded-Proto": "https"}


async def test_a_login_over_tls_sets_a_secure_host_cookie(shared: Served) -> None:
    async with shared.client(headers=OVER_TLS) as client:
        cookie = (await sign_in(client)).headers["set-cookie"]
    assert cookie.startswith("__Host-reverie_session=")
    assert {"secure", "httponly", "samesite=strict", "path=/"} <= set(cookie.lower().split("; "))
    assert "domain" not in cookie.lower()
    assert HTTPStatus.OK == await asks(shared, cookie.partition(";")[0])


async def test_wrong_passwords_do_not_delay_other_addresses(shared: Served) -> None:
    """The delay is of one address behind the proxy; the others have none."""
    attacker, grace = ({"X-Forwarded-For": address} for address in ("203.0.113.9", "198.51.100.7"))
    async with shared.client(headers=attacker) as client:
        tries = [asyncio.create_task(sign_in(client, "guess")) for _ in range(12)]
        done, _ = await asyncio.wait(tries, timeout=PATIENCE_S, return_when=asyncio.FIRST_COMPLETED)
        assert done
        async with shared.client(headers=grace) as other:
            assert (await sign_in(other)).is_success
        answers = [answer.status_code for answer in await asyncio.gather(*tries)]
    assert {HTTPStatus.FORBIDDEN, HTTPStatus.TOO_MANY_REQUESTS} == set(answers)


async def test_a_failed_login_is_logged_without_the_password(shared: Served) -> None:
    with capture_logs() as logged:
        async with shared.client(headers={"X-Forwarded-For": "203.0.113.9"}) as client:
            await sign_in(client, "a guess of mine")
    assert ["203.0.113.9"] == [entry["address"] for entry in logged if entry["event"] == "login_failed"]
    assert "a guess of mine" not in str(logged)


async def test_a_short_password_of_an_older_installation_works_with_a_warning() -> None:
    with capture_logs() as logged:
        async with (
            serve(playground_password=SecretStr("short")) as served,
            served.client() as client,
        ):
            assert (await sign_in(client, "short")).is_success
    (entry,) = [entry for entry in logged if entry["event"] == "playground_password_short"]
    assert "REVERIE_PLAYGROUND_PASSWORD" in entry["remedy"]


async def test_a_wrong_password_opens_nothing(shared: Served) -> None:
    async with shared.client() as client:
        answer = await sign_in(client, "sesame")
        assert answer.status_code == HTTPStatus.FORBIDDEN
        assert "set-cookie" not in answer.headers


async def test_a_login_from_another_site_is_refused(shared: Served) -> None:
    async with shared.client(headers={"Origin": "https://evil.example"}) as client:
        assert (await sign_in(client)).status_code == HTTPStatus.FORBIDDEN


async def test_the_password_is_read_like_its_setting(shared: Served) -> None:
    """Neither contains a file's line break, and a value copied with its quotes works."""
    async with shared.client() as client:
        for typed in (f"{PASSWORD}\n", f" {PASSWORD}", f'"{PASSWORD}"'):
            assert (await sign_in(client, typed)).is_success
        assert HTTPStatus.FORBIDDEN == (await sign_in(client, PASSWORD.replace(" ", ""))).status_code
