"""Runs all checks of `reverie doctor`: configuration, store, providers, adapters."""

import errno
import os
import sys
from collections.abc import AsyncIterator, Iterator, Sequence
from contextlib import suppress

import httpx

from bot.bootstrap import find_plugins
from bot.cli.doctor.alerts import alert_findings
from bot.cli.doctor.bucket import bucket_findings
from bot.cli.doctor.disk import disk_findings
from bot.cli.doctor.pooler import pooler_findings
from bot.cli.doctor.providers import provider_findings
from bot.cli.doctor.secrets import examine_secrecy, is_missing
from bot.cli.params import unknown_settings
from bot.cli.store_access import sqlite_file
from bot.domain.errors import ProcessingFailed, ReverieError, StoreError
from bot.domain.money.pricing import show_money
from bot.media.sandbox.pool import REMEDY, missing_features
from bot.providers.accounts import setting_names
from bot.resources import naming_key_of, rates_of, secrets_of
from bot.security.encryption import DecryptionFailed
from bot.security.secret_keys import UnusableSecret
from bot.service.plugin import Diagnosis, Severity
from bot.services import clock_ms
from bot.settings import Settings, describe_error
from bot.store.database.base import Database
from bot.store.database.connect import connect
from bot.store.database.migrate import pending
from bot.store.operator.accounts import AccountState, list_accounts
from bot.store.operator.reports import inconsistent_counts, inconsistent_meters
from bot.store.queue.orphans import REPORTED_FOR_MS, count_orphans, count_unprocessed
from bot.tls import UnreadableCertificates, tls_context
from bot.web.server import listen

#: what a compromised process can do without a kernel feature
_UNCONFINED = {"landlock": "read whatever the bot's user can read", "seccomp": "use the network"}


async def examine(settings: Settings) -> list[Diagnosis]:
    """Run all checks, those that explain others first."""
    parts = (
        _machine,
        disk_findings,
        bucket_findings,
        _settings,
        pooler_findings,
        _store,
        provider_findings,
        alert_findings,
        _chats,
    )
    findings: list[Diagnosis] = []
    for part in parts:
        with suppress(UnreadableCertificates):  # which the first part reports
            async for finding in part(settings):
                findings.append(finding)  # noqa: PERF401 - those before an error count, too
    return findings


async def _machine(settings: Settings) -> AsyncIterator[Diagnosis]:
    yield Diagnosis(what=f"Python {sys.version.split()[0]}")
    try:
        tls_context()
    except UnreadableCertificates as error:
        yield Diagnosis(what=error.problem, level=Severity.FAULT, remedy=error.remedy)
    folder = settings.data_dir
    try:
        folder.mkdir(parents=True, exist_ok=True)
        writable = os.access(folder, os.W_OK)
    except OSError:
        writable = False
    if writable:
        yield Diagnosis(what=f"data folder {folder}")
    else:
        yield Diagnosis(
            what=f"data folder {folder} cannot be written",
            level=Severity.FAULT,
            remedy="give this user the right to write there, or set REVERIE_DATA_DIR",
        )
    yield await _port(settings)
    try:
        yield sandbox_finding(await missing_features())
    except ProcessingFailed as error:
        yield Diagnosis(
            what=str(error), level=Severity.FAULT, remedy="give the bot more processes and memory"
        )


def sandbox_finding(missing: Sequence[str]) -> Diagnosis:
    """Whether the processes that read people's files are sandboxed."""
    if not missing:
        return Diagnosis(what="people's pictures and videos are read in sandboxed processes")
    harm = [_UNCONFINED[name] for name in missing if name in _UNCONFINED]
    return Diagnosis(
        what=f"processes that read people's files are not sandboxed by {' and '.join(missing)}: "
        f"a malicious file could {' and '.join(harm)}",
        level=Severity.WARNING,
        remedy=f"{REMEDY}; a container may have to allow them",
    )


async def _port(settings: Settings) -> Diagnosis:
    where = f"{settings.http_host}:{settings.http_port}"
    try:
        listen(settings.http_host, settings.http_port).close()
    except OSError as error:
        if error.errno != errno.EADDRINUSE:
            return Diagnosis(
                what=f"{where} cannot be opened: {error.strerror}",
                level=Severity.FAULT,
                remedy="correct REVERIE_HTTP_HOST and REVERIE_HTTP_PORT",
            )
        if await _answers(settings):
            return Diagnosis(what=f"the bot runs at {where}")
        return Diagnosis(
            what=f"{where} is in use by another program",
            level=Severity.FAULT,
            remedy="stop it, or set another REVERIE_HTTP_PORT",
        )
    return Diagnosis(what=f"{where} is free")


async def _answers(settings: Settings) -> bool:
    """Whether a running bot responds on the port."""
    host = "127.0.0.1" if settings.http_host in ("0.0.0.0", "::", "") else settings.http_host  # noqa: S104 - compared
    try:
        async with httpx.AsyncClient(trust_env=False, verify=tls_context(), timeout=2) as client:
            response = await client.get(
                httpx.URL(scheme="http", host=host, port=settings.http_port, path="/healthz")
            )
    except httpx.HTTPError:
        return False
    return response.text.strip() == "alive"


async def _settings(settings: Settings) -> AsyncIterator[Diagnosis]:
    yield Diagnosis(what=f"providers: {', '.join(settings.providers)}")
    if not settings.simulated and settings.public_url is None:
        yield Diagnosis(
            what=f"no public URL: {'; '.join(_without_public_url(settings))}",
            level=Severity.WARNING,
            remedy="set REVERIE_PUBLIC_URL to the address under which the internet reaches this bot",
        )
    try:
        rates = rates_of(settings)
        yield Diagnosis(what=f"rates of {rates.dated}")
    except ReverieError as error:
        yield Diagnosis(
            what=str(error), level=Severity.FAULT, remedy="correct the file, or unset REVERIE_RATES_FILE"
        )
    for finding in (*_adapters(settings), *_names(), *examine_secrecy(settings)):
        yield finding
    if not settings.defaults.ceiling.amount:
        yield Diagnosis(
            what="new workspaces have no budget",
            level=Severity.WARNING,
            remedy="give one with: reverie quota set <workspace> <dollars>, or set REVERIE_DEFAULT_CEILING",
        )


def _without_public_url(settings: Settings) -> Iterator[str]:
    """What does not work without a public URL."""
    if settings.media_url is None and not {"luma", "appypie"}.isdisjoint(settings.providers):
        yield "pictures and videos that members upload cannot be used"
    yield "files that are too large for a chat get no link"
    yield "results are noticed by asking, not by callbacks"
    yield "after a lost response a generation is found only by comparing requests"


def _adapters(settings: Settings) -> Iterator[Diagnosis]:
    enabled, broken = [], False
    for plugin in find_plugins():
        try:
            enabled += [plugin.name] if plugin.enabled(settings) else []
        except ValueError as error:
            broken = True
            yield Diagnosis(
                what=f"{plugin.name} cannot be used",
                level=Severity.FAULT,
                remedy=describe_error(error, plugin.prefix),
            )
    if enabled:
        yield Diagnosis(what=f"adapters: {', '.join(enabled)}")
    elif not broken:
        remedy = "turn a chat on, or set REVERIE_PLAYGROUND=on with a password"
        yield Diagnosis(what="adapters: none", level=Severity.FAULT, remedy=remedy)


def _names() -> Iterator[Diagnosis]:
    """Settings with unknown names, mostly misspelt ones."""
    for unknown in unknown_settings():
        remedy = f"did you mean {unknown.nearest}?" if unknown.nearest else "unset it"
        yield Diagnosis(
            what=f"{unknown.name} is set, but no setting has this name", level=Severity.WARNING, remedy=remedy
        )


async def _store(settings: Settings) -> AsyncIterator[Diagnosis]:
    try:
        async with connect(settings.database, read_only=True) as database:
            missing = await pending(database)
            if missing:
                yield Diagnosis(
                    what=f"database: {len(missing)} migrations to apply; reverie run applies them"
                )
                return
            meters, counts = await inconsistent_meters(database), await inconsistent_counts(database)
            if meters or counts:
                yield Diagnosis(
                    what=f"{len(meters)} meters and {len(counts)} counters of waiting jobs are wrong",
                    level=Severity.FAULT,
                    remedy="stop the bot, keep a copy of the database and report this",
                )
            else:
                yield Diagnosis(what="database, meters and counters are consistent")
            if (finding := await _sealed(settings, database)) is not None:
                yield finding
            for row in await list_accounts(database):
                if row.state is AccountState.STOPPED:
                    yield Diagnosis(
                        what=f"account {row.id} does not accept jobs: {row.reason}",
                        level=Severity.FAULT,
                        remedy=_account_remedy(row.provider),
                    )
                if row.state is AccountState.RETIRED and row.in_flight:
                    yield Diagnosis(
                        what=f"account {row.id} has {row.in_flight} jobs in flight but no key",
                        level=Severity.FAULT,
                        remedy=f"add its key to {setting_names(row.provider).key} until they have ended",
                    )
            found, left, microusd = await count_orphans(database)
            if found:
                yield Diagnosis(
                    what=f"{found} generations without a job, paid by the operator ({show_money(microusd)})",
                    level=Severity.WARNING,
                    remedy=f"{left} are still to be deleted at the provider; reverie jobs orphans lists them",
                )
            if unprocessed := await count_unprocessed(database, since=clock_ms() - REPORTED_FOR_MS):
                yield Diagnosis(
                    what=f"{unprocessed} results of the last 30 days could not be processed here",
                    level=Severity.WARNING,
                    remedy="left at the provider: reverie jobs orphans lists them, the log has the reason",
                )
    except ReverieError as error:
        fresh = _has_no_database(settings)
        yield Diagnosis(
            what="database: does not exist yet; reverie run creates it" if fresh else f"database: {error}",
            level=Severity.OK if fresh else Severity.FAULT,
            remedy="" if fresh else "check REVERIE_DATABASE_URL and that the database runs",
        )


def _has_no_database(settings: Settings) -> bool:
    """Whether the SQLite file is yet to be created."""
    try:
        return settings.database.startswith("sqlite") and is_missing(sqlite_file(settings))
    except StoreError:
        return False  # the URL names no file


def _account_remedy(provider: str) -> str:
    names = setting_names(provider)
    return (
        f"replace its key in {names.key}, or add credit: {names.keys_page}, {names.billing_page}; "
        "it is checked again automatically"
    )


async def _sealed(settings: Settings, database: Database) -> Diagnosis | None:
    """Check that the secrets decrypt the store."""
    try:
        await naming_key_of(settings, secrets_of(settings), database)
    except UnusableSecret:
        return None  # reported among the settings
    except DecryptionFailed:
        return Diagnosis(
            what="the database was encrypted with another secret",
            level=Severity.FAULT,
            remedy="append the earlier one to the current one, as in REVERIE_SECRET_KEY=new,old",
        )
    return None


async def _chats(settings: Settings) -> AsyncIterator[Diagnosis]:
    for plugin in find_plugins():
        try:
            examine = plugin.diagnose if plugin.enabled(settings) else None
        except ValueError:
            # Reported by the check of the settings.
            continue
        if examine is None:
            continue
        try:
            async for finding in examine(settings):
                yield finding
        except Exception as error:  # noqa: BLE001 - whatever one chat answers, the others are looked at
            yield Diagnosis(
                what=f"{plugin.name} could not be checked: {error!r}",
                level=Severity.FAULT,
                remedy=f"run doctor again; if it stays so, another server may answer for {plugin.name}",
            )
