"""The form for the workspace's own API key: opened by a button, submitted as a modal."""

from dataclasses import dataclass
from functools import partial

from adapters.slack.events.command_modal import CommandModal
from adapters.slack.events.context import EventContext
from adapters.slack.events.replies import Ack, Replies
from adapters.slack.events.requests import PendingRequest, RequestRunner
from adapters.slack.messages.admin_forms import entered_key, key_modal, location_of
from adapters.slack.messages.modals import OutdatedModal, field_errors
from bot.domain.commands import StudioKey, build
from bot.domain.workspace.workspace_keys import KeyAction
from bot.service.replies import Reply


@dataclass(frozen=True, slots=True, kw_only=True)
class WorkspaceKeyHandler:
    """Opens the form, and passes the entered key to the core, which checks the person's rights again."""

    requests: RequestRunner
    replies: Replies
    modal: CommandModal

    async def open(self, context: EventContext, ack: Ack) -> None:
        """The button was pressed."""

        async def request() -> Reply | None:
            # Only an admin may go on.
            asked = PendingRequest.of_command(build(StudioKey, {"action": KeyAction.SET}))
            await self.requests.run(context, asked)
            await self.modal.open_view(context, key_modal(context.location))
            return None

        await self.replies.answer(context, request, ack)

    async def submit(self, context: EventContext, ack: Ack) -> None:
        """The form was submitted; a refusal is shown in it."""
        view = context.body["view"]
        try:
            located = context.at(location_of(view))
        except OutdatedModal as refusal:
            await self.replies.refuse_modal(context, refusal, ack)
            return

        async def request() -> Reply:
            key = entered_key(view)
            identified = await self.requests.identify(located)
            return await self.requests.service.set_workspace_key(
                key, identified.caller, event_key=identified.key
            )

        await self.replies.answer(located, request, ack, errors=partial(field_errors, view))
