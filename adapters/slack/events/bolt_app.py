"""The app as bolt runs it, the same over a socket and over HTTP: which event goes to which door.

bolt acknowledges when a listener has returned, so what must be durable first is. Whatever it knows no
listener for is acknowledged too: Slack would send it again, and take the app for broken.
"""

import logging
import re
from typing import Any, cast

import aiohttp
import structlog
from pydantic import SecretStr
from slack_bolt.async_app import AsyncApp
from slack_bolt.error import BoltUnhandledRequestError
from slack_bolt.request.async_request import AsyncBoltRequest
from slack_bolt.response import BoltResponse
from slack_sdk.errors import SlackClientError
from slack_sdk.web.async_client import AsyncWebClient

from adapters.slack.events.command_form import COMMAND_MODAL
from adapters.slack.events.edit_modal import EDIT_MODAL
from adapters.slack.events.menu_entries import CREATE_SHORTCUT, MessageShortcut
from adapters.slack.events.overload import Overload, said
from adapters.slack.events.replies import RETRY_HERE, SEND_DIRECTLY
from adapters.slack.events.router import EventRouter
from adapters.slack.messages.buttons import TEMPLATE
from adapters.slack.messages.home_view import TEMPLATE as TEMPLATE_OF_HOME
from adapters.slack.oauth.authorize import CachedAuthorize
from adapters.slack.oauth.flow import InstallFlow
from adapters.slack.oauth.installations import InstallationStore
from adapters.slack.oauth.uninstall import register_uninstall_events as listen_for_leaving
from adapters.slack.web_api.tokens import TokenSource
from bot.domain.errors import DeliveryError, ServiceUnavailable, StoreError

_log = structlog.get_logger(__name__)

#: bolt tells its logger what people wrote
QUIET = logging.getLogger(f"{__name__}.bolt")
QUIET.setLevel(logging.ERROR)


#: what another try may mend
_PASSING = (StoreError, DeliveryError, SlackClientError, aiohttp.ClientError, OSError)


class _App(AsyncApp):
    """bolt's app, which raises nothing: what it fails over itself is acknowledged, or not, like the rest."""

    async def async_dispatch(self, req: AsyncBoltRequest) -> BoltResponse:
        try:
            return await super().async_dispatch(req)
        except Exception as error:  # noqa: BLE001 - one request's fault ends neither a socket nor the server
            return await _acknowledge(error, req.body) or BoltResponse(status=500, body="")


def make_app(
    doors: EventRouter,
    tokens: TokenSource,
    client: AsyncWebClient,
    *,
    signing_secret: SecretStr | None = None,
    flow: InstallFlow | None = None,
) -> AsyncApp:
    """Join the doors to bolt; with `flow`, people install the app themselves."""
    installations = tokens if isinstance(tokens, InstallationStore) else None
    app = _App(
        logger=QUIET,
        name="reverie",
        signing_secret=signing_secret.get_secret_value() if signing_secret is not None else "",
        client=client,
        # bolt takes a callable for it in its annotations, and this in its code.
        authorize=cast("Any", CachedAuthorize(tokens, client)),
        installation_store=installations,
        oauth_flow=flow,
        process_before_response=True,
        raise_error_for_unhandled_request=True,
        # The routes have verified the bytes as they came; with a socket there is nothing to verify.
        request_verification_enabled=False,
    )
    app.use(doors.admit)
    app.command(re.compile(r"/.+"))(doors.command)
    app.action(re.compile(TEMPLATE))(doors.press)
    app.action(re.compile(f"{RETRY_HERE}|{SEND_DIRECTLY}"))(doors.place)
    app.action(re.compile(TEMPLATE_OF_HOME))(doors.home_pressed)
    app.action(re.compile(".*"), matchers=[_in_form])(doors.change)
    app.options(re.compile(".*"), matchers=[_in_form])(doors.offer)
    app.view(COMMAND_MODAL)(doors.submit)
    app.view(EDIT_MODAL)(doors.submit)
    app.shortcut({"type": "shortcut", "callback_id": CREATE_SHORTCUT})(doors.shortcut)
    for menu in MessageShortcut:
        app.shortcut({"type": "message_action", "callback_id": menu.value})(doors.menu)
    _refuse_unknown(app, doors)
    app.event("app_mention")(doors.mention)
    app.event("reaction_added")(doors.reacted)
    app.event("app_home_opened")(doors.home_opened)
    if installations is not None:
        listen_for_leaving(app, installations)
    app.error(_acknowledge)
    return app


async def _in_form(body: dict[str, Any]) -> bool:
    view = body.get("view") or {}
    return bool(view.get("callback_id") == COMMAND_MODAL)


def _refuse_unknown(app: AsyncApp, doors: EventRouter) -> None:
    """Answer what another version has made, after all that this one knows."""
    everything = re.compile("", re.DOTALL)
    app.action(everything)(doors.stale)
    app.view(everything)(doors.stale)
    for kind in ("shortcut", "message_action"):
        app.shortcut({"type": kind, "callback_id": everything})(doors.stale)


async def _acknowledge(error: Exception, body: dict[str, Any]) -> BoltResponse | None:
    """Acknowledge what nobody listens for, and what cannot be read and so will not be by another try.

    What may be done later is not acknowledged, so that Slack sends events again.
    """
    if isinstance(error, BoltUnhandledRequestError):
        _log.info("event_not_listened_for", kind=body.get("type"))
        return BoltResponse(status=200, body="")
    _log.warning("event_failed", kind=body.get("type"), error=repr(error))
    if "event" not in body and not Overload.owes(body):
        # Somebody waits for it, and Slack sends it no second time.
        return said(body, ServiceUnavailable())
    return None if isinstance(error, _PASSING) else BoltResponse(status=200, body="")
