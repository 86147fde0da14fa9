"""Links to the page with a workspace's gallery: signed, so that they cannot be guessed, and expiring."""

from bot.services import Services

#: path of all such links
GALLERY_LINK = "/gallery"
_PURPOSE = "gallery"
#: how long a link works: as a bookmark, or to open it once
LASTING_MS, MOMENTARY_MS = 30 * 86_400_000, 3_600_000


def gallery_link(services: Services, workspace: str, *, lasts_ms: int) -> str:
    """A path under which whoever has it sees a workspace's gallery."""
    expires_at = services.clock() + lasts_ms
    return f"{GALLERY_LINK}/{services.signer.sign(_PURPOSE, workspace, expires_at=expires_at)}"


def workspace_of_page(services: Services, token: str) -> str:
    """The workspace that a link is for; raises BadToken."""
    return services.signer.verify(_PURPOSE, token, now=services.clock())
