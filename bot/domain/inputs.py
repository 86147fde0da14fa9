"""What commands and actions build on, checked before anything is spent."""

from collections.abc import Iterable, Mapping

from bot.domain.errors import InvalidRequest
from bot.domain.jobs import Job, State
from bot.domain.media import Media, MediaKind, Reference
from bot.domain.models import AspectRatio

#: jobs that were named, by id
JobsById = Mapping[str, Job]

_ELSE = {
    MediaKind.PICTURE: "/extend goes on from a video that was made here, /reframe puts any into a new frame",
    MediaKind.VIDEO: "/animate turns a picture into a video",
}


def require_result(job: Job) -> Job:
    """Let a job be built on only when it has something to build on."""
    if not job.is_final:
        raise InvalidRequest(
            "This job has not finished yet; try again when it has. /status tells how it goes."
        )
    if job.state is not State.COMPLETED:
        raise InvalidRequest("This job has no result, so nothing can be made from it")
    if job.deleted:
        raise InvalidRequest("What this builds on has been deleted")
    if job.expired:
        raise InvalidRequest("What this builds on was removed when its time was over")
    return job


def with_kind(reference: Reference, jobs: JobsById) -> Reference:
    """The reference with what is known of its kind; raises InvalidRequest for a job without a result."""
    if reference.job is None:
        return reference
    job = require_result(jobs[reference.job])
    kind = MediaKind.PICTURE if reference.first_frame_only else job.request.makes
    return reference.model_copy(update={"kind": kind})


def require_kind(reference: Reference, jobs: JobsById, kind: MediaKind, option: str) -> Reference:
    """The reference, settled; raises InvalidRequest where it is not of the kind that an option needs."""
    found = with_kind(reference, jobs)
    if found.kind is not kind:
        raise InvalidRequest(f"{option} needs a {kind}, and this is a {found.kind}; {_ELSE[kind]}")
    return found


def known_media(reference: Reference, jobs: JobsById) -> Media | None:
    """What is known of the thing itself; None while it has not been brought in."""
    return jobs[reference.job].result if reference.job is not None else reference.file


def known_ratio(references: Iterable[Reference | None], jobs: JobsById) -> AspectRatio | None:
    """The aspect ratio of the first thing whose size is known."""
    for reference in references:
        media = known_media(reference, jobs) if reference is not None else None
        if media is not None:
            return media.aspect_ratio
    return None
