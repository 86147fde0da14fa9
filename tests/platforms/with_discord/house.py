"""Our outlet beside a fake Discord with one guild, one member and one library."""

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path
from typing import Any

from discord.http import Route
from pydantic import SecretStr

from adapters.discord.delivery.attachments import Ladder
from adapters.discord.delivery.interaction_token import TOKEN_MS, Reach
from adapters.discord.delivery.publisher import CardOutlet
from adapters.discord.rest.client import Rest
from bot.domain.cards import CardView, JobView
from bot.domain.identity import Place
from bot.domain.media import Media
from tests.platforms.fake_discord import HOSTS, Channel, FakeDiscord, Invocation, make_certificates
from tests.platforms.fake_discord.hand.asking import ask
from tests.platforms.fake_discord.state.interactions import Asking
from tests.platforms.fake_discord.state.messages import Message
from tests.platforms.with_discord.cards import card_view
from tests.platforms.with_discord.shelf import Shelf

_EPHEMERAL = 64


class House:
    """What a test of the outlet holds in its hands."""

    def __init__(self, fake: FakeDiscord, folder: Path, *, public: bool, tier: int) -> None:
        self.fake = fake
        self.guild = fake.guild("Film club", tier=tier)
        self.channel = self.guild.first_channel()
        self.ada = fake.member(self.guild, "ada")
        self.shelf = Shelf(folder)
        self.rest = Rest(SecretStr(fake.token), connector=fake.connector)
        self.ladder = Ladder(self.shelf, _link if public else lambda _: None, patience_s=0.2)
        self.publisher = self.new_outlet()

    def new_outlet(self, *, mention: bool = True) -> CardOutlet:
        """An outlet that remembers nothing, as after a restart."""
        return CardOutlet(rest=self.rest, ladder=self.ladder, clock=self.fake.clock.now_ms, mention=mention)

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
        invocation = ask(self.fake.world, self.ada.user, where, Asking.COMMAND, data)
        reach = Reach(
            application=str(self.fake.world.application_id),
            token=invocation.interaction.token,
            until=invocation.interaction.created_ms + TOKEN_MS,
            ephemeral=known.get("ephemeral", False),
            lasting=known.get("lasting", True),
            limit=known.get("limit"),
        )
        return invocation, self.place(where, reach=reach.write(), private=known.get("private", False))

    async def answered(
        self, view: CardView, channel: Channel | None = None, **known: Any
    ) -> tuple[Invocation, Place]:
        """An interaction that was answered with the card's first revision."""
        invocation, place = await self.asked(channel, **known)
        data = self.publisher.response(view, place)
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
        """Say in the open that an interaction is being thought about."""
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


def described(message: Message) -> str:
    """All that its embed says outside of its fields."""
    return str(message.embeds[0]["description"])


def posted(message: Message) -> str:
    """The message as the outlet names one that it has posted."""
    return f"{message.channel.id}/{message.id}"


def _link(media: Media) -> str:
    return f"https://bot.example.org/media/{media.file}/view"


@asynccontextmanager
async def open_house(folder: Path, *, public: bool = True, tier: int = 0) -> AsyncIterator[House]:
    async with FakeDiscord(make_certificates(folder, HOSTS)) as fake:
        house = House(fake, folder, public=public, tier=tier)
        try:
            yield house
        finally:
            await house.ladder.close()
            await house.rest.close()
