"""The words that providers' video models know, shared by workers, which fetch them, and receivers."""

from dataclasses import dataclass

import orjson
import structlog

from bot.domain.generations.concepts import Vocabulary
from bot.store.database.base import Database, Row, Transaction
from bot.store.database.named_sql import load

sql = load("operator/vocabulary")
log = structlog.get_logger(__name__)


@dataclass(frozen=True, slots=True, kw_only=True)
class StoredVocabulary:
    """The words of one provider, as it last listed them."""

    provider: str
    words: Vocabulary
    #: milliseconds UTC
    fetched_at: int


async def save_vocabulary(tx: Transaction, vocabulary: StoredVocabulary) -> None:
    await tx.run(
        sql.save,
        provider=vocabulary.provider,
        concepts=orjson.dumps(sorted(vocabulary.words.concepts)).decode(),
        camera_motions=orjson.dumps(vocabulary.words.camera_motions).decode(),
        now=vocabulary.fetched_at,
    )


async def vocabularies(database: Database) -> dict[str, StoredVocabulary]:
    """The words of each provider; a row that cannot be read is fetched from the provider again."""
    found = {}
    for row in await database.fetch(sql.all):
        try:
            found[row["provider"]] = _vocabulary(row)
        except (orjson.JSONDecodeError, TypeError) as error:
            log.warning("vocabulary_unreadable", provider=row["provider"], error=repr(error))
    return found


def _vocabulary(row: Row) -> StoredVocabulary:
    return StoredVocabulary(
        provider=row["provider"],
        words=Vocabulary(
            concepts=frozenset(orjson.loads(row["concepts"])),
            camera_motions=tuple(orjson.loads(row["camera_motions"])),
        ),
        fetched_at=row["fetched_at"],
    )
