"""Files that people send are read with the bot's token, and only from Slack."""

from collections.abc import AsyncIterator
from pathlib import Path

import pytest
from pydantic import SecretStr

from adapters.slack.web_api.client import SingleToken
from adapters.slack.web_api.files import SlackFiles
from bot.domain.errors import MediaRefused, MediaUnavailable
from bot.media.download.fetcher import Fetcher
from tests.platforms.with_slack.house import House, open_house


@pytest.fixture
async def house(tmp_path: Path) -> AsyncIterator[House]:
    async with open_house(tmp_path) as opened:
        yield opened


def _files(house: House) -> SlackFiles:

    return SlackFiles(house.slack, SingleToken(SecretStr(house.fake.bot_token(house.team))), house.fake.api)


def _sent(house: House, name: str = "fox.png") -> tuple[str, str]:
    """Address and id of a file of Ada's."""
    file = house.ada.at(house.channel).upload(name, b"picture")
    address = house.fake.world.addresses.of("files.slack.com", f"/files-pri/{house.team.id}-{file.id}/{name}")
    return address, file.id


async def test_a_file_is_read_with_the_bots_token(house: House, tmp_path: Path) -> None:
    address, _ = _sent(house)
    located = await _files(house).resolve(address, house.place())
    async with Fetcher(trusted_origins=frozenset({house.fake.api.removesuffix("api/")})) as fetcher:
        fetched = await fetcher.fetch(
            located.url, max_bytes=100, timeout_s=5, into=tmp_path, vouched=True, headers=located.headers
        )
    assert b"picture" == fetched.path.read_bytes()
    assert house.fake.bot_token(house.team) not in repr(located)


async def test_a_file_that_was_deleted_is_asked_for_again(house: House) -> None:
    address, file = _sent(house)
    del house.fake.world.files[file]
    with pytest.raises(MediaRefused, match="send it again"):
        await _files(house).resolve(address, house.place())


async def test_where_slack_is_out_of_reach_the_file_may_be_had_later(house: House) -> None:
    address, _ = _sent(house)
    house.fake.fault("files.info", status=503)
    with pytest.raises(MediaUnavailable):
        await _files(house).resolve(address, house.place())


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
async def test_the_token_is_shown_to_slack_alone(house: House, address: str) -> None:
    with pytest.raises(MediaRefused, match="not the one of a file on Slack"):
        await _files(house).resolve(address, house.place())


async def test_a_file_at_slack_itself_is_known_by_its_address(house: House) -> None:
    assert "F2" == _files(house).file_id("https://files.slack.com/files-pri/T1-F2/a.png")
