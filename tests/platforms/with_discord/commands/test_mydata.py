"""A member has their data deleted: asked first, and the bot's messages with their results go."""

from pathlib import Path

from tests.platforms.fake_discord import FakeDiscord
from tests.platforms.with_discord.bot_env import open_bot_env


async def test_a_member_deletes_their_data_by_a_red_button(tmp_path: Path, fake: FakeDiscord) -> None:
    async with open_bot_env(tmp_path, fake) as env:
        _, card = await env.imagine()
        asked = env.ada.slash("mydata forget")
        question = await asked.message(lambda message: bool([*message.parts()]))
        assert question.only_for is env.ada.user
        (delete,) = [one for one in question.parts() if one.get("label") == "Delete my data"]
        assert delete["style"] == 4
        assert not card.deleted

        pressed = env.ada.press(question, "Delete my data")
        told = await pressed.message(lambda message: "is being deleted" in str(message.embeds))
        assert told.only_for is env.ada.user
        await fake.until(lambda: card.deleted)
