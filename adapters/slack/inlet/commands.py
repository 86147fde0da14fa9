"""Slash commands and mentions: one line of text, or a form where nothing was written."""

from collections.abc import Sequence
from dataclasses import dataclass

from adapters.slack.inlet.answering import Ack, Answering
from adapters.slack.inlet.asking import Asking
from adapters.slack.inlet.attached import forwarded, media_of, reference_of
from adapters.slack.inlet.filling import Filling
from adapters.slack.inlet.naming import GENERAL
from adapters.slack.inlet.reading import Line, after_mention, read_line
from adapters.slack.inlet.seat import ADAPTER, Event, Seat, seat_of
from adapters.slack.inlet.wishes import Wish
from adapters.slack.outlet.places import name_message
from bot.domain.commands import Help, Making
from bot.domain.media import Reference
from bot.engine.answers import Answer


@dataclass(frozen=True, slots=True, kw_only=True)
class Commanding:
    """Does what somebody has typed."""

    asking: Asking
    answering: Answering
    filling: Filling

    async def typed(self, event: Event, ack: Ack, *, now: int) -> None:
        """A slash command, of its own name or behind the general one."""
        seat = seat_of(event, now)
        name, text = str(event.body["command"]), str(event.body.get("text") or "").strip()
        whole = text if name == GENERAL else f"{name} {text}"

        async def ask() -> Answer | None:
            if not whole:
                await self.filling.open_any(seat)
                return None
            line = read_line(whole)
            if line.wants_form:
                await self.filling.open(seat, line.command)
                return None
            return await self._give(seat, line)

        await self.answering.answer(seat, ask, ack)

    async def mentioned(self, event: Event, *, now: int) -> None:
        """Somebody has written to the bot by its name; raises StoreError to be told again."""
        seat, told = seat_of(event, now), event.body["event"]
        text = after_mention(str(told.get("text") or ""), event.me)

        async def ask() -> Answer:
            if not text:
                return await self.asking.ask(seat, Wish.of(Help()))
            own, others = told.get("files") or (), forwarded(told)
            files = (
                *map(reference_of, await self.asking.files(seat, own)),
                *media_of(await self.asking.files(seat, others)),
            )
            line = read_line(text)
            return await self._give(seat, line, files, replied=await self._replied(seat, line))

        await self.answering.take(seat, ask)

    async def _replied(self, seat: Seat, line: Line) -> str | None:
        """The job under whose card it is said, for what would go on from the caller's newest else."""
        command = line.command
        if seat.spot.thread is None or not issubclass(command, Making) or command.newest is None:
            return None
        root = name_message(seat.spot.channel, seat.spot.thread)
        shown = await self.asking.studio.find(ADAPTER, root)
        return shown.jobs[0] if shown is not None else None

    async def _give(
        self, seat: Seat, line: Line, files: Sequence[Reference] = (), *, replied: str | None = None
    ) -> Answer:
        names = await self.asking.names(seat, line.strangers)
        wish = Wish.of(line.read(seat.team, names), files, replied=replied)
        return await self.asking.ask(seat, wish, named=line.named(seat.team, names))
