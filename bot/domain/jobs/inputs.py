"""The inputs of commands: results, files and addresses, checked before anything is charged."""

from collections.abc import Iterable, Mapping

from bot.domain.errors import InvalidRequest
from bot.domain.generations.media import Media, MediaKind, Reference
from bot.domain.generations.models import AspectRatio
from bot.domain.jobs.job import Job, State

#: the jobs that a command names, by id
JobsById = Mapping[str, Job]

#: what to use instead of each kind
_ELSE = {
    MediaKind.PICTURE: "/extend extends a video that was made here, /reframe takes any video",
    MediaKind.VIDEO: "/animate turns a picture into a video",
}


def require_result(job: Job) -> Job:
    """Raise InvalidRequest for a job whose result cannot be used."""
    if not job.is_final:
        raise InvalidRequest(
            "This job has not finished yet; try again when it has. /status shows its progress."
        )
    if job.state is not State.COMPLETED:
        raise InvalidRequest("This job has no result to build on")
    if job.deleted:
        raise InvalidRequest("The source of this job was deleted")
    if job.expired:
        raise InvalidRequest("The source of this job has expired and was deleted")
    return job


def with_kind(reference: Reference, jobs: JobsById) -> Reference:
    """The reference with its kind; raises InvalidRequest for a job without a result."""
    if reference.job is None:
        return reference
    job = require_result(jobs[reference.job])
    # A picture has no frames.
    frame = reference.first_frame_only and job.request.makes is MediaKind.VIDEO
    kind = MediaKind.PICTURE if frame else job.request.makes
    return reference.model_copy(update={"kind": kind, "first_frame_only": frame})


def require_kind(reference: Reference, jobs: JobsById, kind: MediaKind, option: str) -> Reference:
    """The reference with its kind; raises InvalidRequest if an option needs another kind."""
    found = with_kind(reference, jobs)
    if found.kind is not kind:
        raise InvalidRequest(
            f"{option} needs a {kind}, and this is a {found.kind}; {_ELSE[kind]}", option=option
        )
    return found


def known_media(reference: Reference, jobs: JobsById) -> Media | None:
    """The stored file that is meant; None until it has been fetched."""
    return jobs[reference.job].result if reference.job is not None else reference.file


def known_ratio(references: Iterable[Reference | None], jobs: JobsById) -> AspectRatio | None:
    """The aspect ratio of the first reference whose size is known."""
    for reference in references:
        media = known_media(reference, jobs) if reference is not None else None
        if media is not None:
            return media.aspect_ratio
    return None
