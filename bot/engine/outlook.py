"""What is expected of jobs that have not ended: their place in the queue and how long they will take."""

from collections.abc import Iterable, Mapping

from bot.domain.cards import Outlook
from bot.domain.jobs import Job, State
from bot.domain.pace import typical_ms
from bot.engine.core import Core
from bot.store.accounts import AccountState, accounts
from bot.store.jobs import ahead, paces
from bot.store.workspaces import find_workspace


async def outlooks(core: Core, jobs: Iterable[Job]) -> Mapping[str, Outlook]:
    """An outlook for each job that has not ended, from what was learned of its kind."""
    open_jobs = [job for job in jobs if not job.is_final]
    if not open_jobs:
        return {}
    learned = await paces(core.database, {job.pace for job in open_jobs})
    queued = [job.id for job in open_jobs if job.state is State.QUEUED]
    before = await ahead(core.database, queued) if queued else {}
    obstacles = await _obstacles(core, [job for job in open_jobs if job.state is State.QUEUED])
    found = {}
    for job in open_jobs:
        took = learned.get(job.pace) or typical_ms(job.request.model, speed=_speed(core, job))
        position = before[job.id] + 1 if job.id in before else None
        found[job.id] = Outlook(
            position=position,
            wait_ms=took + _until_its_turn(core, job, position or 1, took),
            generation_ms=took,
            obstacle=obstacles.get(job.id, ""),
        )
    return found


def _until_its_turn(core: Core, job: Job, position: int, took: int) -> int:
    """Milliseconds until a place in the lane is free: by generations at once, or by creates a minute."""
    limits = [provider.limits[job.lane] for provider in core.providers_of(job.provider)]
    at_once = sum(limit.concurrent for limit in limits) or 1
    per_window = sum(limit.per_minute for limit in limits) or 1
    return max((position - 1) // at_once * took, (position - 1) // per_window * core.times.lane_window)


def _speed(core: Core, job: Job) -> float:
    return core.settings.simulator_speed if job.provider == "simulator" else 1.0


async def _obstacles(core: Core, queued: list[Job]) -> dict[str, str]:
    if not queued:
        return {}
    working = {
        account.provider for account in await accounts(core.database) if account.state is AccountState.READY
    }
    found = {}
    for workspace in {job.workspace for job in queued}:
        paused = (await find_workspace(core.database, workspace)).paused
        for job in queued:
            if job.workspace == workspace and paused:
                found[job.id] = "paused by an admin"
            elif job.workspace == workspace and job.provider not in working:
                found[job.id] = "the generation service takes nothing right now; the operator has been told"
    return found
