"""A store that has lived: a row in every table, and jobs in every kind of state."""

from bot.domain.concepts import Vocabulary
from bot.domain.quota import Allowance, Level, Period, Rule
from bot.store.adapter_data import Put, Turn, put, reserve_rate_slot
from bot.store.cards import create_card_copy
from bot.store.database.base import Database
from bot.store.file_refs import UploadHeld, add_upload
from bot.store.jobs import Deletion, Refund, Star, delete_job, refund_job, toggle_star
from bot.store.leases import LeaseWanted, acquire_lease
from bot.store.outage_notices import OutageNotice, claim_notice
from bot.store.vocabulary import StoredVocabulary, save_vocabulary
from bot.store.workspaces import AuditEntry, Block, SetRule, set_block, set_rule
from tests.store.making import (
    HOUR,
    NOW,
    acceptance,
    accepted,
    caller,
    completed,
    copy_of,
    open_account,
    submitted,
)


async def live(database: Database) -> None:
    """Leave a row in every table."""
    await open_account(database)
    done, deleted = await completed(database), await completed(database)
    job = await done.now_at()
    await submitted(database, acceptance(caller("bob"), prompt="a “quoted” \\ünïcode\n🦊", reach="token"))
    await accepted(database, acceptance(references=[done.job]))
    await accepted(database)
    await database.write(refund_job, Refund(job=done.job, now=NOW, cause="operator"))
    await database.write(delete_job, Deletion(job=deleted.job, now=NOW))
    await database.write(toggle_star, Star(job=job.id, card=job.card, member="bob", now=NOW, event="e"))
    await database.write(create_card_copy, copy_of(done))
    await database.write(add_upload, UploadHeld(file="0" * 64, member="bob", until=NOW + HOUR))
    await database.write(put, Put(adapter="chat", key="a", sealed="sealed"))
    await database.write(reserve_rate_slot, Turn(adapter="chat", name="identify", now=NOW, every=HOUR))
    await database.write(claim_notice, OutageNotice(provider="luma", place=acceptance().place, now=NOW))
    await database.write(acquire_lease, LeaseWanted(name="watch", owner="one", now=NOW, until=NOW + 1))
    words = Vocabulary(concepts=frozenset({"pov"}), camera_motions=("Orbit Left",))
    await database.write(save_vocabulary, StoredVocabulary(provider="luma", words=words, told_at=NOW))
    decision = AuditEntry(actor="boss", workspace="chat:home", action="set", subject="x", now=NOW)
    await database.write(set_block, Block(decision=decision, subject="eve", blocked=True))
    rule = Rule(
        level=Level.EVERYTHING,
        subject="",
        workspace="",
        allowance=Allowance(amount=2**40, period=Period.MONTH),
    )
    await database.write(set_rule, SetRule(decision=decision, rule=rule))
