"""The input of a command: a named job, or the caller's own newest result in the same conversation."""

import pytest

from bot.domain.commands import Animate, Extend, Reframe
from bot.domain.errors import InvalidRequest, JobNotFound
from bot.domain.identity import Caller, Place
from bot.domain.ids import short_id
from bot.domain.jobs.actions import Action
from bot.service.replies import CardReply
from tests.engine.conftest import Open
from tests.engine.harness import Engine
from tests.engine.settings import BOB, person

ADA_ELSEWHERE = person("ada", workspace="chat:elsewhere")
ADA_DIRECTLY, BOB_DIRECTLY = person("ada", workspace="chat:@dm"), person("bob", workspace="chat:@dm")


def direct(by: Caller = ADA_DIRECTLY) -> Place:
    """Somebody's direct messages with the bot."""
    return Place(adapter="chat", workspace=by.workspace, channel=f"@{by.person}", private=True, direct=True)


def group(channel: str = "g1") -> Place:
    """A conversation of several people that no server owns."""
    return Place(adapter="chat", workspace="chat:@dm", channel=channel)


async def source_of(engine: Engine, text: str, **more: object) -> str | None:
    return (await engine.job(await engine.ask(text, **more))).parent


async def test_a_bare_command_goes_on_from_the_newest_of_this_place_alone(engine: Open) -> None:
    async with engine() as bot:
        here = await bot.made("/imagine a red fox")
        await bot.made("/imagine a blue fox", place=bot.place(channel="c2"))
        await bot.made("/imagine a green fox", place=bot.place(thread="t1"))
        await bot.made("/imagine a bright fox", by=ADA_ELSEWHERE)
        await bot.made("/imagine a white fox", by=BOB)
        await bot.made("/imagine a secret fox --private")
        await bot.made("/imagine a shy fox", by=ADA_DIRECTLY, place=direct())

        card = await bot.ask("/reframe 1:1")

        assert here.id == (await bot.job(card)).parent
        assert not card.private
        assert ("Made from", f"#{short_id(here.id)} · a red fox") in card.jobs[0].fields


async def test_where_nothing_fits_the_bot_asks_and_nothing_is_spent(any_engine: Open) -> None:
    async with any_engine() as bot:
        await bot.made("/imagine a secret fox --private")
        await bot.made("/animate a film elsewhere", place=bot.place(channel="c2"))
        before = await bot.money()
        for text in ("/reframe 1:1", "/extend it jumps"):
            with pytest.raises(InvalidRequest, match="name a job by its #id"):
                await bot.say(text)
            with pytest.raises(InvalidRequest, match="name a job by its #id"):
                await bot.quote(text)
        assert before == await bot.money()


async def test_a_quote_names_what_would_be_built_on(engine: Open) -> None:
    async with engine() as bot:
        fox = await bot.made("/imagine a red fox")
        assert fox.id == (await bot.quote("/reframe 1:1")).source
        assert (await bot.quote(f"/reframe 1:1 {fox.id}")).source is None
        assert (await bot.quote("/imagine a fox")).source is None


async def test_in_direct_messages_everything_that_is_shown_there_counts(engine: Open) -> None:
    async with engine() as bot:
        public = await bot.made("/imagine a red fox")
        shy = await bot.made("/imagine a shy fox", by=ADA_DIRECTLY, place=direct())
        assert shy.id == await source_of(bot, "/reframe 1:1", by=ADA_DIRECTLY, place=direct())

        await bot.press(Action.SEND, public.id)
        newer = await bot.made("/imagine a newer fox", by=ADA_DIRECTLY, place=direct())
        assert newer.id == await source_of(bot, "/reframe 1:1", by=ADA_DIRECTLY, place=direct())


async def test_a_copy_counts_where_it_was_sent(engine: Open) -> None:
    async with engine() as bot:
        fox = await bot.made("/imagine a red fox")
        await bot.press(Action.SEND, fox.id)
        assert fox.id == await source_of(bot, "/reframe 1:1", by=ADA_DIRECTLY, place=direct())


async def test_a_form_begins_with_what_the_bare_command_would_build_on(any_engine: Open) -> None:
    async with any_engine() as bot:
        service = bot.service
        assert await service.preselect(Reframe, "media", bot.invocation()) is None
        fox = await bot.made("/imagine a red fox")
        film = await bot.made("/animate it runs")
        await bot.made("/imagine a secret fox --private")
        await bot.made("/animate elsewhere", place=bot.place(channel="c2"))
        found = [
            await service.preselect(command, option, bot.invocation())
            for command, option in ((Animate, "start"), (Extend, "job"), (Reframe, "media"))
        ]
        assert [fox.id, film.id, film.id] == [one.value if one else None for one in found]


@pytest.mark.parametrize(
    "text",
    [
        "/reframe 1:1 {job}",
        "/animate {job} it runs",
        "/imagine a fox --style {job}",
        "/imagine a fox --image {other} --image {job}",
        "/imagine a fox --character {job}",
    ],
)
async def test_a_card_that_builds_on_what_is_private_is_private(engine: Open, text: str) -> None:
    async with engine() as bot:
        secret, other = await bot.made("/imagine a secret fox --private"), await bot.made()
        card = await bot.ask(text.format(job=secret.id, other=other.id))
        assert card.private
        assert (await bot.job(card)).private


async def test_what_goes_on_from_a_private_film_is_private(engine: Open) -> None:
    async with engine() as bot:
        film = await bot.made("/animate a secret fox runs --private")
        assert (await bot.ask(f"/extend {film.id} on and on")).private


@pytest.mark.parametrize("action", [Action.VARIATION, Action.AGAIN, Action.ANIMATE, Action.REFRAME])
async def test_an_action_on_what_is_private_makes_a_private_card(engine: Open, action: Action) -> None:
    async with engine() as bot:
        secret = await bot.made("/imagine a secret fox --private")
        answer = await bot.press(action, secret.id)
        assert answer.view.private
        reacted = await bot.service.react("🔁", secret.id, bot.invocation(key="reacted"))
        assert isinstance(reacted, CardReply)
        assert reacted.view.private


async def test_again_builds_on_what_was_private_and_stays_so(engine: Open) -> None:
    """The job itself may be from a time in which it was not."""
    async with engine() as bot:
        secret = await bot.made("/imagine a secret fox --private")
        made = await bot.made(f"/animate {secret.id} it runs")
        await bot.change("UPDATE job SET private = 0 WHERE id = :id", id=made.id)
        assert (await bot.press(Action.AGAIN, made.id)).view.private


async def test_what_was_made_in_direct_messages_stays_private_elsewhere(any_engine: Open) -> None:
    """Also where the platform's direct messages show their cards to everybody there."""
    async with any_engine() as bot:
        shy = await bot.made("/imagine a shy fox", by=ADA_DIRECTLY, place=group())
        assert not shy.private
        assert (await bot.ask(f"/reframe 1:1 {shy.id}")).private
        again = await bot.ask(f"/reframe 1:1 {shy.id}", by=ADA_DIRECTLY, place=group())
        assert not again.private, "everybody there has seen it"


async def test_direct_messages_are_no_workspace_that_people_share(engine: Open) -> None:
    async with engine() as bot:
        shy = await bot.made("/imagine a shy fox", by=ADA_DIRECTLY, place=group())
        for name in (shy.id, f"#{short_id(shy.id)}"):
            with pytest.raises(JobNotFound):
                await bot.say(f"/show {name}", by=BOB_DIRECTLY, place=direct(BOB_DIRECTLY))
            with pytest.raises(JobNotFound):
                await bot.say(f"/show {name}", by=BOB_DIRECTLY, place=group("g2"))
            seen = await bot.learn(f"/show {name}", by=BOB_DIRECTLY, place=group())
            assert [shy.id] == [view.jobs[0].id for view in seen.views]


async def test_a_public_card_does_not_tell_the_words_of_a_private_source(engine: Open) -> None:
    async with engine() as bot:
        secret = await bot.made("/imagine a secret fox --private")
        made = await bot.made(f"/animate {secret.id} it runs")
        await bot.change("UPDATE job SET private = 0 WHERE id = :id", id=made.id)
        (view,) = (await bot.learn(f"/show {made.id}")).views
        assert ("Made from", f"#{short_id(secret.id)}") in view.jobs[0].fields


async def test_the_source_is_told_in_every_revision(engine: Open) -> None:
    async with engine() as bot:
        fox = await bot.made("/imagine a red fox")
        card = await bot.ask(f"/reframe 1:1 {fox.id}")
        told = ("Made from", f"#{short_id(fox.id)} · a red fox")
        assert told in card.jobs[0].fields
        shown = await bot.shown(card, lambda view: view.settled)
        assert told in shown.jobs[0].fields
        assert all(told in view.jobs[0].fields for view in bot.chat.of(card.card))


async def test_a_reply_names_what_to_build_on(engine: Open) -> None:
    async with engine() as bot:
        secret = await bot.made("/imagine a secret fox --private")
        card = await bot.ask("/reframe 1:1", replied=secret.id)
        assert (secret.id, True) == ((await bot.job(card)).parent, card.private)


async def test_of_several_results_of_one_card_none_is_guessed(engine: Open) -> None:
    async with engine() as bot:
        card = await bot.ask("/imagine a fox --count 3")
        await bot.shown(card, lambda view: view.settled)
        money = await bot.money()
        with pytest.raises(InvalidRequest, match="Your newest result here may mean several jobs") as told:
            await bot.say("/reframe 1:1")
        assert money == await bot.money()
        for job in await bot.jobs(card):
            assert f"#{short_id(job.id)}" in str(told.value)
        for job in (await bot.jobs(card))[1:]:
            await bot.delete(job.id)
        reframed = await bot.job(await bot.ask("/reframe 1:1"))
        assert card.jobs[0].id == reframed.parent
