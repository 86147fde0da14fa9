"""Our buttons and lists as discord.py dispatches them: by custom id alone, so on every message for ever."""

import re
from typing import Any, Protocol, Self

from discord import Interaction
from discord.ui import DynamicItem, Item

from adapters.discord.cards import buttons
from adapters.discord.cards.buttons import Pressed
from adapters.discord.inlet import drafts
from adapters.discord.inlet.drafts import Drafted


class Hearing(Protocol):
    """Hears of everything that is pressed or chosen; `Doors` is one."""

    async def press(self, interaction: Interaction[Any], pressed: Pressed | None) -> None: ...

    async def pick(self, interaction: Interaction[Any], pressed: Pressed | None, value: str) -> None: ...

    async def use(self, interaction: Interaction[Any], drafted: Drafted | None) -> None: ...


def items_for(hearing: Hearing) -> tuple[type[DynamicItem[Item[Any]]], ...]:
    """The items to be registered with a client, once."""

    class Ours(DynamicItem[Item[Any]], template=buttons.TEMPLATE):
        """A button or a list under a card or a note."""

        @classmethod
        async def from_custom_id(cls, _: Interaction[Any], item: Item[Any], __: re.Match[str], /) -> Self:
            return cls(item)

        async def callback(self, interaction: Interaction[Any]) -> None:
            pressed = Pressed.read(self.custom_id)
            data: Any = interaction.data
            values = data.get("values")
            if values:
                await hearing.pick(interaction, pressed, str(values[0]))
            else:
                await hearing.press(interaction, pressed)

    class Theirs(DynamicItem[Item[Any]], template=drafts.TEMPLATE):
        """A button for a picture or video that was not made here."""

        @classmethod
        async def from_custom_id(cls, _: Interaction[Any], item: Item[Any], __: re.Match[str], /) -> Self:
            return cls(item)

        async def callback(self, interaction: Interaction[Any]) -> None:
            await hearing.use(interaction, Drafted.read(self.custom_id))

    return (Ours, Theirs)
