"""A store with something of everything in it."""

import sqlite3
from contextlib import closing
from pathlib import Path

from bot.cli.store_access import upgrade
from bot.domain.generations.requests import ImageRequest, dump_request
from bot.settings import Settings
from bot.store.rows import dump_record
from tests.databases import lay_migrated
from tests.domain.people import PICTURE

JOB, CARD, CHILD = "0" * 24, "1" * 24, "2" * 24
PRICE = 17_223
METER = "ceiling:discord:10/month/0"


def settings(folder: Path, **changes: object) -> Settings:
    return Settings.model_construct(data_dir=folder / "data", http_port=0, **changes)  # type: ignore[arg-type]


async def fill(where: Settings, *, now: int) -> None:
    """A paid job, a job that waits on its picture, an orphan, a stopped account and a rule."""
    lay_migrated(where.data_dir)
    await upgrade(where)
    whose = {"workspace": "discord:10", "member": "discord:10:1", "person": "discord:1"}
    job = whose | {
        "card": CARD,
        "member_name": "Ada",
        "provider": "simulator",
        "lane": "image",
        "queue": "q",
        "duration_class": "p",
        "makes": "picture",
        "request": dump_request(ImageRequest(prompt="a red fox")),
        "title": "a red fox",
        "price": PRICE,
        "run_at": 0,
        "deadline": 0,
        "created_at": now,
        "private": 0,
    }
    done = {
        "state": "completed",
        "virtual_time": 1,
        "account": "simulator-a",
        "remote_id": "r-1",
        "finished_at": now,
        "result": dump_record(PICTURE),
    }
    settled = {"meter": METER, "amount": PRICE}
    noted = {"meter": METER, "amount": PRICE, "at": now, "cause": "test"}
    rows: list[tuple[str, dict[str, object]]] = [
        ("workspace", {"id": "discord:10", "timezone": "Europe/Berlin", "created_at": now, "waiting": 1}),
        (
            "member",
            {
                "id": "discord:10:1",
                "workspace": "discord:10",
                "person": "discord:1",
                "name": "Ada",
                "seen_at": now,
            },
        ),
        (
            "alert",
            {
                "id": "disk_low:/",
                "kind": "disk_low",
                "text": "",
                "remedy": "",
                "state": "raised",
                "found_at": now,
            },
        ),
        (
            "alert_notice",
            {
                "id": "1",
                "target": "webhook",
                "alert": "1",
                "kind": "disk_low",
                "state": "raised",
                "text": "",
                "remedy": "",
                "at": now,
                "run_at": now,
            },
        ),
        (
            "allowance",
            {
                "workspace": "",
                "level": "ceiling",
                "subject": "discord:10",
                "unit": "money",
                "amount": 5_000_000,
                "period": "month",
            },
        ),
        (
            "card",
            whose
            | {
                "id": CARD,
                "event": "e",
                "adapter": "playground",
                "channel": "c",
                "reply_token": "",
                "private": 0,
            }
            | {"run_at": 0, "created_at": now},
        ),
        (
            "account",
            {"id": "simulator-a", "provider": "simulator", "state": "stopped", "reason": "no credit"}
            | {"changed_at": now},
        ),
        ("workspace_group", {"id": "g", "name": "Acme", "budget": 50_000_000, "created_at": now}),
        ("linked_person", {"person": "discord:1", "link": "l", "name": "Ada", "linked_at": now}),
        ("link_code", {"person": "discord:1", "name": "Ada", "digest": "d", "expires_at": now}),
        ("link_tries", {"person": "discord:1", "since": now, "tries": 2}),
        (
            "person_notice",
            {"id": "n", "person": "discord:1", "adapter": "discord", "text": "Linked."}
            | {"created_at": now, "run_at": now},
        ),
        ("lane", {"account": "simulator-a", "lane": "image", "concurrent": 40, "per_minute": 80}),
        ("credit_reading", {"account": "simulator-a", "at": now, "balance": 400, "in_flight": 1}),
        (
            "price_check",
            {"account": "simulator-a", "at": now, "duration_class": "p", "jobs": 1}
            | {"expected": PRICE, "actual": 2 * PRICE},
        ),
        (
            "account",
            {"id": "luma-own", "provider": "luma", "state": "ready", "workspace": "discord:10"}
            | {"changed_at": now},
        ),
        (
            "workspace_key",
            {"account": "luma-own", "workspace": "discord:10", "value": "v", "masked": "luma-…3f9a"}
            | {"set_by": "Ada", "set_at": now},
        ),
        ("virtual_clock", {"queue": "q", "virtual_time": 7}),
        ("queue_depth", {"queue": "q", "virtual_time": 2, "jobs": 1}),
        ("job", job | done | {"id": JOB, "position": 0}),
        ("job", job | {"id": CHILD, "position": 1, "state": "queued", "virtual_time": 2, "parent": JOB}),
        ("attempt", {"job": JOB, "number": 1, "account": "simulator-a", "lane": "image", "claimed_at": now}),
        ("file_reference", {"file": PICTURE.file, "holder": JOB}),
        ("job_event", {"job": JOB, "at": now, "after": "queued", "attempt": 0, "cause": "test"}),
        (
            "job_event",
            {"job": JOB, "at": now, "before": "queued", "after": "completed", "attempt": 1, "cause": "test"},
        ),
        (
            "meter",
            {"id": METER, "scope": "ceiling:discord:10", "period": "month", "period_start": 0}
            | {"period_end": now * 2, "max_amount": 5_000_000, "used": PRICE, "reserved": PRICE},
        ),
        ("reservation", settled | {"job": JOB, "settled_as": "captured"}),
        ("reservation", settled | {"job": CHILD}),
        ("journal", noted | {"job": JOB, "kind": "reserved"}),
        ("journal", noted | {"job": JOB, "kind": "captured"}),
        ("journal", noted | {"job": CHILD, "kind": "reserved"}),
        ("star", {"job": JOB, "member": "discord:10:1", "at": now}),
        ("gallery", {"id": JOB, "job": JOB, "workspace": "discord:10", "state": "shown"}),
        ("vote", {"job": JOB, "emoji": "🔥", "member": "discord:10:1", "at": now}),
        (
            "preset",
            {
                "workspace": "discord:10",
                "name": "noir",
                "kind": "style",
                "text": "dark",
                "pictures": "[]",
                "makers": "[]",
            }
            | {"set_by": "Ada", "set_at": now},
        ),
        ("handled_event", {"id": "e-2", "at": now}),
        (
            "orphan_generation",
            {"account": "simulator-a", "remote_id": "r-2", "job": JOB, "cause": "late", "price": PRICE}
            | {"found_at": now, "run_at": 0},
        ),
        ("erasure", {"person": "discord:2", "pseudonym": "forgotten:1", "requested_at": now}),
        ("adapter_data", {"adapter": "playground", "key": "k", "value": "v", "seq": 1}),
        ("adapter_data_seq", {"adapter": "playground", "seq": 1}),
        ("usage_rollup", {"workspace": "discord:10", "timezone": "UTC", "rolled_until": 0, "version": 1}),
        (
            "usage_day",
            {"workspace": "discord:10", "dimension": "day", "day": 0, "value": "", "outcome": "completed"}
            | {"makes": "picture", "wait_ms": 12_000, "jobs": 1, "amount": PRICE, "named_by": JOB},
        ),
        (
            "vocabulary",
            {"provider": "simulator", "concepts": '["pov"]', "camera_motions": "[]", "fetched_at": now},
        ),
    ]
    with closing(sqlite3.connect(where.data_dir / "reverie.db")) as db, db:
        for table, row in rows:
            names = ", ".join(row)
            values = ", ".join(f":{name}" for name in row)
            db.execute(f"INSERT INTO {table} ({names}) VALUES ({values})", row)  # noqa: S608 - our names


def break_page(where: Settings, name: str) -> None:
    """Overwrite the page of the database file in which a table or an index begins."""
    file = where.data_dir / "reverie.db"
    with closing(sqlite3.connect(file)) as db:
        db.execute("PRAGMA wal_checkpoint(TRUNCATE)")
        (size,) = db.execute("PRAGMA page_size").fetchone()
        (page,) = db.execute("SELECT rootpage FROM sqlite_master WHERE name = ?", (name,)).fetchone()
    with file.open("r+b") as content:
        content.seek((page - 1) * size)
        content.write(b"\xff" * size)
