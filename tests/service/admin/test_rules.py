"""Rules as admins set them: access, words, blocks, two admins at once, and why something is refused."""

import asyncio
from dataclasses import replace

import orjson
import pytest

from bot.domain.errors import InvalidRequest, JobNotFound, NotAllowed, Rejected
from bot.domain.identity import Place
from tests.engine.conftest import Open
from tests.engine.harness import Engine
from tests.engine.settings import ADA, BOB, BOSS, person

CHIEF = person("chief", admin=True)
ARTIST = replace(ADA, roles=frozenset({"chat:home:r1"}))
FILM = "/animate a fox that runs"


def at(channel: str, *, age_restricted: bool) -> Place:
    return Place(adapter="chat", workspace=ADA.workspace, channel=channel, age_restricted=age_restricted)


async def audit(bot: Engine, action: str) -> list[dict[str, object]]:
    rows = await bot.rows("SELECT actor, detail FROM audit WHERE action = :action ORDER BY id", action=action)
    return [{"actor": row["actor"], **orjson.loads(row["detail"])} for row in rows]


@pytest.mark.parametrize(
    "said",
    [
        "/rules show",
        "/rules allow --model ray-2",
        "/rules deny",
        "/rules remove 1",
        "/rules words add bad",
        "/rules test bad",
        "/rules age off",
        "/rules prices --confirm 2",
        "/rules moderators here",
        "/rules block bob",
        "/rules unblock bob",
        "/rules reactions",
        '/rules explain "/imagine a fox"',
    ],
)
async def test_only_admins_may_use_a_rules_command(engine: Open, said: str) -> None:
    async with engine() as bot:
        await bot.service.remember_member(BOB)
        with pytest.raises(NotAllowed, match="Only an admin"):
            await bot.learn(said, by=ADA)
        assert [] == await bot.rows("SELECT id FROM audit")


async def test_rules_hold_for_commands_and_buttons_and_lock_out_no_admin(any_engine: Open) -> None:
    async with any_engine() as bot:
        job = await bot.made()
        told = await bot.learn("/rules deny --command animate", by=BOSS)
        assert "Rule 1: deny /animate." in told.text
        assert "applies to you, too" in told.text
        for by in (ADA, BOSS):
            with pytest.raises(NotAllowed, match=r"deny /animate \(rule 1\)"):
                await bot.ask(FILM, by=by)
        with pytest.raises(NotAllowed, match="rule 1"):
            await bot.service.react("🎬", job.id, bot.invocation())
        with pytest.raises(NotAllowed, match="rule 1"):
            await bot.quote(FILM)
        await bot.learn("/rules allow --command animate --role chat:home:r1|Artists", by=BOSS)
        assert await bot.ask(FILM, by=ARTIST)
        await bot.learn("/rules deny --everything", by=BOSS)
        with pytest.raises(NotAllowed, match="deny everything"):
            await bot.ask("/imagine a fox", by=BOSS)
        fields = dict((await bot.learn("/rules show", by=BOSS)).fields)
        assert "deny everything · set by Boss" == fields["Rule 3"]
        await bot.learn("/rules remove 3", by=BOSS)
        assert await bot.ask("/imagine a fox")
        with pytest.raises(InvalidRequest, match="no rule 3"):
            await bot.learn("/rules remove 3", by=BOSS)


async def test_many_rules_are_shown_page_by_page(engine: Open) -> None:
    async with engine() as bot:
        for number in range(25):
            await bot.learn(f"/rules deny --channel c{number}|room{number}", by=BOSS)
        shown = [await bot.learn(f"/rules show {page}", by=BOSS) for page in (1, 2, 9)]
        assert "(page 1 of 2)" in shown[0].title
        assert shown[1].fields == shown[2].fields
        rules = [label for reply in shown[:2] for label, _ in reply.fields if label.startswith("Rule ")]
        assert [f"Rule {number}" for number in range(1, 26)] == rules


async def test_an_allowance_without_a_denial_says_so(engine: Open) -> None:
    async with engine() as bot:
        for said in ("/rules deny", "/rules allow"):
            with pytest.raises(InvalidRequest, match=r"Name what to .*--everything"):
                await bot.learn(said, by=BOSS)
        told = await bot.learn("/rules allow --model ray-2 --channel c1|art", by=BOSS)
        assert "allow ray-2 in #art" in told.text
        assert "Nothing is denied yet" in told.text
        with pytest.raises(InvalidRequest, match="Did you mean art"):
            await bot.learn("/rules deny --channel arts", by=BOSS)
        with pytest.raises(InvalidRequest, match="choose one of"):
            await bot.learn("/rules deny --model ray-9", by=BOSS)
        with pytest.raises(InvalidRequest, match="Nobody called 'nobody'"):
            await bot.learn("/rules deny --member nobody", by=BOSS)


async def test_of_two_admins_at_once_the_last_one_wins_and_the_audit_says_so(any_engine: Open) -> None:
    async with any_engine() as bot:
        adding = [(f"/rules words add word{number}", by) for number in range(10) for by in (BOSS, CHIEF)]
        await asyncio.gather(*(bot.learn(said, by=by) for said, by in adding))
        words = dict((await bot.learn("/rules show", by=BOSS)).fields)["Word filter"].split(", ")
        assert sorted(f"word{number}" for number in range(10)) == sorted(words)
        await bot.learn("/rules deny --model ray-2", by=BOSS)
        told = await bot.learn("/rules allow --model ray-2", by=CHIEF)
        assert "It replaces what Boss had set." in told.text
        (entry,) = await audit(bot, "rules allow")
        assert "chat:home:chief" == entry["actor"]
        before, after = (entry[name]["access"][0] for name in ("before", "after"))  # type: ignore[index]
        assert ("deny", "Boss", 1) == (before["effect"], before["by"], before["id"])
        assert ("allow", "Chief", 1) == (after["effect"], after["by"], after["id"])
        assert await bot.ask("/animate a fox --model ray-2")


async def test_the_word_filter_says_which_word(any_engine: Open) -> None:
    async with any_engine() as bot:
        job = await bot.made("/imagine a badger")
        await bot.learn("/rules words add bad*", by=BOSS)
        for said in ("/imagine a Badger", "/imagine one bad\u200bger"):
            with pytest.raises(NotAllowed, match=r"word filter .*“bad\*”"):
                await bot.ask(said)
        with pytest.raises(NotAllowed, match="“bad"):
            await bot.service.react("🎲", job.id, bot.invocation())
        assert "No filtered word" == (await bot.learn("/rules test a good fox", by=BOSS)).title
        found = await bot.learn("/rules test a badly drawn fox", by=BOSS)
        assert (("“bad*”", "refused"),) == found.fields
        await bot.learn("/rules words remove bad*", by=BOSS)
        assert await bot.ask("/imagine a badger")
        with pytest.raises(InvalidRequest, match="not in the word filter"):
            await bot.learn("/rules words remove bad*", by=BOSS)


async def test_the_age_gate_needs_channels_for_adults(any_engine: Open) -> None:
    async with any_engine() as bot:
        with pytest.raises(InvalidRequest, match="no age-restricted channels here"):
            await bot.learn("/rules age channels", by=BOSS)
        await bot.learn("/rules age channels", by=BOSS, place=at("c1", age_restricted=False))
        with pytest.raises(NotAllowed, match="only in age-restricted channels"):
            await bot.ask(place=at("c1", age_restricted=False))
        assert not (await bot.ask(place=at("c2", age_restricted=True))).jobs[0].spoiler
        await bot.learn("/rules age spoilers", by=BOSS, place=at("c1", age_restricted=False))
        card = await bot.ask(place=at("c1", age_restricted=False))
        assert card.jobs[0].spoiler
        assert (await bot.ends(card)).spoiler


async def test_a_blocked_member_gets_nothing_until_unblocked(any_engine: Open) -> None:
    async with any_engine() as bot:
        await bot.made(by=BOB)
        await bot.learn("/rules block bob", by=BOSS)
        with pytest.raises(NotAllowed, match="An admin of this workspace has blocked you"):
            await bot.ask(by=BOB)
        away = replace(BOB, workspace="chat:away", member="chat:away:bob")
        assert await bot.ask(by=away)
        await bot.service.remember_member(BOSS)
        with pytest.raises(InvalidRequest, match="cannot block yourself"):
            await bot.learn("/rules block boss", by=BOSS)
        await bot.learn("/rules unblock bob", by=BOSS)
        assert await bot.ask(by=BOB)
        assert "was not blocked" in (await bot.learn("/rules unblock bob", by=BOSS)).text


async def test_explain_says_why_a_command_would_be_refused(engine: Open) -> None:
    async with engine() as bot:
        await bot.service.remember_member(BOB)
        film = '"/animate a bad fox --model ray-2 --resolution 1080p --duration 9s"'
        allowed = await bot.learn(f"/rules explain {film}", by=BOSS)
        assert "allowed" in allowed.title
        assert "no rule matches" in dict(allowed.fields)["Access"]
        assert "its requester confirms it" in dict(allowed.fields)["Held"]
        await bot.learn("/rules deny --model ray-2 --member bob", by=BOSS)
        refused = await bot.learn(f"/rules explain {film} --member bob", by=BOSS)
        assert "by Bob here: refused" in refused.title
        assert "rule 1: deny ray-2 for Bob" == dict(refused.fields)["Access"]
        await bot.learn("/rules remove 1", by=BOSS)
        await bot.learn("/rules words add bad", by=BOSS)
        assert "word filter" in dict((await bot.learn(f"/rules explain {film}", by=BOSS)).fields)["Refused"]
        await bot.learn("/rules words remove bad", by=BOSS)
        await bot.learn("/rules deny --channel c7|lab", by=BOSS)
        there = await bot.learn(f"/rules explain {film} --channel c7|lab", by=BOSS)
        assert "#lab: refused" in there.title
        await bot.learn("/rules block bob", by=BOSS)
        blocked = await bot.learn('/rules explain "/imagine a fox" --member bob', by=BOSS)
        assert "blocked you" in dict(blocked.fields)["Refused"]
        assert "open to everybody" in (await bot.learn("/rules explain /history", by=BOSS)).text


async def test_explain_says_what_has_become_of_a_job(engine: Open) -> None:
    async with engine() as bot:
        card = await bot.ask("/animate a fox --model ray-2 --resolution 1080p --duration 9s")
        told = dict((await bot.learn(f"/rules explain {card.jobs[0].id[-6:]}", by=BOSS)).fields)
        assert "requester's confirmation" in told["Held for"]
        assert "Ada to confirm" in told["State"]
        with pytest.raises(InvalidRequest, match="no job"):
            await bot.learn("/rules explain 0a0a0a", by=BOSS)


async def test_damaged_rules_stop_their_own_workspace_only(any_engine: Open) -> None:
    async with any_engine() as bot:
        await bot.learn("/rules words add bad", by=BOSS)
        away = replace(BOB, workspace="chat:away", member="chat:away:bob")
        await bot.made(by=away)
        await bot.change("UPDATE workspace SET policy = '{\"words\": 7}' WHERE id = 'chat:home'")
        outcomes = await asyncio.gather(
            *(bot.ask(by=by) for by in (ADA, away, BOB, away)), return_exceptions=True
        )
        assert [True, False, True, False] == [isinstance(one, NotAllowed) for one in outcomes]
        assert "rules of this workspace are damaged" in str(outcomes[0])
        await bot.learn("/rules words add bad", by=BOSS)
        assert await bot.ask()


async def test_an_admin_elsewhere_changes_nothing_here(engine: Open) -> None:
    async with engine() as bot:
        stranger = replace(BOSS, workspace="chat:away", member="chat:away:boss")
        await bot.learn("/rules deny --everything", by=stranger)
        assert await bot.ask()
        job = await bot.made()
        with pytest.raises((JobNotFound, InvalidRequest)):
            await bot.learn(f"/rules explain {job.id}", by=stranger)


async def test_explain_quotes_nothing_of_a_private_job_of_somebody_else(engine: Open) -> None:
    async with engine() as bot:
        for text, quoted in (("/imagine marmalade", True), ("/imagine marmalade --private", False)):
            bot.provider.steps.append(Rejected("marmalade is no word"))
            job = await bot.ends(await bot.ask(text, by=BOB))
            explained = await bot.learn(f"/rules explain {job.id}", by=BOSS)
            assert quoted is ("marmalade" in str(explained.fields))
            assert "charged" in dict(explained.fields)["State"]
