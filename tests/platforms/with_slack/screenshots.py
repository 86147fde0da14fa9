"""Draws what the bot posts on Slack: a picture for the docs and, into a folder, one of each kind of card.

python -m tests.platforms.with_slack.screenshots docs/slack.png [folder]
"""

import asyncio
import sys
import tempfile
from collections.abc import Callable
from pathlib import Path

from adapters.slack.oauth.manifest import manifest
from tests.platforms.fake_discord.transport.certificates import make_certificates
from tests.platforms.fake_slack import Channel, FakeSlack, Message
from tests.platforms.fake_slack.client.person import Person
from tests.platforms.fake_slack.fake import HOSTS
from tests.platforms.fake_slack.html.modal import modal_page
from tests.platforms.fake_slack.html.page import page_of
from tests.platforms.rendering import draw
from tests.platforms.unmodified import QUICK, start_proxied
from tests.platforms.with_slack.bot_harness import job_of

_LONG_S = 180.0
_WIDTH = 740


class _Conversation:
    """What the real bot posts, drawn at the moment in which it is worth a picture."""

    def __init__(self, slack: FakeSlack, ada: Person) -> None:
        self._slack = slack
        self._ada = ada
        self._seen: set[str] = set()
        #: HTML by the name of the picture
        self.pages: dict[str, str] = {}

    async def hold(self) -> Message:
        """A picture."""
        self._ada.slash("/imagine", "a red fox in the snow, first light, film grain")
        picture = await self._next(_is_done)
        self._draw("docs", picture)
        return picture

    async def hold_all(self) -> None:
        """A card of each kind."""
        ada = self._ada
        picture = await self.hold()
        ada.slash("/imagine", "a paper boat on a sea of ink at dawn --count 4")
        self._draw("grid", await self._next(lambda message: str(message.blocks).count("slack_file") == 4))
        ada.press(picture, "rv:animate")
        self._draw("live-preview", await self._next(_has_preview, final=False))
        source = await self._next(_is_done)
        placed = f"9:16 {job_of(picture)} --grid_position_y 300 --resized_width 900"
        self._draw("reframe-preview", await ada.slash("/reframe", placed).response())
        self.pages["modify-form"] = modal_page(await ada.slash("/reverie", "modify").view())
        ada.slash("/reverie", f"modify {job_of(source)} in a blizzard --mode flex_2")
        self._draw("modify", await self._next(_is_done))
        for name in ("upscale", "audio"):
            ada.press(source, f"rv:{name}")
            self._draw(name, await self._next(_is_done))
        self._draw("history", await ada.slash("/reverie", "history 5").response())
        self._draw("lineage", await ada.slash("/reverie", f"lineage #{job_of(picture)}").response())

    async def hold_admin(self, boss: Person, moderators: Channel) -> None:
        """What admins are answered, and a job that waits for their approval."""
        for name, text in (("setup", "studio setup"), ("usage", "studio usage --by model")):
            self._draw(name, await boss.slash("/reverie", text).response())
        for text in ("rules moderators #mods", "rules prices --approve 0.01 --confirm off"):
            await boss.slash("/reverie", text).response()
        self._ada.slash("/imagine", "a golden fox")
        self._draw("approval", await self._slack.message_in(moderators, timeout=_LONG_S))
        self._draw("audit", await boss.slash("/reverie", "studio audit").response())

    async def _next(self, until: Callable[[Message], bool], *, final: bool = True) -> Message:
        """Wait for a card that was not drawn before."""
        found = await self._slack.message_in(
            self._ada.place,
            lambda one: not one.ephemeral and one.ts not in self._seen and until(one),
            timeout=_LONG_S,
        )
        if final:
            self._seen.add(found.ts)
        return found

    def _draw(self, name: str, message: Message) -> None:
        self.pages[name] = page_of([message], self._slack.world.files)


def _is_done(message: Message) -> bool:
    return "Done" in str(message.blocks) and _shows_picture(message)


def _has_preview(message: Message) -> bool:
    return "Dreaming" in str(message.blocks) and _shows_picture(message)


def _shows_picture(message: Message) -> bool:
    return any(block["type"] == "image" for block in message.blocks)


async def main(target: Path, folder: Path | None) -> None:
    with tempfile.TemporaryDirectory(prefix="reverie-") as name:
        data = Path(name)
        certificates = make_certificates(data, HOSTS)
        async with FakeSlack(manifest(), certificates=certificates, validates=False) as slack:
            team = slack.team("Film club")
            own = {
                "SLACK_BOT_TOKEN": slack.bot_token(team),
                "SLACK_APP_TOKEN": slack.app_token,
                "REVERIE_SIMULATOR_SPEED": "4",
            }
            conversation = _Conversation(slack, slack.user(team, "ada").at(team.general))
            async with start_proxied(data, slack.proxy(), certificates.authority, QUICK | own) as bot:
                await bot.ready()
                await (conversation.hold_all() if folder else conversation.hold())
                if folder:
                    boss = slack.user(team, "boss", admin=True).at(team.general)
                    await conversation.hold_admin(boss, slack.channel(team, "mods"))
    docs = conversation.pages.pop("docs")
    others = (
        {folder / f"slack-{name}.png": html for name, html in conversation.pages.items()} if folder else {}
    )
    await draw({target: docs} | others, width=_WIDTH)


if __name__ == "__main__":
    asyncio.run(main(Path(sys.argv[1]), Path(sys.argv[2]) if len(sys.argv) > 2 else None))
