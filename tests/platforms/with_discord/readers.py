"""Reads what the bot's messages show."""

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path

from adapters.discord.messages.buttons import ComponentId
from bot.domain.ids import short_id
from tests.platforms.fake_discord import FakeDiscord, Invocation, Message, Person
from tests.platforms.unmodified import QUICK, Bot, start_proxied


def job_of(card: Message) -> str:
    component_id = ComponentId.parse(card.custom_id("Details"))
    assert component_id is not None
    return component_id.job


def facts(card: Message) -> dict[str, str]:
    return {field["name"]: field["value"] for field in card.embeds[0]["fields"]}


def labels(message: Message) -> list[str]:
    """Of its buttons."""
    return [str(part["label"]) for part in message.parts() if part.get("label")]


def source(job: str) -> str:
    """A job as a card names what it builds on, escaped for Discord."""
    return f"\\#{short_id(job)}"


async def private(asked: Invocation) -> Message:
    """What it is answered with, which nobody else may see."""
    answer = await asked.message()
    assert answer.only_for is asked.interaction.user
    return answer


def told(person: Person) -> list[str]:
    """What the bot has told somebody in their direct messages."""
    return [one.content for one in person.reads_directly() if one.author is not person.user]


@asynccontextmanager
async def connected_to(fake: FakeDiscord, folder: Path, **settings: str) -> AsyncIterator[Bot]:
    proxy, own = fake.proxy(), {"DISCORD_TOKEN": fake.token}
    async with start_proxied(folder, proxy, fake.certificates.authority, QUICK | own | settings) as bot:
        await bot.ready()
        yield bot
    assert proxy.refused == []


def is_done(message: Message) -> bool:
    # A running video has an attachment too: its preview.
    return bool(message.attachments) and "Done" in str(message.embeds)
