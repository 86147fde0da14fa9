"""The input of a command: a named job, or the caller's own newest result in the same conversation."""

import pytest

from bot.domain.actions import Action
from bot.domain.commands import Animate, Extend, Reframe
from bot.domain.errors import InvalidRequest, JobNotFound
from bot.domain.identity import Caller, Place
from bot.domain.ids import short_id
from bot.service.replies import CardReply
from tests.engine.conftest import Open
from tests.engine.house import BOB, House, person

ADA_ELSEWHERE = person("ada", workspace="chat:elsewhere")
ADA_DIRECTLY, BOB_DIRECTLY = person("ada", workspace="chat:@dm"), person("bob", workspace="chat:@dm")


def direct(by: Caller = ADA_DIRECTLY) -> Place:
    """Somebody's direct messages with the bot."""
    return Place(adapter="chat", workspace=by.workspace, channel=f"@{by.person}", private=True, direct=True)


def group(channel: str = "g1") -> Place:
    """A conversation of several people that no server owns."""
    return Place(adapter="chat", workspace="chat:@dm", channel=channel)


async def source_of(house: House, text: str, **more: object) -> str | None:
    return (await house.job(await house.ask(text, **more))).parent


async def test_a_bare_command_goes_on_from_the_newest_of_this_place_alone(any_house: Open) -> None:
    async with any_house() as home:
        here = await home.made("/imagine a red fox")
        await home.made("/imagine a blue fox", place=home.place(channel="c2"))
        await home.made("/imagine a green fox", place=home.place(thread="t1"))
        await home.made("/imagine a bright fox", by=ADA_ELSEWHERE)
        await home.made("/imagine a white fox", by=BOB)
        await home.made("/imagine a secret fox --private")
        await home.made("/imagine a shy fox", by=ADA_DIRECTLY, place=direct())

        card = await home.ask("/reframe 1:1")

        assert here.id == (await home.job(card)).parent
        assert not card.private
        assert ("Made from", f"#{short_id(here.id)} · a red fox") in card.jobs[0].fields


async def test_where_nothing_fits_the_bot_asks_and_nothing_is_spent(any_house: Open) -> None:
    async with any_house() as home:
        await home.made("/imagine a secret fox --private")
        await home.made("/animate a film elsewhere", place=home.place(channel="c2"))
        before = await home.money()
        for text in ("/reframe 1:1", "/extend it jumps"):
            with pytest.raises(InvalidRequest, match="name a job by its #id"):
                await home.say(text)
            with pytest.raises(InvalidRequest, match="name a job by its #id"):
                await home.quote(text)
        assert before == await home.money()


async def test_a_quote_names_what_would_be_built_on(house: Open) -> None:
    async with house() as home:
        fox = await home.made("/imagine a red fox")
        assert fox.id == (await home.quote("/reframe 1:1")).source
        assert (await home.quote(f"/reframe 1:1 {fox.id}")).source is None
        assert (await home.quote("/imagine a fox")).source is None


async def test_in_direct_messages_everything_that_is_shown_there_counts(any_house: Open) -> None:
    async with any_house() as home:
        public = await home.made("/imagine a red fox")
        shy = await home.made("/imagine a shy fox", by=ADA_DIRECTLY, place=direct())
        assert shy.id == await source_of(home, "/reframe 1:1", by=ADA_DIRECTLY, place=direct())

        await home.press(Action.SEND, public.id)
        newer = await home.made("/imagine a newer fox", by=ADA_DIRECTLY, place=direct())
        assert newer.id == await source_of(home, "/reframe 1:1", by=ADA_DIRECTLY, place=direct())


async def test_a_copy_counts_where_it_was_sent(house: Open) -> None:
    async with house() as home:
        fox = await home.made("/imagine a red fox")
        await home.press(Action.SEND, fox.id)
        assert fox.id == await source_of(home, "/reframe 1:1", by=ADA_DIRECTLY, place=direct())


async def test_a_form_begins_with_what_the_bare_command_would_build_on(any_house: Open) -> None:
    async with any_house() as home:
        service = home.service
        assert await service.preselect(Reframe, "media", home.invocation()) is None
        fox = await home.made("/imagine a red fox")
        film = await home.made("/animate it runs")
        await home.made("/imagine a secret fox --private")
        await home.made("/animate elsewhere", place=home.place(channel="c2"))
        found = [
            await service.preselect(command, option, home.invocation())
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
async def test_a_card_that_builds_on_what_is_private_is_private(house: Open, text: str) -> None:
    async with house() as home:
        secret, other = await home.made("/imagine a secret fox --private"), await home.made()
        card = await home.ask(text.format(job=secret.id, other=other.id))
        assert card.private
        assert (await home.job(card)).private


async def test_what_goes_on_from_a_private_film_is_private(house: Open) -> None:
    async with house() as home:
        film = await home.made("/animate a secret fox runs --private")
        assert (await home.ask(f"/extend {film.id} on and on")).private


@pytest.mark.parametrize("action", [Action.VARIATION, Action.AGAIN, Action.ANIMATE, Action.REFRAME])
async def test_an_action_on_what_is_private_makes_a_private_card(house: Open, action: Action) -> None:
    async with house() as home:
        secret = await home.made("/imagine a secret fox --private")
        answer = await home.press(action, secret.id)
        assert answer.view.private
        reacted = await home.service.react("🔁", secret.id, home.invocation(key="reacted"))
        assert isinstance(reacted, CardReply)
        assert reacted.view.private


async def test_again_builds_on_what_was_private_and_stays_so(house: Open) -> None:
    """The job itself may be from a time in which it was not."""
    async with house() as home:
        secret = await home.made("/imagine a secret fox --private")
        made = await home.made(f"/animate {secret.id} it runs")
        await home.change("UPDATE job SET private = 0 WHERE id = :id", id=made.id)
        assert (await home.press(Action.AGAIN, made.id)).view.private


async def test_what_was_made_in_direct_messages_stays_private_elsewhere(any_house: Open) -> None:
    """Also where the platform's direct messages show their cards to everybody there."""
    async with any_house() as home:
        shy = await home.made("/imagine a shy fox", by=ADA_DIRECTLY, place=group())
        assert not shy.private
        assert (await home.ask(f"/reframe 1:1 {shy.id}")).private
        again = await home.ask(f"/reframe 1:1 {shy.id}", by=ADA_DIRECTLY, place=group())
        assert not again.private, "everybody there has seen it"


async def test_direct_messages_are_no_workspace_that_people_share(any_house: Open) -> None:
    async with any_house() as home:
        shy = await home.made("/imagine a shy fox", by=ADA_DIRECTLY, place=group())
        for name in (shy.id, f"#{short_id(shy.id)}"):
            with pytest.raises(JobNotFound):
                await home.say(f"/show {name}", by=BOB_DIRECTLY, place=direct(BOB_DIRECTLY))
            with pytest.raises(JobNotFound):
                await home.say(f"/show {name}", by=BOB_DIRECTLY, place=group("g2"))
            seen = await home.learn(f"/show {name}", by=BOB_DIRECTLY, place=group())
            assert [shy.id] == [view.jobs[0].id for view in seen.views]


async def test_a_public_card_does_not_tell_the_words_of_a_private_source(house: Open) -> None:
    async with house() as home:
        secret = await home.made("/imagine a secret fox --private")
        made = await home.made(f"/animate {secret.id} it runs")
        await home.change("UPDATE job SET private = 0 WHERE id = :id", id=made.id)
        (view,) = (await home.learn(f"/show {made.id}")).views
        assert ("Made from", f"#{short_id(secret.id)}") in view.jobs[0].fields


async def test_the_source_is_told_in_every_revision(house: Open) -> None:
    async with house() as home:
        fox = await home.made("/imagine a red fox")
        card = await home.ask(f"/reframe 1:1 {fox.id}")
        told = ("Made from", f"#{short_id(fox.id)} · a red fox")
        assert told in card.jobs[0].fields
        shown = await home.shown(card, lambda view: view.settled)
        assert told in shown.jobs[0].fields
        assert all(told in view.jobs[0].fields for view in home.chat.of(card.card))


async def test_a_reply_names_what_to_build_on(house: Open) -> None:
    async with house() as home:
        secret = await home.made("/imagine a secret fox --private")
        card = await home.ask("/reframe 1:1", replied=secret.id)
        assert (secret.id, True) == ((await home.job(card)).parent, card.private)


async def test_of_several_results_of_one_card_none_is_guessed(house: Open) -> None:
    async with house() as home:
        card = await home.ask("/imagine a fox --count 3")
        await home.shown(card, lambda view: view.settled)
        money = await home.money()
        with pytest.raises(InvalidRequest, match="Your newest result here may mean several jobs") as told:
            await home.say("/reframe 1:1")
        assert money == await home.money()
        for job in await home.jobs(card):
            assert f"#{short_id(job.id)}" in str(told.value)
        for job in (await home.jobs(card))[1:]:
            await home.delete(job.id)
        reframed = await home.job(await home.ask("/reframe 1:1"))
        assert card.jobs[0].id == reframed.parent
