"""The app, its installations and its tokens."""

import secrets
from dataclasses import dataclass, field
from enum import Enum

from tests.platforms.fake_slack.rules.manifest import Manifest
from tests.platforms.fake_slack.rules.refusals import Refusal
from tests.platforms.fake_slack.state.clock import WakingClock
from tests.platforms.fake_slack.state.places import Enterprise, Team, User

#: how long a token lives that is exchanged again and again
ROTATING_LIFE_S = 12 * 3600


_CODE_LIFE_MS = 10 * 60_000


class TokenKind(Enum):
    BOT = "bot"
    APP = "app"


@dataclass(slots=True, kw_only=True, eq=False)
class Token:
    value: str
    kind: TokenKind
    scopes: frozenset[str]
    installation: "Installation | None" = None
    #: moment in ms UTC; none where it lives until it is revoked
    expires_ms: int | None = None
    revoked: bool = False


@dataclass(slots=True, kw_only=True, eq=False)
class Installation:
    bot: User
    bot_id: str
    scopes: frozenset[str]
    #: of one workspace, or of a whole organisation
    team: Team | None = None
    enterprise: Enterprise | None = None
    installer: User | None = None
    active: bool = True

    def covers(self, team: Team) -> bool:
        return team is self.team or (self.team is None and team.enterprise is self.enterprise)


@dataclass(slots=True, kw_only=True, eq=False)
class Code:
    """What a person's consent is worth: one token, within ten minutes."""

    installer: User
    redirect_uri: str
    scopes: frozenset[str]
    created_ms: int
    #: for all workspaces of the organisation
    whole: bool = False
    value: str = field(default_factory=lambda: secrets.token_hex(32))

    def is_over(self, now_ms: int) -> bool:
        return now_ms - self.created_ms > _CODE_LIFE_MS


@dataclass(slots=True, kw_only=True, eq=False)
class App:
    manifest: Manifest
    id: str
    client_id: str = field(default_factory=lambda: f"{secrets.randbelow(10**11)}.{secrets.randbelow(10**12)}")
    client_secret: str = field(default_factory=lambda: secrets.token_hex(16))
    signing_secret: str = field(default_factory=lambda: secrets.token_hex(16))
    verification_token: str = field(default_factory=lambda: secrets.token_urlsafe(18))
    #: outside of the service's own directory and in many workspaces: history is hardly to be had
    is_distributed: bool = False


class Tokens:
    """Gives tokens out, knows them again and exchanges those that rotate."""

    def __init__(self, app: App, clock: WakingClock) -> None:
        self._app = app
        self._clock = clock
        self._all: dict[str, Token] = {}
        self._refreshing: dict[str, Token] = {}
        self.app_token = self._keep(
            Token(
                value=f"xapp-1-{app.id}-{secrets.token_hex(32)}",
                kind=TokenKind.APP,
                scopes=frozenset({"connections:write"}),
            )
        )

    def issue(self, installation: Installation) -> Token:
        """Give out a token of the bot's; whether it rotates is the manifest's choice."""
        rotates = self._app.manifest.rotates_tokens
        value = f"xoxb-{secrets.randbelow(10**12)}-{secrets.token_urlsafe(18)}"
        return self._keep(
            Token(
                value=f"xoxe.{value}" if rotates else value,
                kind=TokenKind.BOT,
                scopes=installation.scopes,
                installation=installation,
                expires_ms=self._clock.now_ms() + ROTATING_LIFE_S * 1000 if rotates else None,
            )
        )

    def refreshing(self, token: Token) -> str:
        """Give out the word for which a token's successor is had, once."""
        value = f"xoxe-1-{secrets.token_urlsafe(48)}"
        self._refreshing[value] = token
        return value

    def exchange(self, refresh: str) -> Token:
        """Give out a token's successor; the old one lives on until its own end."""
        old = self._refreshing.pop(refresh, None)
        if old is None or old.revoked or old.installation is None:
            raise Refusal("invalid_refresh_token")
        return self.issue(old.installation)

    def find(self, value: str | None) -> Token:
        if not value:
            raise Refusal("not_authed")
        token = self._all.get(value)
        if token is None:
            raise Refusal("invalid_auth")
        if token.installation is not None and not token.installation.active:
            raise Refusal("account_inactive")
        if token.revoked:
            raise Refusal("token_revoked")
        if token.expires_ms is not None and self._clock.now_ms() >= token.expires_ms:
            raise Refusal("token_expired")
        return token

    def of(self, installation: Installation) -> list[Token]:
        """Return the tokens of an installation that nobody has revoked, the newest last."""
        mine = [each for each in self._all.values() if each.installation is installation]
        return [each for each in mine if not each.revoked]

    def _keep(self, token: Token) -> Token:
        self._all[token.value] = token
        return token
