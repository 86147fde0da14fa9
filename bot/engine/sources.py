"""What a job builds on, as URLs that its provider can read."""

from bot.domain.errors import Rejected
from bot.domain.jobs import Job
from bot.engine.core import Core
from bot.store.jobs import jobs_by_id


async def source_urls(core: Core, job: Job) -> dict[str, str]:
    """A URL for every picture that the job builds on, made now because URLs expire.

    Our own signed link where the provider reaches us; else the link that the provider itself gives when the
    generation is read again. Raises Rejected for a picture that is gone.
    """
    sources = await jobs_by_id(core.database, [reference.job for reference in job.request.references])
    urls = {}
    for reference in job.request.references:
        source = sources.get(reference.job)
        if source is None or source.deleted or source.result is None:
            raise Rejected("the picture has been deleted")
        if core.reachable_at is not None:
            token = core.signer.sign(
                "media", source.result.file, expires_at=core.clock() + core.times.media_link
            )
            urls[source.id] = f"{core.reachable_at}/media/{token}"
            continue
        maker = core.providers.get(source.account or "")
        if maker is None or source.remote_id is None:
            raise Rejected("the account that made the picture is gone, and no public URL is set")
        url = (await maker.get(source.remote_id)).asset_url
        if url is None:
            raise Rejected("the provider no longer has the picture, and no public URL is set")
        urls[source.id] = url
    return urls
