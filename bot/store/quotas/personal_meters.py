"""Has the personal meters of linked persons count what all of them spend.

Every person keeps a meter of their own. While they are linked, each job of one counts on the meters of all,
so that the strictest limit holds; after they are unlinked each meter has what its own person used. A change
of links adds or removes the jobs of the running period, by reservations like any other: a job that is still
in flight settles them later.
"""

from collections import defaultdict
from collections.abc import Mapping

from bot.domain.money.quota import Level, limit_of, scope_of
from bot.store.database.base import Row, Transaction
from bot.store.database.named_sql import load
from bot.store.quotas.ledger import count_jobs, uncount_jobs
from bot.store.quotas.limits import open_meters
from bot.store.rows import rule_from

sql = load("quotas/personal_meters")


async def align_personal_meters(
    tx: Transaction, linked: Mapping[str, frozenset[str]], *, now: int, cause: str
) -> None:
    """Have the current personal meters count what the persons linked to theirs spend, and nobody else.

    `linked` has everybody whose links have changed, each with all others that they are linked to now.
    """
    scopes = {scope_of(Level.PERSON, "", person): person for person in linked}
    rules = map(rule_from, await tx.fetch(sql.rules, persons=sorted(linked)))
    limits = [limit_of(rule, now=now, zone="UTC") for rule in rules]
    known = await tx.fetch(sql.current_meters, scopes=sorted(scopes), now=now)
    starts = [row["period_start"] for row in known] + [limit.period_start for limit in limits]
    if not starts:
        return
    period = {"persons": sorted(linked), "since": min(starts)}
    # Whoever locks jobs and meters locks the jobs first.
    await tx.fetch(sql.lock_jobs, **period)
    await tx.fetch(sql.lock_member_meters, persons=sorted(linked), now=now)
    await open_meters(tx, limits)
    meters = await tx.fetch(sql.lock_meters, scopes=sorted(scopes), now=now)
    ids = [row["id"] for row in meters]
    jobs = await tx.fetch(sql.own_reservations, **period)
    resets = {row["meter"]: row["at"] for row in await tx.fetch(sql.last_resets, meters=ids)}
    counted: dict[str, list[Row]] = defaultdict(list)
    for row in await tx.fetch(sql.counted, meters=ids):
        counted[row["meter"]].append(row)
    for row in meters:
        meter, person = row["id"], scopes[row["scope"]]
        # What a reset gave back is not counted again.
        since = max(row["period_start"], resets.get(meter, 0))
        present = {one["job"] for one in counted[meter]}
        missing = [one for one in jobs if one["person"] in linked[person] and one["job"] not in present]
        await count_jobs(
            tx, meter, [one for one in missing if one["created_at"] >= since], now=now, cause=cause
        )
        # Whoever had their data deleted has a pseudonym on their jobs, which go on counting.
        others = linked.keys() - {person, *linked[person]}
        foreign = [one for one in counted[meter] if one["person"] in others]
        await uncount_jobs(tx, meter, foreign, now=now, cause=cause)
