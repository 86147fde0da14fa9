"""Routes events to their handlers; the bolt app is the same for Socket Mode and HTTP.

bolt acknowledges an event when its listener returns, so a listener returns once what must be durable is.
Every person gets an answer, whatever fails. Events without a listener are acknowledged as well: Slack would
send them again, and count the app as broken.
"""

import logging
import re
from collections.abc import Awaitable, Callable, Coroutine
from typing import Any, cast

import aiohttp
import structlog
from pydantic import SecretStr
from slack_bolt.async_app import AsyncApp
from slack_bolt.context.async_context import AsyncBoltContext
from slack_bolt.error import BoltUnhandledRequestError
from slack_bolt.request.async_request import AsyncBoltRequest
from slack_bolt.response import BoltResponse
from slack_sdk.errors import SlackClientError

from adapters.chat.pending_media import PendingMediaStore
from adapters.slack.events.block_actions import BlockActionHandler, is_selection
from adapters.slack.events.command_modal import CommandModal
from adapters.slack.events.context import Body, EventContext, is_written_by_person
from adapters.slack.events.event_tasks import (
    MAX_TASKS,
    EventTasks,
    TooBusy,
    needs_message,
    refusal_response,
)
from adapters.slack.events.home_tab import HomeTab, Viewer
from adapters.slack.events.message_shortcuts import MessageShortcutHandler
from adapters.slack.events.reactions import ReactionHandler
from adapters.slack.events.replies import ACK_TIMEOUT_S, Ack, Replies
from adapters.slack.events.requests import NotAPerson, PendingRequestStore, RequestRunner
from adapters.slack.events.slash_commands import SlashCommandHandler
from adapters.slack.events.workspace_key import WorkspaceKeyHandler
from adapters.slack.messages.admin_forms import KEY_BUTTON, KEY_MODAL, SETUP_BUTTON
from adapters.slack.messages.buttons import (
    ACTION_ID,
    FORMS_BUTTON,
    PAGE_ACTION_ID,
    RETRY_HERE,
    SEND_DIRECTLY,
    OutdatedControl,
)
from adapters.slack.messages.home_view import HOME_ACTION_ID
from adapters.slack.messages.modals import COMMAND_MODAL, EDIT_MODAL, OutdatedModal
from adapters.slack.oauth.authorize import NOT_INSTALLED, CachedAuthorize
from adapters.slack.oauth.flow import InstallFlow
from adapters.slack.oauth.installations import InstallationStore, register_uninstall_events
from adapters.slack.oauth.manifest import GLOBAL_SHORTCUT, MessageShortcut
from adapters.slack.services import Services
from adapters.slack.web_api.lookups import ChannelMembership
from bot.domain.errors import DeliveryError, Refused, ServiceUnavailable, StoreError, TooManyRequests
from bot.service.plugin import AdapterContext

_log = structlog.get_logger(__name__)

#: bolt logs what people wrote
_BOLT_LOG = logging.getLogger(f"{__name__}.bolt")
_BOLT_LOG.setLevel(logging.ERROR)
#: errors after which the same event may succeed
_TRANSIENT = (StoreError, DeliveryError, SlackClientError, aiohttp.ClientError, OSError)

Handler = Callable[[EventContext, Ack], Awaitable[None]]
Next = Callable[[], Awaitable[Any]]
Listener = Callable[..., Coroutine[Any, Any, Any]]

_MEDIA_EXPIRED = "This is not available any more; start again from the message's shortcut menu"


class EventRouter:
    """Builds the handlers, and passes each event to its handler once its caller is within the rate limit."""

    def __init__(
        self,
        context: AdapterContext,
        services: Services,
        *,
        ack_timeout_s: float = ACK_TIMEOUT_S,
        max_tasks: int = MAX_TASKS,
    ) -> None:
        service, clock = context.service, context.clock
        web_api, uploads = services.web_api, services.uploads
        self._services = services
        self._clock = clock
        self._service = service
        self.tasks = EventTasks(max_tasks=max_tasks)
        self.home = HomeTab(service, web_api, uploads, services.link, clock)
        self._requests = RequestRunner(
            web_api=web_api,
            service=service,
            users=services.users,
            groups=services.groups,
            membership=ChannelMembership(web_api, clock),
            uploads=uploads,
            pending=PendingRequestStore(context.adapter_data),
            pending_media=PendingMediaStore(context.adapter_data, expired=_MEDIA_EXPIRED),
            home=self.home,
        )
        replies = self._replies = Replies(
            web_api=web_api,
            uploads=uploads,
            files=services.reply_files,
            link=services.link,
            tasks=self.tasks,
            clock=clock,
            ack_timeout_s=ack_timeout_s,
        )
        requests = self._requests
        self._modal = CommandModal(
            web_api=web_api, service=service, requests=requests, replies=replies, clock=clock
        )
        self._commands = SlashCommandHandler(requests=requests, replies=replies, modal=self._modal)
        self._block_actions = BlockActionHandler(requests=requests, replies=replies, modal=self._modal)
        self._workspace_key = WorkspaceKeyHandler(requests=requests, replies=replies, modal=self._modal)
        self._shortcuts = MessageShortcutHandler(
            requests=requests, replies=replies, modal=self._modal, block_actions=self._block_actions
        )
        self._reactions = ReactionHandler(
            web_api=web_api, service=service, requests=requests, replies=replies
        )

    def bolt_app(
        self, *, signing_secret: SecretStr | None = None, flow: InstallFlow | None = None
    ) -> AsyncApp:
        """The bolt app with all listeners; with `flow`, workspaces install the app themselves."""
        tokens, client = self._services.tokens, self._services.client
        installations = tokens if isinstance(tokens, InstallationStore) else None
        app = _App(
            logger=_BOLT_LOG,
            name="reverie",
            signing_secret=signing_secret.get_secret_value() if signing_secret is not None else "",
            client=client,
            # bolt's annotation asks for a callable, its code accepts this as well.
            authorize=cast("Any", CachedAuthorize(tokens, client)),
            installation_store=installations,
            oauth_flow=flow,
            user_facing_authorize_error_message=NOT_INSTALLED,
            process_before_response=True,
            raise_error_for_unhandled_request=True,
            # The HTTP route has verified the signature; with a socket there is none.
            request_verification_enabled=False,
        )
        app.use(self._admit)
        app.command(re.compile(r"/.+"))(self._interaction(self._commands.slash_command))
        app.action(re.compile(ACTION_ID), matchers=[is_selection])(_acknowledge)
        app.action(re.compile(ACTION_ID))(self._interaction(self._block_actions.block_action))
        app.action(re.compile(f"{RETRY_HERE}|{SEND_DIRECTLY}"))(
            self._interaction(self._block_actions.choose_channel)
        )
        app.action(re.compile(PAGE_ACTION_ID))(self._interaction(self._block_actions.turn_page))
        app.action(re.compile(HOME_ACTION_ID))(self._home_button)
        app.action(re.compile(".*"), matchers=[_in_command_modal])(self._modal_choice)
        app.options(re.compile(".*"), matchers=[_in_command_modal])(self._modal_options)
        app.view(COMMAND_MODAL)(self._interaction(self._modal.submit))
        app.action(SETUP_BUTTON)(self._interaction(self._commands.set_up))
        app.action(FORMS_BUTTON)(self._interaction(self._commands.open_form))
        app.action(KEY_BUTTON)(self._interaction(self._workspace_key.open))
        app.view(KEY_MODAL)(self._interaction(self._workspace_key.submit))
        app.view(EDIT_MODAL)(self._interaction(self._block_actions.submit_edit))
        app.shortcut({"type": "shortcut", "callback_id": GLOBAL_SHORTCUT})(
            self._interaction(self._shortcuts.global_shortcut)
        )
        for shortcut in MessageShortcut:
            app.shortcut({"type": "message_action", "callback_id": shortcut.value})(
                self._interaction(self._shortcuts.message_shortcut)
            )
        # After all listeners of this version: what another version made is refused.
        anything = re.compile("", re.DOTALL)
        app.action(anything)(self._interaction(self._outdated))
        app.view(anything)(self._interaction(self._outdated))
        for kind in ("shortcut", "message_action"):
            app.shortcut({"type": kind, "callback_id": anything})(self._interaction(self._outdated))
        app.event("app_mention")(self._mention)
        app.event("reaction_added")(self._reaction)
        app.event("app_home_opened")(self._home_opened)
        if installations is not None:
            register_uninstall_events(app, installations)
        app.error(_error_response)
        return app

    async def _admit(self, body: Body, context: AsyncBoltContext, next: Next) -> BoltResponse | None:  # noqa: A002 - bolt's
        """Pass an event on, or refuse it while too much is running."""
        if not self.tasks.is_full:
            await next()
            return None
        return self.tasks.refuse(body, self._busy_notice(body, context))

    def _busy_notice(
        self, body: Body, context: AsyncBoltContext
    ) -> Callable[[], Coroutine[Any, Any, None]] | None:
        """Tells a person that the bot is busy; None where the acknowledgement does, or nobody waits."""
        event = self._read(body, context)
        if event is None or not needs_message(body) or not self._expects_answer(event):
            return None
        return lambda: self._replies.refuse(event, TooBusy())

    def _expects_answer(self, context: EventContext) -> bool:
        match context.event.get("type"):
            case "app_mention":
                return is_written_by_person(context.event)
            case "reaction_added":
                return self._reactions.may_have_meaning(context)
            case _:
                return True

    def _read(self, body: Body, context: AsyncBoltContext) -> EventContext | None:
        """Read an event; None where no person in a workspace caused it, so that nobody is to be answered."""
        try:
            return EventContext.read(body, context, self._clock())
        except Refused as refusal:
            _log.info("event_without_caller", kind=body.get("type"), reason=str(refusal))
            return None

    def _interaction(self, handler: Handler) -> Listener:
        """A bolt listener for what a person does and waits for."""

        async def listener(body: Body, context: AsyncBoltContext, ack: Ack) -> None:
            event = self._read(body, context)
            if event is None:
                await ack()
                return
            try:
                # The rate limit comes before any look-up.
                self._service.admit(event.caller, event.key)
                await handler(event, ack)
            except TooManyRequests as refusal:
                await self._replies.refuse_modal(event, refusal, ack)
            except Exception as error:  # noqa: BLE001 - whatever fails, the person gets an answer
                _log.warning("event_failed", kind=body.get("type"), error=repr(error))
                await ack()
                self._replies.refuse_later(event, ServiceUnavailable())

        return listener

    async def _outdated(self, context: EventContext, ack: Ack) -> None:
        """Refuse a control or modal that this version does not know; nothing is guessed."""
        refusal = OutdatedModal() if context.submitted_view is not None else OutdatedControl()
        await self._replies.refuse_modal(context, refusal, ack)

    async def _modal_choice(self, body: Body, context: AsyncBoltContext, ack: Ack) -> None:
        """Something was chosen in a modal that is not submitted yet."""
        await ack()
        event = self._read(body, context)
        if event is not None and self._may_query(event):
            self.tasks.start(self._modal.change(event), "change modal")

    async def _modal_options(self, body: Body, context: AsyncBoltContext, ack: Any) -> None:
        """Somebody types into a select of a modal."""
        options = []
        try:
            event = EventContext.read(body, context, self._clock())
            if self._may_query(event):
                options = await self._modal.options(event)
        except Exception as error:  # noqa: BLE001 - without options, the text can still be typed
            _log.warning("options_failed", error=repr(error))
        await ack(options=options)

    async def _mention(self, body: Body, context: AsyncBoltContext) -> None:
        """A message mentions the bot; raises StoreError, so that Slack sends it again."""
        event = self._read(body, context) if is_written_by_person(body["event"]) else None
        if event is None:
            return
        try:
            self._service.admit(event.caller, event.key)
        except TooManyRequests as refusal:
            self._replies.refuse_later(event, refusal)
            return
        await self._commands.mention(event)

    async def _reaction(self, body: Body, context: AsyncBoltContext) -> None:
        """A reaction was added to any message; raises StoreError, so that Slack sends it again."""
        event = self._read(body, context)
        if event is not None:
            await self._reactions.reaction_added(event)

    async def _home_opened(self, body: Body, context: AsyncBoltContext) -> None:
        """Somebody opened the Home tab, or the Messages tab beside it, which shows nothing of ours."""
        event = self._read(body, context) if body["event"].get("tab") == "home" else None
        if event is not None and self._may_query(event):
            self.tasks.start(self._show_home(event), "open home")

    async def _home_button(self, body: Body, context: AsyncBoltContext, ack: Ack) -> None:
        """A button of the Home tab."""
        await ack()
        event = self._read(body, context)
        if event is not None:
            self.tasks.start(self._show_home(event, body["actions"][0]), "press home")

    async def _show_home(self, context: EventContext, action: Body | None = None) -> None:
        try:
            if action is not None:
                self._service.admit(context.caller, context.key)
            context = await self._requests.identify(context)
        except NotAPerson:
            return
        except TooManyRequests as refusal:
            if not refusal.repeated:
                await self.home.open(Viewer.of(context), notice=str(refusal))
            return
        except Refused as refusal:
            # They see their tab, and nothing is done.
            await self.home.open(Viewer.of(context), notice=str(refusal))
            return
        viewer = Viewer.of(context)
        if action is None:
            await self.home.open(viewer)
        else:
            value, action_id = str(action.get("value") or ""), str(action.get("action_id"))
            await self.home.press(viewer, action_id, value, key=context.key)

    def _may_query(self, context: EventContext) -> bool:
        """Whether the caller is within the rate limit of small queries."""
        try:
            self._service.admit_query(context.caller)
        except TooManyRequests:
            return False
        return True


class _App(AsyncApp):
    """bolt's app, whose own errors are answered like those of a listener."""

    async def async_dispatch(self, req: AsyncBoltRequest) -> BoltResponse:
        try:
            return await super().async_dispatch(req)
        except Exception as error:  # noqa: BLE001 - one request must end neither a socket nor the server
            return await _error_response(error, req.body) or BoltResponse(status=500, body="")


async def _acknowledge(ack: Ack) -> None:
    await ack()


async def _in_command_modal(body: dict[str, Any]) -> bool:
    view = body.get("view") or {}
    return bool(view.get("callback_id") == COMMAND_MODAL)


async def _error_response(error: Exception, body: dict[str, Any]) -> BoltResponse | None:
    """Acknowledge an event without a listener, and one that will never succeed.

    None where it may succeed later: unacknowledged, Slack sends the event again.
    """
    if isinstance(error, BoltUnhandledRequestError):
        _log.info("event_without_listener", kind=body.get("type"))
        return BoltResponse(status=200, body="")
    _log.warning("event_failed", kind=body.get("type"), error=repr(error))
    if "event" not in body and not needs_message(body):
        # A person waits, and Slack sends an interaction only once.
        return refusal_response(body, ServiceUnavailable())
    return None if isinstance(error, _TRANSIENT) else BoltResponse(status=200, body="")
