"""Allowances of members, roles, channels and workspaces; grants and pace."""

from dataclasses import replace

import pytest

from bot.domain.errors import InvalidRequest, NotAllowed, QuotaExhausted, Refused, ServiceUnavailable
from bot.domain.identity import Caller
from bot.domain.money.quota import Level, Unit
from bot.store.operator.reports import inconsistent_meters
from bot.store.quotas.limits import of_level
from tests.engine.conftest import Open
from tests.engine.harness import Engine
from tests.engine.settings import ADA, BOB, BOSS, EVE, WORKSPACE, person

ARTIST = replace(ADA, roles=frozenset({"artists", "everybody"}))
PICTURES = "/quotas set --unit pictures --period week"


async def makes(engine: Engine, by: Caller, most: int, *, channel: str = "c1") -> None:
    """Check that somebody may make exactly so many more pictures in a channel."""
    for _ in range(most):
        await engine.ask(by=by, place=engine.place(by, channel=channel))
    with pytest.raises(QuotaExhausted):
        await engine.ask(by=by, place=engine.place(by, channel=channel))


async def test_within_a_level_the_most_specific_rule_counts_and_the_most_generous_role(
    any_engine: Open,
) -> None:
    async with any_engine(start=None) as bot:
        await bot.learn(f"{PICTURES} --amount 1", by=BOSS)
        await bot.learn(f"{PICTURES} --amount 3 --role artists|Artists", by=BOSS)
        await bot.learn(f"{PICTURES} --amount 2 --role everybody|Everybody", by=BOSS)
        await bot.service.remember_member(EVE)
        await bot.learn(f"{PICTURES} eve --amount 2", by=BOSS)
        await makes(bot, BOB, 1)
        await makes(bot, ARTIST, 3)
        await makes(bot, replace(EVE, roles=frozenset({"artists"})), 2)
        # The limit of a role is each holder's own.
        await makes(bot, replace(BOSS, roles=frozenset({"artists"})), 3)
        assert [] == await inconsistent_meters(bot.services.database)


async def test_pictures_and_videos_are_counted_apart_and_beside_money(engine: Open) -> None:
    async with engine(start=None) as bot:
        await bot.learn("/quotas set --unit videos --amount 0", by=BOSS)
        with pytest.raises(QuotaExhausted, match="You have no quota for videos here"):
            await bot.say("/animate a fox")
        await bot.ask()
        await bot.learn(f"{PICTURES} --amount 2", by=BOSS)
        with pytest.raises(
            QuotaExhausted, match=r"needs 1 picture, but you have 0 pictures of 2 pictures left"
        ):
            await bot.say("/imagine a fox --count 3")
        facts = dict((await bot.learn("/quota")).fields)
        assert facts["You, this week"].startswith("2 pictures left of 2 pictures · 0 pictures reserved")
        await bot.learn("/quotas remove --unit videos", by=BOSS)
        await bot.ask("/animate a fox")


async def test_a_channel_has_a_quota_that_all_share(engine: Open) -> None:
    async with engine(start=None) as bot:
        told = await bot.learn(f"{PICTURES} --amount 2 --channel c1|#art", by=BOSS)
        assert "Everybody in #art together may use 2 pictures each week" in told.text
        await bot.ask(by=ADA)
        await makes(bot, BOB, 1)
        await bot.ask(by=BOB, place=bot.place(BOB, channel="c2"))
        facts = dict((await bot.learn("/quota", by=BOB)).fields)
        assert facts["This channel, this week"].startswith("0 pictures left of 2 pictures")


async def test_what_a_rule_replaces_is_said_and_no_target_means_every_member(engine: Open) -> None:
    async with engine(start=None) as bot:
        first = await bot.learn("/quotas set --amount 5 --period week", by=BOSS)
        assert "Every member of this workspace, each for themselves, may use $5.00 each week" in first.text
        assert "replaces" not in first.text
        second = await bot.learn("/quotas set --amount 2 --period day", by=BOSS)
        assert "This replaces $5.00 each week." in second.text
        assert "replaces" not in (await bot.learn("/quotas set --amount 2", by=BOSS)).text
        # Caps of several periods hold beside each other.
        await bot.learn("/quotas set --workspace --amount 9 --period month", by=BOSS)
        await bot.learn("/quotas set --workspace --amount 3 --period day", by=BOSS)
        shown = (await bot.learn("/quotas show", by=BOSS)).fields
        assert ("Rule: The workspace together", "$9.00 each month") in shown
        assert ("Rule: The workspace together", "$3.00 each day") in shown
        assert ("Rule: Every member", "$2.00 each day") in shown


async def test_a_rule_may_be_set_before_somebody_has_used_the_bot(engine: Open) -> None:
    async with engine(start=None) as bot:
        with pytest.raises(InvalidRequest, match="Nobody called 'eve'"):
            await bot.say("/quotas set eve --amount 0", by=BOSS)
        await bot.service.remember_member(EVE)
        await bot.learn(f"/quotas set {EVE.member} --amount 0", by=BOSS)
        with pytest.raises(QuotaExhausted, match="no quota here"):
            await bot.ask(by=EVE)


async def test_a_grant_is_extra_for_this_period_and_its_reason_is_shown(any_engine: Open) -> None:
    async with any_engine(start=None) as bot:
        await bot.learn(f"{PICTURES} --amount 1", by=BOSS)
        await makes(bot, ADA, 1)
        told = await bot.learn(
            '/quotas grant ada --unit pictures --amount 2 --reason "won the contest"', by=BOSS
        )
        assert "Ada gets 2 pictures extra for this week: won the contest" in told.text
        await makes(bot, ADA, 2)
        facts = dict((await bot.learn("/quota")).fields)
        assert "0 pictures left of 3 pictures" in facts["You, this week"]
        assert facts["Granted by an admin"].startswith("won the contest")
        assert [] == await inconsistent_meters(bot.services.database)
        bot.advance(8 * 86_400_000)
        await makes(bot, ADA, 1)
        with pytest.raises(InvalidRequest, match="no limit in videos"):
            await bot.say("/quotas grant ada --unit videos --amount 2 --reason more", by=BOSS)


async def test_members_wait_between_commands_and_have_few_unfinished_jobs(any_engine: Open) -> None:
    async with any_engine(start=None) as bot:
        told = await bot.learn("/quotas pace --cooldown 30 --running 2", by=BOSS)
        assert ("Cool-down of each member", "30 s between two commands") in told.fields
        first = await bot.ask()
        with pytest.raises(QuotaExhausted, match=r"wait 30 s between two .* Try again in (30|2\d) s"):
            await bot.quote("/imagine a fox")
        with pytest.raises(QuotaExhausted, match=r"Try again in (30|2\d) s"):
            await bot.ask()
        await bot.ask(by=BOB)
        bot.advance(30_000)
        await bot.ask()
        bot.advance(30_000)
        with pytest.raises(QuotaExhausted, match="You have 2 unfinished jobs"):
            await bot.ask()
        await bot.learn(f"/cancel {first.jobs[0].id}")
        await bot.ask()
        await bot.learn("/quotas pace --cooldown 0 --running 0", by=BOSS)
        for _ in range(3):
            await bot.ask()


async def test_unknown_roles_decide_nothing(engine: Open) -> None:
    """A role may be more generous or stricter than the rule for everybody."""
    unknown = replace(ADA, roles=None)
    async with engine(start=None) as bot:
        await bot.ask(by=unknown)
        await bot.learn("/quotas set --role artists|Artists --amount 5", by=BOSS)
        for ask in (bot.ask, bot.quote):
            with pytest.raises(ServiceUnavailable, match="roles cannot be looked up"):
                await ask("/imagine a fox", by=unknown)
        # In the same batch others are not affected, nor is whoever has a rule of their own.
        await bot.ask(by=BOB)
        await bot.learn("/quotas set ada --amount 5", by=BOSS)
        await bot.ask(by=unknown)


@pytest.mark.parametrize(
    ("command", "told"),
    [
        ("/quotas set --amount 1.5 --unit videos", "counted whole"),
        ("/quotas set --amount nan", "not an amount"),
        ("/quotas set --amount -3 --unit pictures", "not an amount"),
        ("/quotas set --amount 1e9", "not an amount"),
        ("/quotas set --amount 9999999", "The most"),
        ("/quotas set --amount 5 --role artists", "'artists' is not known here"),
        ("/quotas set ada --amount 5 --channel c1|art", "only one of"),
        ("/quotas grant ada --amount 0 --reason x", "above 0"),
        ("/quotas grant ada --amount 1 --reason ' '", "reason is missing"),
        ("/quotas remove ada", "no quota in money to remove"),
        ("/quotas pace --cooldown 100000", "from 0 to 86400"),
        ("/studio timezone Berlln", "Did you mean Europe/Berlin"),
        ("/studio setup --timezone nowhere/never", "not a time zone"),
    ],
)
async def test_bad_input_is_told_and_changes_nothing(engine: Open, command: str, told: str) -> None:
    async with engine(start=None) as bot:
        await bot.ask()
        with pytest.raises(InvalidRequest, match=told):
            await bot.say(command, by=BOSS)
        assert [] == await bot.rows("SELECT * FROM allowance")
        assert [] == await bot.rows("SELECT * FROM quota_grant")


@pytest.mark.parametrize(
    "command",
    [
        "/quotas grant ada --amount 1 --reason x",
        "/quotas pace",
        "/quotas remove",
        "/studio setup",
        "/studio timezone UTC",
    ],
)
async def test_only_admins_decide(engine: Open, command: str) -> None:
    async with engine(start=None) as bot:
        with pytest.raises(NotAllowed, match="Only an admin"):
            await bot.say(command)


async def test_periods_begin_in_the_workspaces_time_zone(any_engine: Open) -> None:
    async with any_engine(start=None) as bot:
        await bot.learn("/studio timezone lord howe", by=BOSS)
        rows = await bot.rows("SELECT timezone FROM workspace WHERE id = :id", id=WORKSPACE)
        assert [{"timezone": "Australia/Lord_Howe"}] == rows
        counted = await bot.limits()
        (mine, _), *_ = of_level(counted, Level.MEMBER)
        (ceiling, _), *_ = of_level(counted, Level.CEILING)
        assert ("Australia/Lord_Howe", "UTC") == (mine.zone, ceiling.zone)
        assert mine.period_end != ceiling.period_end


async def test_a_workspace_is_set_up_step_by_step(any_engine: Open) -> None:
    async with any_engine(start=None, default_ceiling=100, provider="luma", luma_keys="key") as bot:
        asked = await bot.learn("/studio setup", by=BOSS)
        assert asked.text == "A week costs $100.00 at most."
        assert asked.setup is not None
        assert asked.setup.budget is None
        told = await bot.learn("/studio setup --budget 25", by=BOSS)
        assert "A week costs $25.00 at most." == told.text
        await bot.learn("/quotas set --workspace --amount 2", by=BOSS)
        told = await bot.learn(
            "/studio setup --channels c1|#art --channels c2|#lab --roles artists|Artists --reactions off "
            "--admin_channel c9|#staff --timezone Europe/Berlin",
            by=BOSS,
        )
        assert "A week costs $14.00 at most." == told.text
        assert {
            "Budget of a month": "$25.00",
            "Channels": "#art, #lab",
            "Who may": "Artists",
            "Reactions": "start nothing",
            "Warnings go to": "#staff",
            "Time zone": "Europe/Berlin",
        }.items() <= dict(told.fields).items()

        with pytest.raises(NotAllowed, match="Only members with the role Artists"):
            await bot.ask(by=BOB)
        with pytest.raises(NotAllowed, match=r"in this channel. Use #art or #lab. An admin .* /studio setup"):
            await bot.ask(by=ARTIST, place=bot.place(channel="c3"))
        with pytest.raises(ServiceUnavailable):
            await bot.ask(by=replace(BOB, roles=None))
        rules = dict((await bot.learn("/rules show", by=BOSS)).fields)
        assert ("#art, #lab", "Artists") == (
            rules["Channels, by /studio setup"],
            rules["Roles, by /studio setup"],
        )
        card = await bot.ask(by=ARTIST)
        await bot.ask(by=BOSS)
        assert await bot.service.react("🎲", card.jobs[0].id, bot.invocation(ARTIST)) is None

        told = await bot.learn("/studio setup --channels all --roles all", by=BOSS)
        assert {"Channels": "everywhere", "Who may": "every member"}.items() <= dict(told.fields).items()
        await bot.ask(by=BOB, place=bot.place(BOB, channel="c3"))


async def test_an_operator_gives_the_budget_with_the_set_up(engine: Open) -> None:
    """Nothing of value can be spent before: the budget of a new workspace is 0."""
    owner = person("owner", admin=True)
    async with engine(start=None, provider="luma", luma_keys="key", operators=(owner.person,)) as bot:
        asked = await bot.learn("/studio setup --budget 25", by=BOSS)
        assert "Nothing can be spent yet" in asked.text
        with pytest.raises(QuotaExhausted, match="no budget yet"):
            await bot.ask()
        told = await bot.learn("/studio setup --budget 10", by=owner)
        assert "A week costs $10.00 at most." == told.text
        await bot.ask()


async def test_the_simulator_spends_nothing(engine: Open) -> None:
    async with engine(start=None) as bot:
        assert "nothing is spent" in (await bot.learn("/studio setup", by=BOSS)).text
        assert [Unit.MONEY] == [limit.unit for limit, _ in await bot.limits() if limit.level is Level.MEMBER]
        with pytest.raises(Refused):
            await bot.say("/studio setup --budget -1", by=BOSS)
