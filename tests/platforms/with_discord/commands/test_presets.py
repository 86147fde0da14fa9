"""Settings and presets on Discord: their options, what is completed, and who sees the result."""

from pathlib import Path

import pytest

from tests.media.pictures import picture
from tests.platforms.fake_discord import FakeDiscord, Permissions, Upload
from tests.platforms.with_discord.bot_env import open_bot_env
from tests.platforms.with_discord.readers import facts, private


async def test_defaults_of_a_channel_and_of_oneself_count(tmp_path: Path, fake: FakeDiscord) -> None:
    async with open_bot_env(tmp_path, fake) as env:
        told = await private(
            env.moderator.slash("studio defaults", channel=env.channel, aspect_ratio="1:1", count=2)
        )
        assert "1:1" == facts(told)["Aspect ratio"]
        card = await env.done(env.ada.slash("imagine", prompt="a red fox"), 2)
        assert "1:1" == facts(card)["Aspect ratio"]
        told = await private(env.ada.slash("settings", aspect_ratio="9:16"))
        assert "9:16 · yours" == facts(told)["Aspect ratio"]
        assert f"2 · \\#{env.channel.name}" == facts(told)["Pictures of one command"]
        (offered,) = await env.ada.autocomplete("imagine", "aspect_ratio", "9:16").choices()
        assert {"name": "9:16 · default, yours", "value": "9:16"} == offered


async def test_what_is_private_by_default_is_seen_by_nobody_else(tmp_path: Path, fake: FakeDiscord) -> None:
    async with open_bot_env(tmp_path, fake) as env:
        await private(env.ada.slash("settings", private="on"))
        # The bot may post nothing here, and need not.
        fake.overwrite(env.channel, deny=Permissions.SEND_MESSAGES)
        card = await private(env.ada.slash("imagine", prompt="a red fox"))
        assert "a red fox" in card.embeds[0]["title"]
        refused = await private(env.ada.slash("imagine", prompt="a red fox", private=False))
        assert "Send Messages" in refused.content


async def test_a_character_is_saved_from_attachments_and_completed_by_name(
    tmp_path: Path, fake: FakeDiscord, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("SSL_CERT_FILE", str(fake.certificates.authority))
    face = Upload(filename="face.png", content=picture())
    async with fake.proxy() as proxy, open_bot_env(tmp_path, fake, https_proxy=proxy.url) as env:
        saved = env.moderator.slash(
            "studio preset", action="save", kind="character", preset="hero", picture1=face
        )
        assert "Preset saved: hero" == (await private(saved)).embeds[0]["title"]
        await private(
            env.moderator.slash("studio preset", action="save", kind="style", preset="noir", text="dark")
        )
        offered = await env.ada.autocomplete("imagine", "preset", "hero, n").choices()
        assert ["hero, noir"] == [one["value"] for one in offered]
        card = await env.done(env.ada.slash("imagine", prompt="at the sea", preset="hero, noir"))
        assert "hero, noir" == facts(card)["Preset"]
        assert "at the sea, dark" in card.embeds[0]["title"]
        refused = await private(env.ada.slash("animate", prompt="at the sea", preset="heroo"))
        assert "did you mean hero?" in refused.content
