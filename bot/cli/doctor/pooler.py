"""What `reverie doctor` finds about a connection pooler in front of PostgreSQL."""

from collections.abc import AsyncIterator

from bot.domain.errors import StoreError
from bot.service.plugin import Diagnosis, Severity
from bot.settings import Settings


async def pooler_findings(settings: Settings) -> AsyncIterator[Diagnosis]:
    """Check both addresses for a pooler; a server that does not respond is reported elsewhere."""
    if settings.database.startswith("sqlite"):
        return
    try:
        if not await _is_pooled(settings.database):
            return
    except StoreError:
        return
    what = "database: connected through a connection pooler"
    if settings.database_direct_url is None:
        yield Diagnosis(
            what=f"{what}; without LISTEN/NOTIFY, replicas poll for jobs every second",
            level=Severity.WARNING,
            remedy="set REVERIE_DATABASE_DIRECT_URL to PostgreSQL itself, without the pooler",
        )
        return
    yield Diagnosis(what=what)
    try:
        pooled = await _is_pooled(settings.database_direct_url)
    except StoreError as error:
        yield Diagnosis(
            what=f"REVERIE_DATABASE_DIRECT_URL does not answer: {error}",
            level=Severity.FAULT,
            remedy="correct it, or unset it",
        )
        return
    if pooled:
        yield Diagnosis(
            what="REVERIE_DATABASE_DIRECT_URL is a pooler too",
            level=Severity.FAULT,
            remedy="set it to PostgreSQL itself, or unset it",
        )


async def _is_pooled(url: str) -> bool:
    from bot.store.database.postgres_errors import translated  # noqa: PLC0415 - only where it is used
    from bot.store.database.postgres_sessions import first_connection  # noqa: PLC0415

    with translated():
        connection, sessions = await first_connection(url)
        await connection.close()
    return sessions.pooled
