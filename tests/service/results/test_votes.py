"""The workspace's own map of reactions: who may use one, who pays, and votes."""

import asyncio

import pytest

from bot.domain.cards.card import CardView
from bot.domain.errors import InvalidRequest, NotAllowed, QuotaExhausted
from bot.domain.identity import Caller
from bot.domain.jobs.job import Job, State
from bot.domain.money.quota import Level
from bot.service.replies import CardReply, PrivateReply, Reply
from tests.engine.conftest import Open
from tests.engine.harness import Engine
from tests.engine.settings import ADA, BOB, BOSS, EVE, person


async def react(engine: Engine, emoji: str, job: Job, by: Caller = ADA) -> Reply | None:
    return await engine.service.react(emoji, job.id, engine.invocation(by))


async def votes(engine: Engine) -> int:
    return len(await engine.rows("SELECT member FROM vote"))


async def test_an_admin_gives_an_emoji_a_meaning_and_takes_it_back(engine: Open) -> None:
    async with engine() as bot:
        job = await bot.made()
        assert await react(bot, "🔥", job) is None
        for said in ("/rules reactions 🔥 variation", "/rules reactions variation <:party:12>"):
            assert "🔁 Variation" in (await bot.learn(said, by=BOSS)).text
        assert isinstance(await react(bot, "🔥", job), CardReply)
        # A custom emoji that was renamed is the same one.
        assert isinstance(await react(bot, "<:fiesta:12>", job), CardReply)
        assert await react(bot, "<:party:13>", job) is None
        await bot.learn("/rules reactions 🔁 nothing", by=BOSS)
        assert await react(bot, "🔁", job) is None
        shown = dict((await bot.learn("/rules reactions", by=BOSS)).fields)
        assert "🔁" not in shown
        assert "who reacts pays" in shown["🔥"]
        for emoji in ("🔁", "🔥"):
            await bot.learn(f"/rules reactions {emoji} default", by=BOSS)
        assert await react(bot, "🔥", job) is None
        assert isinstance(await react(bot, "🔁", job), CardReply)


@pytest.mark.parametrize("said", ["/rules reactions fire variation", "/rules reactions 🔥🔥x variation"])
async def test_what_is_no_emoji_is_refused(engine: Open, said: str) -> None:
    async with engine() as bot:
        with pytest.raises(InvalidRequest, match="one emoji"):
            await bot.learn(said, by=BOSS)


async def test_only_its_requester_or_a_role_may_use_a_reaction(engine: Open) -> None:
    async with engine() as bot:
        job = await bot.made()
        await bot.learn("/rules reactions 🔥 variation --who requester", by=BOSS)
        with pytest.raises(NotAllowed, match="only the person who asked"):
            await react(bot, "🔥", job, BOB)
        assert isinstance(await react(bot, "🔥", job), CardReply)
        await bot.learn("/rules reactions 🔥 variation --role chat:home:r1|Artists", by=BOSS)
        with pytest.raises(NotAllowed, match="only Artists may use 🔥"):
            await react(bot, "🔥", job, BOB)
        artist = Caller(
            workspace=BOB.workspace,
            person=BOB.person,
            member=BOB.member,
            name=BOB.name,
            roles=frozenset({"chat:home:r1"}),
        )
        assert isinstance(await react(bot, "🔥", job, artist), CardReply)


async def test_the_workspace_pays_past_the_members_own_allowance(engine: Open) -> None:
    async with engine() as bot:
        job = await bot.made()
        await bot.learn("/rules reactions 🔥 variation --pays workspace", by=BOSS)
        await bot.service.remember_member(BOB)
        await bot.learn("/quotas set bob --amount 0", by=BOSS)
        before, _ = await bot.money(BOB, Level.CEILING)
        reply = await react(bot, "🔥", job, BOB)
        assert isinstance(reply, CardReply)
        done = await bot.ends(reply.view)
        assert State.COMPLETED is done.state
        assert (0, 0) == await bot.money(BOB)
        assert (before + done.price, 0) == await bot.money(BOB, Level.CEILING)
        # Caps are not passed over.
        await bot.learn("/quotas set --amount 0 --workspace", by=BOSS)
        with pytest.raises(QuotaExhausted, match="workspace has no budget"):
            await react(bot, "🔥", job, EVE)


async def test_three_people_animate_it_once(any_engine: Open) -> None:
    async with any_engine() as bot:
        job = await bot.made()
        await bot.learn("/rules reactions 🎬 animate --votes 3", by=BOSS)
        first = await react(bot, "🎬", job)
        assert isinstance(first, PrivateReply)
        assert "1 of 3" in first.text
        # The same person counts once, however often they react.
        again = await react(bot, "🎬", job)
        assert isinstance(again, PrivateReply)
        assert "1 of 3" in again.text
        await react(bot, "🎬", job, BOB)
        # A vote that is taken back does not count.
        await bot.service.unreact("🎬", job.id, bot.invocation(BOB))
        assert 1 == await votes(bot)
        await react(bot, "🎬", job, BOB)
        last = await react(bot, "🎬", job, EVE)
        assert isinstance(last, CardReply)
        assert not last.repeated
        later = await react(bot, "🎬", job, person("dan"))
        assert isinstance(later, CardReply)
        assert (last.view.card, True) == (later.view.card, later.repeated)
        assert (0, 0) == await bot.money(EVE)
        assert State.COMPLETED is (await bot.ends(last.view)).state


async def test_forty_people_at_once_start_one_job(any_engine: Open) -> None:
    async with any_engine() as bot:
        job = await bot.made()
        await bot.learn("/rules reactions 🎬 animate --votes 20", by=BOSS)
        voters = [person(f"voter{number}") for number in range(40)]
        replies = await asyncio.gather(*(react(bot, "🎬", job, voter) for voter in voters))
        cards: list[CardView] = [one.view for one in replies if isinstance(one, CardReply)]
        assert 21 == len(cards)
        assert 1 == len({card.card for card in cards})
        assert 20 == await votes(bot)
        films = await bot.rows("SELECT id FROM job WHERE makes = 'video'")
        assert 1 == len(films)


async def test_a_vote_that_was_refused_can_be_tried_again(any_engine: Open) -> None:
    async with any_engine() as bot:
        job = await bot.made()
        await bot.learn("/rules reactions 🎬 animate --votes 2", by=BOSS)
        await bot.learn("/studio pause", by=BOSS)
        with pytest.raises(NotAllowed, match="paused"):
            await react(bot, "🎬", job)
        await bot.learn("/studio resume", by=BOSS)
        await react(bot, "🎬", job)
        await bot.learn("/quotas set --amount 0 --workspace", by=BOSS)
        with pytest.raises(QuotaExhausted, match="workspace has no budget"):
            await react(bot, "🎬", job, BOB)
        await bot.learn("/quotas set --amount 10 --workspace", by=BOSS)
        assert isinstance(await react(bot, "🎬", job, EVE), CardReply)
