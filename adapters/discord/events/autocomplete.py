"""Completing: what Discord offers while somebody types into an option."""

from collections.abc import Sequence
from typing import Any

import structlog
from discord import Interaction

from adapters.chat.text import sanitize_line
from adapters.discord.events.context import Seat
from adapters.discord.events.options import read_typing
from adapters.discord.messages.option_fields import DISCORD_CHOICE, DISCORD_CHOICES
from bot.domain.completion import AutocompleteChoice
from bot.domain.errors import ReverieError
from bot.service.facade import BotService

_log = structlog.get_logger(__name__)


class Completing:
    """Offers the caller's own jobs, words of the camera and whatever else an option takes."""

    def __init__(self, service: BotService) -> None:
        self._service = service

    async def answer(self, interaction: Interaction[Any], seat: Seat) -> Sequence[dict[str, Any]]:
        """The choices; none where they cannot be had, for whatever is not offered can still be typed."""
        try:
            offers = await self._offers(interaction, seat)
        except ReverieError as error:
            _log.warning("nothing_offered", interaction=seat.key, error=repr(error))
            return []
        return [
            {"name": sanitize_line(one.label, DISCORD_CHOICE) or one.value, "value": one.value}
            for one in offers
            if len(one.value) <= DISCORD_CHOICE
        ]

    async def _offers(self, interaction: Interaction[Any], seat: Seat) -> Sequence[AutocompleteChoice]:
        typing = read_typing(interaction)
        if typing is None:
            return ()
        return await self._service.autocomplete_option(
            typing.command,
            typing.option,
            typing.text,
            seat.caller,
            seat.place(),
            count=DISCORD_CHOICES,
        )
