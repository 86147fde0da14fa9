"""The fake's buttons, select menus and modals, and the interactions they send."""

import re
from typing import Any, Self

import discord
import pytest

from tests.platforms.fake_discord import Callback, FakeDiscord, NotOffered
from tests.platforms.tiny_bot import TinyBot, at_rest, running


class Variation(discord.ui.DynamicItem[discord.ui.Button[Any]], template=r"variation:(?P<job>\w+)"):
    """A button that carries its job in its custom id."""

    def __init__(self, job: str) -> None:
        super().__init__(discord.ui.Button(label="Variation", emoji="🔁", custom_id=f"variation:{job}"))
        self.job = job

    @classmethod
    async def from_custom_id(
        cls, _: discord.Interaction, __: discord.ui.Item[Any], match: re.Match[str], /
    ) -> Self:
        return cls(match["job"])

    async def callback(self, interaction: discord.Interaction) -> None:
        await interaction.response.send_message(f"a variation of {self.job}")


class EditPrompt(discord.ui.Modal, title="Edit the prompt"):
    prompt: discord.ui.TextInput[Self] = discord.ui.TextInput(label="Prompt", default="a fox", max_length=50)

    async def on_submit(self, interaction: discord.Interaction) -> None:
        await interaction.response.edit_message(content=f"now {self.prompt.value}")


def buttons(bot: TinyBot) -> None:
    bot.add_dynamic_items(Variation)


def rows(*components: dict[str, Any]) -> dict[str, Any]:
    return {"content": "x", "components": [{"type": 1, "components": list(components)}]}


def button(custom_id: str, **more: Any) -> dict[str, Any]:
    return {"type": 2, "style": 1, "label": custom_id[:80], "custom_id": custom_id, **more}


async def test_a_button_works_after_a_restart_on_an_old_message(fake: FakeDiscord) -> None:
    ada = fake.member(fake.guild("Film club"), "ada")
    async with running(fake, buttons) as bot:
        view = discord.ui.View(timeout=None).add_item(Variation("01J"))
        sent = await bot.get_partial_messageable(ada.place.id).send("Done", view=view)
    fake.clock.advance(3600)
    async with running(fake, buttons):
        pressed = ada.press(ada.place.messages[sent.id], "Variation")
        answer = await pressed.message()

    assert answer.content == "a variation of 01J"
    assert answer.replies_to is ada.place.messages[sent.id]


async def test_a_form_opens_with_what_stood_there_and_changes_its_message(fake: FakeDiscord) -> None:
    ada = fake.member(fake.guild("Film club"), "ada")
    async with running(fake) as bot:
        await bot.call("POST", f"/channels/{ada.place.id}/messages", json=rows(button("edit:1")))
        message = await fake.message_in(ada.place)
        opened = ada.press(message, "edit:1")
        await (await bot.asked()).response.send_modal(EditPrompt())
        form = await opened.form()
        field = form["components"][0]["components"][0]
        with pytest.raises(NotOffered, match="1 to 50 characters"):
            ada.submit(opened, {field["custom_id"]: "x" * 51})
        sent = ada.submit(opened, {field["custom_id"]: "a blue fox"})
        await sent.answered()

    assert (form["title"], field["value"]) == ("Edit the prompt", "a fox")
    assert sent.callback is Callback.UPDATE
    assert message.content == "now a blue fox"


async def test_a_list_answers_with_what_was_chosen(fake: FakeDiscord) -> None:
    ada = fake.member(fake.guild("Film club"), "ada")
    options = [{"label": f"Picture {number}", "value": str(number)} for number in (1, 2, 3)]
    select = {"type": 3, "custom_id": "which", "placeholder": "Which one?", "options": options}
    async with running(fake) as bot:
        await bot.call("POST", f"/channels/{ada.place.id}/messages", json=rows(select))
        message = await fake.message_in(ada.place)
        with pytest.raises(NotOffered):
            ada.choose(message, "which", "4")
        chosen = ada.choose(message, "Which one?", "2")
        interaction = await bot.asked()
        await interaction.response.defer()

    assert interaction.data is not None
    assert interaction.data.get("values") == ["2"]
    assert chosen.callback is Callback.DEFERRED_UPDATE
    assert chosen.original is message


async def test_nobody_presses_what_is_greyed_out_or_not_theirs_to_see(fake: FakeDiscord) -> None:
    guild = fake.guild("Film club")
    ada, bob = fake.member(guild, "ada"), fake.member(guild, "bob")
    async with running(fake) as bot:
        grey = rows(button("grey", disabled=True), button("go"))
        await bot.call("POST", f"/channels/{ada.place.id}/messages", json=grey)
        message = await fake.message_in(ada.place)
        with pytest.raises(NotOffered, match="greyed out"):
            ada.press(message, "grey")
        pressed = ada.press(message, "go")
        await (await bot.asked()).response.send_message("psst", ephemeral=True, view=go())
        with pytest.raises(NotOffered, match="does not see"):
            bob.press(await pressed.message(), "again")


def go() -> discord.ui.View:
    return discord.ui.View(timeout=None).add_item(discord.ui.Button(label="again", custom_id="again"))


V2 = 1 << 15


@pytest.mark.parametrize(
    ("body", "path", "code"),
    [
        (
            rows(button("one"), button("one")),
            ("components", "0", "components", "1", "custom_id"),
            "COMPONENT_CUSTOM_ID_DUPLICATED",
        ),
        (
            rows(*[button(str(number)) for number in range(6)]),
            ("components", "0", "components"),
            "BASE_TYPE_BAD_LENGTH",
        ),
        (
            rows(button("x" * 101)),
            ("components", "0", "components", "0", "custom_id"),
            "BASE_TYPE_BAD_LENGTH",
        ),
        (
            {"content": "x", "components": [{"type": 10, "content": "text"}]},
            ("components", "0", "type"),
            "BASE_TYPE_CHOICES",
        ),
        (
            {"content": "x", "flags": V2, "components": [{"type": 10, "content": "text"}]},
            ("content",),
            "MESSAGE_CANNOT_USE_LEGACY_FIELDS_WITH_COMPONENTS_V2",
        ),
        (
            {"flags": V2, "components": [{"type": 10, "content": "x" * 4000}, {"type": 10, "content": "y"}]},
            ("components",),
            "COMPONENT_DISPLAYABLE_TEXT_SIZE_EXCEEDED",
        ),
    ],
)
async def test_components_that_cannot_be_shown_are_refused_where_they_stand(
    fake: FakeDiscord, body: dict[str, Any], path: tuple[str, ...], code: str
) -> None:
    guild = fake.guild("Film club")
    async with at_rest(fake) as bot:
        with pytest.raises(discord.HTTPException) as refusal:
            await bot.call("POST", f"/channels/{guild.first_channel().id}/messages", json=body)

    assert (refusal.value.status, refusal.value.code) == (400, 50035)
    found: Any = refusal.value._errors
    for step in path:
        found = found[step]
    assert code in [error["code"] for error in found["_errors"]]


async def test_the_new_layout_stays_new_when_it_is_edited(fake: FakeDiscord) -> None:
    guild = fake.guild("Film club")
    view = discord.ui.LayoutView().add_item(discord.ui.TextDisplay("hello"))
    async with at_rest(fake) as bot:
        sent = await bot.get_partial_messageable(guild.first_channel().id).send(view=view)
        with pytest.raises(discord.HTTPException) as refusal:
            await sent.edit(content="old words")

    assert refusal.value.code == 50035
