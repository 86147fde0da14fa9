"""The complete state, and a condition that is notified of every change."""

import secrets
from collections.abc import Callable
from dataclasses import dataclass

from tests.platforms.fake_discord.state.world import ChangeSignal
from tests.platforms.fake_slack.rules.refusals import Refusal
from tests.platforms.fake_slack.state.apps import App, Code, Tokens
from tests.platforms.fake_slack.state.clock import MessageTimestamps, WakingClock
from tests.platforms.fake_slack.state.deliveries import Delivery, ResponseUrl, Trigger
from tests.platforms.fake_slack.state.files import File
from tests.platforms.fake_slack.state.places import Channel, Enterprise, Kind, Team, User
from tests.platforms.fake_slack.state.views import View


@dataclass(slots=True, kw_only=True)
class Addresses:
    """Where the service is reached: on loopback, or by its official names through a proxy."""

    by_name: bool
    port: int = 0

    def of(self, host: str, path: str) -> str:
        return f"https://{host}{path}" if self.by_name else f"http://127.0.0.1:{self.port}{path}"

    def socket(self, query: str) -> str:
        if self.by_name:
            return f"wss://wss-primary.slack.com/link/?{query}"
        return f"ws://127.0.0.1:{self.port}/link/?{query}"


class World:
    """The service's state; the operations on it are in other modules."""

    def __init__(self, app: App, clock: WakingClock, changes: ChangeSignal, addresses: Addresses) -> None:
        self.app = app
        self.clock = clock
        self.changes = changes
        self.addresses = addresses
        self.stamps = MessageTimestamps(clock)
        self.tokens = Tokens(app, clock)
        self.enterprises: dict[str, Enterprise] = {}
        self.teams: dict[str, Team] = {}
        self.users: dict[str, User] = {}
        self.channels: dict[str, Channel] = {}
        self.files: dict[str, File] = {}
        self.views: dict[str, View] = {}
        #: by the person's id
        self.homes: dict[str, View] = {}
        self.triggers: dict[str, Trigger] = {}
        self.response_urls: dict[str, ResponseUrl] = {}
        #: consents that nobody has redeemed, and sockets' tickets with the moment they were given out
        self.codes: dict[str, Code] = {}
        self.tickets: dict[str, int] = {}
        #: what has been sent to the app, the oldest first
        self.deliveries: list[Delivery] = []
        #: how long the service looks at a file before it knows what it is; none: for ever
        self.processing_s: float | None = 0.05
        #: so many of the next files are completed with `ok` and then never shared
        self.never_shared = 0
        #: whether `files.info` tells where a file is shared
        self.tells_shares = True
        #: largest file that a workspace takes, in bytes
        self.file_limit = 1 << 30
        self._send: Callable[[Delivery], None] | None = None
        self._later: Callable[[float, Callable[[], None]], None] | None = None

    def connect(
        self, send: Callable[[Delivery], None], later: Callable[[float, Callable[[], None]], None]
    ) -> None:
        """Say who carries deliveries out and who does things later."""
        self._send, self._later = send, later

    def new_id(self, prefix: str) -> str:
        return f"{prefix}0{secrets.token_hex(4).upper()}{len(self.users):02d}"

    def deliver(self, delivery: Delivery) -> Delivery:
        assert self._send is not None, "the fake is not running"
        self.deliveries.append(delivery)
        self._send(delivery)
        return delivery

    def later(self, seconds: float, do: Callable[[], None]) -> None:
        assert self._later is not None, "the fake is not running"
        self._later(seconds, do)

    def user(self, user_id: str) -> User:
        found = self.users.get(user_id)
        if found is None:
            raise Refusal("user_not_found")
        return found

    def view(self, view_id: str) -> View:
        found = self.views.get(view_id)
        if found is None or found.closed:
            raise Refusal("not_found")
        return found

    def direct_channel(self, user: User) -> Channel:
        """Open the bot's conversation with one person, or find it."""
        bot = user.team.bot
        for channel in user.team.channels.values():
            if channel.kind is Kind.DIRECT and user in channel.members and bot in channel.members:
                return channel
        return self.add_channel(user.team, "", Kind.DIRECT, [user, bot])

    def add_channel(self, team: Team, name: str, kind: Kind, members: list[User]) -> Channel:
        prefix = "D" if kind is Kind.DIRECT else "C"
        channel = Channel(
            id=self.new_id(prefix),
            name=name,
            kind=kind,
            team=team,
            created_ms=self.clock.now_ms(),
            members=members,
        )
        self.channels[channel.id] = team.channels[channel.id] = channel
        return channel

    def new_trigger(self, user: User, *, view_id: str | None = None) -> Trigger:
        trigger = Trigger(team=user.team, user=user, created_ms=self.clock.now_ms(), view_id=view_id)
        self.triggers[trigger.id] = trigger
        return trigger

    def add(self, response_url: ResponseUrl) -> str:
        """Keep an address and return it whole."""
        self.response_urls[response_url.path] = response_url
        return self.addresses.of("hooks.slack.com", response_url.path)
