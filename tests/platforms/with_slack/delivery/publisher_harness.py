"""The publisher beside a fake Slack with one workspace and one member, on a real store."""

from collections.abc import AsyncIterator, Iterator
from contextlib import asynccontextmanager
from dataclasses import replace
from pathlib import Path
from typing import Any

from pydantic import SecretStr

from adapters.chat.result_files import ResultFiles
from adapters.slack.delivery.attachments import AttachmentPlanner
from adapters.slack.delivery.file_uploader import FileUploader
from adapters.slack.delivery.publisher import CardPublisher
from adapters.slack.delivery.upload_store import UploadStore
from adapters.slack.messages.strings import ENGLISH
from adapters.slack.oauth.manifest import manifest
from adapters.slack.places import RESPONSE_URL_MS, ReplyToken
from adapters.slack.web_api.client import SingleToken, WebApi
from bot.domain.cards.card import CardView, JobView
from bot.domain.generations.media import Media
from bot.domain.identity import Place
from bot.service.adapter_data import AdapterData
from tests.platforms.fake_slack import Channel, FakeSlack, Message
from tests.platforms.fake_slack.state.deliveries import ResponseUrl
from tests.platforms.with_discord.fake_library import FakeLibrary
from tests.platforms.with_slack.cards import card_view
from tests.platforms.with_slack.oauth.oauth_harness import open_adapter_data


class PublisherHarness:
    """The publisher with its fake Slack, library and store."""

    def __init__(self, fake: FakeSlack, adapter_data: AdapterData, folder: Path, *, public: bool) -> None:
        self.fake = fake
        self.team = fake.team("Film club")
        self.channel = self.team.general
        self.ada = fake.user(self.team, "ada")
        self.shelf = FakeLibrary(folder)
        self.adapter_data = adapter_data
        self.uploads = UploadStore(adapter_data)
        self.slack = WebApi(SingleToken(SecretStr(fake.bot_token(self.team))), fake.api)
        self.result_files = ResultFiles(self.shelf, patience_s=0.2)
        self._public = public
        self.publisher = self.new_publisher()

    def new_publisher(self, *, patience_s: float = 5.0, slack: WebApi | None = None) -> CardPublisher:
        """A publisher that knows only what is stored, as after a restart."""
        clock = self.fake.clock.now_ms
        uploader = FileUploader(self.uploads, self.result_files, clock, patience_s=patience_s)
        planner = AttachmentPlanner(
            self.result_files, uploader, _link if self._public else lambda _: None, ENGLISH
        )
        return CardPublisher(web_api=slack or self.slack, planner=planner, uploads=self.uploads, clock=clock)

    def view(self, *jobs: JobView, **changes: Any) -> CardView:
        now = self.fake.clock.now_ms()
        member = f"slack:{self.team.id}:{self.ada.user.id}"
        return card_view(*jobs, **{"now": now, "member": member, **changes})

    def place(self, channel: Channel | None = None, **known: Any) -> Place:
        values: dict[str, Any] = {
            "adapter": "slack",
            "workspace": f"slack:{self.team.id}",
            "channel": (channel or self.channel).id,
        }
        return Place(**values | known)

    def direct_place(self, **known: Any) -> Place:
        """The place of a result that is sent to Ada."""
        whom = f"@slack:{self.team.id}:{self.ada.user.id}"
        return replace(self.place(**known), workspace="slack:@dm", channel=whom, private=True)

    def reply_token(self) -> str:
        """The reply token of a command by Ada."""
        now = self.fake.clock.now_ms()
        url = self.fake.world.add(ResponseUrl(channel=self.channel, user=self.ada.user, created_ms=now))
        return ReplyToken(response_url=url, until=now + RESPONSE_URL_MS).dump()

    def messages(self, channel: Channel | None = None) -> list[Message]:
        """The bot's public messages in a channel, the oldest first."""
        mine = (channel or self.channel).messages.values()
        return [one for one in mine if one.author.is_bot and not one.ephemeral]

    def ephemeral(self, channel: Channel | None = None) -> list[Message]:
        """The bot's ephemeral messages in a channel."""
        return [one for one in (channel or self.channel).messages.values() if one.ephemeral]

    def sent_directly(self) -> list[Message]:
        return self.messages(self.direct)

    @property
    def direct(self) -> Channel:
        return self.fake.world.direct_channel(self.ada.user)


def posted(message: Message) -> str:
    """The message's id in the core."""
    return f"{message.channel.id}/{message.ts}"


def said(message: Message) -> str:
    """All texts in its blocks."""
    return "\n".join(texts(message.blocks))


def pictures(message: Message) -> list[str]:
    """The file ids of the pictures in its blocks."""
    return [block["slack_file"]["id"] for block in message.blocks if block["type"] == "image"]


def texts(blocks: list[dict[str, Any]]) -> list[str]:
    """All texts in blocks."""
    return list(_found(blocks))


def _found(part: Any) -> Iterator[str]:
    """Every text in blocks, at whatever depth."""
    if isinstance(part, list):
        for each in part:
            yield from _found(each)
    elif isinstance(part, dict):
        for value in part.values():
            if isinstance(value, str) and value == part.get("text"):
                yield value
            elif not isinstance(value, str):
                yield from _found(value)


def _link(media: Media) -> str:
    return f"https://bot.example.org/media/{media.file}/view"


@asynccontextmanager
async def open_publisher(folder: Path, *, public: bool = True) -> AsyncIterator[PublisherHarness]:
    async with open_adapter_data(folder) as adapter_data, FakeSlack(manifest()) as fake:
        harness = PublisherHarness(fake, adapter_data, folder, public=public)
        try:
            yield harness
        finally:
            await harness.result_files.close()
            await harness.slack.close()
