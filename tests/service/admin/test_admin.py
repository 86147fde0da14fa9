"""What admins may change in their own workspace, and nobody else."""

from dataclasses import replace

import pytest

from bot.domain.errors import InvalidRequest, NotAllowed, QuotaExhausted
from bot.domain.jobs.job import State
from bot.domain.money.quota import Level
from tests.engine.conftest import Open
from tests.engine.harness import Engine
from tests.engine.settings import ADA, BOB, BOSS, WORKSPACE, person


async def audit(engine: Engine) -> list[tuple[str, str, str]]:
    rows = await engine.rows("SELECT actor, action, subject FROM audit ORDER BY id")
    return [(row["actor"], row["action"], row["subject"]) for row in rows]


@pytest.mark.parametrize(
    "command",
    [
        "/quotas set --amount 5",
        "/quotas show",
        "/quotas reset ada",
        "/studio pause",
        "/studio resume",
        "/studio usage",
    ],
)
async def test_who_is_no_admin_rules_nothing(engine: Open, command: str) -> None:
    async with engine(start=None) as bot:
        await bot.ask()
        with pytest.raises(NotAllowed, match="Only an admin"):
            await bot.say(command)
        assert [] == await audit(bot)


async def test_an_operator_rules_like_an_admin(engine: Open) -> None:
    async with engine(start=None, operators=(ADA.person,)) as bot:
        await bot.learn("/studio pause")
        assert [(ADA.member, "studio pause", WORKSPACE)] == await audit(bot)


async def test_a_members_quota_is_set_shown_and_reset(any_engine: Open) -> None:
    async with any_engine() as bot:
        job = await bot.ends(await bot.ask())
        note = await bot.learn("/quotas set ada --amount 0.02 --period week", by=BOSS)
        assert "Ada may use $0.020 each week" in note.text
        await bot.ends(await bot.ask(by=BOB))
        spent = (await bot.ends(await bot.ask())).price
        with pytest.raises(QuotaExhausted, match=r"this week"):
            await bot.say("/imagine one more fox")

        facts = dict((await bot.learn("/quotas show ada", by=BOSS)).fields)
        assert "$0.00 left" in facts["Ada, this week"]
        assert "$0.018 used" in facts["Ada, this week"]

        note = await bot.learn("/quotas reset ada", by=BOSS)
        assert "$0.018 was used" in note.text
        await bot.ask("/imagine one more fox")
        assert (0, spent) == await bot.money()
        actions = [(BOSS.member, "quotas set", f"member:{ADA.member}")]
        actions.append((BOSS.member, "quotas reset", f"member:{ADA.member}"))
        assert actions == await audit(bot)
        assert job.price == spent


async def test_a_reset_keeps_what_is_reserved(engine: Open) -> None:
    async with engine(start=None) as bot:
        card = await bot.ask()
        await bot.learn("/quotas reset ada", by=BOSS)
        bot.start()
        job = await bot.ends(card)
        assert (job.price, 0) == await bot.money()


async def test_every_member_may_be_given_one_quota_and_one_member_another(engine: Open) -> None:
    async with engine(start=None) as bot:
        await bot.learn("/quota", by=ADA)
        await bot.ask(by=ADA)
        await bot.learn("/quotas set --amount 0", by=BOSS)
        await bot.learn("/quotas set ada --amount 1", by=BOSS)
        await bot.ask(by=ADA)
        with pytest.raises(QuotaExhausted, match="You have no quota here"):
            await bot.say("/imagine a fox", by=BOB)


async def test_the_workspace_has_a_quota_of_its_own(engine: Open) -> None:
    async with engine() as bot:
        await bot.learn("/quotas set --workspace --amount 0.02", by=BOSS)
        await bot.ends(await bot.ask())
        with pytest.raises(QuotaExhausted, match="this workspace has"):
            await bot.say("/imagine a fox", by=BOB)
        await bot.ask(by=person("ada", workspace="chat:elsewhere"))
        used, _ = await bot.money(BOB, Level.WORKSPACE)
        assert used

        await bot.learn("/quotas reset --workspace", by=BOSS)
        await bot.ask(by=BOB)


@pytest.mark.parametrize(
    ("command", "told"),
    [
        ("/quotas set nobody --amount 5", "Nobody called 'nobody'"),
        ("/quotas set ada --workspace --amount 5", "only one of"),
        ("/quotas reset", "Name one member"),
        ("/quotas reset --workspace", "has no quota of its own"),
        ("/quotas set --amount -1", "amount"),
    ],
)
async def test_what_an_admin_gets_wrong_is_told(engine: Open, command: str, told: str) -> None:
    async with engine(start=None) as bot:
        await bot.ask()
        with pytest.raises(InvalidRequest, match=told):
            await bot.say(command, by=BOSS)
        assert [] == await audit(bot)


async def test_an_admin_rules_their_own_workspace_alone(engine: Open) -> None:
    async with engine(start=None) as bot:
        await bot.ask()
        stranger = person("boss", workspace="chat:elsewhere", admin=True)
        await bot.learn("/quotas set --amount 0", by=stranger)
        await bot.learn("/studio pause", by=stranger)
        with pytest.raises(InvalidRequest, match="Nobody called 'ada'"):
            await bot.say("/quotas show ada", by=stranger)
        await bot.ask()


async def test_waiting_jobs_keep_their_place_through_a_pause(engine: Open) -> None:
    async with engine(start=("submit", "watch", "sweep", "deliver")) as bot:
        await bot.learn("/studio pause we are out of money", by=BOSS)
        elsewhere = await bot.ask(by=person("ada", workspace="chat:elsewhere"))
        await bot.ends(elsewhere)
        await bot.learn("/studio resume", by=BOSS)
        assert [(BOSS.member, "studio pause", WORKSPACE), (BOSS.member, "studio resume", WORKSPACE)] == (
            await audit(bot)
        )


async def test_a_pause_starts_nothing_that_waits_and_tells_so(engine: Open) -> None:
    async with engine(start=("deliver",)) as bot:
        card = await bot.ask()
        await bot.learn("/studio pause", by=BOSS)
        bot.start()
        await bot.shown(card, lambda view: "paused by an admin" in view.jobs[0].headline)
        await bot.looks()
        assert State.QUEUED is (await bot.job(card)).state

        await bot.learn("/studio resume", by=BOSS)

        assert State.COMPLETED is (await bot.ends(card)).state


async def test_a_guest_s_quota_is_shown_as_it_is_for_them(any_engine: Open) -> None:
    guest = replace(ADA, is_guest=True)
    async with any_engine(start=None) as bot:
        await bot.service.remember_member(guest)
        shown = await bot.learn(f"/quotas show {ADA.member}", by=BOSS)
        told = await bot.operator.quota_show(subject=ADA.member)
        assert isinstance(told, list)

        # They have become a member meanwhile, and done something.
        await bot.ask()
        after = await bot.learn(f"/quotas show {ADA.member}", by=BOSS)

    assert "of $0" in str(shown.fields)
    assert 0 == next(one["limit_microusd"] for one in told if one["level"] == Level.MEMBER)
    assert "of $0 " not in str(after.fields[0])
    assert shown.fields[0] != after.fields[0]
