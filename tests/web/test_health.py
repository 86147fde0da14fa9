"""`/healthz` is for everybody, the reasons in `/readyz` are for this machine or for who holds the token."""

import asyncio
from pathlib import Path

import httpx
import pytest
from pydantic import SecretStr
from starlette.applications import Starlette

from bot.domain.errors import AccountProblem, GenerationNotFound, NotSent, ProviderError
from bot.domain.jobs.job import State
from bot.providers.base import GenerationState
from bot.service.operator.conditions import WriteCheck
from bot.service.plugin import Adapter
from bot.settings import Role
from bot.store.operator.accounts import stop_account
from bot.supervision import Supervised
from bot.timing import Timing
from bot.web.health import health_routes, readiness
from tests.engine.fakes import FakeChat, FakeProvider
from tests.engine.harness import Engine, open_engine
from tests.patience import PATIENCE_S, until
from tests.web.running_app import answers

TOKEN = "a token for the gauges"


async def stop_the_account(engine: Engine) -> None:
    now = engine.clock.wall()
    await engine.services.database.transact(stop_account, "one", reason="insufficient credits", now=now)


async def test_a_process_that_answers_is_alive(tmp_path: Path) -> None:
    async with open_engine(tmp_path, start=None) as bot, bot.http("203.0.113.7") as http:
        await stop_the_account(bot)
        assert 200 == (await http.get("/healthz")).status_code


async def test_what_works_is_ready(tmp_path: Path) -> None:
    async with open_engine(tmp_path, start=None) as bot, bot.http() as http:
        await answers(bot)
        answer = await http.get("/readyz")
        assert 200 == answer.status_code
        assert {"ready": True, "degraded": False, "reasons": [], "remarks": []} == answer.json()


async def test_a_bot_whose_provider_has_never_answered_is_not_ready(tmp_path: Path) -> None:
    async with open_engine(tmp_path, start=None) as bot, bot.http() as http:
        assert 503 == (await http.get("/readyz")).status_code
        for error, words in (
            (NotSent("No connection to the generation API (ConnectError)"), "(ConnectError)"),
            (AccountProblem("Invalid API key is provided"), "Invalid API key is provided"),
        ):
            bot.provider.check_error = error
            with pytest.raises(ProviderError):
                await answers(bot)
            answer = await http.get("/readyz")
            assert 503 == answer.status_code
            assert words in answer.json()["reasons"][0]
            assert "base URL" in answer.json()["reasons"][0]


async def test_a_later_outage_of_the_provider_leaves_it_ready_and_is_told(tmp_path: Path) -> None:
    async with open_engine(tmp_path, start=None) as bot, bot.http() as http:
        await answers(bot)
        bot.provider.get_error = lambda _: NotSent("No connection to the generation API (ConnectTimeout)")
        for _ in range(2):
            with pytest.raises(NotSent):
                await bot.services.providers["one"].get("any")
            bot.advance(30_000)
        answer = await http.get("/readyz")
        assert (200, True, True) == (
            answer.status_code,
            answer.json()["ready"],
            answer.json()["degraded"],
        )
        (reason,) = answer.json()["reasons"]
        assert "has had no response for 60 s" in reason
        assert "(ConnectTimeout)" in reason
        assert 'reverie_provider_up{account="one"} 0.0' in (await http.get("/metrics")).text
        await answers(bot)
        assert [] == (await http.get("/readyz")).json()["reasons"]
        assert 'reverie_provider_up{account="one"} 1.0' in (await http.get("/metrics")).text


async def test_an_answer_about_one_request_shows_that_the_provider_works(tmp_path: Path) -> None:
    async with open_engine(tmp_path, start=None) as bot, bot.http() as http:
        with pytest.raises(GenerationNotFound):
            await bot.services.providers["one"].get("any")
        assert 200 == (await http.get("/readyz")).status_code


async def test_a_stopped_account_is_a_reason_with_a_remedy(tmp_path: Path) -> None:
    async with open_engine(tmp_path, start=None) as bot, bot.http() as http:
        await answers(bot)
        await stop_the_account(bot)
        answer = await http.get("/readyz")
        assert (200, True) == (answer.status_code, answer.json()["degraded"])
        (reason,) = answer.json()["reasons"]
        assert "insufficient credits" in reason
        assert "Fix its key or add credit" in reason


async def test_rounds_that_keep_failing_are_told_until_one_goes_well(tmp_path: Path) -> None:
    async def fails() -> None:
        raise KeyError("a detail")

    async def works() -> None:
        """Nothing goes wrong."""

    async with open_engine(tmp_path, start=None) as bot, bot.http() as http:
        await answers(bot)
        for round_ in range(4):
            await bot.services.guarded("watch", fails)
            await bot.services.guarded("deliver", works)
            assert (round_ >= 2) == (await http.get("/readyz")).json()["degraded"]
        answer = await http.get("/readyz")
        assert (200, True) == (answer.status_code, answer.json()["ready"])
        (reason,) = answer.json()["reasons"]
        assert "'watch' has failed 4 times in a row (KeyError)" in reason
        assert "a detail" not in reason
        await bot.services.guarded("watch", works)
        assert not (await http.get("/readyz")).json()["degraded"]


async def test_a_loop_that_keeps_ending_is_told(tmp_path: Path) -> None:
    async def fails() -> None:
        raise KeyError("a detail")

    async with open_engine(tmp_path, start=None) as bot:
        await answers(bot)
        stopping = asyncio.Event()
        loop = Supervised("deliver", fails, times=Timing(restart=1), stopping=stopping)
        receiver = Supervised("receiver chat", fails, times=Timing(restart=1), stopping=stopping)
        async with asyncio.timeout(PATIENCE_S), asyncio.TaskGroup() as tasks:
            for one in (loop, receiver):
                tasks.create_task(one.run())
            await until(lambda: loop.fault is not None and receiver.fault is not None)
            found = await readiness(
                bot.services, [], WriteCheck(bot.services), {"deliver": loop, "receiver chat": receiver}
            )
            stopping.set()
    assert () == found.not_ready
    (reason,) = found.degraded
    assert "'deliver' is not running: it failed (KeyError) and is being restarted" in reason


async def test_a_gateway_is_ready_when_some_worker_has_an_account_that_takes_jobs(tmp_path: Path) -> None:
    async with open_engine(tmp_path, start=None):
        pass  # a worker makes its account known
    async with open_engine(tmp_path, start=None, role=Role.GATEWAY) as bot, bot.http() as http:
        assert 200 == (await http.get("/readyz")).status_code
        await stop_the_account(bot)
        answer = await http.get("/readyz")
        assert 503 == answer.status_code
        assert "start a worker" in answer.json()["reasons"][0]


async def test_metrics_are_for_this_machine_or_for_who_holds_the_token(tmp_path: Path) -> None:
    async with open_engine(tmp_path, start=("submit",), metrics_token=SecretStr(TOKEN)) as bot:
        bot.provider.born = GenerationState.DREAMING
        await bot.comes_to(await bot.ask(), State.SUBMITTED)
        async with bot.http("203.0.113.7") as http:
            assert 403 == (await http.get("/metrics")).status_code
            answer = await http.get("/metrics", headers={"authorization": f"Bearer {TOKEN}"})
        assert "text/plain" in answer.headers["content-type"]
        for line in (
            "reverie_ready 1.0",
            'reverie_account_jobs_in_flight{account="one",provider="simulator",workspace=""} 1.0',
            'reverie_jobs{state="submitted"} 1.0',
            "reverie_orphan_generations 0.0",
        ):
            assert line in answer.text.splitlines()


@pytest.mark.parametrize("client", ["127.0.0.1", "::1"])
async def test_this_machine_hears_the_reasons(tmp_path: Path, client: str) -> None:
    async with open_engine(tmp_path, start=None) as bot, bot.http(client) as http:
        await stop_the_account(bot)
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
        ("127.0.0.1", {"x-real-ip": "203.0.113.7"}),
        ("127.0.0.1", {"x-forwarded-host": "bot.example.org"}),
        ("127.0.0.1", {"cf-connecting-ip": "203.0.113.7"}),
        ("127.0.0.1", {"true-client-ip": "203.0.113.7"}),
    ],
)
async def test_others_hear_only_whether_it_is_ready(
    tmp_path: Path, client: str, headers: dict[str, str]
) -> None:
    async with open_engine(tmp_path, start=None, metrics_token=SecretStr(TOKEN)) as bot:
        await stop_the_account(bot)
        async with bot.http(client) as http:
            answer = await http.get("/readyz", headers=headers)
        assert 503 == answer.status_code
        assert {"ready": False} == answer.json()


async def test_without_a_token_none_opens_anything(tmp_path: Path) -> None:
    async with open_engine(tmp_path, start=None) as bot, bot.http("203.0.113.7") as http:
        await answers(bot)
        for given in ("", "Bearer", "Bearer ", "Bearer None"):
            assert {"ready": True} == (await http.get("/readyz", headers={"authorization": given})).json()


async def test_who_holds_the_token_hears_the_reasons_from_anywhere(tmp_path: Path) -> None:
    async with open_engine(tmp_path, start=None, metrics_token=SecretStr(TOKEN)) as bot:
        await stop_the_account(bot)
        async with bot.http("203.0.113.7") as http:
            answer = await http.get("/readyz", headers={"authorization": f"Bearer {TOKEN}"})
        assert "insufficient credits" in answer.json()["reasons"][-1]


async def test_a_chat_that_is_not_connected_is_a_reason(tmp_path: Path) -> None:
    async with open_engine(tmp_path, start=None) as bot:
        await answers(bot)
        adapter = Adapter(name="chat", publisher=FakeChat(), not_ready_reason=lambda: "the token was refused")
        app = Starlette(routes=health_routes(bot.services, [adapter]))
        transport = httpx.ASGITransport(app=app, client=("127.0.0.1", 1))
        async with httpx.AsyncClient(transport=transport, base_url="http://127.0.0.1") as http:
            answer = await http.get("/readyz")
        assert 503 == answer.status_code
        assert ["chat: the token was refused"] == answer.json()["reasons"]


async def test_a_key_that_is_gone_while_its_jobs_run_is_a_reason(tmp_path: Path) -> None:
    async with open_engine(tmp_path, start=("submit",)) as bot:
        card = await bot.ask()
        await bot.until(lambda: bot.provider.creates)
        await bot.until(lambda: bot.rows("SELECT 1 FROM job WHERE state = 'submitted'"))
        provider = FakeProvider(bot.clock, account="two")
    async with open_engine(tmp_path, start=None, providers=[provider]) as bot, bot.http() as http:
        await bot.services.providers["two"].check()
        answer = await http.get("/readyz")
        assert (200, True) == (answer.status_code, answer.json()["degraded"])
        assert "1 jobs in flight, but no key. Add the key" in answer.json()["reasons"][0]
        assert (await bot.job(card)).account == "one"


async def test_who_stops_is_not_ready(tmp_path: Path) -> None:
    async with open_engine(tmp_path, start=None) as bot, bot.http() as http:
        bot.services.stopping.set()
        assert "stopping" in (await http.get("/readyz")).text


@pytest.mark.parametrize("host", ["rebound.example", "127.0.0.1.rebound.example", ""])
async def test_a_site_whose_name_is_pointed_at_this_machine_learns_nothing(tmp_path: Path, host: str) -> None:
    async with open_engine(tmp_path, start=None) as bot, bot.http() as http:
        await stop_the_account(bot)
        assert "reasons" in (await http.get("/readyz")).json()
        assert "reasons" not in (await http.get("/readyz", headers={"Host": host})).json()
        assert 403 == (await http.get("/metrics", headers={"Host": host})).status_code
