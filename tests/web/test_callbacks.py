"""`/callbacks/{token}`: whoever may call changes nothing by what they say."""

from pathlib import Path
from urllib.parse import urlsplit

import pytest

from bot.domain.errors import OutcomeUnknown
from bot.domain.jobs.job import State
from bot.providers.base import GenerationState
from bot.store.queue.claim import Claim
from bot.worker.reconciliation import callback_url
from tests.engine.fakes import lost
from tests.engine.harness import Engine, open_engine

DAY = 86_400_000


async def asked(engine: Engine) -> str:
    """Have one generation running; answers the path of its callback."""
    engine.provider.born = GenerationState.DREAMING
    await engine.comes_to(await engine.ask(), State.SUBMITTED)
    return urlsplit(str(engine.provider.creates[0][2])).path


def told(generation: str, state: object = "completed") -> dict[str, object]:
    """What a callback says."""
    return {"id": generation, "state": state}


async def test_a_token_that_is_not_ours_is_not_found(tmp_path: Path) -> None:
    async with open_engine(tmp_path, simulator_speed=0.001) as bot, bot.http() as http:
        path = await asked(bot)
        (generation,) = bot.provider.generations
        expires_at = bot.clock.wall() + DAY
        signed = bot.services.signer.sign("media", "0" * 64, expires_at=expires_at)
        for token in (f"/callbacks/{signed}", "/callbacks/x", f"{path}x", path.upper(), "/callbacks/a.b.c"):
            assert 404 == (await http.post(token, json=told(generation))).status_code, token
        await bot.looks()
        assert 0 == bot.provider.reads


async def test_a_token_ends_with_the_time_in_which_its_generation_may_run(tmp_path: Path) -> None:
    async with open_engine(tmp_path, start=("submit",)) as bot, bot.http() as http:
        path = await asked(bot)
        (generation,) = bot.provider.generations
        bot.clock.wall_ahead += 1_799_000
        assert 200 == (await http.post(path, json=told(generation))).status_code
        bot.clock.wall_ahead += 2_000
        assert 404 == (await http.post(path, json=told(generation))).status_code


@pytest.mark.parametrize(
    "body",
    [
        b"",
        b"{",
        b"[]",
        b"null",
        b"{}",
        b'{"id": null}',
        b'{"id": 7}',
        b'{"id": "../generations"}',
        b'{"id": "not-a-uuid"}',
        b'{"id": {"a": 1}}',
        b'{"id": null, "state": "completed"}',
        b"\xff\xfe",
    ],
)
async def test_a_body_that_names_no_generation_is_taken_and_has_no_effect(
    tmp_path: Path, body: bytes
) -> None:
    async with open_engine(tmp_path, simulator_speed=0.001) as bot, bot.http() as http:
        path = await asked(bot)
        assert 200 == (await http.post(path, content=body)).status_code
        await bot.looks()
        assert 0 == bot.provider.reads


async def test_a_huge_body_is_not_read_to_its_end(tmp_path: Path) -> None:
    async with open_engine(tmp_path, simulator_speed=0.001) as bot, bot.http() as http:
        path = await asked(bot)
        (generation,) = bot.provider.generations
        answer = await http.post(path, json={**told(generation), "padding": "x" * 200_000})
        assert 200 == answer.status_code
        await bot.looks()
        assert 0 == bot.provider.reads


async def test_a_callback_of_an_unknown_job_has_no_effect(tmp_path: Path) -> None:
    async with open_engine(tmp_path, simulator_speed=0.001) as bot, bot.http() as http:
        await asked(bot)
        claim = Claim(job="0" * 24, attempt=1)
        expires_at = bot.clock.wall() + DAY
        url = callback_url(bot.services.signer, "http://bot.invalid", claim, expires_at=expires_at)
        path = urlsplit(str(url)).path
        (generation,) = bot.provider.generations
        assert 200 == (await http.post(path, json=told(generation))).status_code
        await bot.looks()
        assert 0 == bot.provider.reads
        assert {} == await bot.orphans()


async def test_a_callback_may_be_repeated(tmp_path: Path) -> None:
    async with open_engine(tmp_path, simulator_speed=0.001) as bot, bot.http() as http:
        read: list[str] = []
        bot.provider.get_error = read.append
        path = await asked(bot)
        (generation,) = bot.provider.generations
        bot.provider.end(generation, GenerationState.COMPLETED)
        assert 200 == (await http.post(path, json=told(generation.upper()))).status_code
        await bot.until(lambda: bot.rows("SELECT 1 FROM job WHERE state = 'completed'"))
        for _ in range(5):
            assert 200 == (await http.post(path, json=told(generation.upper()))).status_code
        # They are looked at in order, so that the end of another one tells that all were.
        other = await bot.ask("/imagine another fox")
        job = await bot.comes_to(other, State.SUBMITTED)
        bot.provider.end(str(job.remote_id), GenerationState.COMPLETED)
        await http.post(urlsplit(str(bot.provider.creates[1][2])).path, json=told(str(job.remote_id)))
        await bot.ends(other)
        assert 1 == read.count(generation)
        assert [{"jobs": 2}] == await bot.rows(
            "SELECT count(*) AS jobs FROM job_event WHERE after = 'completed'"
        )


@pytest.mark.parametrize("state", ["queued", "dreaming", "upscaling", None, 7, ["completed"], {}])
async def test_what_says_nothing_of_an_end_asks_the_provider_nothing(tmp_path: Path, state: object) -> None:
    async with open_engine(tmp_path, simulator_speed=0.001) as bot, bot.http() as http:
        path = await asked(bot)
        (generation,) = bot.provider.generations
        for _ in range(3):
            assert 200 == (await http.post(path, json=told(generation, state))).status_code
        bot.provider.end(generation, GenerationState.COMPLETED)
        await http.post(path, json=told(generation))
        await bot.until(lambda: bot.rows("SELECT 1 FROM job WHERE state = 'completed'"))
        assert 1 == bot.provider.reads


async def test_a_callback_that_only_says_dreaming_adopts_a_lost_create(tmp_path: Path) -> None:
    async with open_engine(tmp_path, simulator_speed=0.001) as bot, bot.http() as http:
        bot.provider.list_error = OutcomeUnknown("503")
        bot.provider.born = GenerationState.DREAMING
        bot.provider.steps.append(lost())
        card = await bot.ask()
        await bot.comes_to(card, State.UNKNOWN)
        (generation,) = bot.provider.generations
        path = urlsplit(str(bot.provider.creates[0][2])).path
        await http.post(path, json=told(generation, "dreaming"))
        assert generation == (await bot.comes_to(card, State.SUBMITTED)).remote_id


async def test_callbacks_are_posted(tmp_path: Path) -> None:
    async with open_engine(tmp_path, start=("submit",)) as bot, bot.http() as http:
        assert 405 == (await http.get(await asked(bot))).status_code
