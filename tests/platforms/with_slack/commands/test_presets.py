"""Settings and presets on Slack: in text, and in the forms that show what counts."""

from pathlib import Path
from typing import Any

from tests.platforms.fake_slack import View
from tests.platforms.with_slack.bot_harness import run_bot, words


def element(view: View, block: str) -> dict[str, Any]:
    found: dict[str, Any] = next(one["element"] for one in view.blocks if one.get("block_id") == block)
    return found


async def test_defaults_count_for_typed_commands_and_are_shown_in_forms(tmp_path: Path) -> None:
    async with run_bot(tmp_path) as bot:
        line = "studio defaults --aspect_ratio 1:1 --count 2"
        told = words(await bot.boss.slash("/reverie", line).response())
        assert "Defaults of this workspace" in told
        await bot.ada.slash("/imagine", "a red fox").acknowledged()
        card = await bot.card()
        assert "1:1" in words(card)
        view = await bot.ada.slash("/imagine").view()
        assert "1:1 · this workspace (default)" == element(view, "aspect_ratio")["placeholder"]["text"]
        assert "2 · this workspace (default)" == element(view, "count")["placeholder"]["text"]

        # The form of the settings opens with one's own, and what is cleared is put back.
        opened = bot.ada.slash("/settings")
        view = await opened.view()
        assert "1:1 · this workspace (default)" == element(view, "aspect_ratio")["placeholder"]["text"]
        values = {"aspect_ratio": "9:16", "count": "1", "private": "on"}
        assert {} == await bot.ada.submit(view, values).acknowledged()
        told = words(await opened.response())
        assert "9:16 · yours" in told
        opened = bot.ada.slash("/settings")
        view = await opened.view()
        assert "9:16" == element(view, "aspect_ratio")["initial_option"]["value"]
        assert "1" == element(view, "count")["initial_value"]
        await bot.ada.submit(view, {"aspect_ratio": None}).acknowledged()
        told = words(await opened.response())
        assert "1:1 · this workspace" in told
        assert "yes · yours" in told


async def test_a_private_default_is_a_ticked_box_that_can_be_cleared(tmp_path: Path) -> None:
    async with run_bot(tmp_path) as bot:
        away = bot.slack.channel(bot.team, "away", with_bot=False)
        await bot.ada.slash("/settings", "--private on").acknowledged()
        # Nothing is posted in the channel, so that the bot need not be in it.
        told = await bot.ada.at(away).slash("/imagine", "a red fox").acknowledged()
        assert "not in" not in str(told)
        view = await bot.ada.slash("/imagine").view()
        assert ["yes"] == [one["value"] for one in element(view, "private")["initial_options"]]
        await bot.ada.submit(view, {"prompt": "a blue fox", "private": []}).acknowledged()
        assert "a blue fox" in words(await bot.card())


async def test_presets_are_saved_in_a_form_and_chosen_from_a_list(tmp_path: Path) -> None:
    async with run_bot(tmp_path) as bot:
        opened = bot.boss.slash("/reverie", "studio preset")
        view = await opened.view()
        values = {"action": "save", "kind": "style", "preset": "Noir", "text": "black and white"}
        assert {} == await bot.boss.submit(view, values).acknowledged()
        assert "Preset saved: noir" in words(await opened.response())
        await bot.boss.slash("/reverie", "studio preset save style grain film grain").acknowledged()
        view = await bot.ada.slash("/imagine").view()
        offered = await bot.ada.suggestions(view, "preset", "no").options()
        assert ["noir"] == [one["value"] for one in offered]
        await bot.ada.suggestions(view, "preset", "").options()
        await bot.ada.submit(view, {"prompt": "a red fox", "preset": ["grain", "noir"]}).acknowledged()
        assert "a red fox, film grain, black and white" in words(await bot.card())
