"""Shows a film of a running generation's progress on its card, where the provider gives one."""

from collections.abc import Collection

from bot.domain.errors import MediaError
from bot.domain.generations.media import MediaKind
from bot.domain.jobs.job import Job, State
from bot.providers.base import Generation
from bot.services import Services, Topic, log
from bot.store.queue.attempts import record_preview

#: largest preview that is fetched
_MAX_BYTES = 50_000_000


class Previews:
    """Fetches the previews of one account's jobs, each job's now and then."""

    def __init__(self, services: Services) -> None:
        self._services = services
        #: monotonic time of the last fetch, by job id
        self._fetched_at: dict[str, int] = {}

    def keep_only(self, jobs: Collection[str]) -> None:
        """Forget all other jobs, which are no longer in flight."""
        self._fetched_at = {job: at for job, at in self._fetched_at.items() if job in jobs}

    async def show(self, job: Job, generation: Generation) -> None:
        """Fetch a preview that is due, and have it shown. A failure costs the preview only."""
        services, now = self._services, self._services.monotonic()
        url, fetched_at = generation.preview_url, self._fetched_at.get(job.id)
        if url is None or job.state is not State.SUBMITTED or job.request.makes is not MediaKind.VIDEO:
            return
        if fetched_at is not None and now - fetched_at < services.times.preview_interval:
            return
        self._fetched_at[job.id] = now
        try:
            preview = await services.library.fetch_and_store(
                url, max_bytes=_MAX_BYTES, timeout_s=services.times.asset_timeout / 1000, from_platform=True
            )
        except MediaError as error:
            log.info("preview_not_fetched", job_id=job.id, error=repr(error))
            return
        if preview == job.preview or preview.kind is not MediaKind.VIDEO:
            return
        shown_until = services.clock() + services.times.upload_hold
        await services.database.transact(
            record_preview, job.id, job.attempt, preview, now=services.clock(), until=shown_until
        )
        services.wake(Topic.CARDS)
