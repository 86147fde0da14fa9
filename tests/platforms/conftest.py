from collections.abc import AsyncIterator

import pytest

from tests.platforms.fake_discord import HOSTS, Certificates, FakeDiscord, make_certificates


@pytest.fixture(scope="session")
def discord_certificates(tmp_path_factory: pytest.TempPathFactory) -> Certificates:
    return make_certificates(tmp_path_factory.mktemp("discord"), HOSTS)


@pytest.fixture
async def fake(discord_certificates: Certificates) -> AsyncIterator[FakeDiscord]:
    """Discord for one test; whatever should never have been said fails it at its end."""
    async with FakeDiscord(discord_certificates) as running:
        yield running
