"""The workspace's own API key: entered in a modal that only admins get, never in a command or a channel."""

from pathlib import Path

import pytest

from adapters.slack.messages.admin_forms import KEY, KEY_BUTTON, KEY_MODAL
from tests.platforms.fake_slack import View
from tests.platforms.fake_slack.client.invocations import Invocation
from tests.platforms.with_slack.bot_harness import BotHarness, run_bot, words

ENTERED = "luma-6c2e-4f7a-90b1-3f9a"


async def opened_by_admin(bot: BotHarness) -> tuple[Invocation, View]:
    """The button that was pressed and the modal that it opened."""
    asked = await bot.boss.slash("/reverie", "studio key set").response()
    assert asked.ephemeral
    pressed = bot.boss.press(asked, KEY_BUTTON)
    return pressed, await pressed.view()


async def shown(bot: BotHarness) -> str:
    return words(await bot.boss.slash("/reverie", "studio key").response())


@pytest.mark.parametrize("http", [False, True], ids=["socket", "http"])
async def test_an_admin_enters_the_key_in_a_modal(tmp_path: Path, *, http: bool) -> None:
    async with run_bot(tmp_path, http=http) as bot:
        pressed, view = await opened_by_admin(bot)
        assert KEY_MODAL == view.told["callback_id"]

        sent = bot.boss.submit(view, {KEY: ENTERED})

        assert {} == await sent.acknowledged()
        assert "API key set" in words(await pressed.response())
        seen = await shown(bot)
        assert "luma-…3f9a" in seen
        assert ENTERED not in seen
        assert [] == bot.mine()
        quota = words(await bot.ada.slash("/quota").response())
        assert "billed to this workspace's own key" in quota


async def test_others_are_refused(tmp_path: Path) -> None:
    async with run_bot(tmp_path) as bot:
        told = await bot.ada.slash("/reverie", "studio key set").response()
        assert "Only an admin" in words(told)


async def test_an_admin_who_lost_the_role_cannot_submit(tmp_path: Path) -> None:
    async with run_bot(tmp_path) as bot:
        _, view = await opened_by_admin(bot)
        bot.boss.user.is_admin = False
        answer = await bot.boss.submit(view, {KEY: ENTERED}).acknowledged()
        assert "Only an admin" in answer["errors"][KEY]


async def test_a_typed_key_is_refused_and_not_repeated(tmp_path: Path) -> None:
    async with run_bot(tmp_path) as bot:
        told = words(await bot.boss.slash("/reverie", f"studio key {ENTERED}").response())
        assert "never typed" in told
        assert ENTERED not in told
        assert "No API key" in await shown(bot)
