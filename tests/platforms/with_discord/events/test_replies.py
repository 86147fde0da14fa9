"""Each command gets one response, after the core has committed."""

from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest

from bot.domain.cards.card import CardView
from bot.domain.errors import StoreError
from bot.service.plugin import AdapterContext
from tests.platforms.fake_discord import Callback, Drop, FakeDiscord, Permissions
from tests.platforms.with_discord.bot_env import open_bot_env
from tests.platforms.with_discord.readers import job_of

CALLBACK = "POST /interactions/*/callback"
QUICKLY = {"answer_window": 300}
#: text that Discord would format, mention, hide or reorder
SLY = "<@&1> @everyone **fox** discord.gg/fox \u200bfo\u202ex نار"


class FailsBeforeRecord:
    """A service that fails between a response and its record."""

    def __init__(self, context: AdapterContext) -> None:
        self._service = context.service

    def __getattr__(self, name: str) -> Any:
        return getattr(self._service, name)

    async def confirm_shown(self, _: CardView, __: str) -> None:
        raise StoreError("the store is away")


class Broken(FailsBeforeRecord):
    """A service that fails."""

    def __init__(self, context: AdapterContext, error: Exception) -> None:
        super().__init__(context)
        self._error = error

    async def execute(self, *_: object, **__: object) -> None:
        raise self._error


def broken(context: AdapterContext, error: Exception) -> AdapterContext:
    return replace(context, service=Broken(context, error))  # type: ignore[arg-type]


def forgetful(context: AdapterContext) -> AdapterContext:
    return replace(context, service=FailsBeforeRecord(context))  # type: ignore[arg-type]


async def test_a_command_is_answered_with_its_card_which_becomes_the_result(
    tmp_path: Path, fake: FakeDiscord
) -> None:
    async with open_bot_env(tmp_path, fake) as env:
        asked, card = await env.imagine(SLY)
        assert Callback.MESSAGE is asked.callback
        assert [card] == env.mine()
        assert (frozenset(), f"<@{env.ada.user.id}>") == (card.pings, card.content)
        assert (
            "\u2068\\<@\u200b&1\\> @\u200beveryone \\*\\*fox\\*\\* discord.gg/fox fox نار\u2069"
            == (card.embeds[0]["title"])
        )


async def test_an_event_that_comes_twice_is_answered_once(tmp_path: Path, fake: FakeDiscord) -> None:
    async with open_bot_env(tmp_path, fake) as env:
        fake.gateway.hold()
        asked = env.ada.slash("imagine", prompt="a red fox")
        fake.gateway.release(twice=True)
        card = await env.done(asked)
        # A later event is handled after both.
        listed = await env.ada.slash("history").message()
        assert 1 == len(fake.requests("POST *" + str(asked.interaction.token) + "/callback"))
        assert [card] == env.mine()
        assert "Done" in str(listed.embeds)


async def test_a_slow_core_gets_a_deferred_response_with_the_right_visibility(
    tmp_path: Path, fake: FakeDiscord
) -> None:
    async with open_bot_env(tmp_path, fake, defer_after_s=0, default_allowance="0.1") as env:
        asked, card = await env.imagine()
        assert Callback.DEFERRED_MESSAGE is asked.callback
        assert [card] == env.mine()

        asked, card = await env.imagine(private=True)
        assert card.only_for is env.ada.user

        refused = env.ada.slash("imagine", prompt="four foxes", count=4)
        told = await refused.follow_up()
        assert told.only_for is env.ada.user
        assert "of $0.10 left" in told.content
        assert 1 == len(env.mine())

        fault = fake.fault(CALLBACK, drop=Drop.AFTER)
        listed = await env.ada.slash("history").message()
        assert (1, env.ada.user) == (fault.happened, listed.only_for)
        assert "four foxes" not in str(listed.embeds)

        # Only the core knows if the new card is private: nobody else may see the deferred response.
        again = env.ada.press(card, "🎲")
        await again.message(lambda message: bool(message.attachments))
        assert again.original is not None
        assert again.original.only_for is env.ada.user

        details = await env.ada.press(env.mine()[0], "Details").message()
        public = env.ada.press(details, "🎲")
        new = await public.follow_up(lambda message: bool(message.attachments))
        assert [env.mine()[0], new] == env.mine()
        assert public.original is not None
        assert public.original.deleted


async def test_a_missing_permission_is_refused_before_anything_is_spent(
    tmp_path: Path, fake: FakeDiscord
) -> None:
    async with open_bot_env(tmp_path, fake) as env:
        fake.overwrite(env.channel, deny=Permissions.ATTACH_FILES | Permissions.EMBED_LINKS)
        told = await env.ada.slash("imagine", prompt="a red fox").message()
        assert told.only_for is env.ada.user
        assert f"<#{env.channel.id}>: I lack Embed Links and Attach Files there" in told.content
        listed = await env.ada.slash("history").message()
        assert "Nothing yet" == listed.embeds[0]["title"]

        _, card = await env.imagine(private=True)
        assert card.only_for is env.ada.user
        again = await env.ada.press(card, "🎲").message(lambda message: bool(message.attachments))
        assert again.only_for is env.ada.user


async def test_a_private_view_of_a_public_card_waives_no_permission(
    tmp_path: Path, fake: FakeDiscord
) -> None:
    """Only what builds on a private card is shown to its asker alone, wherever that is."""
    async with open_bot_env(tmp_path, fake) as env:
        _, card = await env.imagine()
        fake.overwrite(env.channel, deny=Permissions.ATTACH_FILES)
        view = await env.ada.slash("show", job=job_of(card)).message()
        told = await env.ada.press(view, "🎲").message()
        assert (env.ada.user, env.ada.user) == (view.only_for, told.only_for)
        assert f"<#{env.channel.id}>: I lack Attach Files there" in told.content
        assert [card] == env.mine()


async def test_a_response_is_sent_once_despite_faults(tmp_path: Path, fake: FakeDiscord) -> None:
    async with open_bot_env(tmp_path, fake) as env:
        troubles: list[dict[str, Any]] = [
            {"status": 503},
            {"status": 502, "done": True},
            {"drop": Drop.BEFORE},
            {"drop": Drop.AFTER},
            {"status": 429, "retry_after_s": 0.1, "scope": "shared"},
        ]
        for number, trouble in enumerate(troubles, 1):
            fault = fake.fault(CALLBACK, **trouble)
            asked = env.ada.slash("imagine", prompt=f"fox {number}")
            card = await asked.message()
            assert 1 == fault.happened
            assert number == len(env.mine())
        await env.done(asked)
        assert [card] == env.mine()[4:]


async def test_the_card_of_an_expired_interaction_is_posted_in_the_channel(
    tmp_path: Path, fake: FakeDiscord
) -> None:
    """In the channel, or for a private card by direct message."""
    async with open_bot_env(tmp_path, fake, times=QUICKLY) as env:
        for number, code in enumerate((10062, 40060), 1):
            fake.fault(CALLBACK, status=404, code=code)
            asked = env.ada.slash("imagine", prompt="a red fox")
            await fake.until(lambda number=number: len(env.mine()) == number)  # type: ignore[misc]
            assert asked.callback is None
        fake.fault(CALLBACK, status=404, code=10062)
        env.ada.slash("imagine", prompt="a blue fox", private=True)
        direct = fake.world.direct_channel(env.ada.user)
        await fake.message_in(direct, lambda message: bool(message.attachments))
        assert ["a red fox"] * 2 == [card.embeds[0]["title"] for card in env.mine()]


async def test_a_crash_between_response_and_record_leaves_one_message(
    tmp_path: Path, fake: FakeDiscord
) -> None:
    async with open_bot_env(tmp_path, fake, wrap=forgetful, times={"answer_window": 2_000}) as env:
        asked, card = await env.imagine()
        assert Callback.MESSAGE is asked.callback
        assert [card] == env.mine()
        assert 1 == len(fake.requests(CALLBACK))


async def test_a_private_command_is_seen_by_its_asker_alone(tmp_path: Path, fake: FakeDiscord) -> None:
    """A job that is shown again has its result attached."""
    async with open_bot_env(tmp_path, fake) as env:
        asked, card = await env.imagine(private=True, count=2)
        assert Callback.MESSAGE is asked.callback
        assert card.only_for is env.ada.user
        job = card.custom_id("Details").split(":")[2]
        shown = env.ada.slash("show", job=job)
        again = await shown.message(lambda message: bool(message.attachments))
        assert again.only_for is env.ada.user
        assert [] == env.mine()
        unknown = await env.ada.slash("show", job="0" * 24).message()
        assert "There is no such job; /history lists yours" == unknown.content


async def test_a_user_installed_app_answers_where_the_bot_is_not(tmp_path: Path, fake: FakeDiscord) -> None:
    """It needs no permission there, and the workspace of direct messages pays."""
    async with open_bot_env(tmp_path, fake) as env:
        elsewhere = fake.guild("Elsewhere", with_bot=False)
        eve = fake.user("eve", installed=True)
        fake.join(elsewhere, eve.user)
        asked = eve.at(elsewhere.first_channel()).slash("imagine", prompt="a red fox")
        card = await env.done(asked)
        assert [card] == env.mine(elsewhere.first_channel())
        quota = await eve.at(elsewhere.first_channel()).slash("quota").message()
        assert "$0.018 used" in str(quota.embeds)


@pytest.mark.parametrize("error", [StoreError("away"), RuntimeError("a fault of ours")], ids=repr)
async def test_errors_are_told_privately(tmp_path: Path, fake: FakeDiscord, error: Exception) -> None:
    async with open_bot_env(tmp_path, fake, wrap=lambda given: broken(given, error)) as env:
        told = await env.ada.slash("imagine", prompt="a red fox").message()
        assert told.only_for is env.ada.user
        assert "Temporarily unavailable; try again in a moment." == told.content


async def test_a_url_in_a_text_option_is_refused(tmp_path: Path, fake: FakeDiscord) -> None:
    async with open_bot_env(tmp_path, fake) as env:
        asked = env.ada.slash("imagine", prompt="a red fox <https://a.example/fox.png>,")
        card = await asked.message()
        assert "a red fox" == card.embeds[0]["title"]
        for option in ("prompt", "job"):
            refused = await env.ada.slash("extend", **{option: "https://a.example/film.mp4"}).message()
            assert env.ada.user is refused.only_for
            assert "address" in refused.content
