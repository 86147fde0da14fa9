"""The app is taken out of a workspace, or its tokens are revoked: what was kept of it goes."""

from collections.abc import Mapping
from typing import Any

from slack_bolt.async_app import AsyncApp

from adapters.slack.oauth.installations import InstallationStore
from adapters.slack.oauth.records import is_true


def register_uninstall_events(app: AsyncApp, installations: InstallationStore) -> None:
    """Take in both events; bolt's own listeners would not see which installation an old event means."""

    async def uninstalled(body: dict[str, Any]) -> None:
        team, enterprise = _whose(body)
        await installations.forget(team, enterprise, before=_sent_at(body))

    async def revoked(body: dict[str, Any]) -> None:
        team, enterprise = _whose(body)
        tokens: Mapping[str, list[str]] = body["event"].get("tokens") or {}
        for user in tokens.get("oauth") or ():
            await installations.async_delete_installation(
                enterprise_id=enterprise, team_id=team, user_id=user
            )
        if tokens.get("bot"):
            await installations.forget(team, enterprise, before=_sent_at(body))

    app.event("app_uninstalled")(uninstalled)
    app.event("tokens_revoked")(revoked)


def _whose(body: Mapping[str, Any]) -> tuple[str | None, str | None]:
    """The team, or None where a whole organisation is meant; and the organisation."""
    told = (body.get("authorizations") or [body])[0]
    enterprise = told.get("enterprise_id") or body.get("enterprise_id")
    if is_true(told.get("is_enterprise_install")):
        return None, enterprise
    return told.get("team_id") or body.get("team_id"), enterprise


def _sent_at(body: Mapping[str, Any]) -> int:
    """The end of the second in which it happened, in milliseconds: Slack tells no more than the second."""
    return int(body["event_time"]) * 1000 + 999
