"""Autocomplete of options."""

from dataclasses import replace
from pathlib import Path
from typing import Any

from bot.domain.errors import StoreError
from bot.domain.ids import short_id
from bot.service.plugin import AdapterContext
from bot.store.queue.queue_stats import QueueStats
from tests.platforms.fake_discord import FakeDiscord
from tests.platforms.with_discord.bot_env import BotEnv, open_bot_env
from tests.platforms.with_discord.readers import job_of, private


class _Away:
    """A service whose store is unavailable."""

    async def queue_stats(self) -> QueueStats:
        return QueueStats(running=0, waiting=0)

    async def autocomplete_option(self, *_: object, **__: object) -> None:
        raise StoreError("the store is away")


def _away(context: AdapterContext) -> AdapterContext:
    return replace(context, service=_Away())  # type: ignore[arg-type]


async def offered(env: BotEnv, command: str, option: str, typed: str) -> list[dict[str, Any]]:
    return await env.ada.autocomplete(command, option, typed).choices()


async def test_own_jobs_are_suggested_by_prompt_and_age(tmp_path: Path, fake: FakeDiscord) -> None:
    async with open_bot_env(tmp_path, fake) as env:
        _, card = await env.imagine("a red fox")
        await env.imagine("<@&1> @everyone \u202e\u200b**hills** " + "at night " * 20)
        (fox,) = await offered(env, "animate", "start_from", "FOX")
        assert {
            "name": f"a red fox · just now · picture · #{short_id(job_of(card))}",
            "value": job_of(card),
        } == fox

        both = await offered(env, "imagine", "image_from", "")
        assert ["<@&1> @everyone **hills**", "a red fox"] == [
            one["name"].partition(" at")[0].partition(" ·")[0] for one in both
        ]
        more = await offered(env, "imagine", "image_from", f"{both[0]['value']} fox")
        assert [f"{both[0]['value']} {fox['value']}"] == [one["value"] for one in more]
        assert [fox["value"]] == [one["value"] for one in await offered(env, "show", "job", "red")]

        # A value that is too long for a choice can still be typed.
        assert [] == await offered(env, "imagine", "image_from", f"https://a.example/{'x' * 70} fox")
        # Other people's jobs are not suggested.
        bob = fake.member(env.guild, "bob")
        assert [] == await bob.autocomplete("animate", "start_from", "fox").choices()
        # A picture cannot be extended.
        assert [] == await offered(env, "extend", "job", "fox")


async def test_camera_concepts_are_suggested(tmp_path: Path, fake: FakeDiscord) -> None:
    async with open_bot_env(tmp_path, fake) as env:
        concepts = await offered(env, "animate", "concepts", "dolly_zoom, pan_l")
        assert {"name": "dolly_zoom, pan_left", "value": "dolly_zoom, pan_left"} in concepts
        assert 25 == len(await offered(env, "animate", "concepts", ""))
        # The provider's own words are fetched after the start.
        while not (motions := await offered(env, "animate", "camera_motion", "orbit")):
            pass
        assert "camera orbit left" in [one["value"] for one in motions]
        # By words in any case and order, also where a video is extended.
        by_words = await offered(env, "extend", "camera_motion", "LEFT orb")
        assert "camera orbit left" in [one["value"] for one in by_words]


async def test_a_failing_store_suggests_nothing(tmp_path: Path, fake: FakeDiscord) -> None:
    async with open_bot_env(tmp_path, fake, wrap=_away) as env:
        assert [] == await offered(env, "show", "job", "fox")


async def test_models_and_sizes_are_those_of_the_providers_of_the_server(
    tmp_path: Path, fake: FakeDiscord
) -> None:
    async with open_bot_env(tmp_path, fake) as env:
        named = {"name": "photon-1", "value": "photon-1"}
        assert [named, {"name": "photon-flash-1", "value": "photon-flash-1"}] == await offered(
            env, "imagine", "model", ""
        )
        assert ["ray-flash-2"] == [one["value"] for one in await offered(env, "animate", "model", "Flash")]
        ratios = [one["value"] for one in await offered(env, "imagine", "aspect_ratio", "")]
        assert "9:21" in ratios
        assert "3:2" not in ratios
        told = await private(env.ada.slash("imagine", prompt="a fox", model="photon-9"))
        assert "model cannot be 'photon-9'; choose one of photon-1" in told.content
