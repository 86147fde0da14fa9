"""Links to our own page for a file, for what a platform does not take."""

from collections.abc import Callable

from bot.domain.media import Media
from bot.service.plugin import AdapterContext

#: how long the link in a card leads to its file in full
_LINK_MS = 30 * 86_400_000

#: a page of ours that shows the file in full; None where nobody could open it
Link = Callable[[Media], str | None]


def link_to(context: AdapterContext) -> Link:
    """Make links that people can open, where there is an address that leads here."""
    base, signer, clock = context.settings.public_url, context.signer, context.clock

    def link(media: Media) -> str | None:
        if base is None:
            return None
        return f"{base}/media/{signer.sign('media', media.file, expires_at=clock() + _LINK_MS)}/view"

    return link
