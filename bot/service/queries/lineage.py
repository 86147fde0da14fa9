"""The family tree of a result, as a picture and as a list from which each result can be used."""

import asyncio
from collections.abc import Mapping, Sequence

from bot.domain.commands import Lineage
from bot.domain.errors import MediaError
from bot.domain.identity import Caller, Place
from bot.domain.ids import short_id
from bot.domain.jobs.job import Job
from bot.domain.jobs.lineage import Shown, TreeNode, describe, placed
from bot.domain.policy.access import command_of
from bot.service.queries.job_lookup import is_visible, visible_job
from bot.service.queries.member_queries import job_views
from bot.service.replies import PrivateReply, ReplyFile
from bot.services import Services, log
from bot.store.queue.jobs import ancestors, jobs_by_id, made_from

#: generations above the result that are looked at and drawn, and results that are drawn
_ABOVE, _DRAWN = 7, 24
#: seconds until the tree is described without a picture
_DRAW_S = 20.0


async def show_lineage(services: Services, command: Lineage, caller: Caller, place: Place) -> PrivateReply:
    """Draw what a result was made from and what was made from it, as far as the caller may see that."""
    job = await visible_job(services.database, command.job, caller, place)
    parents, complete = await _family(services, job)
    jobs = await jobs_by_id(services.database, parents)
    seen = {one.id for one in jobs.values() if await is_visible(services.database, one, caller, place)}
    nodes = [
        _node(one, parent, jobs.get(one), visible=one in seen, asked=one == job.id)
        for one, parent in _needed(parents, seen).items()
    ]
    if len(nodes) == 1:
        return PrivateReply(
            title=f"#{short_id(job.id)} has no family yet",
            text="It was made from no other result, and nothing that you can see was made from it.",
        )
    alt = describe(nodes)
    shown = [jobs[node.key] for node in nodes if node.shown is Shown.FULL]
    text = "Choose a result to go on from it."
    if not complete:
        text += " The tree is larger; use /lineage on a result at its edge to see more."
    picture = await _draw(services, nodes, jobs, caller)
    return PrivateReply(
        title=f"Family tree of #{short_id(job.id)}",
        text=text,
        views=await job_views(services, shown, caller),
        file=None
        if picture is None
        else ReplyFile(name="lineage.png", mime="image/png", content=picture, alt=alt),
    )


async def _family(services: Services, job: Job) -> tuple[dict[str, str | None], bool]:
    """The jobs of the tree, each with the one that it was made from; and whether these are all.

    Parents come before their children.
    """
    line = await ancestors(services.database, job.id, most=_ABOVE + 1)
    complete = len(line) <= _ABOVE + 1
    line = line[: _ABOVE + 1][::-1]
    parents: dict[str, str | None] = dict(zip(line, [None, *line], strict=False))
    # What was made from the result comes first; what was made from its ancestors, while there is room.
    for begin in ([job.id], line):
        generation = begin
        while generation and (room := _DRAWN - len(parents)) > 0:
            # As many as are known already may be among them.
            found = await made_from(services.database, generation, count=_DRAWN)
            new = [(one, parent) for one, parent in found if one not in parents]
            parents |= dict(new[:room])
            generation = [one for one, _ in new[:room]]
    return parents, complete and len(parents) < _DRAWN


def _needed(parents: Mapping[str, str | None], seen: set[str]) -> dict[str, str | None]:
    """The jobs that are seen, and the others only where they lead to one that is."""
    needed = set(seen)
    for one in seen:
        above = parents[one]
        while above is not None and above not in needed:
            needed.add(above)
            above = parents[above]
    return {one: parent for one, parent in parents.items() if one in needed}


def _node(key: str, parent: str | None, job: Job | None, *, visible: bool, asked: bool) -> TreeNode:
    if job is None or job.deleted:
        return TreeNode(key=key, parent=parent, shown=Shown.DELETED)
    if not visible:
        return TreeNode(key=key, parent=parent, shown=Shown.HIDDEN)
    return TreeNode(
        key=key,
        parent=parent,
        shown=Shown.FULL,
        lines=(f"#{short_id(job.id)}", f"/{command_of(job.request)}"),
        title=job.title,
        asked=asked,
    )


async def _draw(
    services: Services, nodes: Sequence[TreeNode], jobs: Mapping[str, Job], caller: Caller
) -> bytes | None:
    """A PNG of the tree; None where it cannot be drawn in time, so that it is only listed."""
    stills = {
        node.key: job.result
        for node in nodes
        if node.shown is Shown.FULL and (job := jobs[node.key]).result and not (job.expired or job.spoiler)
    }
    try:
        async with asyncio.timeout(_DRAW_S):
            return await services.library.draw_lineage(placed(nodes), stills, member=caller.member)
    except (MediaError, TimeoutError) as error:
        log.info("lineage_not_drawn", error=repr(error))
        return None
