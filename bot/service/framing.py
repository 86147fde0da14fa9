"""Shows where /reframe will put its source, before anything is spent."""

from bot.domain.commands import Reframe
from bot.domain.framing import framing, is_placed
from bot.domain.identity import Caller, Place
from bot.domain.inputs import known_media
from bot.domain.models import PICTURE_SIZES
from bot.domain.requests import ReframeImageRequest, ReframeVideoRequest
from bot.service.ordering import CommandContext, resolve_command
from bot.services import Services


async def preview_framing(
    services: Services, command: Reframe, caller: Caller, place: Place, context: CommandContext
) -> bytes | None:
    """A PNG of the new frame with the source in it; None where no value places it, or its size is unknown.

    Raises Refused for values that cannot be.
    """
    order = await resolve_command(services, command, caller, place, context)
    request = order.request
    assert isinstance(request, ReframeImageRequest | ReframeVideoRequest)  # noqa: S101 - of /reframe
    media = known_media(request.source, order.sources)
    if media is None or not is_placed(request) or request.aspect_ratio not in PICTURE_SIZES:
        return None
    return await services.library.draw_framing(media, framing(request, media), member=caller.member)
