"""Finding the jobs that a command names by short ids or words."""

from typing import TypeVar

from bot.domain.cards import show_age
from bot.domain.commands import Command, GenerateCommand
from bot.domain.errors import InvalidRequest, JobNotFound
from bot.domain.identity import Caller, Place
from bot.domain.ids import parse_job_id, parse_job_name, short_id
from bot.domain.jobs import Job
from bot.domain.options import JobMention, job_mentions, remove_job_ids, shorten
from bot.service.visibility import require_seen
from bot.services import Services
from bot.store.job_search import JobQuery, jobs_by_any_id, search_jobs

#: jobs that an answer lists where several are meant
_LISTED = 6

_Command = TypeVar("_Command", bound=Command)


async def with_whole_ids(services: Services, command: _Command, caller: Caller, place: Place) -> _Command:
    """The command with whole ids of the jobs that it names; raises Refused where one is not certain."""
    ids = {
        name: (await _find(services, command, name, caller, place)).id
        for name in command.jobs
        if parse_job_id(name) is None
    }
    return command.renamed(ids) if ids else command


async def with_named_jobs(
    services: Services, command: GenerateCommand, caller: Caller, place: Place
) -> GenerateCommand:
    """The command with the jobs that stand among its words, each by its `#id` or its whole id.

    Nobody pays for an id that is drawn as words, nor for another job than the one that was named: what can
    only be an id is refused where there is no such job. Six letters at the beginning may be a word as well as
    a short id, so the store decides.
    """
    prompt: str = getattr(command, "prompt", "")
    named: list[tuple[JobMention, Job]] = []
    for one in job_mentions(prompt):
        found = await _seen(services, one.name, caller, place)
        if found:
            named.append((one, only(f"#{one.name}", found, services.clock())))
        elif one.certain:
            raise JobNotFound(
                f"There is no job #{one.name} that you can see here; /history lists yours. Leave out the # "
                "where it is no id."
            )
    prompt = remove_job_ids(prompt, [one for one, _ in named])
    sources = [job.id + one.weight for one, job in named]
    while not (named or command.jobs) and (leading := await _leading(services, prompt, caller, place)):
        job, prompt = leading
        sources.append(job.id)
    if not sources:
        _require_words(command, prompt)
        return command
    return command.model_copy(update={"prompt": prompt}).with_named_jobs(sources)


async def _leading(services: Services, prompt: str, caller: Caller, place: Place) -> tuple[Job, str] | None:
    """The job whose short id a text begins with, and the rest of the text; None where there is none."""
    word, _, rest = prompt.partition(" ")
    if (
        not word
        or parse_job_name(word) is None
        or not (found := await _seen(services, word.lower(), caller, place))
    ):
        return None
    return only(word, found, services.clock()), rest.strip()


def _require_words(command: GenerateCommand, prompt: str) -> None:
    """Refuse a mistyped short id where it would be all the words of a command on the newest result."""
    if (
        command.default_source
        and not command.jobs
        and parse_job_name(prompt)
        and any(map(str.isdigit, prompt))
    ):
        raise JobNotFound(f"There is no job #{prompt.strip()} that you can see here; /history lists yours.")


async def _find(services: Services, command: Command, name: str, caller: Caller, place: Place) -> Job:
    if parse_job_name(name) is not None and (found := await _seen(services, name, caller, place)):
        return only(f"#{name}", found, services.clock())
    if isinstance(command, GenerateCommand):
        raise JobNotFound(f"There is no job #{name}; /history lists yours")
    wanted = JobQuery(
        person=caller.person,
        text=name,
        kind=None,
        states=command.states,
        usable=False,
        place=place,
        count=_LISTED + 1,
    )
    found = await search_jobs(services.database, wanted)
    if not found:
        raise JobNotFound(
            f"No job of yours that /{command.name} could take here is called {shorten(name)!r}; "
            "/history lists yours"
        )
    return only(repr(shorten(name)), found, services.clock())


async def _seen(services: Services, name: str, caller: Caller, place: Place) -> list[Job]:
    """The jobs of this short id that the caller may see."""
    seen = []
    for job in await jobs_by_any_id(services.database, name):
        try:
            seen.append(await require_seen(services, job, caller, place))
        except JobNotFound:
            continue
    return seen


def only(name: str, found: list[Job], now: int) -> Job:
    """The one that is meant; raises InvalidRequest with those that may be."""
    if len(found) == 1:
        return found[0]
    alike = len({short_id(job.id) for job in found}) < len(found)
    listed = "; ".join(
        f"#{job.id if alike else short_id(job.id)} {shorten(job.title)} ({show_age(now - job.created_at)})"
        for job in found[:_LISTED]
    )
    more = "; and more" if len(found) > _LISTED else ""
    raise InvalidRequest(f"{name} may mean several jobs; name one by its id: {listed}{more}")
