"""Finding the jobs that a command names by short ids or words."""

from typing import TypeVar

from bot.domain.cards import show_age
from bot.domain.commands import Command, Making
from bot.domain.errors import InvalidRequest, JobNotFound
from bot.domain.ids import as_id, as_name, short_id
from bot.domain.jobs import Job
from bot.domain.options import brief
from bot.domain.people import Caller, Place
from bot.engine.core import Core
from bot.engine.sight import require_seen
from bot.store.job_search import JobsLike, jobs_like, jobs_named

#: jobs that an answer lists where several are meant
_LISTED = 6

_Command = TypeVar("_Command", bound=Command)


async def with_whole_ids(core: Core, command: _Command, caller: Caller, place: Place) -> _Command:
    """The command with whole ids of the jobs that it names; raises Refused where one is not certain."""
    ids = {
        name: (await _find(core, command, name, caller, place)).id
        for name in command.jobs
        if as_id(name) is None
    }
    return command.renamed(ids) if ids else command


async def with_first_word(core: Core, command: Making, caller: Caller, place: Place) -> Making:
    """The command with the job whose short id its words begin with, where there is such a job.

    Six letters may be a word as well, so the store decides.
    """
    prompt: str = getattr(command, "prompt", "")
    word, _, rest = prompt.partition(" ")
    if command.jobs or len(word) == 0 or as_name(word) is None:
        return command
    found = await _seen(core, word.lower(), caller, place)
    if not found:
        return command
    return command.model_copy(update={"prompt": rest.strip()}).with_job(_only(word, found, core.clock()))


async def _find(core: Core, command: Command, name: str, caller: Caller, place: Place) -> Job:
    if as_name(name) is not None and (found := await _seen(core, name, caller, place)):
        return _only(f"#{name}", found, core.clock())
    if isinstance(command, Making):
        raise JobNotFound(f"There is no job #{name}; /history lists yours")
    wanted = JobsLike(
        person=caller.person,
        text=name,
        kind=None,
        states=command.states,
        usable=False,
        place=place,
        count=_LISTED + 1,
    )
    found = await jobs_like(core.database, wanted)
    if not found:
        raise JobNotFound(
            f"No job of yours that /{command.name} could take here is called {brief(name)!r}; "
            "/history lists yours"
        )
    return _only(repr(brief(name)), found, core.clock())


async def _seen(core: Core, name: str, caller: Caller, place: Place) -> list[Job]:
    """The jobs of this short id that the caller may see."""
    seen = []
    for job in await jobs_named(core.database, name):
        try:
            seen.append(await require_seen(core, job, caller, place))
        except JobNotFound:
            continue
    return seen


def _only(name: str, found: list[Job], now: int) -> Job:
    """The one that is meant; raises InvalidRequest with those that may be."""
    if len(found) == 1:
        return found[0]
    alike = len({short_id(job.id) for job in found}) < len(found)
    listed = "; ".join(
        f"#{job.id if alike else short_id(job.id)} {brief(job.title)} ({show_age(now - job.created_at)})"
        for job in found[:_LISTED]
    )
    more = "; and more" if len(found) > _LISTED else ""
    raise InvalidRequest(f"{name} may mean several jobs; name one by its id: {listed}{more}")
