"""Results that are too large: the channel's limit, and what is uploaded instead."""

from collections.abc import AsyncIterator
from dataclasses import replace
from pathlib import Path

import pytest

from adapters.discord.rest.channel_lookups import DEFAULT_UPLOAD_LIMIT
from bot.domain.cards.card import JobPhase
from bot.domain.errors import Delayed, FileLost, MediaLost, MediaRefused
from bot.domain.generations.media import Media
from tests.platforms.fake_discord import FakeDiscord
from tests.platforms.with_discord.cards import VIDEO, job_view
from tests.platforms.with_discord.delivery.delivery_env import DeliveryEnv, open_delivery_env

_MIB = 2**20


@pytest.fixture
async def env(tmp_path: Path, fake: FakeDiscord) -> AsyncIterator[DeliveryEnv]:
    async with open_delivery_env(tmp_path, fake) as opened:
        yield opened


def _film(env: DeliveryEnv, mib: int) -> Media:
    """A video of so many MiB in the library."""
    file = f"{mib:064x}"
    with env.library.path(file).open("wb") as stream:
        stream.truncate(mib * _MIB)
    env.library.path(f"{file}.still").write_bytes(b"poster")
    return replace(VIDEO, file=file, size=mib * _MIB)


async def test_a_video_is_an_attachment_outside_of_the_embed(env: DeliveryEnv) -> None:
    await env.publisher.show(env.view(job_view(media=VIDEO)), env.place())
    [message] = env.cards()
    [video] = message.attachments
    assert "video/mp4" == video.content_type
    assert {} == message.embedded


async def test_a_message_is_asked_for_its_files_unless_its_last_edit_has_left_none(env: DeliveryEnv) -> None:
    running, done = env.view(job_view(phase=JobPhase.RUNNING)), env.view(job_view(media=VIDEO))
    place = env.place()
    place = replace(place, message=await env.publisher.show(running, place))
    asked = []
    for view in (running, done, done):
        await env.publisher.show(view, place)
        asked.append(len(env.fake.requests("GET */messages/*")))
    assert [0, 0, 1] == asked
    [message] = env.cards()
    assert ["video/mp4"] == [one.content_type for one in message.attachments]


async def test_files_that_may_have_arrived_are_asked_for(env: DeliveryEnv) -> None:
    running, done = env.view(job_view(phase=JobPhase.RUNNING)), env.view(job_view(media=VIDEO))
    place = env.place()
    place = replace(place, message=await env.publisher.show(running, place))
    await env.publisher.show(running, place)
    env.fake.fault("PATCH */messages/*", status=500)
    with pytest.raises(Delayed):
        await env.publisher.show(done, place)
    await env.publisher.show(done, place)
    assert 1 == len(env.fake.requests("GET */messages/*"))


async def test_a_video_of_30_mb_is_uploaded_smaller_where_10_are_allowed(env: DeliveryEnv) -> None:
    film = _film(env, 30)
    await env.publisher.show(env.view(job_view(media=film)), env.place())
    [message] = env.cards()
    assert [(film.file, DEFAULT_UPLOAD_LIMIT)] == env.library.made
    assert [b"s" * 20] == [one.content for one in message.attachments]
    link = f"[Full size](https://bot.example.org/media/{film.file}/view)"
    assert link == message.embeds[0]["fields"][-1]["value"]


async def test_a_boosted_guild_takes_the_full_file(tmp_path: Path, fake: FakeDiscord) -> None:
    async with open_delivery_env(tmp_path, fake, tier=2) as env:
        await env.publisher.show(env.view(job_view(media=_film(env, 30))), env.place())
        assert 30 * _MIB == len(env.cards()[0].attachments[0].content)
        assert [] == env.library.made


async def test_direct_messages_have_the_default_limit(tmp_path: Path, fake: FakeDiscord) -> None:
    async with open_delivery_env(tmp_path, fake, tier=2) as env:
        await env.publisher.show(env.view(job_view(media=_film(env, 30))), env.direct())
        assert [b"s" * 20] == [one.content for one in env.sent_directly()[0].attachments]


async def test_a_card_moved_to_direct_messages_has_their_limit(tmp_path: Path, fake: FakeDiscord) -> None:
    async with open_delivery_env(tmp_path, fake, tier=2) as env:
        view = env.view(job_view(media=_film(env, 30)), private=True)
        await env.publisher.show(view, env.place(private=True))
        assert [b"s" * 20] == [one.content for one in env.sent_directly()[0].attachments]
        assert [] == [one for one in env.fake.requests("POST *") if one.code == 40005]


async def test_the_interactions_limit_counts_while_its_token_is_valid(env: DeliveryEnv) -> None:
    """Nitro users may upload more, and so may the responses to them."""
    env.ada.user.file_limit = 50 * _MIB
    running = env.view(job_view(phase=JobPhase.RUNNING))
    _, place = await env.answered(running, limit=50 * _MIB)
    await env.publisher.show(env.view(job_view(media=_film(env, 30))), place)
    assert 30 * _MIB == len(env.cards()[0].attachments[0].content)


async def test_a_lower_limit_than_announced_gets_a_smaller_file(tmp_path: Path, fake: FakeDiscord) -> None:
    """A guild may lose its boosts between the lookup and the upload."""
    async with open_delivery_env(tmp_path, fake, tier=2) as env:
        film = _film(env, 30)
        await env.publisher.show(env.view(), env.place())
        env.guild.tier = 0
        await env.publisher.show(env.view(job_view(media=film), number=700), env.place())
        assert [b"s" * 20] == [one.content for one in env.cards()[1].attachments]


async def test_where_even_the_smaller_file_is_refused_a_link_is_left(env: DeliveryEnv) -> None:
    env.fake.fault(f"POST /channels/{env.channel.id}/messages", status=413, code=40005)
    await env.publisher.show(env.view(), env.place())
    [message] = env.cards()
    assert [] == message.attachments
    assert "[Full size]" in message.embeds[0]["fields"][-1]["value"]


async def test_a_result_that_cannot_be_shown_names_the_operators_remedy(
    tmp_path: Path, fake: FakeDiscord
) -> None:
    async with open_delivery_env(tmp_path, fake, public=False) as env:
        env.library.error = MediaRefused()
        await env.publisher.show(env.view(job_view(media=_film(env, 30))), env.place())
        [message] = env.cards()
        assert [b"poster"] == [one.content for one in message.attachments]
        assert "REVERIE_PUBLIC_URL" in message.embeds[0]["description"]


async def test_a_card_waits_while_its_smaller_file_is_made(env: DeliveryEnv) -> None:
    env.library.gate.clear()
    view = env.view(job_view(media=_film(env, 30)))
    with pytest.raises(Delayed):
        await env.publisher.show(view, env.place())
    assert [] == env.cards()
    env.library.gate.set()
    await env.publisher.show(view, env.place())
    assert 1 == len(env.cards()[0].attachments)
    assert 1 == len(env.library.made)


async def test_a_file_that_is_no_longer_stored_is_named(env: DeliveryEnv) -> None:
    """The core then shows the card without it."""
    env.library.path(VIDEO.file).unlink()
    with pytest.raises(FileLost) as lost:
        await env.publisher.show(env.view(job_view(media=VIDEO)), env.place())
    assert VIDEO.file == lost.value.file
    assert [] == env.cards()
    env.library.error = MediaLost()
    with pytest.raises(FileLost):
        await env.publisher.show(env.view(job_view(media=_film(env, 30))), env.place())
