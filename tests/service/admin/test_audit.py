"""Admins see who decided what, and who was refused what."""

import sqlite3
from contextlib import closing
from pathlib import Path

import pytest

from bot.domain.errors import InvalidRequest, NotAllowed, QuotaExhausted, Refused, TooManyRequests
from bot.domain.identity import Caller
from bot.domain.jobs.actions import Action
from bot.service.refusals import AuditedService, RefusalLog
from bot.services import Services
from bot.store.admin.workspaces import AuditEntry, set_block
from bot.worker.upkeep.retention import expire_decisions
from tests.engine.conftest import Open
from tests.engine.harness import Engine
from tests.engine.settings import ADA, BOB, BOSS, EVE, WORKSPACE, person
from tests.web.running_app import RunningApp

DAY = 86_400_000


class Audited:
    """Makes the service of an engine, and records what it has refused when a test says so."""

    def __init__(self) -> None:
        self.refusals: RefusalLog | None = None

    def __call__(self, services: Services) -> AuditedService:
        self.refusals = RefusalLog(services)
        return AuditedService(services, self.refusals)

    async def record(self) -> None:
        assert self.refusals is not None
        await self.refusals.record()


async def entries(bot: Engine, text: str = "/studio audit", *, by: Caller = BOSS) -> list[str]:
    """What the audit shows, without the times."""
    fields = (await bot.learn(text, by=by)).fields
    return [f"{name.partition(' · ')[2]}: {value}" for name, value in fields]


async def test_decisions_are_shown_with_before_and_after_the_newest_first(any_engine: Open) -> None:
    async with any_engine(start=None) as bot:
        await bot.ask()
        await bot.learn("/quotas set ada --amount 5 --period week", by=BOSS)
        await bot.learn("/studio pause too much", by=BOSS)
        await bot.learn("/studio resume", by=person("eve", admin=True))
        assert [
            "Eve: studio resume · before paused yes, reason too much · after paused no",
            "Boss: studio pause · before paused no · after paused yes, reason too much",
        ] == (await entries(bot))[:2]
        (quota,) = await entries(bot, "/studio audit --action quotas")
        assert quota.startswith("Boss: quotas set member:ada · ")
        assert "amount $5.00" in quota
        assert "week" in quota
        assert [quota] == await entries(bot, "/studio audit ada")
        assert 2 == len(await entries(bot, "/studio audit --words 'too MUCH'"))
        assert [] == await entries(bot, "/studio audit --words 100%")
        with pytest.raises(NotAllowed):
            await bot.learn("/studio audit", by=ADA)
        elsewhere = person("boss", workspace="chat:other", admin=True)
        assert [] == await entries(bot, by=elsewhere), "another workspace's audit is nobody's business"


async def test_entries_about_rules_name_things_and_show_prices(engine: Open) -> None:
    async with engine(start=None) as bot:
        await bot.ask()
        await bot.learn("/rules prices --approve 1.50 --undo 9", by=BOSS)
        await bot.learn("/rules words add bad*", by=BOSS)
        await bot.learn("/rules deny --model ray-2 --member ada", by=BOSS)
        rule, word, prices = await entries(bot)
        assert "after access rule 1, deny, member Ada, model ray-2" in rule
        assert word == "Boss: rules words bad* · after words bad*"
        assert prices.startswith("Boss: rules prices · before")
        assert "approve above $1.50" in prices
        assert "undo within 9 s" in prices
        assert " at " not in prices, "the entry itself says when"


async def test_pages_show_all_entries_once(engine: Open) -> None:
    async with engine(start=None) as bot:
        for number in range(25):
            await bot.learn(f"/studio pause number {number:02}", by=BOSS)
        pages = [await entries(bot, f"/studio audit --page {page}") for page in (1, 2, 3, 4, 5)]
        assert [8, 8, 8, 1, 0] == [len(page) for page in pages]
        assert 25 == len({entry for page in pages for entry in page})
        assert "--page 2 shows older ones" in (await bot.learn("/studio audit", by=BOSS)).text


async def test_refusals_by_quota_rights_and_blocks_are_recorded_and_mistakes_are_not(
    any_engine: Open,
) -> None:
    audited = Audited()
    async with any_engine(make_service=audited, default_allowance=0.02) as bot:
        made = await bot.made(by=BOB)
        asked: list[tuple[str, Caller, type[Refused]]] = [
            ("/imagine a red fox", BOB, QuotaExhausted),
            ("/imagine a red fox", BOB, QuotaExhausted),
            ("/studio pause", ADA, NotAllowed),
            ("/status nothing", ADA, Refused),
            ("/quotas set --amount 1 --member nobody", BOSS, InvalidRequest),
        ]
        entry = AuditEntry(actor="operator", workspace="", action="block", subject=EVE.member, now=0)
        await bot.services.database.transact(set_block, EVE.member, blocked=True, audit=entry)
        asked.append(("/imagine a fox", EVE, NotAllowed))
        for text, by, error in asked:
            with pytest.raises(error):
                await bot.say(text, by=by)
        with pytest.raises(QuotaExhausted):
            await bot.press(Action.AGAIN, made.id, by=BOB)
        assert [] == await bot.rows("SELECT id FROM audit WHERE action = 'refused'"), "answered first"
        await audited.record()
        await audited.record()
        found = await entries(bot, "/studio audit --action refused")
    assert 4 == len(found), found
    text = "\n".join(found)
    assert "refused imagine" in text
    assert "times 2" in text
    assert "refused studio pause · reason Only an admin" in text
    assert "blocked by the operator" in text
    assert "red fox" not in text


async def test_commands_that_come_too_fast_are_not_recorded(engine: Open) -> None:
    audited = Audited()
    async with engine(start=None, make_service=audited, commands_burst=1, commands_per_minute=1) as bot:
        await bot.ask()
        with pytest.raises(TooManyRequests):
            await bot.ask()
        await audited.record()
        assert [] == await bot.rows("SELECT id FROM audit")


async def test_a_result_that_an_admin_deletes_is_recorded_and_ones_own_is_not(engine: Open) -> None:
    async with engine() as bot:
        mine, theirs = await bot.made(), await bot.made()
        await bot.delete(mine.id)
        await bot.delete(theirs.id, by=BOSS)
        assert [f"boss: delete {theirs.id} · member ada"] == await entries(bot)


async def test_a_running_bot_records_what_it_refuses(tmp_path: Path) -> None:
    app = RunningApp(tmp_path, times={"refusal_interval": 3_600_000}, default_allowance=0)
    async with app.running():
        with pytest.raises(QuotaExhausted):
            await app.say("/imagine a red fox")
    with closing(sqlite3.connect(tmp_path / "reverie.db")) as db:
        rows = db.execute("SELECT actor, action, subject FROM audit").fetchall()
    assert [(ADA.member, "refused", "imagine")] == rows, "recorded at the latest when it stops"


async def test_a_flood_of_refusals_leaves_few_entries(engine: Open) -> None:
    audited = Audited()
    async with engine(start=None, make_service=audited) as bot:
        log = audited.refusals
        assert log is not None
        for round_ in range(3):
            for number in range(50):
                log.add(ADA, f"command {number}", "no")
            for number in range(400):
                log.add(person(f"member {number}"), "imagine", "no")
            await log.record()
            assert 200 == len(await bot.rows("SELECT id FROM audit")), round_
        assert 20 == len(await bot.rows("SELECT id FROM audit WHERE actor = :ada", ada=ADA.member))
        bot.advance(3_600_000)
        log.add(ADA, "imagine", "no")
        await log.record()
        assert 201 == len(await bot.rows("SELECT id FROM audit"))


async def test_entries_are_kept_as_long_as_the_workspace_or_the_operator_says(any_engine: Open) -> None:
    async with any_engine(start=None, audit_days=100) as bot:
        boss_elsewhere = person("boss", workspace="chat:other", admin=True)
        for by in (BOSS, boss_elsewhere):
            await bot.learn("/studio pause", by=by)
        reply = await bot.learn("/studio audit --keep 40", by=BOSS)
        assert "kept for 40 days" in reply.text
        assert "kept for 100 days" in (await bot.learn("/studio audit", by=boss_elsewhere)).text

        async def left() -> list[str]:
            await expire_decisions(bot.services)
            return [row["workspace"] for row in await bot.rows("SELECT workspace FROM audit ORDER BY id")]

        assert [WORKSPACE, "chat:other", WORKSPACE] == await left()
        bot.advance(41 * DAY)
        assert ["chat:other"] == await left()
        bot.advance(60 * DAY)
        assert [] == await left()
        with pytest.raises(InvalidRequest, match="30"):
            await bot.say("/studio audit --keep 1", by=BOSS)


async def test_an_operator_reads_the_audit_of_all_workspaces(engine: Open) -> None:
    async with engine() as bot:
        job = await bot.made()
        await bot.learn("/studio pause", by=BOSS)
        await bot.operator.calls["jobs_refund"](job=job.id)
        audit = bot.operator.calls["audit"]
        refund, pause = await audit()
        assert isinstance(refund, dict)
        assert isinstance(pause, dict)
        assert ("operator", "jobs refund", job.price) == (
            refund["actor"],
            refund["action"],
            refund["detail"]["amount"],
        )
        assert [pause] == await audit(workspace=WORKSPACE, action="pause")
        assert [] == await audit(workspace="chat:other")


async def test_what_is_refused_about_links_is_told_to_no_admin(engine: Open) -> None:
    audited, other = Audited(), person("al", workspace="talk:hall")
    entry = AuditEntry(actor="operator", workspace="", action="block", subject="", now=0)
    async with engine(start=None, make_service=audited) as bot:
        code = (await bot.learn("/link", by=other)).text.partition("/link ")[2][:14]
        asked = await bot.learn(f"/link {code}")
        await bot.services.database.transact(set_block, ADA.person, blocked=True, audit=entry)
        with pytest.raises(NotAllowed, match="blocked one of these"):
            await bot.answer(asked, "Link")
        with pytest.raises(NotAllowed, match="blocked one of these"):
            await bot.learn("/link")
        await audited.record()
        assert [] == await bot.rows("SELECT detail FROM audit WHERE action = 'refused'")


async def test_admins_read_that_the_operators_limit_is_used_up_and_no_amount(engine: Open) -> None:
    audited = Audited()
    async with engine(start=None, make_service=audited) as bot:
        await bot.operator.calls["quota_set"](subject=f"person:{ADA.person}", amount="0.005", period="day")
        with pytest.raises(QuotaExhausted, match=r"of \$0.005 left everywhere"):
            await bot.ask()
        await audited.record()
        explained = (await bot.learn("/rules explain /imagine a fox --member ada", by=BOSS)).fields
        for text in (str(await entries(bot, "/studio audit --action refused")), str(explained)):
            assert "limit that the operator has set" in text
            assert "0.005" not in text
