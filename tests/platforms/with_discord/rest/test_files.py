"""Expired attachment URLs are renewed, and no other URL is resolved."""

from collections.abc import AsyncIterator
from pathlib import Path

import aiohttp
import pytest

from adapters.discord.rest.attachment_urls import AttachmentResolver, expires_at, is_attachment_url
from bot.domain.errors import MediaRefused, MediaUnavailable
from tests.platforms.fake_discord import FakeDiscord, Upload
from tests.platforms.fake_discord.state.messages import Message
from tests.platforms.with_discord.delivery.delivery_env import DeliveryEnv, open_delivery_env

_REFRESH = "POST /attachments/refresh-urls"


@pytest.fixture
async def env(tmp_path: Path, fake: FakeDiscord) -> AsyncIterator[DeliveryEnv]:
    async with open_delivery_env(tmp_path, fake) as opened:
        yield opened


def _files(env: DeliveryEnv) -> AttachmentResolver:
    return AttachmentResolver(env.rest, env.fake.clock.now_ms)


def _sent(env: DeliveryEnv) -> tuple[Message, str]:
    message = env.ada.write("look", Upload(filename="fox.png", content=b"fox"))
    return message, env.fake.world.files.address(message.attachments[0])


async def _read(env: DeliveryEnv, url: str) -> tuple[int, bytes]:
    async with (
        aiohttp.ClientSession(connector=env.fake.connector()) as session,
        session.get(url) as response,
    ):
        return response.status, await response.read()


async def test_a_valid_url_is_used_unchanged(env: DeliveryEnv) -> None:
    _, url = _sent(env)
    located = await _files(env).resolve(url, env.place())
    assert (url, {}) == (located.url, located.headers)
    assert [] == env.fake.requests(_REFRESH)


@pytest.mark.parametrize("hours", [23.9, 24, 24 * 30])
async def test_an_expiring_url_is_renewed(env: DeliveryEnv, hours: float) -> None:
    _, url = _sent(env)
    env.fake.clock.advance(hours * 3600)
    located = await _files(env).resolve(url, env.place())
    assert (200, b"fox") == await _read(env, located.url)
    assert expires_at(located.url) > env.fake.clock.now_ms() + 3_600_000


async def test_a_deleted_file_is_refused_with_the_remedy(env: DeliveryEnv) -> None:
    message, url = _sent(env)
    env.fake.clock.advance(25 * 3600)
    env.fake.delete(message)
    with pytest.raises(MediaRefused, match="send it again"):
        await _files(env).resolve(url, env.place())


@pytest.mark.parametrize("status", [500, 429])
async def test_a_failing_discord_makes_a_file_temporarily_unavailable(env: DeliveryEnv, status: int) -> None:
    _, url = _sent(env)
    env.fake.clock.advance(25 * 3600)
    env.fake.fault(_REFRESH, status=status)
    with pytest.raises(MediaUnavailable):
        await _files(env).resolve(url, env.place())


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
async def test_a_foreign_url_is_never_resolved(env: DeliveryEnv, url: str) -> None:
    assert not is_attachment_url(url)
    with pytest.raises(MediaRefused):
        await _files(env).resolve(url, env.place())
    assert [] == env.fake.requests()


def test_both_hosts_and_both_folders_are_attachments() -> None:
    for host in ("cdn.discordapp.com", "media.discordapp.net"):
        for folder in ("attachments", "ephemeral-attachments"):
            assert is_attachment_url(f"https://{host}/{folder}/1/2/fox.png?ex=1&is=1&hm=1")
