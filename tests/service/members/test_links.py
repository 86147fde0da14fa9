"""Linking accounts across platforms: the code, the question, what is shared then, and what is not."""

import re
from dataclasses import replace

import pytest

from bot.domain.commands import Animate
from bot.domain.errors import (
    Delayed,
    InvalidRequest,
    JobNotFound,
    NotAllowed,
    QuotaExhausted,
    TooManyRequests,
)
from bot.domain.identity import Caller, Place
from bot.domain.jobs.actions import Action
from bot.domain.jobs.job import State
from bot.service.replies import PrivateReply
from bot.worker.notices.person_notices import send_due_notices
from tests.engine.conftest import Open
from tests.engine.harness import Engine
from tests.engine.settings import ADA, BOB, BOSS, EVE

#: Ada on another platform, where she has another name
LOVELACE = Caller(workspace="talk:hall", person="talk:al", member="talk:hall:al", name="Lovelace")
HALL = Place(adapter="talk", workspace="talk:hall", channel="hall")
MINUTE_MS, DAY_MS = 60_000, 86_400_000


async def code_of(bot: Engine, by: Caller) -> str:
    found = re.search(r"/link (\S+)", (await bot.learn("/link", by=by)).text)
    assert found is not None
    return found[1]


async def link_up(bot: Engine, shows: Caller = ADA, enters: Caller = LOVELACE) -> None:
    asked = await bot.learn(f"/link {await code_of(bot, shows)}", by=enters)
    assert "Linked" == (await bot.answer(asked, "Link", by=enters)).title


async def titles(bot: Engine, by: Caller) -> list[str]:
    return [view.title for view in (await bot.learn("/history", by=by)).views]


async def test_two_accounts_share_what_they_made_until_they_are_unlinked(engine: Open) -> None:
    async with engine() as bot:
        here = await bot.ends(await bot.ask("/imagine a red fox", place=bot.place(private=True)))
        there = await bot.ends(await bot.ask("/imagine a blue owl", by=LOVELACE, place=HALL))
        with pytest.raises(JobNotFound):
            await bot.learn(f"/show {here.id}", by=LOVELACE)

        code = await code_of(bot, ADA)
        asked = await bot.learn(f"/link {code.lower().replace('-', ' ')}", by=LOVELACE)
        assert "Link Talk · Lovelace with Chat · Ada?" == asked.title
        assert ["Cancel", "Link"] == [choice.label for choice in asked.choices]
        assert ["a blue owl"] == await titles(bot, LOVELACE), "nothing is shared before the answer"
        done = await bot.answer(asked, "Link", by=LOVELACE)
        assert ("Linked", (("Linked with", "Chat · Ada"),)) == (done.title, done.fields)
        assert (("Linked with", "Talk · Lovelace"),) == (await bot.learn("/link")).fields

        for who in (ADA, LOVELACE):
            assert ["a blue owl", "a red fox"] == await titles(bot, who)
        assert "a red fox" == (await bot.learn(f"/show {here.id}", by=LOVELACE)).title
        # The newest of either is offered first.
        invocation = bot.invocation(place=bot.place())
        offered = await bot.service.autocomplete_option(Animate, "start", "", invocation)
        assert [there.id, here.id] == [one.value for one in offered]
        child = await bot.ask(f"/animate it flies --start {there.id}")
        assert there.id == (await bot.job(child)).parent
        await bot.ends(child)
        assert "Deleted" == (await bot.delete(here.id, by=LOVELACE)).title

        assert "Unlinked" == (await bot.learn("/unlink", by=LOVELACE)).title
        assert ["a blue owl"] == await titles(bot, LOVELACE)
        assert "a blue owl" not in await titles(bot, ADA)
        assert "Not linked" == (await bot.learn("/unlink")).title


async def test_a_waiting_job_is_cancelled_from_the_other_account(engine: Open) -> None:
    async with engine(start=None) as bot:
        await link_up(bot)
        card = await bot.ask()
        assert "Cancelled" == (await bot.learn(f"/cancel {card.jobs[0].id}", by=LOVELACE)).title
        assert State.CANCELLED is (await bot.job(card)).state


async def test_a_code_that_is_no_use_says_so_without_saying_why(engine: Open) -> None:
    async with engine(start=None) as bot:
        code = await code_of(bot, ADA)
        with pytest.raises(InvalidRequest, match="enter it in your other one"):
            await bot.learn(f"/link {code}")
        with pytest.raises(InvalidRequest, match="12 letters and digits"):
            await bot.learn("/link hello", by=BOB)
        kept = await bot.learn(f"/link {code}", by=BOB)
        assert "Not linked" == (await bot.answer(kept, "Cancel", by=BOB)).title
        refusals = set()
        for wrong in (code, "0000-0000-0000", await code_of(bot, ADA)):
            bot.advance(10 * MINUTE_MS)
            with pytest.raises(InvalidRequest) as refused:
                await bot.learn(f"/link {wrong}", by=BOB)
            refusals.add(str(refused.value))
        assert 1 == len(refusals), "used, wrong and expired codes are told alike"
        with pytest.raises(InvalidRequest, match="over"):
            await bot.answer(kept, "Link", by=BOB)
        await bot.learn(f"/link {await code_of(bot, ADA)}", by=BOB)
        with pytest.raises(TooManyRequests, match=r"too many codes\. Try again in 30 min"):
            await bot.learn(f"/link {await code_of(bot, ADA)}", by=BOB)
        asked = await bot.learn(f"/link {await code_of(bot, ADA)}", by=EVE)
        with pytest.raises(InvalidRequest, match="over"):
            await bot.answer(asked, "Link", by=BOB)
        assert [] == await bot.rows("SELECT * FROM linked_person")


async def test_rights_and_rules_of_a_workspace_are_not_shared(engine: Open) -> None:
    async with engine(start=None) as bot:
        boss = replace(ADA, is_admin=True)
        await link_up(bot, boss)
        await bot.ask(by=boss)
        with pytest.raises(NotAllowed, match="Only an admin"):
            await bot.learn("/quotas show", by=LOVELACE)
        await bot.learn("/quotas set --member Ada --amount 0", by=boss)
        await bot.learn(
            "/rules block --member Ada", by=replace(boss, person="chat:boss", member="chat:home:boss")
        )
        await bot.ask(by=LOVELACE, place=HALL)
        with pytest.raises(NotAllowed, match="An admin of this workspace has blocked you"):
            await bot.ask()


async def test_one_personal_limit_holds_for_both(any_engine: Open) -> None:
    async with any_engine() as bot:
        dollars = (await bot.made()).price / 1e6
        await bot.operator.quota_set(subject="person:chat:ada", amount=f"{dollars * 2.5:.6f}", period="day")
        await bot.operator.quota_set(subject="person:talk:al", amount=f"{dollars * 9:.6f}", period="day")
        await bot.made()
        await link_up(bot)
        await bot.ends(await bot.ask(by=LOVELACE, place=HALL))
        with pytest.raises(QuotaExhausted, match="everywhere for today"):
            await bot.ask(by=LOVELACE, place=HALL)
        fields = (await bot.learn("/quota", by=LOVELACE)).fields
        shown = [one for one in fields if one[0].startswith("You, everywhere")]
        assert [("You, everywhere, today", True)] == [(name, "of $0.044" in text) for name, text in shown]
        await bot.operator.quota_reset(subject=LOVELACE.member, level="person")
        await bot.ends(await bot.ask(by=LOVELACE, place=HALL))
        await bot.learn("/unlink")
        await bot.operator.workspaces_block(subject="talk:al", blocked=True)
        with pytest.raises(NotAllowed, match="links cannot be changed"):
            await bot.learn("/link", by=LOVELACE)


async def test_the_other_account_is_told_by_direct_message(any_engine: Open) -> None:
    async with any_engine(start=None) as bot:
        await link_up(bot, ADA, replace(LOVELACE, name="@everyone <b>"))
        publishers = {"chat": bot.chat}
        post = bot.chat.post_notice

        async def refuse(text: str, place: Place) -> None:
            raise Delayed(f"{place.channel} cannot be told {text}")

        bot.chat.post_notice = refuse  # type: ignore[method-assign]
        await send_due_notices(bot.services, publishers)
        bot.chat.post_notice = post  # type: ignore[method-assign]
        await send_due_notices(bot.services, publishers)
        assert [] == bot.chat.told, "it is not due again yet"
        bot.advance(MINUTE_MS)
        await send_due_notices(bot.services, publishers)
        ((text, place),) = bot.chat.told
        assert ("@chat:ada", True) == (place.channel, place.direct)
        assert text.startswith("🔗 Talk ·")
        assert "is now linked with your account" in text
        assert "@everyone" not in text
        await send_due_notices(bot.services, publishers)
        assert 1 == len(bot.chat.told), "once"

        # Nobody can tell the other platform now; that is given up after a day.
        await bot.learn("/unlink talk:al")
        assert ["talk:al"] == [row["person"] for row in await bot.rows("SELECT person FROM person_notice")]
        bot.advance(DAY_MS + 1)
        await send_due_notices(bot.services, publishers)
        assert [] == await bot.rows("SELECT person FROM person_notice")


async def test_any_account_of_three_can_be_taken_out(engine: Open) -> None:
    async with engine(start=None) as bot:
        await link_up(bot)
        await link_up(bot, BOB, ADA)
        with pytest.raises(InvalidRequest, match=r"your linked accounts: .*Talk · Lovelace \(talk:al\)"):
            await bot.learn("/unlink somebody")
        left = await bot.learn("/unlink Talk · Lovelace")
        assert (("Linked with", "Chat · Bob"),) == left.fields
        assert () == (await bot.learn("/link", by=LOVELACE)).fields


async def test_a_page_without_a_login_shows_nothing_of_other_accounts(engine: Open) -> None:
    async with engine() as bot:
        page = replace(LOVELACE, is_authenticated=False)
        job = await bot.ends(await bot.ask())
        for text in ("/link", f"/link {await code_of(bot, ADA)}", "/unlink"):
            with pytest.raises(NotAllowed, match="needs no login"):
                await bot.learn(text, by=page)
        # It was protected when they were linked.
        await link_up(bot)
        assert [] == await titles(bot, page)
        with pytest.raises(JobNotFound):
            await bot.learn(f"/show {job.id}", by=replace(page, linked=frozenset({"chat:ada"})))
        # What it spends counts for the linked person all the same.
        await bot.operator.quota_set(subject="person:chat:ada", amount="0.001", period="day")
        with pytest.raises(QuotaExhausted, match="everywhere"):
            await bot.ask(by=page, place=HALL)


async def test_a_star_of_the_other_account_is_the_makers_own(engine: Open) -> None:
    async with engine() as bot:
        await bot.learn("/studio gallery c7|gallery --consent on", by=BOSS)
        job = await bot.made()
        await link_up(bot)
        place = replace(HALL, channel_token="of another platform")
        starred = await bot.service.act(Action.GALLERY, job.id, bot.invocation(LOVELACE, place=place))
        assert isinstance(starred, PrivateReply)
        assert "Added to the gallery" == starred.title
        assert [job.title] == [view.title for view in (await bot.learn("/gallery", by=BOB)).views]
        (post,) = await bot.rows("SELECT adapter, channel, reply_token FROM card WHERE purpose IS NOT NULL")
        assert {"adapter": "chat", "channel": "c7", "reply_token": ""} == post


async def test_admins_see_nothing_of_a_personal_limit_which_counts_what_was_spent_elsewhere(
    engine: Open,
) -> None:
    async with engine() as bot:
        await bot.made()
        await link_up(bot)
        await bot.operator.calls["quota_set"](subject=f"person:{LOVELACE.person}", amount="7", period="week")
        assert "$7.00" in str((await bot.learn("/quota")).fields)
        assert "$7.00" not in str((await bot.learn("/quotas show ada", by=BOSS)).fields)
