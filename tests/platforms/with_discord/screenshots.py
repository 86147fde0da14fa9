"""Draws what the bot posts on Discord: a picture for the docs and, into a folder, one of each kind of card.

python -m tests.platforms.with_discord.screenshots docs/discord.png [folder]
"""

import asyncio
import sys
import tempfile
from collections.abc import Callable
from pathlib import Path

from tests.platforms.fake_discord import (
    HOSTS,
    Channel,
    FakeDiscord,
    Invocation,
    Message,
    Permissions,
    make_certificates,
)
from tests.platforms.fake_discord.client.person import Person
from tests.platforms.fake_discord.html.page import page_of
from tests.platforms.rendering import draw
from tests.platforms.with_discord.readers import connected_to, is_done, job_of

_LONG_S = 180.0
_WIDTH = 780


class _Conversation:
    """What the real bot posts, drawn at the moment in which it is worth a picture."""

    def __init__(self, fake: FakeDiscord, ada: Person) -> None:
        self._fake = fake
        self._ada = ada
        #: HTML by the name of the picture
        self.pages: dict[str, str] = {}

    async def hold(self) -> tuple[Message, Invocation]:
        """A picture, and a video of it that runs."""
        asked = self._ada.slash("imagine", prompt="a red fox in the snow, first light, film grain")
        picture = await asked.message(is_done, timeout=_LONG_S)
        film = self._ada.press(picture, "Animate")
        self._draw("docs", picture, await film.message(_has_preview, timeout=_LONG_S))
        return picture, film

    async def hold_all(self) -> None:
        """A card of each kind."""
        ada = self._ada
        picture, film = await self.hold()
        await self._draw_when("live-preview", film, _has_preview)
        source = await film.message(is_done, timeout=_LONG_S)
        await self.hold_grid()
        placed = {"aspect_ratio": "9:16", "grid_position_y": 300, "resized_width": 900}
        shown = ada.slash("reframe", media_from=job_of(picture), **placed)
        await self._draw_when("reframe-preview", shown, lambda message: bool(message.embedded))
        asked = {
            "modify": ada.slash("modify", media_from=job_of(source), prompt="in a blizzard", mode="flex_2"),
            "upscale": ada.press(source, "Upscale"),
            "audio": ada.press(source, "Add audio"),
        }
        for name, one in asked.items():
            await self._draw_when(name, one, is_done)
        await self._draw_when("help", ada.slash("help"), lambda message: any(message.parts()))
        listed = ada.slash("history", count=5)
        await self._draw_when("history", listed, lambda message: "thumbnail" in message.embeds[-1])
        tree = ada.slash("lineage", job=job_of(picture))
        await self._draw_when("lineage", tree, lambda message: bool(message.embedded))

    async def hold_admin(self, boss: Person, moderators: Channel) -> None:
        """What admins are answered, and a job that waits for their approval."""
        self._draw("setup", await boss.slash("studio setup").message(lambda message: any(message.parts())))
        usage = boss.slash("studio usage", by="model")
        await self._draw_when("usage", usage, lambda message: bool(message.embedded))
        await boss.slash("rules moderators", channel=moderators).message()
        await boss.slash("rules prices", approve="0.01", confirm="off").message()
        self._ada.slash("imagine", prompt="a golden fox")
        self._draw("approval", await self._fake.message_in(moderators))
        self._draw("audit", await boss.slash("studio audit").message())

    async def hold_grid(self) -> None:
        """Four pictures, while they are made and when they are done."""
        asked = self._ada.slash("imagine", prompt="a paper boat on a sea of ink at dawn", count=4)
        await self._draw_when("grid-running", asked, lambda message: "Dreaming" in str(message.embeds))
        await self._draw_when(
            "grid", asked, lambda message: is_done(message) and len(message.attachments) == 4
        )

    async def _draw_when(self, name: str, asked: Invocation, until: Callable[[Message], bool]) -> None:
        self._draw(name, await asked.message(until, timeout=_LONG_S))

    def _draw(self, name: str, *messages: Message) -> None:
        self.pages[name] = page_of(messages, now_ms=self._fake.clock.now_ms())


def _has_preview(message: Message) -> bool:
    return "Dreaming" in str(message.embeds) and bool(message.attachments)


async def main(target: Path, folder: Path | None) -> None:
    with tempfile.TemporaryDirectory(prefix="reverie-") as name:
        data = Path(name)
        async with FakeDiscord(make_certificates(data, HOSTS), validates=False) as fake:
            guild = fake.guild("Film club")
            ada = fake.member(guild, "ada")
            boss = fake.member(guild, "boss", roles=[fake.role(guild, "admins", Permissions.MANAGE_GUILD)])
            async with connected_to(fake, data, REVERIE_SIMULATOR_SPEED="4"):
                conversation = _Conversation(fake, ada)
                await (conversation.hold_all() if folder else conversation.hold())
                if folder:
                    await conversation.hold_admin(boss, fake.channel(guild, "mods"))
    docs = conversation.pages.pop("docs")
    others = (
        {folder / f"discord-{name}.png": html for name, html in conversation.pages.items()} if folder else {}
    )
    await draw({target: docs} | others, width=_WIDTH)


if __name__ == "__main__":
    asyncio.run(main(Path(sys.argv[1]), Path(sys.argv[2]) if len(sys.argv) > 2 else None))
