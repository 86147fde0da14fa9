"""Opens the forms of commands with their price, and runs what is entered in them."""

from collections.abc import Mapping
from dataclasses import replace
from functools import partial
from types import MappingProxyType
from typing import Any

from adapters.discord.delivery.interactions import InteractionCallbackType, InteractionResponder
from adapters.discord.events.context import InteractionContext
from adapters.discord.events.replies import Replies
from adapters.discord.messages import modals
from adapters.discord.messages.buttons import ComponentId
from adapters.discord.messages.command_form import FormId
from bot.domain.command_text.completion import offered_option
from bot.domain.command_text.job_settings import JobSettings
from bot.domain.commands import GenerateCommand, build
from bot.domain.errors import Refused
from bot.domain.options import Kind, options
from bot.domain.workspace.defaults import EffectiveDefault
from bot.service.facade import BotService
from bot.service.replies import PriceQuote

#: stands for a prompt that is not written yet: no price depends on it
_ANY_PROMPT = "any"


class CommandForms:
    """The forms that open from /help, and those with the settings of a job.

    A form cannot show another price while something is chosen in it: what costs more in the end is shown
    before it is started.
    """

    def __init__(self, *, service: BotService, replies: Replies, responder: InteractionResponder) -> None:
        self._service = service
        self._replies = replies
        self._responder = responder

    async def open(self, context: InteractionContext, form: FormId) -> None:
        """Open the form of a command with its defaults; raises Refused where it could not be sent."""
        settings = JobSettings(command=form.command, values={})
        quote = await self._quote(context, settings)
        defaults = await self._service.effective_defaults(context.invocation())
        custom_id = replace(form, price=quote.price.total).write()
        await self._open(context, custom_id, settings, quote, defaults)

    async def submit(self, context: InteractionContext, form: FormId, values: Mapping[str, str]) -> None:
        await self._run(context, JobSettings(command=form.command, values={}), values, form.price)

    async def open_settings(self, context: InteractionContext, component: ComponentId) -> None:
        """Open the form of a job's command with the settings of the job."""
        settings = await self._service.settings_of(component.job, context.invocation())
        try:
            quote = await self._quote(context, settings)
        except Refused:
            # They may have to be changed first.
            quote = None
        price = quote.price.total if quote is not None else None
        await self._open(context, replace(component, price=price).write(), settings, quote)

    async def submit_settings(
        self, context: InteractionContext, component: ComponentId, values: Mapping[str, str]
    ) -> None:
        settings = await self._service.settings_of(component.job, context.invocation())
        await self._run(context, settings, values, component.price)

    async def _open(
        self,
        context: InteractionContext,
        custom_id: str,
        settings: JobSettings,
        quote: PriceQuote | None,
        defaults: Mapping[str, EffectiveDefault] = MappingProxyType({}),
    ) -> None:
        offered = await self._service.offered_choices(context.caller)
        price = ""
        if quote is not None:
            price = f"⚠️ {quote.price.text}" if quote.shortage else quote.price.text
        modal = modals.settings_modal(custom_id, settings, offered, price, defaults)
        await self._responder.respond(context.token, InteractionCallbackType.MODAL, modal)

    async def _run(
        self,
        context: InteractionContext,
        settings: JobSettings,
        values: Mapping[str, str],
        shown_price: int | None,
    ) -> None:
        """Run the command of a form with what was entered in it."""
        offered = await self._service.offered_choices(context.caller)
        command = build(settings.command, modals.settings_values(settings, values, offered))
        private = await self._replies.check_audience(context, command)
        call = partial(
            self._service.execute,
            command,
            context.invocation(private=bool(private), answer_window_ms=self._replies.answer_window_ms),
            shown_price=shown_price,
            asks_first=shown_price is None,
        )
        await self._replies.reply(context, call, private=shown_price is None or private)

    async def _quote(self, context: InteractionContext, settings: JobSettings) -> PriceQuote:
        """What a form costs as it opens; raises Refused."""
        offered = await self._service.offered_choices(context.caller)
        values: dict[str, Any] = dict(settings.values)
        for option in options(settings.command):
            if option.name == modals.PROMPT:
                values[option.name] = values.get(option.name) or _ANY_PROMPT
            elif option.required and option.kind is Kind.CHOICE:
                values.setdefault(option.name, offered_option(option, offered).choices[0])
        command = build(settings.command, values)
        assert isinstance(command, GenerateCommand)  # noqa: S101 - `build` returns the class that it is given
        return await self._service.quote(command, context.invocation())
