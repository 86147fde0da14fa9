"""`/healthz` is for everybody, the reasons in `/readyz` are for this machine or for who holds the token."""

from pathlib import Path

import httpx
import pytest
from pydantic import SecretStr
from starlette.applications import Starlette

from bot.engine.adapter import Adapter
from bot.store.accounts import Stop, stop_account
from bot.web.health import health_routes
from tests.engine.fakes import FakeChat, FakeProvider
from tests.engine.house import House, open_house

TOKEN = "a token for the gauges"


async def stop_the_account(house: House) -> None:
    stop = Stop(account="one", now=house.clock.wall(), reason="insufficient credits")
    await house.core.database.write(stop_account, stop)


async def test_a_process_that_answers_is_alive(tmp_path: Path) -> None:
    async with open_house(tmp_path, start=None) as home, home.http("203.0.113.7") as http:
        await stop_the_account(home)
        assert 200 == (await http.get("/healthz")).status_code


async def test_what_works_is_ready(tmp_path: Path) -> None:
    async with open_house(tmp_path, start=None) as home, home.http() as http:
        answer = await http.get("/readyz")
        assert 200 == answer.status_code
        assert {"ready": True, "reasons": [], "remarks": []} == answer.json()


async def test_a_stopped_account_is_a_reason_with_a_remedy(tmp_path: Path) -> None:
    async with open_house(tmp_path, start=None) as home, home.http() as http:
        await stop_the_account(home)
        answer = await http.get("/readyz")
        assert 503 == answer.status_code
        (reason,) = answer.json()["reasons"]
        assert "insufficient credits" in reason
        assert "Mend its key or credit" in reason


@pytest.mark.parametrize("client", ["127.0.0.1", "::1"])
async def test_this_machine_hears_the_reasons(tmp_path: Path, client: str) -> None:
    async with open_house(tmp_path, start=None) as home, home.http(client) as http:
        await stop_the_account(home)
        assert "reasons" in (await http.get("/readyz")).json()


@pytest.mark.parametrize(
    ("client", "headers"),
    [
        ("203.0.113.7", {}),
        ("10.0.0.1", {}),
        ("", {}),
        ("203.0.113.7", {"authorization": "Bearer wrong"}),
        ("203.0.113.7", {"authorization": "Bearer "}),
        ("203.0.113.7", {"x-forwarded-for": "127.0.0.1"}),
        ("127.0.0.1", {"x-forwarded-for": "203.0.113.7"}),
        ("127.0.0.1", {"forwarded": "for=203.0.113.7"}),
        ("127.0.0.1", {"via": "1.1 proxy"}),
    ],
)
async def test_others_hear_only_whether_it_is_ready(
    tmp_path: Path, client: str, headers: dict[str, str]
) -> None:
    async with open_house(tmp_path, start=None, metrics_token=SecretStr(TOKEN)) as home:
        await stop_the_account(home)
        async with home.http(client) as http:
            answer = await http.get("/readyz", headers=headers)
        assert 503 == answer.status_code
        assert {"ready": False} == answer.json()


async def test_without_a_token_none_opens_anything(tmp_path: Path) -> None:
    async with open_house(tmp_path, start=None) as home, home.http("203.0.113.7") as http:
        for given in ("", "Bearer", "Bearer ", "Bearer None"):
            assert {"ready": True} == (await http.get("/readyz", headers={"authorization": given})).json()


async def test_who_holds_the_token_hears_the_reasons_from_anywhere(tmp_path: Path) -> None:
    async with open_house(tmp_path, start=None, metrics_token=SecretStr(TOKEN)) as home:
        await stop_the_account(home)
        async with home.http("203.0.113.7") as http:
            answer = await http.get("/readyz", headers={"authorization": f"Bearer {TOKEN}"})
        assert "insufficient credits" in answer.json()["reasons"][0]


async def test_a_chat_that_is_not_connected_is_a_reason(tmp_path: Path) -> None:
    async with open_house(tmp_path, start=None) as home:
        adapter = Adapter(name="chat", outlet=FakeChat(), obstacle=lambda: "the token was refused")
        app = Starlette(routes=health_routes(home.core, [adapter]))
        transport = httpx.ASGITransport(app=app, client=("127.0.0.1", 1))
        async with httpx.AsyncClient(transport=transport, base_url="http://house.test") as http:
            answer = await http.get("/readyz")
        assert 503 == answer.status_code
        assert ["chat: the token was refused"] == answer.json()["reasons"]


async def test_a_key_that_is_gone_while_its_jobs_run_is_a_reason(tmp_path: Path) -> None:
    async with open_house(tmp_path, start=("submit",)) as home:
        card = await home.ask()
        await home.until(lambda: home.provider.creates)
        await home.until(lambda: home.rows("SELECT 1 FROM job WHERE state = 'submitted'"))
        provider = FakeProvider(home.clock, account="two")
    async with open_house(tmp_path, start=None, providers=[provider]) as home, home.http() as http:
        answer = await http.get("/readyz")
        assert 503 == answer.status_code
        assert "1 jobs in flight, but no key. Put it back" in answer.json()["reasons"][0]
        assert (await home.job(card)).account == "one"


async def test_who_stops_is_not_ready(tmp_path: Path) -> None:
    async with open_house(tmp_path, start=None) as home, home.http() as http:
        home.core.stopping.set()
        assert "stopping" in (await http.get("/readyz")).text
