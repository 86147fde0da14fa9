"""A /reframe whose source is placed by hand shows its frame first; buttons start or close it."""

from io import BytesIO
from pathlib import Path

from PIL import Image

from tests.platforms.fake_discord import Callback, FakeDiscord, Message
from tests.platforms.with_discord.bot_env import BotEnv, open_bot_env
from tests.platforms.with_discord.readers import source

PLACED = {"aspect_ratio": "9:16", "grid_position_x": -40, "resized_width": 600}


def start_label(message: Message) -> str:
    return next(label for one in message.parts() if "Start" in (label := str(one.get("label"))))


async def shown(env: BotEnv, **options: object) -> Message:
    asked = env.ada.slash("reframe", **(options or PLACED))
    preview = await asked.message(lambda message: bool([*message.parts()]))
    assert preview.only_for is env.ada.user
    return preview


async def test_the_frame_is_shown_privately_and_started_by_its_button(
    tmp_path: Path, fake: FakeDiscord
) -> None:
    async with open_bot_env(tmp_path, fake) as env:
        _, card = await env.imagine()
        preview = await shown(env)
        embed = preview.embeds[0]
        assert "The new frame is 1152 × 2048 pixels." in embed["description"]
        picture = preview.embedded["preview.png"]
        assert "attachment://preview.png" == embed["image"]["url"]
        assert picture.description is not None
        assert picture.description.startswith("The new frame is")
        with Image.open(BytesIO(picture.content)) as image:
            assert "PNG" == image.format
        assert "$0." in start_label(preview)
        assert [card] == env.mine()

        pressed = env.ada.press(preview, start_label(preview))
        made = await env.done(pressed)
        assert Callback.MESSAGE is pressed.callback
        assert not made.ephemeral
        assert source(card.embeds[0]["footer"]["text"].removeprefix("#")) in str(made.embeds)
        await fake.until(lambda: preview.deleted)
        assert [card, made] == env.mine()


async def test_it_is_closed_by_its_other_button_and_private_results_stay_private(
    tmp_path: Path, fake: FakeDiscord
) -> None:
    async with open_bot_env(tmp_path, fake, defer_after_s=0) as env:
        _, card = await env.imagine()
        preview = await shown(env)
        closed = env.ada.press(preview, "Cancel")
        await fake.until(lambda: "Closed" == preview.embeds[0].get("title"))
        assert (Callback.DEFERRED_UPDATE, {}, []) == (closed.callback, preview.embedded, [*preview.parts()])

        again = await shown(env, aspect_ratio="1:1", preview=True, private=True)
        assert again.embedded
        made = await env.done(env.ada.press(again, start_label(again)))
        assert made.only_for is env.ada.user
        await fake.until(lambda: again.deleted)
        assert [card] == env.mine()


async def test_without_values_nothing_is_asked(tmp_path: Path, fake: FakeDiscord) -> None:
    async with open_bot_env(tmp_path, fake) as env:
        await env.imagine()
        made = await env.done(env.ada.slash("reframe", aspect_ratio="9:16"))
        assert not made.ephemeral


async def test_where_discord_takes_no_picture_the_frame_is_described(
    tmp_path: Path, fake: FakeDiscord
) -> None:
    async with open_bot_env(tmp_path, fake) as env:
        await env.imagine()
        fake.fault("POST /interactions/*/callback", status=413)
        preview = await shown(env)
        assert {} == preview.embedded
        assert "image" not in preview.embeds[0]
        assert "The new frame is 1152 × 2048 pixels." in preview.embeds[0]["description"]
        await env.done(env.ada.press(preview, start_label(preview)))
