"""Handles buttons, selects and their modals: whoever presses a button asks, and pays."""

from collections.abc import Mapping
from dataclasses import replace
from functools import partial

from adapters.chat.controls import CardControl
from adapters.discord.delivery.interactions import InteractionCallbackType, InteractionResponder
from adapters.discord.events.command_forms import CommandForms
from adapters.discord.events.context import InteractionContext
from adapters.discord.events.replies import Replies, ServiceCall
from adapters.discord.messages import modals
from adapters.discord.messages.buttons import ComponentId, card_components
from bot.domain.cards.card import CardView
from bot.domain.cards.decisions import Decision
from bot.domain.commands import Cancel, Command, Show, build
from bot.domain.errors import InvalidRequest
from bot.domain.generations.models import AspectRatio
from bot.domain.jobs.actions import GENERATING, Action, ActionInput, rotated
from bot.domain.jobs.job import UNTITLED
from bot.service.facade import BotService
from bot.service.replies import PrivateReply

#: how often a select that was used is compared with newer revisions of its card
_MAX_UPDATES = 3


class ComponentHandler:
    """Does what a component of ours asks for."""

    def __init__(
        self, *, service: BotService, replies: Replies, responder: InteractionResponder, forms: CommandForms
    ) -> None:
        self._service = service
        self._replies = replies
        self._responder = responder
        self._forms = forms

    async def press(self, context: InteractionContext, component: ComponentId) -> None:
        match component.verb:
            case CardControl.CANCEL | CardControl.CANCEL_ALL as verb:
                every = verb is CardControl.CANCEL_ALL
                call = self._call(build(Cancel, {"job": component.job, "all": every}), context)
                await self._replies.reply(context, call, private=True)
            case CardControl.DETAILS | CardControl.ORIGIN as verb:
                await self.show(context, component.job, with_results=verb is CardControl.ORIGIN)
            case CardControl.CONFIRM | CardControl.KEEP:
                confirm = partial(
                    self._service.answer_confirmation,
                    component.job,
                    context.caller,
                    question=component.card,
                    confirmed=component.verb is CardControl.CONFIRM,
                    key=context.key,
                )
                await self._replies.replace_message(context, confirm)
            case CardControl.START:
                await self._start(context, component.job)
            case CardControl.DISCARD:
                discard = partial(
                    self._service.discard_pending, component.job, context.caller, key=context.key
                )
                await self._replies.replace_message(context, discard)
            case Decision() as decision:
                decide = partial(
                    self._service.decide,
                    decision,
                    component.job,
                    component.card,
                    context.caller,
                    key=context.key,
                )
                await self._replies.reply(context, decide, private=True)
            case CardControl.SETTINGS:
                await self._forms.open_settings(context, component)
            case Action.EDIT | Action.REFRAME:
                await self._open_modal(context, component)
            case Action() as action:
                await self.act(context, action, component)
            case _:
                # A select without a value.
                raise InvalidRequest("Choose one entry of the list")

    async def select(self, context: InteractionContext, component: ComponentId, value: str) -> None:
        """Pick the job that the buttons act on, or show a job."""
        picks = component.verb is CardControl.PICK
        view = await self._service.get_card(component.card, context.caller) if picks else None
        if view is None or value not in {job.id for job in view.jobs}:
            await self.show(context, value, with_results=component.verb is CardControl.OPEN)
            return
        # Everybody sees the change: buttons that act on another job than the select shows would cost the
        # wrong one. Texts and files stay; the card's next revision begins with its first job again.
        token, sent = context.token, card_components(view, value)
        data = {"components": sent}
        if await self._responder.respond(token, InteractionCallbackType.UPDATE, data) is None:
            return
        for _ in range(_MAX_UPDATES):
            # A new revision may have been sent between our look and our response, which now covers it.
            view = await self._service.get_card(component.card, context.caller)
            if view is None or (current := card_components(view, value)) == sent:
                return
            sent = current
            await self._responder.edit(token, {"components": sent})

    async def submit(
        self, context: InteractionContext, component: ComponentId, values: Mapping[str, str]
    ) -> None:
        """A modal was submitted that one of these buttons had opened."""
        match component.verb:
            case CardControl.SETTINGS:
                await self._forms.submit_settings(context, component, values)
                return
            case Action.EDIT:
                changes = ActionInput(prompt=modals.modal_value(values, modals.PROMPT))
            case Action.REFRAME:
                ratio, price = modals.aspect_ratio_value(values)
                changes, component = ActionInput(aspect_ratio=ratio), replace(component, price=price)
            case _:
                raise InvalidRequest(modals.OUTDATED_MODAL)
        await self.act(context, Action(component.verb), component, changes)

    async def act(
        self,
        context: InteractionContext,
        action: Action,
        component: ComponentId,
        changes: ActionInput | None = None,
        *,
        asks_first: bool = False,
    ) -> None:
        """Do an action of the core; one that generates is answered with a new card, or asked about."""
        private: bool | None = True
        if action in GENERATING:
            private = await self._check_audience(context, component)
        call = partial(
            self._service.act,
            action,
            component.job,
            context.invocation(answer_window_ms=self._replies.answer_window_ms),
            action_input=changes,
            shown_price=component.price,
            asks_first=asks_first,
        )
        await self._replies.reply(context, call, private=asks_first or private)

    async def _start(self, context: InteractionContext, pending: str) -> None:
        """Start a command that was shown, and delete the message that shows it."""
        shown = await self._service.find_pending(pending, context.invocation())
        if not shown.private:
            await self._replies.require_postable(context)
        call = partial(
            self._service.start_pending,
            pending,
            context.invocation(private=shown.private, answer_window_ms=self._replies.answer_window_ms),
        )
        if await self._replies.reply(context, call, private=shown.private):
            await self._replies.delete_message(context)

    async def show(self, context: InteractionContext, job: str, *, with_results: bool = False) -> None:
        """Show one job privately, with its buttons."""
        call = self._call(build(Show, {"job": job}), context)
        await self._replies.reply(context, call, private=True, with_results=with_results)

    async def _open_modal(self, context: InteractionContext, component: ComponentId) -> None:
        # Checked before the person types into the modal.
        await self._check_audience(context, component)
        view = await self._shown_job(context, component.job)
        prices = view.jobs[0].prices
        if component.verb is Action.EDIT:
            # The form shows the price of now, which may be another one than that of the button.
            custom_id = replace(component, price=prices.shown(Action.EDIT)).write()
            prompt = "" if view.title in UNTITLED.values() else view.title
            modal = modals.prompt_modal(
                custom_id,
                Action.EDIT,
                prompt=prompt,
                label="Prompt",
                required=False,
                price=prices.text(Action.EDIT),
            )
        else:
            media = view.jobs[0].media
            ratio = media.aspect_ratio if media is not None else AspectRatio.LANDSCAPE
            modal = modals.aspect_ratio_modal(component.write(), rotated(ratio), prices)
        await self._responder.respond(context.token, InteractionCallbackType.MODAL, modal)

    async def _check_audience(self, context: InteractionContext, component: ComponentId) -> bool | None:
        """Whether what an action makes is for the caller alone by default; None where that is unknown.

        Raises MissingPermissions where it is not, and could not be posted.
        """
        private = await self._service.is_private(None, context.caller, context.place())
        if not private:
            await self._replies.require_postable(context, component.card)
        return private

    async def _shown_job(self, context: InteractionContext, job: str) -> CardView:
        reply = await self._call(build(Show, {"job": job}), context)()
        assert isinstance(reply, PrivateReply)  # noqa: S101 - /show makes nothing
        return reply.views[0]

    def _call(self, command: Command, context: InteractionContext) -> ServiceCall:
        return partial(self._service.execute, command, context.invocation())
