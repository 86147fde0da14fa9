"""The complete state, and a condition that is notified of every change."""

import asyncio
import secrets
from base64 import urlsafe_b64encode
from collections.abc import Callable

from tests.platforms.fake_discord.rules.refusals import Refusal
from tests.platforms.fake_discord.state.clock import Clock, Snowflakes
from tests.platforms.fake_discord.state.commands import CommandRegistry
from tests.platforms.fake_discord.state.events import Event, Intents
from tests.platforms.fake_discord.state.files import Files
from tests.platforms.fake_discord.state.interactions import Interaction
from tests.platforms.fake_discord.state.messages import Message
from tests.platforms.fake_discord.state.places import Channel, Guild, Kind, User


class ChangeSignal:
    """Wakes the tasks that wait for a condition."""

    def __init__(self) -> None:
        self._rung = asyncio.Event()

    def notify(self) -> None:
        self._rung.set()
        self._rung = asyncio.Event()

    async def until(self, condition: Callable[[], bool], *, timeout: float) -> None:
        async with asyncio.timeout(timeout):
            while True:
                rung = self._rung
                if condition():
                    return
                await rung.wait()


class World:
    """The service's state; the operations on it are in other modules."""

    def __init__(self, clock: Clock) -> None:
        self.clock = clock
        self.ids = Snowflakes(clock)
        self.files = Files(clock)
        self.changes = ChangeSignal()
        self.bot = User(id=self.ids.take(), name="reverie", bot=True)
        self.token = _token(self.bot.id)
        self.commands = CommandRegistry(self.ids, self.bot.id)
        #: privileged intents that the app has been allowed
        self.allowed_intents = Intents.NONE
        self.ack_within_ms = 3000
        self.users: dict[int, User] = {self.bot.id: self.bot}
        self.guilds: dict[int, Guild] = {}
        self.channels: dict[int, Channel] = {}
        self.interactions: dict[int, Interaction] = {}
        #: (channel, nonce) → message and when it was posted
        self.nonces: dict[tuple[int, str], tuple[Message, int]] = {}
        #: by the person's id
        self._direct: dict[int, Channel] = {}
        self._by_token: dict[str, Interaction] = {}
        #: changes an event before it is sent, to simulate a fault
        self.garble: Callable[[Event], Event] = lambda event: event
        self._listeners: list[Callable[[Event], None]] = []

    @property
    def application_id(self) -> int:
        return self.bot.id

    def listen(self, listener: Callable[[Event], None]) -> None:
        self._listeners.append(listener)

    def announce(self, event: Event) -> None:
        told = self.garble(event)
        for listener in self._listeners:
            listener(told)
        self.changes.notify()

    def user(self, user_id: str) -> User:
        found = self.users.get(int(user_id))
        if found is None:
            raise Refusal(10013)
        return found

    def guild(self, guild_id: str) -> Guild:
        """Find a guild that the bot is in."""
        found = self.guilds.get(int(guild_id))
        if found is None or self.bot.id not in found.members:
            raise Refusal(10004)
        return found

    def channel(self, channel_id: str) -> Channel:
        found = self.channels.get(int(channel_id))
        if found is None:
            raise Refusal(10003)
        return found

    def interaction(self, token: str) -> Interaction:
        """Find an interaction by the token that its answers carry."""
        found = self._by_token.get(token)
        if found is None:
            raise Refusal(10015)
        return found

    def add(self, interaction: Interaction) -> None:
        self.interactions[interaction.id] = interaction
        self._by_token[interaction.token] = interaction

    def direct_channel(self, user: User) -> Channel:
        """Open the bot's conversation with one person, or find it."""
        if user.id in self._direct:
            return self._direct[user.id]
        channel = Channel(
            id=self.ids.take(),
            kind=Kind.DM,
            name="",
            recipients=[user, self.bot],
            created_ms=self.clock.now_ms(),
        )
        self.channels[channel.id] = self._direct[user.id] = channel
        return channel

    def shares_guild(self, user: User) -> bool:
        return any(
            user.id in guild.members and self.bot.id in guild.members for guild in self.guilds.values()
        )


def _token(bot_id: int) -> str:
    first = urlsafe_b64encode(str(bot_id).encode()).decode().rstrip("=")
    return f"{first}.{secrets.token_urlsafe(4)}.{secrets.token_urlsafe(28)}"
