"""What is kept of an installation: whose bot it is, and who let it in."""

from typing import Any

from pydantic import BaseModel, ConfigDict
from slack_sdk.oauth.installation_store import Bot, Installation


class _Record(BaseModel):
    """A value in the vault, which encrypts it; never shown or logged."""

    model_config = ConfigDict(frozen=True, extra="ignore", hide_input_in_errors=True)


class InstallationRecord(_Record):
    """The app in one workspace, or in a whole organisation. The only home of its tokens."""

    app: str | None = None
    enterprise: str | None = None
    enterprise_name: str | None = None
    enterprise_url: str | None = None
    #: None where the organisation has it as a whole
    team: str | None = None
    team_name: str | None = None
    org_wide: bool = False
    bot: str | None = None
    bot_user: str | None = None
    scopes: tuple[str, ...] = ()
    token: str
    #: these two only where the app's tokens rotate; the end in milliseconds UTC
    refresh_token: str | None = None
    expires_at: int | None = None
    #: who installed it last
    installer: str | None = None
    installed_at: int

    @property
    def id(self) -> str:
        """What it is found by: Slack gives no id to a team and an organisation both."""
        return key_of(self.enterprise, self.team, org_wide=self.org_wide)

    def ends_within(self, milliseconds: int, *, now: int) -> bool:
        """Whether its token rotates and is over by then."""
        return self.refresh_token is not None and (self.expires_at or 0) - now <= milliseconds

    @classmethod
    def of(cls, known: Installation | Bot) -> "InstallationRecord | None":
        """Read what bolt hands over; None where a person gave it rights, but nobody a bot."""
        if not known.bot_token:
            return None
        org_wide = is_true(known.is_enterprise_install)
        return cls(
            app=known.app_id,
            enterprise=known.enterprise_id,
            enterprise_name=known.enterprise_name,
            enterprise_url=known.enterprise_url if isinstance(known, Installation) else None,
            team=None if org_wide else known.team_id,
            team_name=None if org_wide else known.team_name,
            org_wide=org_wide,
            bot=known.bot_id,
            bot_user=known.bot_user_id,
            scopes=tuple(known.bot_scopes or ()),
            token=known.bot_token,
            refresh_token=known.bot_refresh_token,
            expires_at=_ms(known.bot_token_expires_at),
            installer=known.user_id if isinstance(known, Installation) else None,
            installed_at=round(known.installed_at * 1000),
        )

    def as_bot(self) -> Bot:
        return Bot(
            app_id=self.app,
            enterprise_id=self.enterprise,
            enterprise_name=self.enterprise_name,
            team_id=self.team,
            team_name=self.team_name,
            bot_token=self.token,
            bot_id=self.bot or "",
            bot_user_id=self.bot_user or "",
            bot_scopes=self.scopes,
            bot_refresh_token=self.refresh_token,
            bot_token_expires_at=_seconds(self.expires_at),
            is_enterprise_install=self.org_wide,
            installed_at=self.installed_at / 1000,
        )


class PersonRecord(_Record):
    """Somebody who installed the app, with the rights that they gave it in their own name."""

    user: str
    scopes: tuple[str, ...] = ()
    token: str | None = None
    refresh_token: str | None = None
    expires_at: int | None = None
    installed_at: int

    @classmethod
    def of(cls, known: Installation) -> "PersonRecord | None":
        # Slack names no person where an organisation's administration installs.
        if not known.user_id:
            return None
        return cls(
            user=known.user_id,
            scopes=tuple(known.user_scopes or ()),
            token=known.user_token,
            refresh_token=known.user_refresh_token,
            expires_at=_ms(known.user_token_expires_at),
            installed_at=round(known.installed_at * 1000),
        )


def joined(bot: InstallationRecord, person: PersonRecord | None) -> Installation:
    """Both as bolt reads them."""
    rights: dict[str, Any] = {}
    if person is not None:
        rights = {
            "user_token": person.token,
            "user_scopes": person.scopes,
            "user_refresh_token": person.refresh_token,
            "user_token_expires_at": _seconds(person.expires_at),
        }
    return Installation(
        app_id=bot.app,
        enterprise_id=bot.enterprise,
        enterprise_name=bot.enterprise_name,
        enterprise_url=bot.enterprise_url,
        team_id=bot.team,
        team_name=bot.team_name,
        bot_token=bot.token,
        bot_id=bot.bot,
        bot_user_id=bot.bot_user,
        bot_scopes=bot.scopes,
        bot_refresh_token=bot.refresh_token,
        bot_token_expires_at=_seconds(bot.expires_at),
        user_id=person.user if person is not None else bot.installer or "",
        is_enterprise_install=bot.org_wide,
        installed_at=bot.installed_at / 1000,
        **rights,
    )


def key_of(enterprise: str | None, team: str | None, *, org_wide: object = False) -> str:
    """The workspace's id, or the organisation's where that has the app as a whole."""
    found = enterprise if is_true(org_wide) or not team else team
    return found or ""


def is_true(value: object) -> bool:
    """Read a flag that Slack sends as a truth value in some payloads and as a text in others."""
    return value is True or value == "true"


def _ms(seconds: int | None) -> int | None:
    return None if seconds is None else seconds * 1000


def _seconds(milliseconds: int | None) -> int | None:
    return None if milliseconds is None else milliseconds // 1000
