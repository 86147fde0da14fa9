"""What could come next in a command: for faces that ask option by option, and for those that take a line."""

from collections.abc import Sequence
from dataclasses import replace

from bot.domain.access import is_operator
from bot.domain.cards import show_age
from bot.domain.commands import Command, GenerateCommand
from bot.domain.completion import AutocompleteChoice, Suggestion, complete
from bot.domain.concepts import CONCEPTS_OPTION, MOTION_OPTION, concepts_after, motions_like
from bot.domain.identity import Caller, Place
from bot.domain.ids import short_id
from bot.domain.jobs import Job
from bot.domain.options import Kind, Option, options
from bot.service.vocabulary import offered_concepts, offered_motions
from bot.services import Services
from bot.store.job_search import JobQuery, newest_usable, search_jobs
from bot.store.jobs import find_job
from bot.store.workspaces import member_names

#: characters of a prompt that tell one job from others
_TITLE = 60
#: jobs that a line is completed with
_JOBS = 8


async def offer(
    services: Services,
    command: type[Command],
    name: str,
    typed: str,
    *,
    caller: Caller,
    place: Place,
    count: int,
) -> tuple[AutocompleteChoice, ...]:
    """The values that fit what is typed so far, the caller's newest jobs first; of a list its last part."""
    option = next((one for one in options(command) if one.name == name), None)
    if option is None:
        return ()
    if name == CONCEPTS_OPTION:
        return _as_they_are(concepts_after(typed, offered_concepts(services))[:count])
    if name == MOTION_OPTION:
        return _as_they_are(motions_like(typed, offered_motions(services))[:count])
    if option.kind in (Kind.JOB, Kind.MEDIA):
        wanted = _wanted(command, option, typed=typed, caller=caller, place=place, count=count)
        return await _jobs(services, option, wanted)
    return tuple(
        AutocompleteChoice(value=choice, label=choice)
        for choice in option.choices
        if choice.startswith(typed.lower())
    )[:count]


async def preselect(
    services: Services, command: type[GenerateCommand], name: str, caller: Caller, place: Place
) -> AutocompleteChoice | None:
    """The newest job that the command can build on without its being named."""
    option = next(one for one in options(command) if one.name == name)
    newest = await newest_usable(services.database, caller.person, option.result, place)
    job = await find_job(services.database, newest) if newest is not None else None
    return AutocompleteChoice(value=job.id, label=_label(job, services.clock())) if job is not None else None


async def _jobs(services: Services, option: Option, wanted: JobQuery) -> tuple[AutocompleteChoice, ...]:
    before, last = "", wanted.text
    if option.max_count > 1:
        stem, gap, last = wanted.text.rpartition(" ")
        before = stem + gap
    now = services.clock()
    return tuple(
        AutocompleteChoice(value=before + job.id, label=_label(job, now))
        for job in await search_jobs(services.database, replace(wanted, text=last))
    )


def _wanted(
    command: type[Command], option: Option, *, typed: str, caller: Caller, place: Place, count: int
) -> JobQuery:
    """The caller's jobs that the command can use."""
    return JobQuery(
        person=caller.person,
        text=typed,
        kind=option.result,
        states=command.states,
        usable=issubclass(command, GenerateCommand),
        place=place,
        count=count,
    )


def _label(job: Job, now: int) -> str:
    title = job.title if len(job.title) <= _TITLE else f"{job.title[: _TITLE - 1]}…"
    return f"{title} · {show_age(now - job.created_at)} · {job.request.makes} · #{short_id(job.id)}"


async def suggest(services: Services, text: str, caller: Caller, place: Place) -> tuple[Suggestion, ...]:
    """How a line that is being typed could go on, the caller's own jobs and members included."""
    admin = caller.is_admin or is_operator(caller, frozenset(services.settings.operators))
    completion = complete(
        text, admin=admin, concepts=offered_concepts(services), camera_motions=offered_motions(services)
    )
    command, option = completion.command, completion.option
    if command is not None and option is not None and option.kind in (Kind.JOB, Kind.MEDIA):
        typed = completion.typed
        wanted = _wanted(command, option, typed=typed, caller=caller, place=place, count=_JOBS)
        jobs = await search_jobs(services.database, wanted)
        return (
            *completion.suggestions,
            *(
                Suggestion(
                    text=f"{completion.stem} {job.id} ",
                    label=job.title[:_TITLE],
                    description=f"{job.state} · {job.request.model} · {job.request.aspect_ratio}",
                )
                for job in jobs
            ),
        )
    if option is not None and option.kind is Kind.MEMBER and admin:
        names = await member_names(services.database, caller.workspace, text.rpartition(" ")[2])
        return (
            *completion.suggestions,
            *(
                Suggestion(text=f"{completion.stem} {_quoted(name)} ", label=name, description="Member")
                for name in names
            ),
        )
    return completion.suggestions


def _as_they_are(words: Sequence[str]) -> tuple[AutocompleteChoice, ...]:
    return tuple(AutocompleteChoice(value=word, label=word) for word in words)


def _quoted(name: str) -> str:
    """A name as one value: one of two words needs its quotes."""
    return f'"{name}"' if " " in name else name
