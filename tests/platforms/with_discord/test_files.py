"""Attachments whose addresses have ended are opened by new ones, and nothing else is opened."""

from collections.abc import AsyncIterator
from pathlib import Path

import aiohttp
import pytest

from adapters.discord.rest.attachment_urls import DiscordFiles, ends_at, is_attachment
from bot.domain.errors import MediaRefused, MediaUnavailable
from tests.platforms.fake_discord import Upload
from tests.platforms.fake_discord.state.messages import Message
from tests.platforms.with_discord.house import House, open_house

_REFRESH = "POST /attachments/refresh-urls"


@pytest.fixture
async def house(tmp_path: Path) -> AsyncIterator[House]:
    async with open_house(tmp_path) as opened:
        yield opened


def _files(house: House) -> DiscordFiles:
    return DiscordFiles(house.rest, house.fake.clock.now_ms)


def _sent(house: House) -> tuple[Message, str]:
    message = house.ada.write("look", Upload(filename="fox.png", content=b"fox"))
    return message, house.fake.world.files.address(message.attachments[0])


async def _read(house: House, url: str) -> tuple[int, bytes]:
    async with (
        aiohttp.ClientSession(connector=house.fake.connector()) as session,
        session.get(url) as response,
    ):
        return response.status, await response.read()


async def test_an_address_that_lives_is_used_as_it_is(house: House) -> None:
    _, url = _sent(house)
    located = await _files(house).resolve(url, house.place())
    assert (url, {}) == (located.url, located.headers)
    assert [] == house.fake.requests(_REFRESH)


@pytest.mark.parametrize("hours", [23.9, 24, 24 * 30])
async def test_an_address_that_ends_is_exchanged_for_one_that_lives(house: House, hours: float) -> None:
    _, url = _sent(house)
    house.fake.clock.advance(hours * 3600)
    located = await _files(house).resolve(url, house.place())
    assert (200, b"fox") == await _read(house, located.url)
    assert ends_at(located.url) > house.fake.clock.now_ms() + 3_600_000


async def test_a_file_that_is_gone_is_refused_with_the_remedy(house: House) -> None:
    message, url = _sent(house)
    house.fake.clock.advance(25 * 3600)
    house.fake.delete(message)
    with pytest.raises(MediaRefused, match="send it again"):
        await _files(house).resolve(url, house.place())


@pytest.mark.parametrize("status", [500, 429])
async def test_asking_again_may_help_where_discord_stumbles(house: House, status: int) -> None:
    _, url = _sent(house)
    house.fake.clock.advance(25 * 3600)
    house.fake.fault(_REFRESH, status=status)
    with pytest.raises(MediaUnavailable):
        await _files(house).resolve(url, house.place())


@pytest.mark.parametrize(
    "url",
    [
        "http://cdn.discordapp.com/attachments/1/2/fox.png",
        "https://cdn.discordapp.com.evil.example/attachments/1/2/fox.png",
        "https://evil.example/attachments/1/2/fox.png?ex=ffffffff",
        "https://cdn.discordapp.com@evil.example/attachments/1/2/fox.png",
        "https://user@cdn.discordapp.com/attachments/1/2/fox.png",
        "https://cdn.discordapp.com:8443/attachments/1/2/fox.png",
        "https://cdn.discordapp.com/avatars/1/2.png",
        "https://[cdn.discordapp.com/attachments/1/2/fox.png",
        "",
    ],
)
async def test_an_address_elsewhere_is_never_vouched_for(house: House, url: str) -> None:
    assert not is_attachment(url)
    with pytest.raises(MediaRefused):
        await _files(house).resolve(url, house.place())
    assert [] == house.fake.requests()


def test_both_hosts_and_both_folders_are_attachments() -> None:
    for host in ("cdn.discordapp.com", "media.discordapp.net"):
        for folder in ("attachments", "ephemeral-attachments"):
            assert is_attachment(f"https://{host}/{folder}/1/2/fox.png?ex=1&is=1&hm=1")
