"""What could be chosen for one option of a command, for faces that ask option by option."""

from bot.domain.cards import show_age
from bot.domain.commands import Command, Making
from bot.domain.completion import Offer
from bot.domain.concepts import CONCEPTS, CONCEPTS_OPTION, MOTION_OPTION, concepts_after
from bot.domain.jobs import Job
from bot.domain.options import Kind, Option, options
from bot.domain.people import Caller
from bot.engine.core import Core
from bot.store.jobs import JobsLike, jobs_like

#: characters of a prompt that tell one job from others
_TITLE = 60


async def offer(
    core: Core, command: type[Command], name: str, typed: str, caller: Caller, *, count: int
) -> tuple[Offer, ...]:
    """The values that fit what is typed so far, the caller's newest jobs first; of a list its last part."""
    option = next((one for one in options(command) if one.name == name), None)
    if option is None:
        return ()
    if name == CONCEPTS_OPTION:
        known = sorted(frozenset().union(*(words.concepts for words in core.vocabularies.values())))
        return tuple(Offer(value=one, label=one) for one in concepts_after(typed, known or CONCEPTS)[:count])
    if name == MOTION_OPTION:
        motions = sorted({one for words in core.vocabularies.values() for one in words.camera_motions})
        return tuple(Offer(value=one, label=one) for one in motions if typed.lower() in one)[:count]
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
