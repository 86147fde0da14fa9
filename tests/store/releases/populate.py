"""Fill a store: a row in every table, and jobs in every kind of state."""

from dataclasses import replace

from bot.domain.generations.concepts import Vocabulary
from bot.domain.generations.media import Reference
from bot.domain.links import LinkedPerson
from bot.domain.money.groups import Group
from bot.domain.money.quota import Allowance, Level, Period, Rule
from bot.domain.policy.words import WordRule
from bot.domain.reports.alerts import AlertRules, Condition, ConditionKind
from bot.domain.workspace.presets import Preset, PresetKind
from bot.store.adapter_data import put, reserve_rate_slot
from bot.store.admin.groups import create_group, join_group
from bot.store.admin.policies import change_policy
from bot.store.admin.presets import save_preset
from bot.store.admin.workspaces import AuditEntry, set_block
from bot.store.database.base import Database
from bot.store.file_refs import add_upload
from bot.store.listings.gallery import Star, give_star
from bot.store.members.defaults import change_member_defaults
from bot.store.members.erasure import request_erasure
from bot.store.members.linking import Change, EnteredCode, enter_code, link, put_code
from bot.store.operator.accounts import OutageNotice, claim_notice
from bot.store.operator.alerts import Findings, record_findings
from bot.store.operator.credit import record_balance
from bot.store.operator.vocabulary import StoredVocabulary, save_vocabulary
from bot.store.operator.workspace_keys import NewKey, set_key
from bot.store.queue.accept import accept
from bot.store.queue.cards import create_card_copy
from bot.store.queue.claim import acquire_lease
from bot.store.queue.jobs import delete_job, refund_job
from bot.store.queue.votes import Vote
from bot.store.quotas.caps import claim_cap_notice
from bot.store.quotas.limits import grant, set_rule, usage_of
from bot.store.quotas.usage import sum_up, workspaces_behind
from tests.store.factories import (
    ACCOUNT,
    DAY,
    HOUR,
    NOW,
    PICTURE,
    acceptance,
    accepted,
    caller,
    completed,
    copy_of,
    gallery_entry,
    open_account,
    submitted,
)


async def sum_up_all(database: Database) -> None:
    """Sum up all ended days."""
    for workspace in await workspaces_behind(database, now=NOW + 2 * DAY):
        while await sum_up(database, workspace, now=NOW + 2 * DAY):
            pass


async def live(database: Database) -> None:
    """Leave a row in every table."""
    await open_account(database)
    group = Group(id="group", name="Acme", budget=50_000_000)
    by_operator = AuditEntry(actor="operator", workspace="", action="group", subject="Acme", now=NOW)
    await database.transact(create_group, group, audit=by_operator)
    key = NewKey(
        workspace="chat:keyed",
        account="luma-own",
        provider="luma",
        encrypted="sealed",
        masked="luma-…3f9a",
        set_by="Boss",
        now=NOW,
    )
    set_by_boss = AuditEntry(actor="boss", workspace="chat:keyed", action="set", subject="luma-own", now=NOW)
    await database.transact(set_key, key, audit=set_by_boss)
    await database.transact(join_group, "Acme", "chat:keyed", audit=by_operator)
    await database.transact(record_balance, ACCOUNT, 5_000_000, now=NOW - HOUR)
    done, deleted = await completed(database), await completed(database)
    await database.transact(record_balance, ACCOUNT, 4_900_000, now=NOW + HOUR)
    job = await done.now_at()
    await submitted(database, acceptance(caller("bob"), prompt="a “quoted” \\ünïcode\n🦊", reach="token"))
    await accepted(database, acceptance(references=[done.job]))
    await accepted(database)
    vote = Vote(job=done.job, emoji="🔥", member="bob", at=NOW, needed=3)
    await database.write(accept, replace(acceptance(caller("bob")), vote=vote))
    await database.transact(refund_job, done.job, now=NOW, cause="operator")
    await database.transact(delete_job, deleted.job, now=NOW)
    await database.transact(
        give_star,
        Star(job=job.id, card=job.card, member="bob", event="e", on=True, entry=gallery_entry(done), now=NOW),
    )
    await database.transact(create_card_copy, copy_of(done))
    await database.transact(add_upload, "bob", "0" * 64, until=NOW + HOUR)
    await database.transact(request_erasure, "chat:mallory", "forgotten:1", now=NOW)
    await database.transact(put, "chat", "a", "sealed")
    await database.transact(reserve_rate_slot, "chat", "identify", now=NOW, every=HOUR)
    await database.transact(claim_notice, OutageNotice(provider="luma", place=acceptance().place), now=NOW)
    await database.transact(acquire_lease, "watch", owner="one", now=NOW, until=NOW + 1)
    vocabulary = Vocabulary(concepts=frozenset({"pov"}), camera_motions=("Orbit Left",))
    await database.transact(
        save_vocabulary, StoredVocabulary(provider="luma", words=vocabulary, fetched_at=NOW)
    )
    for name in ("ada", "bob"):
        whose = LinkedPerson(person=f"chat:{name}", name=name)
        await database.transact(put_code, whose, f"digest of {name}", expires_at=NOW + HOUR)
    entered = EnteredCode(
        by="talk:ada",
        digest="digest of ada",
        question="q",
        now=NOW,
        expires_at=NOW + HOUR,
        window_start=NOW - HOUR,
        tries_max=5,
    )
    await database.transact(enter_code, entered)
    change = Change(id="link", now=NOW, notice="Linked.", ids=("n1", "n2"), audit=by_operator)
    await database.transact(link, "q", LinkedPerson(person="talk:ada", name="Ada"), change)
    decision = AuditEntry(actor="boss", workspace="chat:home", action="set", subject="x", now=NOW)
    await database.transact(set_block, "eve", audit=decision, blocked=True)
    await _defaults_and_presets(database, decision)
    rule = Rule(
        level=Level.EVERYTHING,
        subject="",
        workspace="",
        allowance=Allowance(amount=2**40, period=Period.MONTH),
    )
    await database.transact(set_rule, rule, audit=decision)
    (limit, _), *_ = await usage_of(database, caller(), acceptance().defaults, now=NOW)
    await database.transact(grant, "grant", limit, 1_000, reason="won", audit=decision)
    await database.transact(claim_cap_notice, limit.meter, "near", "", now=NOW)
    low = Condition(kind=ConditionKind.DISK_LOW, subject="/data", text="It is full.", remedy="Make room.")
    findings = Findings(
        conditions=[low],
        rules=AlertRules(clear=HOUR, quiet=HOUR),
        targets=["webhook"],
        new_id=iter(("1", "2")).__next__,
        now=NOW,
        may_resolve=True,
    )
    await database.transact(record_findings, findings)
    await sum_up_all(database)
    words = (WordRule(pattern="bad*", by="Boss", at=NOW),)
    await database.transact(
        change_policy, "chat:home", lambda policy: policy.model_copy(update={"words": words}), audit=decision
    )


async def _defaults_and_presets(database: Database, decision: AuditEntry) -> None:
    style = Preset(
        name="noir", kind=PresetKind.STYLE, text="“dark”", pictures=(Reference(file=PICTURE, weight=0.7),)
    )
    await database.transact(save_preset, "chat:home", style, most=9, audit=decision)
    await database.transact(
        change_member_defaults, caller("bob"), lambda before: before.model_copy(update={"count": 2}), now=NOW
    )
