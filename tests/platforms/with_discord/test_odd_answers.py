"""Answers of Discord that are not as documented: each is an error of its own request, and ends nothing."""

import contextlib
from pathlib import Path
from typing import Any

import pytest
from discord.http import Route
from pydantic import SecretStr

from adapters.discord.delivery.attachments import LIMIT
from adapters.discord.gateway.command_sync import register
from adapters.discord.rest.attachment_urls import DiscordFiles
from adapters.discord.rest.channel_lookups import Places
from adapters.discord.rest.client import NOT_ACCEPTED, Rest
from adapters.discord.rest.permissions import look_up
from bot.domain.errors import Delayed, MediaUnavailable
from tests.platforms.fake_discord import FakeDiscord, Fault
from tests.platforms.with_discord.cards import job_view
from tests.platforms.with_discord.house import House, open_house
from tests.platforms.with_discord.one_bot import found, started, until
from tests.platforms.with_discord.studio_house import open_studio

#: what a proxy, an outage or another version may answer with 200
ODD = ("<html>Sign in</html>", "null", "[]", "{}", '"ok"', "[7]", '{"id": null}', '[{"id": {}}]', "{")
OLD = "https://cdn.discordapp.com/attachments/1/2/a.png?ex=1"


def odd(fake: FakeDiscord, pattern: str, *, times: int | None = 1) -> list[Fault]:
    """Plan every odd answer for the calls of one kind, one after the other."""
    return [
        fake.fault(pattern, status=200, raw=raw, times=times, content_type=_type_of(raw))
        for raw in ODD
        # A bot that has no commands yet is told so.
        if raw != "[]" or not pattern.endswith("/commands")
    ]


def _type_of(raw: str) -> str:
    return "text/html" if raw.startswith("<") else "application/json"


@pytest.mark.parametrize(
    "pattern",
    ["GET /applications/@me", "GET /applications/*/commands", "GET /gateway/bot", "GET /users/@me"],
)
async def test_it_listens_at_last_whatever_was_answered_before(
    fake: FakeDiscord, tmp_path: Path, pattern: str
) -> None:
    planned = odd(fake, pattern)
    async with started(fake, tmp_path, again_max=0.05) as bot:
        await until(lambda: not bot.obstacle)
    assert [] == [fault.raw for fault in planned if not fault.spent]


async def test_what_is_answered_instead_is_named_until_it_is_mended(
    fake: FakeDiscord, tmp_path: Path
) -> None:
    fault = fake.fault(
        "GET /applications/@me", status=200, raw="<html/>", content_type="text/html", times=None
    )
    async with started(fake, tmp_path) as bot:
        await until(lambda: "commands are not registered yet" in bot.obstacle)
        assert "text/html instead of JSON" in bot.obstacle
        fault.times = fault.happened
        await until(lambda: not bot.obstacle)


@pytest.mark.parametrize("token", ["a\nb", "t\u00f6ken", "a\u200bb"])
async def test_a_token_that_no_header_can_hold_is_named_and_harms_nothing_else(
    fake: FakeDiscord, tmp_path: Path, token: str
) -> None:
    async with started(fake, tmp_path, token=token) as bot:
        await until(lambda: bot.obstacle == NOT_ACCEPTED)
    assert [] == fake.requests()


async def myself(house: House) -> str:
    rest = Rest(SecretStr(house.fake.token), connector=house.fake.connector)
    try:
        return await rest.me()
    finally:
        await rest.close()


async def asks(house: House) -> dict[str, Any]:
    """Every question of the outlet and the inlet whose answer is read, with the calls that it makes."""
    guild, channel = str(house.guild.id), str(house.channel.id)
    files = DiscordFiles(house.rest, house.fake.clock.now_ms)
    clock, user = house.fake.clock.now_ms, str(house.ada.user.id)
    return {
        "GET /channels/*": lambda: look_up(house.rest, guild, channel),
        "GET /guilds/*/members/*": lambda: look_up(house.rest, guild, channel),
        "GET /guilds/*": lambda: look_up(house.rest, guild, channel),
        "POST /users/@me/channels": lambda: Places(house.rest, clock).direct(user),
        "GET /users/@me": lambda: myself(house),
        "POST /attachments/refresh-urls": lambda: files.resolve(OLD, house.place()),
        "PUT /applications/*": lambda: register(house.rest, str(house.fake.world.application_id)),
    }


async def test_a_question_that_is_answered_oddly_is_to_be_asked_again(tmp_path: Path) -> None:
    async with open_house(tmp_path) as house:
        for pattern, ask in (await asks(house)).items():
            for fault in odd(house.fake, pattern):
                with contextlib.suppress(Delayed, MediaUnavailable):
                    await ask()
                assert fault.spent or fault.raw in ("[]", "{}")
            house.fake.service.faults.clear()
        # What boosts allow is no reason to keep a result back.
        for fault in odd(house.fake, "GET /guilds/*"):
            assert LIMIT == await Places(house.rest, house.fake.clock.now_ms).limit(str(house.guild.id))
            assert fault.spent


async def test_a_card_is_shown_once_whatever_was_answered_before(tmp_path: Path) -> None:
    """Discord may have taken the message and have answered something else."""
    async with open_house(tmp_path) as house:
        fake = house.fake
        view = house.view(job_view())
        for done in (False, True):
            planned = [
                fake.fault("POST /channels/*", status=200, raw=raw, content_type=_type_of(raw), done=done)
                for raw in ODD
            ]
            for _ in planned:
                with pytest.raises(Delayed):
                    await house.publisher.show(view, house.place())
            assert all(fault.spent for fault in planned)
        name = await house.publisher.show(view, house.place())
        (card,) = house.cards()
        for raw in ODD:
            fake.fault("GET /channels/*/messages/*", status=200, raw=raw, content_type=_type_of(raw))
            assert name == await house.publisher.show(view, house.place(message=name))
        assert 1 == len(card.attachments)
        for raw in ODD:
            fake.fault("GET /channels/*/messages", status=200, raw=raw, content_type=_type_of(raw))
            with contextlib.suppress(Delayed):
                assert name == (await house.new_outlet().find_message(view.card, house.place()) or name)


async def test_limits_that_are_no_numbers_are_passed_over(tmp_path: Path) -> None:
    async with open_house(tmp_path) as house:
        route = Route("GET", "/guilds/{guild_id}", guild_id=house.guild.id)
        for raw in ODD:
            rest = Rest(SecretStr(house.fake.token), connector=house.fake.connector)
            house.fake.fault("GET /guilds/*", status=429, raw=raw, content_type=_type_of(raw))
            with pytest.raises(Delayed):
                await rest.request(route)
            await rest.close()
        house.fake.fault("GET /guilds/*", status=429, raw='{"retry_after": "soon", "code": [], "global": {}}')
        with pytest.raises(Delayed) as raised:
            await house.rest.request(route)
        assert raised.value.retry_after_ms


async def test_doctor_names_what_is_answered_oddly(fake: FakeDiscord) -> None:
    for pattern in ("GET /users/@me", "GET /applications/@me", "GET /gateway/bot", "GET /users/@me/guilds"):
        for fault in odd(fake, pattern):
            assert [one for one in await found(fake) if not one.ok] or fault.raw == "[]"
            assert fault.spent
        fake.service.faults.clear()


async def test_what_is_accepted_is_shown_once_whatever_discord_answers(
    tmp_path: Path, fake: FakeDiscord
) -> None:
    """Discord has taken each response and edit, or a proxy has, and something odd comes back."""
    async with open_studio(tmp_path, fake, times={"answer_window": 2_000}) as house:
        for raw in ODD:
            for pattern in ("POST /interactions/*", "PATCH /webhooks/*"):
                fake.fault(pattern, status=200, raw=raw, content_type=_type_of(raw), done=True)
        for pattern in ("POST /interactions/*", "PATCH /webhooks/*"):
            fake.fault(pattern, status=200, raw="<html/>", content_type="text/html")
        asked = [house.ada.slash("imagine", prompt=f"fox {number}") for number in range(len(ODD) + 1)]
        for one in asked:
            card = await house.done(one)
            assert "unavailable" not in card.content
        assert len(asked) == len(house.mine())
        assert all(fault.spent for fault in fake.service.faults._planned)
