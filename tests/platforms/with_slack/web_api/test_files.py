"""Files of people are downloaded with the bot's token, and only from Slack."""

from collections.abc import AsyncIterator
from pathlib import Path

import pytest
from pydantic import SecretStr

from adapters.slack.web_api.client import SingleToken
from adapters.slack.web_api.files import SlackFiles
from bot.domain.errors import MediaRefused, MediaUnavailable
from bot.media.download.fetcher import Fetcher
from bot.media.download.transport import FetchRules
from tests.platforms.with_slack.delivery.publisher_harness import PublisherHarness, open_publisher


@pytest.fixture
async def harness(tmp_path: Path) -> AsyncIterator[PublisherHarness]:
    async with open_publisher(tmp_path) as opened:
        yield opened


def _files(harness: PublisherHarness) -> SlackFiles:

    return SlackFiles(
        harness.slack, SingleToken(SecretStr(harness.fake.bot_token(harness.team))), harness.fake.api
    )


def _sent(harness: PublisherHarness, name: str = "fox.png") -> tuple[str, str]:
    """The URL and id of a file that Ada uploaded."""
    file = harness.ada.at(harness.channel).upload(name, b"picture")
    address = harness.fake.world.addresses.of(
        "files.slack.com", f"/files-pri/{harness.team.id}-{file.id}/{name}"
    )
    return address, file.id


async def test_a_file_is_downloaded_with_the_bots_token(harness: PublisherHarness, tmp_path: Path) -> None:
    address, _ = _sent(harness)
    located = await _files(harness).resolve(address, harness.place())
    async with Fetcher(
        FetchRules(trusted_origins=frozenset({harness.fake.api.removesuffix("api/")}))
    ) as fetcher:
        fetched = await fetcher.fetch(
            located.url,
            max_bytes=100,
            timeout_s=5,
            into=tmp_path,
            from_platform=True,
            headers=located.headers,
        )
    assert b"picture" == fetched.path.read_bytes()
    assert harness.fake.bot_token(harness.team) not in repr(located)


async def test_a_deleted_file_is_refused_with_the_remedy(harness: PublisherHarness) -> None:
    address, file = _sent(harness)
    del harness.fake.world.files[file]
    with pytest.raises(MediaRefused, match="send it again"):
        await _files(harness).resolve(address, harness.place())


async def test_an_outage_makes_a_file_temporarily_unavailable(harness: PublisherHarness) -> None:
    address, _ = _sent(harness)
    harness.fake.fault("files.info", status=503)
    with pytest.raises(MediaUnavailable):
        await _files(harness).resolve(address, harness.place())


@pytest.mark.parametrize(
    "address",
    [
        "https://files.slack.com.example.org/files-pri/T1-F1/a.png",
        "https://example.org/files-pri/T1-F1/a.png",
        "http://files.slack.com/files-pri/T1-F1/a.png",
        "https://user@files.slack.com/files-pri/T1-F1/a.png",
        "https://files.slack.com:8443/files-pri/T1-F1/a.png",
        "https://files.slack.com/api/files-pri/T1-F1/a.png",
        "https://[files.slack.com/files-pri/T1-F1/a.png",
    ],
)
async def test_the_token_is_sent_to_slack_only(harness: PublisherHarness, address: str) -> None:
    with pytest.raises(MediaRefused, match="not the one of a file on Slack"):
        await _files(harness).resolve(address, harness.place())


async def test_the_file_id_is_parsed_from_the_url(harness: PublisherHarness) -> None:
    assert "F2" == _files(harness).file_id("https://files.slack.com/files-pri/T1-F2/a.png")
