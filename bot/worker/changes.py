"""Jobs that change the generation of a video, which the provider may keep as the generation of the result.

Then its file is the only sign that a change has ended, so that one generation is changed once at a time.
"""

from bot.domain.jobs import Job
from bot.domain.media import Media
from bot.services import Services
from bot.store.attempts import changes_in_flight
from bot.store.jobs import results_of_generation


async def must_wait(services: Services, job: Job) -> bool:
    """Whether another job that changes the same generation goes first."""
    if job.edited_generation is None or job.account is None:
        return False
    others = await changes_in_flight(services.database, job.account, job.edited_generation)
    # Of several that are claimed at once, the one with the smallest id goes.
    return any(other.state is not job.state or other.id < job.id for other in others if other.id != job.id)


async def is_unchanged(services: Services, job: Job, stored: Media) -> bool:
    """Whether a job was answered with the generation that it changes, and this is still its earlier file."""
    if job.edited_generation is None or job.edited_generation != job.remote_id or job.account is None:
        return False
    earlier = await results_of_generation(services.database, job.account, job.edited_generation)
    return stored.file in {media.file for media in earlier}
