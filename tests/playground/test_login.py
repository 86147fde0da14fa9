"""The door of a shared playground."""

import asyncio
import re
from collections.abc import AsyncIterator
from http import HTTPStatus

import httpx
import pytest
from pydantic import SecretStr
from structlog.testing import capture_logs

from bot.domain.errors import StoreError
from bot.settings import Settings, Switch
from tests.patience import PATIENCE_S
from tests.playground.fakes import FakeVault
from tests.playground.serving import Served, serve

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
            assert served.adapter.startup_notice is not None
            told.append(made_in(served.adapter.startup_notice("http://127.0.0.1:8080")))
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
            assert served.adapter.startup_notice is not None
            notice = served.adapter.startup_notice(served.url)
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


async def test_without_a_session_there_is_only_the_login_page(shared: Served) -> None:
    async with shared.client() as client:
        page = await client.get("/")
        assert (page.status_code, page.headers["location"]) == (HTTPStatus.SEE_OTHER, "/playground/login")
        assert "Sign in" in (await client.get("/playground/login")).text
        for path in ("state", "events", "suggest", "quota"):
            assert (await client.get(f"/playground/{path}?me=ada")).status_code == HTTPStatus.UNAUTHORIZED
        for path in ("command", "action", "people", "dismiss", "logout"):
            answer = await client.post(f"/playground/{path}?me=ada", json={})
            assert answer.status_code == HTTPStatus.UNAUTHORIZED


async def test_the_password_opens_until_one_signs_out(shared: Served) -> None:
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
    """Ask with a cookie of our own."""
    async with served.client(headers={"Cookie": cookie}) as client:
        return HTTPStatus((await client.get(f"/playground/{path}")).status_code)


async def cookie_of(served: Served, **headers: str) -> str:
    async with served.client(headers=headers) as client:
        return (await sign_in(client)).headers["set-cookie"].partition(";")[0]


async def test_signing_out_ends_the_session_for_whoever_has_its_cookie(shared: Served) -> None:
    cookie, other = await cookie_of(shared), await cookie_of(shared)
    async with shared.client(headers={"Cookie": cookie}) as client:
        assert (await client.post("/playground/logout", json={})).is_success
    assert (HTTPStatus.UNAUTHORIZED, HTTPStatus.OK) == (await asks(shared, cookie), await asks(shared, other))


async def test_sessions_and_their_ends_outlive_a_restart() -> None:
    settings = Settings(playground=Switch.ON, playground_password=SecretStr(PASSWORD))
    adapter_data = FakeVault()
    async with serve(settings, adapter_data=adapter_data) as served:
        kept, ended = await cookie_of(served), await cookie_of(served)
        async with served.client(headers={"Cookie": ended}) as client:
            await client.post("/playground/logout", json={})
    async with serve(settings, adapter_data=adapter_data) as served:
        assert (HTTPStatus.OK, HTTPStatus.UNAUTHORIZED) == (
            await asks(served, kept),
            await asks(served, ended),
        )
    async with serve(
        Settings(playground=Switch.ON, playground_password=SecretStr("another one")),
        adapter_data=adapter_data,
    ) as served:
        assert HTTPStatus.UNAUTHORIZED == await asks(served, kept)


async def test_a_session_ends_with_its_month(shared: Served) -> None:
    cookie = await cookie_of(shared)
    shared.service.now += 30 * 86_400_000 - 1
    assert HTTPStatus.OK == await asks(shared, cookie)
    shared.service.now += 1
    assert HTTPStatus.UNAUTHORIZED == await asks(shared, cookie)


async def test_no_cookie_is_in_the_store_and_no_key_of_it_opens(shared: Served) -> None:
    name, _, token = (await cookie_of(shared)).partition("=")
    (entry,) = [entry for entry in shared.adapter_data.kept.values() if entry.key.startswith("session/")]
    assert token not in entry.key + entry.value
    for forged in (entry.key, entry.key.partition("/")[2], f"{token}x", token[:-1], ""):
        assert HTTPStatus.UNAUTHORIZED == await asks(shared, f"{name}={forged}")


async def test_the_oldest_of_too_many_sessions_ends(shared: Served) -> None:
    cookies = [await cookie_of(shared) for _ in range(202)]
    assert 200 == len([key for key in shared.adapter_data.kept if key.startswith("session/")])
    assert HTTPStatus.UNAUTHORIZED == await asks(shared, cookies[1])
    assert HTTPStatus.OK == await asks(shared, cookies[2])


async def test_a_store_that_does_not_answer_is_no_sign_out() -> None:
    class Broken(FakeVault):
        async def get(self, key: str) -> str | None:
            raise StoreError(f"no {key}")

    settings = Settings(playground=Switch.ON, playground_password=SecretStr(PASSWORD))
    async with serve(settings, adapter_data=Broken()) as served:
        assert HTTPStatus.SERVICE_UNAVAILABLE == await asks(served, await cookie_of(served))


OVER_TLS = {"Origin": "https://bot.example.org", "Host": "bot.example.org", "X-Forwarded-Proto": "https"}


async def test_a_login_over_tls_gives_a_cookie_for_tls_and_this_host_alone(shared: Served) -> None:
    async with shared.client(headers=OVER_TLS) as client:
        cookie = (await sign_in(client)).headers["set-cookie"]
    assert cookie.startswith("__Host-reverie_session=")
    assert {"secure", "httponly", "samesite=strict", "path=/"} <= set(cookie.lower().split("; "))
    assert "domain" not in cookie.lower()
    assert HTTPStatus.OK == await asks(shared, cookie.partition(";")[0])


async def test_twelve_wrong_passwords_leave_the_login_open_for_others(shared: Served) -> None:
    """Of one address behind the proxy; the others are not even slowed down."""
    attacker, grace = ({"X-Forwarded-For": address} for address in ("203.0.113.9", "198.51.100.7"))
    async with shared.client(headers=attacker) as client:
        tries = [asyncio.create_task(sign_in(client, "guess")) for _ in range(12)]
        done, _ = await asyncio.wait(tries, timeout=PATIENCE_S, return_when=asyncio.FIRST_COMPLETED)
        assert done
        async with shared.client(headers=grace) as other:
            assert (await sign_in(other)).is_success
        answers = [answer.status_code for answer in await asyncio.gather(*tries)]
    assert {HTTPStatus.FORBIDDEN, HTTPStatus.TOO_MANY_REQUESTS} == set(answers)


async def test_a_failed_login_is_logged_without_what_was_typed(shared: Served) -> None:
    with capture_logs() as logged:
        async with shared.client(headers={"X-Forwarded-For": "203.0.113.9"}) as client:
            await sign_in(client, "a guess of mine")
    assert ["203.0.113.9"] == [entry["address"] for entry in logged if entry["event"] == "login_failed"]
    assert "a guess of mine" not in str(logged)


async def test_a_short_password_of_an_older_installation_opens_and_is_warned_of() -> None:
    with capture_logs() as logged:
        async with (
            serve(Settings(playground_password=SecretStr("short"))) as served,
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
    """A file's line break is in neither, and what somebody copied with its quotes opens too."""
    async with shared.client() as client:
        for typed in (f"{PASSWORD}\n", f" {PASSWORD}", f'"{PASSWORD}"'):
            assert (await sign_in(client, typed)).is_success
        assert HTTPStatus.FORBIDDEN == (await sign_in(client, PASSWORD.replace(" ", ""))).status_code
