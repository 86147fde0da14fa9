"""`/callbacks/{token}`: whoever may call changes nothing by what they say."""

from pathlib import Path
from urllib.parse import urlsplit

import pytest

from bot.domain.jobs import State
from bot.engine.markers import callback_url
from bot.providers.base import GenerationState
from bot.store.claiming import Claim
from tests.engine.house import House, open_house

DAY = 86_400_000


async def asked(house: House) -> str:
    """Have one generation running; answers the path of its callback."""
    house.provider.born = GenerationState.DREAMING
    await house.comes_to(await house.ask(), State.SUBMITTED)
    return urlsplit(str(house.provider.creates[0][2])).path


async def test_a_token_that_is_not_ours_is_not_found(tmp_path: Path) -> None:
    async with open_house(tmp_path, simulator_speed=0.001) as home, home.http() as http:
        path = await asked(home)
        (generation,) = home.provider.generations
        expires_at = home.clock.wall() + DAY
        signed = home.core.signer.sign("media", "0" * 64, expires_at=expires_at)
        for token in (f"/callbacks/{signed}", "/callbacks/x", f"{path}x", path.upper(), "/callbacks/a.b.c"):
            assert 404 == (await http.post(token, json={"id": generation})).status_code, token
        await home.looks()
        assert 0 == home.provider.reads


async def test_a_token_ends_with_the_time_in_which_its_generation_may_run(tmp_path: Path) -> None:
    async with open_house(tmp_path, start=("submit",)) as home, home.http() as http:
        path = await asked(home)
        (generation,) = home.provider.generations
        home.clock.wall_ahead += 1_799_000
        assert 200 == (await http.post(path, json={"id": generation})).status_code
        home.clock.wall_ahead += 2_000
        assert 404 == (await http.post(path, json={"id": generation})).status_code


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
        b"\xff\xfe",
    ],
)
async def test_a_body_that_names_no_generation_is_taken_and_has_no_effect(
    tmp_path: Path, body: bytes
) -> None:
    async with open_house(tmp_path, simulator_speed=0.001) as home, home.http() as http:
        path = await asked(home)
        assert 200 == (await http.post(path, content=body)).status_code
        await home.looks()
        assert 0 == home.provider.reads


async def test_a_huge_body_is_not_read_to_its_end(tmp_path: Path) -> None:
    async with open_house(tmp_path, simulator_speed=0.001) as home, home.http() as http:
        path = await asked(home)
        (generation,) = home.provider.generations
        answer = await http.post(path, json={"id": generation, "padding": "x" * 200_000})
        assert 200 == answer.status_code
        await home.looks()
        assert 0 == home.provider.reads


async def test_a_callback_of_an_unknown_job_has_no_effect(tmp_path: Path) -> None:
    async with open_house(tmp_path, simulator_speed=0.001) as home, home.http() as http:
        await asked(home)
        claim = Claim(job="0" * 24, attempt=1)
        url = urlsplit(str(callback_url(home.core, claim, expires_at=home.clock.wall() + DAY))).path
        (generation,) = home.provider.generations
        assert 200 == (await http.post(url, json={"id": generation})).status_code
        await home.looks()
        assert 0 == home.provider.reads
        assert {} == await home.orphans()


async def test_a_callback_may_be_repeated(tmp_path: Path) -> None:
    async with open_house(tmp_path, simulator_speed=0.001) as home, home.http() as http:
        path = await asked(home)
        (generation,) = home.provider.generations
        home.provider.end(generation, GenerationState.COMPLETED)
        for _ in range(5):
            assert 200 == (await http.post(path, json={"id": generation.upper()})).status_code
        await home.until(lambda: home.rows("SELECT 1 FROM job WHERE state = 'completed'"))
        await home.until(lambda: home.provider.reads == 5)
        assert [{"jobs": 1}] == await home.rows(
            "SELECT count(*) AS jobs FROM job_event WHERE after = 'completed'"
        )


async def test_callbacks_are_posted(tmp_path: Path) -> None:
    async with open_house(tmp_path, start=("submit",)) as home, home.http() as http:
        assert 405 == (await http.get(await asked(home))).status_code
