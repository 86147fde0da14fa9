"""Maps a method name to a function, with its scope and rate limit."""

import json
from collections.abc import Callable
from dataclasses import dataclass, field
from enum import Enum
from typing import Any

from tests.platforms.fake_slack.rules.refusals import Json, Refusal
from tests.platforms.fake_slack.state.apps import Installation, Token, TokenKind
from tests.platforms.fake_slack.state.places import Channel, Kind, Team, User
from tests.platforms.fake_slack.state.world import World


class Tier(Enum):
    """Calls a minute that a workspace's app has of a method."""

    ONE = 1
    TWO = 20
    THREE = 50
    FOUR = 100
    #: has rules of its own
    SPECIAL = 600


@dataclass(frozen=True, slots=True, kw_only=True)
class Call:
    """One request for a method, its arguments read."""

    world: World
    arguments: dict[str, Any]
    token: Token | None = None
    #: client_id and client_secret, from the header or the form
    client: tuple[str, str] | None = None

    @property
    def installation(self) -> Installation:
        assert self.token is not None
        assert self.token.installation is not None
        return self.token.installation

    @property
    def team(self) -> Team:
        """The workspace that it is about; with an organisation's token it has to be named."""
        own = self.installation.team
        named = self.arguments.get("team_id")
        if own is not None and named in (None, own.id):
            return own
        team = self.world.teams.get(str(named))
        if team is None or not self.installation.covers(team):
            raise Refusal("missing_argument" if named is None else "team_not_found")
        return team

    @property
    def bot(self) -> User:
        return self.installation.bot

    def text(self, name: str) -> str:
        """Return an argument that has to be there."""
        value = self.arguments.get(name)
        if value in (None, ""):
            messages = [f"[ERROR] missing required field: {name}"]
            raise Refusal("invalid_arguments", messages=messages)
        return str(value)

    def option(self, name: str) -> str | None:
        value = self.arguments.get(name)
        return None if value in (None, "") else str(value)

    def flag(self, name: str) -> bool:
        return str(self.arguments.get(name, "")).lower() in ("1", "true")

    def number(self, name: str, default: int) -> int:
        value = self.arguments.get(name)
        try:
            return default if value in (None, "") else int(str(value))
        except ValueError:
            raise Refusal("invalid_arguments", messages=[f"[ERROR] {name} must be a number"]) from None

    def structure(self, name: str, wrong: str) -> Any:
        """Return an argument that may come as JSON in a text, or nothing when it is not there."""
        value = self.arguments.get(name)
        if not isinstance(value, str):
            return value
        try:
            return json.loads(value) if value else None
        except ValueError:
            raise Refusal(wrong) from None

    def require(self, scope: str) -> None:
        assert self.token is not None
        if scope not in self.token.scopes:
            raise Refusal("missing_scope", needed=scope, provided=",".join(sorted(self.token.scopes)))

    def channel(self, name: str = "channel") -> Channel:
        """Find a channel that the bot can know of: what is private does not exist for outsiders."""
        channel = self.world.channels.get(self.text(name))
        # A shared channel has one id in all of its workspaces.
        teams = [] if channel is None else [channel.team, *(user.team for user in channel.members)]
        if channel is None or not any(map(self.installation.covers, teams)):
            raise Refusal("channel_not_found")
        if channel.kind is not Kind.PUBLIC and self.bot not in channel.members:
            raise Refusal("channel_not_found")
        return channel


Handler = Callable[[Call], Json]


@dataclass(frozen=True, slots=True, kw_only=True)
class Method:
    name: str
    handler: Handler
    tier: Tier
    #: without which it is refused; a method that looks at the channel's kind asks for its own
    scope: str | None
    #: none where the caller shows something else
    token: TokenKind | None


@dataclass(slots=True)
class Methods:
    """A table that one module fills and the service joins with the others."""

    all: dict[str, Method] = field(default_factory=dict)

    def on(
        self,
        name: str,
        tier: Tier,
        *,
        scope: str | None = None,
        token: TokenKind | None = TokenKind.BOT,
    ) -> Callable[[Handler], Handler]:
        def keep(handler: Handler) -> Handler:
            self.all[name] = Method(name=name, handler=handler, tier=tier, scope=scope, token=token)
            return handler

        return keep


def page(call: Call, items: list[Json], *, default: int, most: int) -> tuple[list[Json], Json]:
    """Cut one page out, and say by which cursor the next is had."""
    limit = call.number("limit", default)
    if not 1 <= limit <= most:
        raise Refusal("invalid_limit")
    cursor = call.option("cursor")
    try:
        start = 0 if cursor is None else int(cursor.removeprefix("next:"))
    except ValueError:
        raise Refusal("invalid_cursor") from None
    end = start + limit
    more = end < len(items)
    return items[start:end], {"next_cursor": f"next:{end}" if more else ""}
