"""The words that providers' video models know, shared by the processes that ask and those that only offer."""

from collections.abc import Sequence
from dataclasses import dataclass

import orjson
import structlog

from bot.domain.concepts import Vocabulary
from bot.store.database.base import Database, Row, Transaction
from bot.store.database.named_sql import load

sql = load("vocabulary")
log = structlog.get_logger(__name__)


@dataclass(frozen=True, slots=True, kw_only=True)
class StoredVocabulary:
    """What a provider has told."""

    provider: str
    words: Vocabulary
    #: milliseconds UTC
    told_at: int


async def save_vocabulary(tx: Transaction, items: Sequence[StoredVocabulary]) -> Sequence[None]:
    for item in items:
        await tx.run(
            sql.save,
            provider=item.provider,
            concepts=orjson.dumps(sorted(item.words.concepts)).decode(),
            camera_motions=orjson.dumps(item.words.camera_motions).decode(),
            now=item.told_at,
        )
    return [None] * len(items)


async def vocabularies(database: Database) -> dict[str, StoredVocabulary]:
    """What each provider has told last, by provider; a row that cannot be read is asked for again."""
    told = {}
    for row in await database.fetch(sql.all):
        try:
            told[row["provider"]] = _told(row)
        except (orjson.JSONDecodeError, TypeError) as error:
            log.warning("vocabulary_not_read", provider=row["provider"], error=repr(error))
    return told


def _told(row: Row) -> StoredVocabulary:
    return StoredVocabulary(
        provider=row["provider"],
        words=Vocabulary(
            concepts=frozenset(orjson.loads(row["concepts"])),
            camera_motions=tuple(orjson.loads(row["camera_motions"])),
        ),
        told_at=row["told_at"],
    )
