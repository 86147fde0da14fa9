"""Results that are too large: how much the place takes is asked, and what goes up instead is watched."""

from collections.abc import AsyncIterator
from dataclasses import replace
from pathlib import Path

import pytest

from adapters.discord.delivery.attachments import LIMIT
from bot.domain.cards import JobPhase
from bot.domain.errors import Delayed, MediaRefused
from bot.domain.media import Media
from tests.platforms.with_discord.cards import VIDEO, job_view
from tests.platforms.with_discord.house import House, open_house

_MIB = 2**20


@pytest.fixture
async def house(tmp_path: Path) -> AsyncIterator[House]:
    async with open_house(tmp_path) as opened:
        yield opened


def _film(house: House, mib: int) -> Media:
    """A video of so many MiB that lies on the shelf."""
    file = f"{mib:064x}"
    with house.shelf.path(file).open("wb") as stream:
        stream.truncate(mib * _MIB)
    house.shelf.path(f"{file}.still").write_bytes(b"poster")
    return replace(VIDEO, file=file, size=mib * _MIB)


async def test_a_video_is_a_file_that_plays_and_no_part_of_the_embed(house: House) -> None:
    await house.publisher.show(house.view(job_view(media=VIDEO)), house.place())
    [message] = house.cards()
    [video] = message.attachments
    assert "video/mp4" == video.content_type
    assert {} == message.embedded


async def test_a_video_of_30_mb_goes_up_smaller_where_10_are_allowed(house: House) -> None:
    film = _film(house, 30)
    await house.publisher.show(house.view(job_view(media=film)), house.place())
    [message] = house.cards()
    assert [(film.file, LIMIT)] == house.shelf.made
    assert [b"s" * 20] == [one.content for one in message.attachments]
    link = f"[Full size](https://bot.example.org/media/{film.file}/view)"
    assert link == message.embeds[0]["fields"][-1]["value"]


async def test_a_guild_with_boosts_takes_it_whole(tmp_path: Path) -> None:
    async with open_house(tmp_path, tier=2) as house:
        await house.publisher.show(house.view(job_view(media=_film(house, 30))), house.place())
        assert 30 * _MIB == len(house.cards()[0].attachments[0].content)
        assert [] == house.shelf.made


async def test_direct_messages_take_no_more_than_everybody_has(tmp_path: Path) -> None:
    async with open_house(tmp_path, tier=2) as house:
        await house.publisher.show(house.view(job_view(media=_film(house, 30))), house.direct())
        assert [b"s" * 20] == [one.content for one in house.sent_directly()[0].attachments]


async def test_what_comes_to_direct_messages_instead_has_their_limit(tmp_path: Path) -> None:
    async with open_house(tmp_path, tier=2) as house:
        view = house.view(job_view(media=_film(house, 30)), private=True)
        await house.publisher.show(view, house.place(private=True))
        assert [b"s" * 20] == [one.content for one in house.sent_directly()[0].attachments]
        assert [] == [one for one in house.fake.requests("POST *") if one.code == 40005]


async def test_the_limit_of_the_interaction_counts_while_its_token_lives(house: House) -> None:
    """People who pay may upload more, and so may the answers to them."""
    house.ada.user.file_limit = 50 * _MIB
    running = house.view(job_view(tone=JobPhase.RUNNING))
    _, place = await house.answered(running, limit=50 * _MIB)
    await house.publisher.show(house.view(job_view(media=_film(house, 30))), place)
    assert 30 * _MIB == len(house.cards()[0].attachments[0].content)


async def test_a_place_that_takes_less_than_it_said_gets_less(tmp_path: Path) -> None:
    """A guild may lose its boosts between the question and the upload."""
    async with open_house(tmp_path, tier=2) as house:
        film = _film(house, 30)
        await house.publisher.show(house.view(), house.place())
        house.guild.tier = 0
        await house.publisher.show(house.view(job_view(media=film), number=700), house.place())
        assert [b"s" * 20] == [one.content for one in house.cards()[1].attachments]


async def test_where_even_the_smaller_file_is_refused_a_link_is_left(house: House) -> None:
    house.fake.fault(f"POST /channels/{house.channel.id}/messages", status=413, code=40005)
    await house.publisher.show(house.view(), house.place())
    [message] = house.cards()
    assert [] == message.attachments
    assert "[Full size]" in message.embeds[0]["fields"][-1]["value"]


async def test_what_cannot_be_shown_at_all_says_what_the_operator_can_do(tmp_path: Path) -> None:
    async with open_house(tmp_path, public=False) as house:
        house.shelf.error = MediaRefused()
        await house.publisher.show(house.view(job_view(media=_film(house, 30))), house.place())
        [message] = house.cards()
        assert [b"poster"] == [one.content for one in message.attachments]
        assert "REVERIE_PUBLIC_URL" in message.embeds[0]["description"]


async def test_a_card_waits_while_its_smaller_file_is_made(house: House) -> None:
    house.shelf.gate.clear()
    view = house.view(job_view(media=_film(house, 30)))
    with pytest.raises(Delayed):
        await house.publisher.show(view, house.place())
    assert [] == house.cards()
    house.shelf.gate.set()
    await house.publisher.show(view, house.place())
    assert 1 == len(house.cards()[0].attachments)
    assert 1 == len(house.shelf.made)


async def test_a_file_that_cannot_be_read_just_now_is_tried_again(house: House) -> None:
    house.shelf.path(VIDEO.file).unlink()
    with pytest.raises(Delayed, match="cannot be read"):
        await house.publisher.show(house.view(job_view(media=VIDEO)), house.place())
