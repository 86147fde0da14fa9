"""What could come next in a command: for faces that ask option by option, and for those that take a line."""

from collections.abc import Sequence

from bot.domain.cards import show_age
from bot.domain.commands import Command, Making
from bot.domain.completion import Offer, Suggestion, complete
from bot.domain.concepts import CONCEPTS_OPTION, MOTION_OPTION, concepts_after, motions_like
from bot.domain.jobs import Job
from bot.domain.options import Kind, Option, options
from bot.domain.people import Caller
from bot.domain.policy import is_operator
from bot.engine.core import Core
from bot.engine.vocabulary import offered_concepts, offered_motions
from bot.store.jobs import JobsLike, history, jobs_like
from bot.store.workspaces import members_like

#: characters of a prompt that tell one job from others
_TITLE = 60
#: jobs that a line is completed with
_JOBS = 8


async def offer(
    core: Core, command: type[Command], name: str, typed: str, caller: Caller, *, count: int
) -> tuple[Offer, ...]:
    """The values that fit what is typed so far, the caller's newest jobs first; of a list its last part."""
    option = next((one for one in options(command) if one.name == name), None)
    if option is None:
        return ()
    if name == CONCEPTS_OPTION:
        return _as_they_are(concepts_after(typed, offered_concepts(core))[:count])
    if name == MOTION_OPTION:
        return _as_they_are(motions_like(typed, offered_motions(core))[:count])
    if option.kind in (Kind.JOB, Kind.MEDIA):
        return await _jobs(core, command, option, typed, caller, count=count)
    return tuple(
        Offer(value=choice, label=choice) for choice in option.choices if choice.startswith(typed.lower())
    )[:count]


async def _jobs(
    core: Core, command: type[Command], option: Option, typed: str, caller: Caller, *, count: int
) -> tuple[Offer, ...]:
    before, last = "", typed
    if option.times > 1:
        stem, gap, last = typed.rpartition(" ")
        before = stem + gap
    wanted = JobsLike(
        person=caller.person,
        text=last.strip(),
        kind=option.result,
        states=command.states,
        usable=issubclass(command, Making),
        count=count,
    )
    now = core.clock()
    return tuple(
        Offer(value=before + job.id, label=_label(job, now)) for job in await jobs_like(core.database, wanted)
    )


def _label(job: Job, now: int) -> str:
    title = job.title if len(job.title) <= _TITLE else f"{job.title[: _TITLE - 1]}…"
    return f"{title} · {show_age(now - job.created_at)} · {job.request.makes}"


async def suggest(core: Core, text: str, caller: Caller) -> tuple[Suggestion, ...]:
    """How a line that is being typed could go on, the caller's own jobs and members included."""
    admin = caller.is_admin or is_operator(caller, frozenset(core.settings.operators))
    completion = complete(
        text, admin=admin, concepts=offered_concepts(core), camera_motions=offered_motions(core)
    )
    if completion.wanted in (Kind.JOB, Kind.MEDIA):
        jobs = await history(core.database, caller.person, count=_JOBS)
        return (
            *completion.suggestions,
            *(
                Suggestion(
                    text=f"{completion.stem} {job.id} ",
                    label=job.title[:_TITLE],
                    about=f"{job.state} · {job.request.model} · {job.request.aspect_ratio}",
                )
                for job in jobs
            ),
        )
    if completion.wanted is Kind.MEMBER and admin:
        names = await members_like(core.database, caller.workspace, text.rpartition(" ")[2])
        return (
            *completion.suggestions,
            *(
                Suggestion(text=f"{completion.stem} {_quoted(name)} ", label=name, about="Member")
                for name in names
            ),
        )
    return completion.suggestions


def _as_they_are(words: Sequence[str]) -> tuple[Offer, ...]:
    return tuple(Offer(value=word, label=word) for word in words)


def _quoted(name: str) -> str:
    """A name as one value: one of two words needs its quotes."""
    return f'"{name}"' if " " in name else name
