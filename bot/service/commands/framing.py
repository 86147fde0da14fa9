"""Shows where /reframe will put its source, before anything is spent."""

import asyncio
from dataclasses import dataclass

from bot.domain.commands import Reframe
from bot.domain.errors import InvalidRequest, MediaRefused, MediaUnavailable
from bot.domain.generations.framing import describe_framing, describe_values, framing, is_placed
from bot.domain.generations.models import PICTURE_SIZES
from bot.domain.generations.requests import ReframeImageRequest, ReframeVideoRequest
from bot.domain.identity import Caller, Place
from bot.domain.jobs.inputs import known_media
from bot.jobs.media import fetch_now
from bot.service.commands.ordering import CommandContext, Order, resolve_command
from bot.services import Services, log
from bot.store.file_refs import add_upload

#: seconds until the frame is described without a source that is slow to arrive
_FETCH_S = 20.0


@dataclass(frozen=True, slots=True, kw_only=True)
class FramingPreview:
    """The new frame with the source in it."""

    text: str
    #: a PNG; None where the size of the source or of the frame is not known
    picture: bytes | None = None


async def preview_framing(
    services: Services, command: Reframe, caller: Caller, place: Place, context: CommandContext
) -> bytes | None:
    """A PNG of the new frame with the source in it; None where no value places it, or its size is unknown.

    Raises Refused for values that cannot be.
    """
    order = await resolve_command(services, command, caller, place, context)
    if not (is_placed(_reframe(order)) or command.preview):
        return None
    return (await show_framing(services, order, caller)).picture


async def show_framing(services: Services, order: Order, caller: Caller) -> FramingPreview:
    """The frame of a /reframe; raises Refused for values that cannot be."""
    request = _reframe(order)
    media = known_media(request.source, order.sources)
    if media is None or request.aspect_ratio not in PICTURE_SIZES:
        return FramingPreview(text=describe_values(request))
    found = framing(request, media)
    text = describe_framing(found, media)
    try:
        picture = await services.library.draw_framing(media, found, member=caller.member)
    except (MediaRefused, MediaUnavailable) as error:
        log.info("framing_not_drawn", error=str(error))
        return FramingPreview(text=text)
    return FramingPreview(text=text, picture=picture)


async def with_fetched_source(services: Services, command: Reframe, caller: Caller, place: Place) -> Reframe:
    """The command with its source in our storage; as it was where the source cannot be fetched in time.

    Raises InvalidRequest for a file that will never be usable.
    """
    source = command.media
    if source is None or not source.pending:
        return command
    try:
        async with asyncio.timeout(_FETCH_S), services.storage.reservations.keeping():
            media = await fetch_now(services, source, place, caller.member)
            until = services.clock() + services.times.confirmation
            await services.database.transact(add_upload, caller.member, media.file, until=until)
    except MediaRefused as error:
        raise InvalidRequest(str(error)) from error
    except (MediaUnavailable, TimeoutError) as error:
        log.info("source_not_fetched", error=repr(error))
        return command
    return command.model_copy(update={"media": source.model_copy(update={"file": media, "kind": media.kind})})


def _reframe(order: Order) -> ReframeImageRequest | ReframeVideoRequest:
    assert isinstance(order.request, ReframeImageRequest | ReframeVideoRequest)  # noqa: S101 - of /reframe
    return order.request
