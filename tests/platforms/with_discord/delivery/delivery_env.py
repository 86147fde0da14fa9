"""The publisher with a fake Discord, one guild, one member and one media library."""

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path
from typing import Any

from discord.http import Route
from pydantic import SecretStr

from adapters.discord.delivery.attachments import AttachmentPlanner
from adapters.discord.delivery.interactions import TOKEN_LIFETIME_MS, InteractionToken
from adapters.discord.delivery.publisher import CardPublisher
from adapters.discord.events.replies import card_response
from adapters.discord.rest.channel_lookups import ChannelLookups
from adapters.discord.rest.client import RestClient
from bot.domain.cards.card import CardView, JobView
from bot.domain.generations.media import Media
from bot.domain.identity import Place
from tests.platforms.fake_discord import Channel, FakeDiscord, Invocation
from tests.platforms.fake_discord.client.interactions import ask
from tests.platforms.fake_discord.state.interactions import InteractionType
from tests.platforms.fake_discord.state.messages import Message
from tests.platforms.with_discord.cards import card_view
from tests.platforms.with_discord.fake_library import FakeLibrary

_EPHEMERAL = 64


class DeliveryEnv:
    """A publisher and everything that its tests need."""

    def __init__(self, fake: FakeDiscord, folder: Path, *, public: bool, tier: int) -> None:
        self.fake = fake
        self.guild = fake.guild("Film club", tier=tier)
        self.channel = self.guild.first_channel()
        self.ada = fake.member(self.guild, "ada")
        self.library = FakeLibrary(folder)
        self.rest = RestClient(SecretStr(fake.token), connector=fake.connector)
        self.planner = AttachmentPlanner(self.library, _link if public else lambda _: None, patience_s=0.2)
        self.publisher = self.new_publisher()

    def new_publisher(self, *, mention: bool = True) -> CardPublisher:
        """A publisher that remembers nothing, as after a restart."""
        return publisher_for(self, self.rest, self.planner, mention=mention)

    def view(self, *jobs: JobView, **changes: Any) -> CardView:
        now = self.fake.clock.now_ms()
        member = f"discord:{self.guild.id}:{self.ada.user.id}"
        values: dict[str, Any] = {"now": now, "member": member}
        return card_view(*jobs, **values | changes)

    def place(
        self,
        channel: Channel | None = None,
        *,
        reach: str = "",
        private: bool = False,
        message: str | None = None,
    ) -> Place:
        where = channel or self.channel
        above = where.parent.id if where.parent is not None else where.id
        return Place(
            adapter="discord",
            workspace=f"discord:{self.guild.id}" if where.guild is not None else "discord:@dm",
            channel=str(above),
            thread=str(where.id) if where.parent is not None else None,
            message=message,
            private=private,
            reply_token=reach,
        )

    def direct(self) -> Place:
        """The direct messages between the member and the bot."""
        person = f"@discord:{self.ada.user.id}"
        return Place(adapter="discord", workspace="discord:@dm", channel=person, private=True)

    async def asked(self, channel: Channel | None = None, **known: Any) -> tuple[Invocation, Place]:
        """An interaction that nobody has answered."""
        where = channel or self.channel
        data = {"id": "1", "name": "imagine", "type": 1, "options": []}
        invocation = ask(self.fake.world, self.ada.user, where, InteractionType.COMMAND, data)
        token = InteractionToken(
            application=str(self.fake.world.application_id),
            token=invocation.interaction.token,
            expires_at=invocation.interaction.created_ms + TOKEN_LIFETIME_MS,
            ephemeral=known.get("ephemeral", False),
            bot_has_access=known.get("bot_has_access", True),
            upload_limit=known.get("limit"),
        )
        return invocation, self.place(where, reach=token.write(), private=known.get("private", False))

    async def answered(
        self, view: CardView, channel: Channel | None = None, **known: Any
    ) -> tuple[Invocation, Place]:
        """An interaction that was answered with the card's first revision."""
        invocation, place = await self.asked(channel, **known)
        token = InteractionToken.parse(place.reply_token)
        assert token is not None
        data = card_response(view, place, token, self.fake.clock.now_ms())
        if known.get("ephemeral") or known.get("private"):
            data["flags"] = _EPHEMERAL
        route = Route(
            "POST",
            "/interactions/{webhook_id}/{webhook_token}/callback",
            webhook_id=invocation.interaction.id,
            webhook_token=invocation.interaction.token,
        )
        await self.rest.request(route, {"type": 4, "data": data})
        message = await invocation.message()
        return invocation, self.place(
            channel, reach=place.reply_token, private=place.private, message=str(message.id)
        )

    async def defer(self, invocation: Invocation) -> None:
        """Defer an interaction publicly."""
        route = Route(
            "POST",
            "/interactions/{webhook_id}/{webhook_token}/callback",
            webhook_id=invocation.interaction.id,
            webhook_token=invocation.interaction.token,
        )
        await self.rest.request(route, {"type": 5, "data": {}})

    def cards(self, channel: Channel | None = None) -> list[Message]:
        """The bot's messages in a channel, the oldest first."""
        mine = (channel or self.channel).messages.values()
        return [message for message in mine if message.author is self.fake.world.bot]

    def sent_directly(self) -> list[Message]:
        return [one for one in self.ada.reads_directly() if one.author is self.fake.world.bot]


def publisher_for(
    env: DeliveryEnv, rest: RestClient, planner: AttachmentPlanner, *, mention: bool = True
) -> CardPublisher:
    clock = env.fake.clock.now_ms
    lookups = ChannelLookups(rest, clock)
    return CardPublisher(rest=rest, planner=planner, lookups=lookups, clock=clock, mention=mention)


def described(message: Message) -> str:
    """The description of the message's embed."""
    return str(message.embeds[0]["description"])


def posted(message: Message) -> str:
    """The name of a message that the bot posted itself."""
    return f"{message.channel.id}/{message.id}"


def _link(media: Media) -> str:
    return f"https://bot.example.org/media/{media.file}/view"


@asynccontextmanager
async def open_delivery_env(
    folder: Path, fake: FakeDiscord, *, public: bool = True, tier: int = 0
) -> AsyncIterator[DeliveryEnv]:
    env = DeliveryEnv(fake, folder, public=public, tier=tier)
    try:
        yield env
    finally:
        await env.planner.close()
        await env.rest.close()
