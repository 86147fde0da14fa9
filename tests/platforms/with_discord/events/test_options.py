"""Options are parsed to a command, or refused with the reason."""

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from typing import Any

import pytest
from discord import Interaction
from pydantic import SecretStr

from adapters.discord.events.options import ParsedCommand, parse_command, parse_weights
from adapters.discord.gateway.command_sync import sync_commands
from adapters.discord.rest.client import RestClient
from bot.domain.commands import Animate, Audio, Imagine, Modify, QuotasSet, Reframe, RulesReactions, Upscale
from bot.domain.errors import InvalidRequest
from bot.domain.generations.media import MediaKind, Reference
from bot.domain.generations.models import AspectRatio, ImageModel, ModifyMode, Resolution
from bot.domain.identity import Caller
from bot.domain.money.quota import Period
from tests.platforms.fake_discord import FakeDiscord, Permissions, Upload
from tests.platforms.tiny_bot import TinyBot, running

JOB, OTHER = "0" * 23 + "1", "0" * 23 + "2"
ADDRESS = "https://pictures.example/@ada/hills.png"
PNG, MP4 = Upload(filename="a.png", content=b"png"), Upload(filename="b.mp4", content=b"mp4")
#: one byte above the limit
HUGE = Upload(filename="huge.png", content=bytes(50_000_001))


class Reading:
    """A bot that receives an admin's commands and does nothing."""

    def __init__(self, fake: FakeDiscord, bot: TinyBot) -> None:
        self.guild = fake.guild("Film club")
        role = fake.role(self.guild, "admins", Permissions.MANAGE_GUILD)
        self.ada = fake.member(self.guild, "ada", roles=[role])
        self._bot = bot
        self._asked = 0

    async def heard(self, command: str, **options: Any) -> Interaction[Any]:
        self.ada.slash(command, **options)
        self._asked += 1
        return await self._bot.asked(self._asked)

    async def wanted(self, command: str, **options: Any) -> ParsedCommand:
        return parse_command(await self.heard(command, **options))

    async def refusal(self, command: str, **options: Any) -> str:
        interaction = await self.heard(command, **options)
        with pytest.raises(InvalidRequest) as caught:
            parse_command(interaction)
        return str(caught.value)


@asynccontextmanager
async def open_reading(fake: FakeDiscord) -> AsyncIterator[Reading]:
    rest = RestClient(SecretStr(fake.token), connector=fake.connector)
    try:
        await sync_commands(rest, str(fake.world.application_id))
    finally:
        await rest.close()
    async with running(fake) as bot:
        yield Reading(fake, bot)


def urls(wanted: ParsedCommand, name: str) -> list[str]:
    """The paths of attachments, and everything else unchanged."""
    value = getattr(wanted.command, name)
    return [_name(one) for one in (value if isinstance(value, tuple) else (value,))]


def _name(reference: Reference) -> str:
    source = reference.job or reference.url or ""
    name = source.partition("?")[0].rpartition("/")[2] if reference.via == "discord" else source
    return name if reference.weight is None else f"{name}@{reference.weight}"


async def test_options_are_parsed_to_their_command(fake: FakeDiscord) -> None:
    async with open_reading(fake) as reading:
        plain = await reading.wanted(
            "imagine", prompt=" a fox ", count=2, model="photon-flash-1", private=True
        )
        expected = Imagine(prompt=" a fox ", count=2, model=ImageModel.PHOTON_FLASH_1, private=True)
        assert ParsedCommand(command=expected) == plain

        reframed = await reading.wanted("reframe", aspect_ratio="9:16", media=MP4, x_start=0)
        assert isinstance(reframed.command, Reframe)
        assert reframed.command.media is not None
        assert (AspectRatio.PORTRAIT, 0, MediaKind.VIDEO, "discord") == (
            reframed.command.aspect_ratio,
            reframed.command.x_start,
            reframed.command.media.kind,
            reframed.command.media.via,
        )
        moved = await reading.wanted("animate", start_from=f"#{JOB}", end=PNG)
        assert isinstance(moved.command, Animate)
        assert [[JOB], ["a.png"]] == [urls(moved, "start"), urls(moved, "end")]
        changed = await reading.wanted("modify", prompt="in snow", media=MP4, mode="flex_2", first_frame=PNG)
        assert isinstance(changed.command, Modify)
        assert (ModifyMode.FLEX_2, "b.mp4") == (changed.command.mode, *urls(changed, "media"))
        weighted = await reading.wanted("modify", prompt="in snow", media=PNG, weight=0.05)
        assert isinstance(weighted.command, Modify)
        assert 0.05 == weighted.command.weight
        larger = await reading.wanted("upscale", job=f"#{JOB}", resolution="4k")
        assert Upscale(job=JOB, resolution=Resolution.P2160) == larger.command
        heard = await reading.wanted("audio", prompt="rain", negative_prompt="voices")
        assert Audio(prompt="rain", negative_prompt="voices") == heard.command
        nothing = await reading.wanted("animate", prompt="it runs", start_from="  ")
        assert Animate(prompt="it runs") == nothing.command


async def test_media_comes_as_attachments_jobs_and_urls(fake: FakeDiscord) -> None:
    async with open_reading(fake) as reading:
        mixed = await reading.wanted(
            "imagine",
            prompt="a fox",
            image2=PNG,
            image_from=f"{JOB}, {ADDRESS} {OTHER}@0.25",
            style1=PNG,
            style_from=OTHER,
            character1=PNG,
            modify_from=ADDRESS,
            weights="image1 0.85, image2=1; image3:.5 style1 0,4 style2 .2 modify .3",
        )
        assert ["a.png@1.0", f"{JOB}@0.85", f"{ADDRESS}@0.5", f"{OTHER}@0.25"] == urls(mixed, "image")
        assert ["a.png@0.4", f"{OTHER}@0.2"] == urls(mixed, "style")
        assert ["a.png"] == urls(mixed, "character")
        assert [f"{ADDRESS}@0.3"] == urls(mixed, "modify")

        fox = {"prompt": "a fox"}
        four = {f"image{number}": PNG for number in range(1, 5)}
        assert "image can be given 4 times at most" == await reading.refusal(
            "imagine", **fox, **four, image_from=JOB
        )
        assert "modify takes one" in await reading.refusal("imagine", **fox, modify=PNG, modify_from=JOB)
        assert "neither a job's id nor an address" in await reading.refusal("imagine", **fox, image_from="x")
        assert "this takes no influence" in await reading.refusal("animate", start_from=f"{JOB}@0.5")
        assert "image1 has a weight already" in await reading.refusal(
            "imagine", **fox, image_from=f"{JOB}@0.5", weights="image1 0.4"
        )
        assert "only image1" in await reading.refusal("imagine", **fox, image1=PNG, weights="character1 0.4")


async def test_unsupported_files_are_refused_before_anything_is_charged(
    fake: FakeDiscord,
) -> None:
    async with open_reading(fake) as reading:
        for name in ("notes.txt", "logo.svg", "song.mp3"):
            told = await reading.refusal("animate", start=Upload(filename=name, content=b"-"))
            assert "start: This is not a picture or a video: send a JPEG, PNG" in told
        assert "start: this picture is too large; at most 50 MB are accepted" == (
            await reading.refusal("animate", start=HUGE)
        )
        unnamed = await reading.heard("animate", start=MP4)
        data: Any = unnamed.data
        (file,) = data["resolved"]["attachments"].values()
        del file["content_type"]
        command = parse_command(unnamed).command
        assert isinstance(command, Animate)
        assert command.start is not None
        assert MediaKind.VIDEO is command.start.kind


async def test_mentioned_members_are_read_from_the_event(fake: FakeDiscord) -> None:
    async with open_reading(fake) as reading:
        bob = fake.member(reading.guild, "bob")
        reading.guild.members[bob.user.id].nick = "Bobby"
        stranger = fake.user("cy")
        given = await reading.wanted("quotas set", amount="$5.50", period="week", member=bob)
        workspace = f"discord:{reading.guild.id}"
        member = f"{workspace}:{bob.user.id}"
        assert QuotasSet(amount=5_500_000, period=Period.WEEK, member=member) == given.command
        person = f"discord:{bob.user.id}"
        everyone = frozenset({str(reading.guild.id)})
        bobby = Caller(workspace=workspace, person=person, member=member, name="Bobby", roles=everyone)
        assert (bobby,) == given.mentioned
        (left,) = (await reading.wanted("quotas show", member=stranger)).mentioned
        assert ("cy", None) == (left.name, left.roles)


async def test_a_custom_emoji_without_its_id_is_refused(fake: FakeDiscord) -> None:
    """Discord sends what was typed where it has no emoji of this name; no reaction could match it."""
    async with open_reading(fake) as reading:
        told = await reading.refusal("rules reactions", emoji=":film:", action="animate")
        assert "Discord has no emoji :film: here" in told
        for emoji in ("<:film:77>", "<a:film:77>", "🔥"):
            given = await reading.wanted("rules reactions", emoji=emoji, action="animate")
            assert RulesReactions(emoji=emoji, action="animate") == given.command
        cleared = await reading.wanted("rules reactions", emoji=":film:", action="default")
        assert "default" == cleared.command.model_dump()["action"]


async def test_a_command_of_another_version_is_refused(fake: FakeDiscord) -> None:
    async with open_reading(fake) as reading:
        old = await reading.heard("imagine", prompt="a fox")
        data: Any = old.data
        data["name"] = "dream"
        with pytest.raises(InvalidRequest, match="another version"):
            parse_command(old)


@pytest.mark.parametrize(
    ("text", "found"),
    [
        ("image1 0.85, style 0.5", {"image1": 0.85, "style": 0.5}),
        ("IMAGE1=1 style:0", {"image1": 1, "style": 0}),
        ("image1,0.2", None),
        (" image1 @ .5;style 0,25 ", {"image1": 0.5, "style": 0.25}),
        ("", {}),
        ("  ", {}),
        ("image1 85%", None),
        ("image1", None),
        ("0.5", None),
        ("image1 0.5 and style 0.5", None),
    ],
)
def test_weights_are_parsed_as_people_write_them(text: str, found: dict[str, float] | None) -> None:
    if found is None:
        with pytest.raises(InvalidRequest, match="is not a weight; write them like image1"):
            parse_weights(text, ["image1", "style"])
    else:
        assert found == parse_weights(text, ["image1", "style"])


@pytest.mark.parametrize(
    ("text", "words"),
    [
        ("image2 0.5", "image2 was not given, only image1, style"),
        ("style 1.01", "style must be between 0 and 1, such as 0.85, not 1.01"),
        ("style 1 style 0.5", "style is given twice"),
        ("style -0.5", "is not a weight"),
    ],
)
def test_invalid_weights_are_refused(text: str, words: str) -> None:
    with pytest.raises(InvalidRequest, match=words):
        parse_weights(text, ["image1", "style"])
