"""Finds the jobs that a command names, and decides who may see which job."""

from collections.abc import Iterable
from typing import TypeVar

from bot.domain.access import require_visible
from bot.domain.cards.job_text import show_age
from bot.domain.commands import Command, GenerateCommand
from bot.domain.errors import InvalidRequest, JobNotFound
from bot.domain.identity import Caller, Place, is_direct_workspace
from bot.domain.ids import parse_job_id, parse_job_name, short_id
from bot.domain.jobs.job import Job
from bot.domain.options import JobMention, job_mentions, remove_job_ids, shorten
from bot.store.database.base import Database
from bot.store.listings.job_search import JobQuery, jobs_by_any_id, jobs_shown_at, search_jobs
from bot.store.queue.cards import was_sent
from bot.store.queue.jobs import find_job

#: jobs that an answer lists where several are meant
_LISTED = 6

_Command = TypeVar("_Command", bound=Command)


async def visible_job(database: Database, job: str, caller: Caller, place: Place) -> Job:
    """A job that the caller may see here, or that was sent to their direct messages.

    Raises JobNotFound.
    """
    return await _require_visible(database, await find_job(database, job), caller, place)


async def _require_visible(database: Database, found: Job | None, caller: Caller, place: Place) -> Job:
    try:
        return require_visible(found, caller)
    except JobNotFound:
        if found is None or found.deleted:
            raise
        # People who share a conversation but no workspace see what is shown in that conversation.
        together = not found.private and is_direct_workspace(found.workspace)
        if together and await jobs_shown_at(database, [found.id], place, caller.person):
            return found
        if not await was_sent(database, found.id, caller.persons):
            raise
        return found


async def is_visible(database: Database, job: Job, caller: Caller, place: Place) -> bool:
    """Whether the caller may see a job here; a deleted one is seen by nobody."""
    try:
        await _require_visible(database, job, caller, place)
    except JobNotFound:
        return False
    return True


async def must_be_private(database: Database, sources: Iterable[Job], caller: Caller, place: Place) -> bool:
    """Whether a card at a place would show others a source that they may not see."""
    jobs = list(sources)
    if any(job.private for job in jobs):
        return True
    direct = [job.id for job in jobs if is_direct_workspace(job.workspace)]
    return bool(direct) and await jobs_shown_at(database, direct, place, caller.person) != set(direct)


async def with_whole_ids(
    database: Database, command: _Command, caller: Caller, place: Place, now: int
) -> _Command:
    """The command with the whole ids of the jobs that it names; raises Refused where one is ambiguous."""
    ids = {
        name: (await _find(database, command, name, caller, place, now=now)).id
        for name in command.jobs
        if parse_job_id(name) is None
    }
    return command.renamed(ids) if ids else command


async def with_named_jobs(
    database: Database, command: GenerateCommand, caller: Caller, place: Place, now: int
) -> GenerateCommand:
    """The command with the jobs that its prompt mentions, each by its `#id` or its whole id.

    An id must not be drawn as words, nor stand for another job, at somebody's cost: what can only be an id is
    refused where there is no such job. Six letters at the beginning may be a word or a short id, so the store
    decides.
    """
    prompt: str = getattr(command, "prompt", "")
    named: list[tuple[JobMention, Job]] = []
    for one in job_mentions(prompt):
        found = await _seen(database, one.name, caller, place)
        if found:
            named.append((one, only(f"#{one.name}", found, now)))
        elif one.certain:
            raise JobNotFound(
                f"There is no job #{one.name} that you can see here; /history lists yours. Leave out the # "
                "if it is not an id."
            )
    prompt = remove_job_ids(prompt, [one for one, _ in named])
    sources = [job.id + one.weight for one, job in named]
    while not (named or command.jobs) and (leading := await _leading(database, prompt, caller, place, now)):
        job, prompt = leading
        sources.append(job.id)
    if not sources:
        _require_words(command, prompt)
        return command
    return command.model_copy(update={"prompt": prompt}).with_named_jobs(sources)


async def _leading(
    database: Database, prompt: str, caller: Caller, place: Place, now: int
) -> tuple[Job, str] | None:
    """The job whose short id a text begins with, and the rest of the text; None where there is none."""
    word, _, rest = prompt.partition(" ")
    if (
        not word
        or parse_job_name(word) is None
        or not (found := await _seen(database, word.lower(), caller, place))
    ):
        return None
    return only(word, found, now), rest.strip()


def _require_words(command: GenerateCommand, prompt: str) -> None:
    """Refuse a mistyped short id that would become the whole prompt of a command on the newest result."""
    if (
        command.default_source
        and not command.jobs
        and parse_job_name(prompt)
        and any(map(str.isdigit, prompt))
    ):
        raise JobNotFound(f"There is no job #{prompt.strip()} that you can see here; /history lists yours.")


async def _find(
    database: Database, command: Command, name: str, caller: Caller, place: Place, *, now: int
) -> Job:
    if parse_job_name(name) is not None and (found := await _seen(database, name, caller, place)):
        return only(f"#{name}", found, now)
    if isinstance(command, GenerateCommand):
        raise JobNotFound(f"There is no job #{name}; /history lists yours")
    wanted = JobQuery(
        caller=caller,
        text=name,
        kind=None,
        states=command.states,
        usable=False,
        place=place,
        count=_LISTED + 1,
    )
    found = await search_jobs(database, wanted)
    if not found:
        raise JobNotFound(
            f"No job of yours that /{command.name} can use here matches {shorten(name)!r}; "
            "/history lists yours"
        )
    return only(repr(shorten(name)), found, now)


async def _seen(database: Database, name: str, caller: Caller, place: Place) -> list[Job]:
    """The jobs with this id, whole or short, that the caller may see."""
    seen = []
    for job in await jobs_by_any_id(database, name):
        try:
            seen.append(await _require_visible(database, job, caller, place))
        except JobNotFound:
            continue
    return seen


def only(name: str, found: list[Job], now: int) -> Job:
    """The only job found; raises InvalidRequest that lists them where there are several."""
    if len(found) == 1:
        return found[0]
    alike = len({short_id(job.id) for job in found}) < len(found)
    listed = "; ".join(
        f"#{job.id if alike else short_id(job.id)} {shorten(job.title)} ({show_age(now - job.created_at)})"
        for job in found[:_LISTED]
    )
    more = "; and more" if len(found) > _LISTED else ""
    raise InvalidRequest(f"{name} may mean several jobs; name one by its id: {listed}{more}")
