"""Slash commands and mentions: one line of text, or a form where nothing was written."""

from collections.abc import Sequence
from dataclasses import dataclass

from adapters.slack.delivery.routes import name_message
from adapters.slack.events.command_line import CommandLine, parse_line, text_after_mention
from adapters.slack.events.command_modal import CommandModal
from adapters.slack.events.command_names import GENERAL
from adapters.slack.events.context import ADAPTER, Event, EventContext, seat_of
from adapters.slack.events.message_files import forwarded, media_of, reference_of
from adapters.slack.events.pending_requests import PendingRequest
from adapters.slack.events.replies import Ack, Replies
from adapters.slack.events.requests import RequestRunner
from bot.domain.commands import Command, GenerateCommand, Help
from bot.domain.errors import InvalidRequest
from bot.domain.media import Reference
from bot.service.replies import Reply


@dataclass(frozen=True, slots=True, kw_only=True)
class SlashCommandHandler:
    """Does what somebody has typed."""

    asking: RequestRunner
    answering: Replies
    filling: CommandModal

    async def typed(self, event: Event, ack: Ack, *, now: int) -> None:
        """A slash command, of its own name or behind the general one."""
        seat = seat_of(event, now)
        name, text = str(event.body["command"]), str(event.body.get("text") or "").strip()
        whole = text if name == GENERAL else f"{name} {text}"

        async def ask() -> Reply | None:
            if not whole:
                await self.filling.open_any(seat)
                return None
            line = parse_line(whole)
            if line.wants_form:
                await self.filling.open(seat, line.command)
                return None
            return await self._give(seat, line)

        await self.answering.answer(seat, ask, ack)

    async def mentioned(self, event: Event, *, now: int) -> None:
        """Somebody has written to the bot by its name; raises StoreError to be told again."""
        seat, told = seat_of(event, now), event.body["event"]
        text = text_after_mention(str(told.get("text") or ""), event.me)

        async def ask() -> Reply:
            if not text:
                return await self.asking.ask(seat, PendingRequest.of(Help()))
            own, others = told.get("files") or (), forwarded(told)
            files = (
                *map(reference_of, await self.asking.files(seat, own)),
                *media_of(await self.asking.files(seat, others)),
            )
            return await self._give(seat, parse_line(text), files)

        await self.answering.take(seat, ask)

    async def _give(self, seat: EventContext, line: CommandLine, files: Sequence[Reference] = ()) -> Reply:
        names = await self.asking.names(seat, line.strangers)
        command = line.read(seat.team, names)
        replied = None if files else await self._replied(seat, command)
        order = PendingRequest.of(command, files, replied=replied)
        return await self.asking.ask(seat, order, named=line.named(seat.team, names))

    async def _replied(self, seat: EventContext, command: Command) -> str | None:
        """The job under whose card it is said, where the command would else go on from the newest.

        Raises InvalidRequest under a card with several, for none of them is more likely than another.
        """
        if (
            seat.spot.thread is None
            or not isinstance(command, GenerateCommand)
            or command.default_source is None
        ):
            return None
        if getattr(command, command.default_source[0]):
            return None
        root = name_message(seat.spot.channel, seat.spot.thread)
        shown = await self.asking.service.card_by_message(ADAPTER, root)
        if shown is not None and len(shown.jobs) > 1:
            raise InvalidRequest(
                f"This card has {len(shown.jobs)} results, and you have not said which one is meant; nothing "
                "was charged. Choose it in the list under the card and use its buttons, or name its id"
            )
        return shown.jobs[0] if shown is not None else None
