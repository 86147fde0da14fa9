"""What the admins' pages show, on both databases."""

import pytest

from bot.domain.cards.decisions import Decision
from bot.domain.errors import NotAllowed
from bot.domain.jobs.job import State
from bot.domain.money.quota import Level, Unit
from bot.service.admin.queries import QueueGroup
from bot.service.admin.queries.paging import PAGE
from bot.store.admin.workspaces import AuditEntry, set_block
from tests.engine.conftest import Open
from tests.engine.settings import ADA, BOB, BOSS, EVE, person

COSTLY = "/animate a fox that runs --model ray-2 --resolution 1080p"


async def test_members_are_found_by_name_with_their_own_limits_page_by_page(any_engine: Open) -> None:
    async with any_engine() as bot:
        job = await bot.made()
        others = [ADA, BOB, *(person(f"guest-{number:02}") for number in range(PAGE))]
        pages = [await bot.service.admin.members(BOSS, words="", page=page, others=others) for page in (1, 2)]
        assert [(PAGE, True), (2, False)] == [(len(page.items), page.more) for page in pages]
        assert len(others) == len({one.id for page in pages for one in page.items})

        await bot.service.remember_member(BOB)
        await bot.learn("/quotas set bob --amount 3 --unit pictures", by=BOSS)
        await bot.learn("/rules block bob", by=BOSS)
        operator = AuditEntry(actor="operator", workspace="", action="block", subject=EVE.person, now=0)
        await bot.services.database.transact(set_block, EVE.person, blocked=True, audit=operator)
        (ada,) = (await bot.service.admin.members(BOSS, words="ADA", page=1)).items
        ((limit, meter),) = ada.limits
        assert (Level.MEMBER, job.price, 0) == (limit.level, meter.used, meter.reserved)
        assert (False, False, False) == (ada.has_own_rule, ada.blocked, ada.blocked_by_operator)
        (bob,) = (await bot.service.admin.members(BOSS, words="bob", page=1)).items
        assert {Unit.MONEY, Unit.PICTURES} == {limit.unit for limit, _ in bob.limits}
        assert (True, True, False) == (bob.has_own_rule, bob.blocked, bob.blocked_by_operator)
        (eve,) = (await bot.service.admin.members(BOSS, words="eve", page=1, others=[EVE])).items
        assert (False, True) == (eve.blocked, eve.blocked_by_operator)
        assert not (await bot.service.admin.members(BOSS, words="eve", page=1)).items, "reading stores nobody"
        assert not (await bot.service.admin.members(BOSS, words="%", page=1)).items
        elsewhere = person("boss", workspace="chat:other", admin=True)
        assert not (await bot.service.admin.members(elsewhere, words="", page=1)).items


async def test_the_queue_shows_held_jobs_first_and_hides_what_is_private(engine: Open) -> None:
    async with engine(start=None) as bot:
        waiting, hidden = await bot.ask(), await bot.ask("/imagine a red fox --private", by=BOB)
        held = await bot.ask(COSTLY)
        await bot.ask(by=person("boss", workspace="chat:other"))
        every = (await bot.service.admin.queue(BOSS, None, page=1)).items
        assert [card.jobs[0].id for card in (held, waiting, hidden)] == [one.id for one in every]
        assert ["held", "waiting", "waiting"] == [one.group for one in every]
        assert ["a fox that runs", "a red fox", ""] == [one.title for one in every]
        # Only who asked for it confirms a price.
        assert [(), (), ()] == [one.decisions for one in every]
        assert [True, True, False] == [one.cancellable for one in every]
        (mine,) = (await bot.service.admin.queue(person("ada", admin=True), QueueGroup.HELD, page=1)).items
        assert [Decision.APPROVE, Decision.REFUSE] == [one.decision for one in mine.decisions]
        assert not (await bot.service.admin.queue(BOSS, QueueGroup.RUNNING, page=1)).items
        assert {"held": 1, "waiting": 2, "running": 0} == (await bot.service.admin.overview(BOSS)).jobs


async def test_an_approval_is_shown_with_its_buttons_also_where_it_is_private(any_engine: Open) -> None:
    async with any_engine(start=None) as bot:
        await bot.learn("/rules prices --confirm off --approve 1", by=BOSS)
        await bot.learn("/rules moderators c2|mods", by=BOSS)
        card = await bot.ask(f"{COSTLY} --private")
        (job,) = (await bot.service.admin.queue(BOSS, QueueGroup.HELD, page=1)).items
        assert "a fox that runs" == job.title
        assert [Decision.APPROVE, Decision.REFUSE] == [one.decision for one in job.decisions]
        await bot.service.decide(Decision.APPROVE, job.id, job.card, BOSS)
        assert State.QUEUED is (await bot.job(card)).state


async def test_reports_are_shown_with_what_was_done_about_them(any_engine: Open) -> None:
    async with any_engine() as bot:
        await bot.learn("/rules moderators c2|mods", by=BOSS)
        job = await bot.made()
        await bot.learn(f"/report {job.id} not nice", by=BOB)
        (report,) = (await bot.service.admin.reports(BOSS, page=1)).items
        assert ("Reported by Bob: not nice", False, False) == (report.note, report.removed, report.blocked)
        assert [Decision.REMOVE, Decision.BLOCK] == [one.decision for one in report.decisions]
        await bot.service.decide(Decision.REMOVE, job.id, report.card, BOSS)
        await bot.service.decide(Decision.BLOCK, job.id, report.card, BOSS)
        (report,) = (await bot.service.admin.reports(BOSS, page=1)).items
        assert (True, True) == (report.removed, report.blocked)
        elsewhere = person("boss", workspace="chat:other", admin=True)
        assert not (await bot.service.admin.reports(elsewhere, page=1)).items


async def test_what_was_refunded_is_not_spent_and_allowances_come_in_pages(any_engine: Open) -> None:
    async with any_engine() as bot:
        job, refunded = await bot.made(), await bot.made()
        await bot.operator.jobs_refund(job=refunded.id)
        overview = await bot.service.admin.overview(BOSS)
        assert (job.price, job.price) == (overview.spent_today, overview.spent_this_month)
        await bot.operator.calls["groups_create"](group="Acme", amount="50")
        await bot.operator.calls["groups_add"](group="Acme", workspace=BOSS.workspace)
        caps = (await bot.service.admin.overview(BOSS)).caps
        assert [Level.CEILING, Level.GROUP] == [limit.level for limit, _ in caps]
        for number in range(PAGE + 1):
            await bot.learn(f"/quotas set --amount {number} --channel c{number}|c{number}", by=BOSS)
        first, second = [await bot.service.admin.allowances(BOSS, page=page) for page in (1, 2)]
        assert [(PAGE, True), (1, False)] == [
            (len(one.rules.items), one.rules.more) for one in (first, second)
        ]
        assert PAGE + 1 == len({rule.subject for one in (first, second) for rule in one.rules.items})


async def test_only_admins_read_anything(engine: Open) -> None:
    async with engine(start=None) as bot:
        admin = bot.service.admin
        for asked in (
            lambda: admin.overview(ADA),
            lambda: admin.members(ADA, words="", page=1),
            lambda: admin.allowances(ADA, page=1),
            lambda: admin.rules(ADA),
            lambda: admin.audit(ADA, member="", action="", words="", page=1),
            lambda: admin.keys(ADA),
            lambda: admin.queue(ADA, None, page=1),
            lambda: admin.reports(ADA, page=1),
        ):
            with pytest.raises(NotAllowed):
                await asked()
        assert (False, True) == (admin.allows(ADA), admin.allows(BOSS))
    async with engine(start=None, operators=(ADA.person,)) as bot:
        assert bot.service.admin.allows(ADA)
        assert (await bot.service.admin.keys(ADA)).shared
        assert not (await bot.service.admin.keys(BOSS)).shared
