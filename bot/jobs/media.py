"""The media of jobs: URLs of inputs, and the removal of files that nothing refers to."""

from collections.abc import Iterable, Mapping, Sequence
from functools import partial

from bot.domain.errors import (
    InvalidRequest,
    MediaLost,
    MediaRefused,
    MediaUnavailable,
    NotSent,
    Rejected,
    StoreError,
)
from bot.domain.generations.media import Media, Reference
from bot.domain.generations.requests import API_MAX_BYTES, TAKEN_MAX_BYTES, AnyRequest
from bot.domain.identity import Place
from bot.domain.jobs.job import Job
from bot.media.storage.base import open_stored
from bot.ports import ResolvedFile
from bot.providers.base import Input, InputFile, InputGeneration, Inputs, InputUrl, Provider
from bot.security.tokens import BadToken
from bot.services import Services, log
from bot.store.file_refs import files_in_use
from bot.store.operator.accounts import known_accounts
from bot.store.queue.cards import find_card
from bot.store.queue.jobs import jobs_by_id

#: files that are reserved together
_LOCKED_AT_ONCE = 50
#: media type of a video's still picture
_STILL_MIME = "image/jpeg"
UNREACHABLE = (
    "The provider cannot reach uploaded files until the operator sets REVERIE_PUBLIC_URL; a public URL works "
    "without it"
)


async def provider_inputs(services: Services, job: Job, provider: Provider) -> Inputs:
    """By key of each reference, the stored file or its URL, or the id of the generation that is continued.

    A URL is made now, because URLs expire. It is one of the bucket if the provider can reach that, our own
    signed link if it can reach us, else the one that the provider returns for its own generation, or the one
    that the member gave. Raises Rejected for a missing input, and another ProviderError for one that is
    temporarily unavailable.
    """
    references = job.request.references
    sources = await jobs_by_id(services.database, [one.job for one in references if one.job is not None])
    by_generation = job.request.generations
    takes_files = provider.capabilities.takes_files
    found: dict[str, Input] = {}
    for reference in references:
        if reference.job is None:
            found[reference.key] = (
                await _file(services, reference.file, of_frame=False)
                if takes_files
                else InputUrl(url=await _file_url(services, job, reference, provider.name))
            )
            continue
        source = sources.get(reference.job)
        if source is None or source.deleted or source.expired or source.result is None:
            raise Rejected("what it builds on has been deleted")
        if reference in by_generation:
            if source.remote_id is None:
                raise Rejected("the video that it builds on is not at the provider")
            found[reference.key] = InputGeneration(id=source.remote_id)
        elif takes_files:
            found[reference.key] = await _file(services, source.result, of_frame=reference.first_frame_only)
        elif services.provider_reads_files(provider.name):
            file = source.result.poster if reference.first_frame_only else source.result.file
            found[reference.key] = InputUrl(url=await _link(services, provider.name, file))
        else:
            found[reference.key] = InputUrl(url=await _provider_url(services, reference, source))
    return found


async def _file(services: Services, media: Media | None, *, of_frame: bool) -> InputFile:
    """A stored file, or the still picture of a video."""
    if media is None:
        raise Rejected("the file that it builds on is no longer stored")
    name = media.poster if of_frame else media.file
    is_still = name != media.file
    try:
        size = await services.storage.size(name)
    except MediaUnavailable as error:
        raise NotSent(str(error)) from error
    if not size:
        raise Rejected("the file that it builds on is no longer stored")
    return InputFile(
        name=name,
        mime=_STILL_MIME if is_still else media.mime,
        size=size,
        open=partial(open_stored, services.storage, name),
    )


def check_urls(services: Services, references: Iterable[Reference]) -> None:
    """Refuse URLs that cannot be fetched, by their form and our settings; raises InvalidRequest.

    Files of a chat platform are not checked: their adapter resolves them.
    """
    try:
        for reference in references:
            if reference.pending and not reference.via and own_file(services, reference.url) is None:
                assert reference.url is not None  # noqa: S101 - it is neither a job nor a file
                services.library.check_address(reference.url)
    except MediaRefused as error:
        raise InvalidRequest(str(error)) from error


def check_results(services: Services, request: AnyRequest, sources: Mapping[str, Job], provider: str) -> None:
    """Refuse results that are too large for a provider and cannot be sent smaller; raises InvalidRequest."""
    if takes_stored_files(services, provider):
        return
    for reference in request.references:
        source = sources.get(reference.job or "")
        is_sent = reference not in request.generations and not reference.first_frame_only
        if source is None or source.result is None or not is_sent:
            continue
        if source.result.size > API_MAX_BYTES[source.result.kind]:
            raise InvalidRequest(too_large(source.result))


def takes_stored_files(services: Services, provider: str) -> bool:
    """Whether a provider gets files from our storage: as files, or by links under which it reaches us."""
    can = services.capabilities_of(provider)
    return services.provider_reads_files(provider) or (can is not None and can.takes_files)


def too_large(media: Media) -> str:
    """Why a file that exceeds the API's limit cannot be sent."""
    most = API_MAX_BYTES[media.kind]
    return f"The {media.kind} has {media.size / 1e6:.0f} MB; the maximum is {most / 1e6:.0f} MB"


def own_file(services: Services, url: str | None) -> str | None:
    """The stored file that a signed link of ours names; None for other URLs.

    Raises MediaRefused for an invalid or expired link.
    """
    for base in {*services.facing_urls.values(), services.settings.public_url}:
        if base is not None and url is not None and url.startswith(f"{base}/media/"):
            token = url.removeprefix(f"{base}/media/").partition("?")[0].removesuffix("/view")
            try:
                return services.signer.verify("media", token, now=services.clock())
            except BadToken as error:
                raise MediaRefused(
                    "This link of the bot is invalid or has expired: name the job, or attach the file."
                ) from error
    return None


async def _link(services: Services, provider: str, file: str) -> str:
    if services.provider_reads_bucket(provider):
        try:
            served = await services.storage.serve(file)
        except MediaLost as error:
            raise Rejected("what it builds on is no longer stored") from error
        except MediaUnavailable as error:
            raise NotSent(str(error)) from error
        if served.url is not None:
            return served.url
    base = services.facing_urls.get(provider)
    if base is None:
        raise Rejected("the provider cannot read this file from the bucket, and no public URL is set")
    token = services.signer.sign("media", file, expires_at=services.clock() + services.times.media_link)
    return f"{base}/media/{token}"


async def _file_url(services: Services, job: Job, reference: Reference, provider: str) -> str:
    if services.provider_reads_files(provider) and reference.file is not None:
        return await _link(services, provider, reference.file.file)
    if reference.url is None:
        raise Rejected("the provider cannot reach the file, because no public URL is set")
    card = await find_card(services.database, job.card, services.cipher)
    if card is None:
        raise NotSent("the card that has its channel cannot be read")
    try:
        resolved = await resolve_url(services, reference, card.place)
    except MediaUnavailable as error:
        raise NotSent(str(error)) from error
    except MediaRefused as error:
        raise Rejected(str(error)) from error
    return resolved.url


async def resolve_url(services: Services, reference: Reference, place: Place) -> ResolvedFile:
    """Where a URL can be read now; raises MediaError if its platform cannot resolve it."""
    assert reference.url is not None  # noqa: S101 - called for URLs only
    resolver = services.files.get(reference.via)
    return (
        ResolvedFile(url=reference.url) if resolver is None else await resolver.resolve(reference.url, place)
    )


async def fetch_input(services: Services, reference: Reference, resolved: ResolvedFile, member: str) -> Media:
    """Download an input of a member into the storage; raises MediaError."""
    return await services.library.fetch_and_store(
        resolved.url,
        max_bytes=TAKEN_MAX_BYTES[reference.kind],
        timeout_s=services.times.input_timeout / 1000,
        from_platform=bool(reference.via),
        headers=resolved.headers,
        member=member,
    )


async def fetch_now(services: Services, reference: Reference, place: Place, member: str) -> Media:
    """The stored file of an address; fetches it unless it is a link of ours. Raises MediaError."""
    if (own := own_file(services, reference.url)) is not None:
        return await services.library.describe(own, member=member)
    return await fetch_input(services, reference, await resolve_url(services, reference, place), member)


async def _provider_url(services: Services, reference: Reference, source: Job) -> str:
    provider = services.provider_of(source.account or "")
    if provider is None or source.remote_id is None:
        if source.account in await known_accounts(services.database):
            raise NotSent("the account that made it belongs to another worker")
        raise Rejected("the account that made it is gone, and no public URL is set")
    generation = await provider.get(source.remote_id)
    url = generation.thumbnail_url if reference.first_frame_only else generation.asset_url
    if url is None:
        raise Rejected("the provider no longer has it, and no public URL is set")
    return url


async def remove_unreferenced(services: Services, files: Sequence[str]) -> int:
    """Remove the files that nothing refers to; returns the number of bytes that this frees.

    Keeps files that are being stored again right now. Never raises: what cannot be removed is logged, and the
    retention loop finds it again.
    """
    freed = 0
    for start in range(0, len(files), _LOCKED_AT_ONCE):
        try:
            async with services.storage.reservations.alone(files[start : start + _LOCKED_AT_ONCE]) as alone:
                # Read under the lock: a process that stores the same content waits, and then stores it again.
                in_use = await files_in_use(services.database, alone) if alone else set()
                for file in alone:
                    if file not in in_use:
                        freed += await services.storage.remove(file)
        except (MediaUnavailable, StoreError) as error:
            log.warning("files_not_removed", error=repr(error))
    return freed
