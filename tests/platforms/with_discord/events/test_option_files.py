"""An attachment is copied at once, so that it can be used after its URL has expired."""

from hashlib import sha256
from pathlib import Path

import pytest

from tests.media.pictures import picture
from tests.platforms.fake_discord import FakeDiscord, Upload
from tests.platforms.with_discord.bot_env import open_bot_env

TWO_DAYS_S = 2 * 86_400


async def test_an_attachment_is_copied_and_the_provider_gets_our_copy(
    tmp_path: Path, fake: FakeDiscord, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("SSL_CERT_FILE", str(fake.certificates.authority))
    hills = Upload(filename="hills.png", content=picture())
    async with fake.proxy() as proxy, open_bot_env(tmp_path, fake, https_proxy=proxy.url) as env:
        card = await env.done(env.ada.slash("imagine", prompt="a fox", image1=hills))
        assert await env.context.library.size(sha256(hills.content).hexdigest())

        # By now the URL has expired.
        fake.clock.advance(TWO_DAYS_S)
        env.ada.react(card, "🎲")
        await fake.until(lambda: len([one for one in env.mine() if one.attachments]) == 2)
        assert [] == fake.requests("POST *refresh-urls")
        assert 1 == proxy.tunnelled.count("cdn.discordapp.com")
