"""A zip file of everything that is stored about a person."""

import asyncio
from datetime import UTC, datetime
from io import BytesIO
from mimetypes import guess_extension
from typing import Any
from zipfile import ZIP_DEFLATED, ZIP_STORED, ZipFile

import orjson

from bot.domain.errors import MediaError
from bot.domain.ids import short_id
from bot.services import Services
from bot.store.members.personal_data import Record, data_of, jobs_of

#: bytes of the whole file, which every platform takes as an attachment
MAX_BYTES = 8_000_000
#: bytes that are kept for the list of jobs and the other records when results are added
_FOR_RECORDS = 2_000_000
_README = """This is what is stored about you.

jobs.json      your commands that make pictures or videos: prompt, options, price, times, outcome, message
members.json   where you have used the bot, under which name, and your settings there
spending.json  what you spent or have reserved in each day, week and month
limits.json    limits that were set for you
blocks.json    blocks of you
links.json     your linked accounts
presets.json   presets of workspaces that show a result of yours
stars.json, votes.json, reports.json   what you did with results
audit.json     decisions and refusals by or about you
results/       your pictures and videos, the newest first, as far as they fit into one message

Money is in millionths of a dollar. Times are in milliseconds since 1970, UTC.
A result that is not in results/ is shown by /show with its id, until it is deleted.
"""


async def export(services: Services, person: str) -> bytes:
    """The zip file; results that do not fit are left out, and their jobs say so."""
    archive = BytesIO()
    with ZipFile(archive, "w", ZIP_DEFLATED) as file:
        file.writestr("README.txt", _README)
        records = await data_of(services.database, person)
        for name, rows in records.items():
            await _write(file, f"{name}.json", rows)
        jobs = []
        async for job in jobs_of(services.database, person):
            job["file"] = await _add_result(services, file, job, archive)
            jobs.append(job)
        await _write(file, "jobs.json", jobs)
    return archive.getvalue()


async def _write(file: ZipFile, name: str, rows: list[Record]) -> None:
    content = orjson.dumps(rows, option=orjson.OPT_INDENT_2)
    await asyncio.to_thread(file.writestr, name, content)


async def _add_result(services: Services, file: ZipFile, job: Record, archive: BytesIO) -> str | None:
    """Add a job's result; returns its name in the archive, None where there is none or no room."""
    result: dict[str, Any] | None = job["result"] if isinstance(job["result"], dict) else None
    if result is None or job["deleted"] or job["expired"]:
        return None
    if archive.tell() + result.get("size", MAX_BYTES) > MAX_BYTES - _FOR_RECORDS:
        return None
    day = datetime.fromtimestamp(job["created_at"] / 1000, UTC)
    name = f"results/{day:%Y-%m-%d}-{short_id(job['id'])}{guess_extension(result['mime']) or ''}"
    try:
        async with services.storage.local(result["file"]) as path:
            await asyncio.to_thread(file.write, path, name, ZIP_STORED)
    except (MediaError, OSError):
        # Its job is still in the list.
        return None
    return name
