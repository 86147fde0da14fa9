"""Resolves URLs of Discord attachments: they are signed and expire, and Discord renews them."""

from collections.abc import Callable
from urllib.parse import parse_qs, urlsplit

from discord.http import Route

from adapters.discord.rest.client import RestClient, object_of, objects_of
from adapters.discord.rest.errors import ApiError
from bot.domain.errors import Delayed, MediaRefused, MediaUnavailable
from bot.domain.identity import Place
from bot.ports import ResolvedFile

HOSTS = frozenset({"cdn.discordapp.com", "media.discordapp.net"})
_FOLDERS = ("/attachments/", "/ephemeral-attachments/")
#: a URL that expires sooner may expire before the file has been read
_MARGIN_MS = 10 * 60_000
_GONE = "this attachment no longer exists at Discord; send it again"


class AttachmentResolver:
    """Finds a valid URL for an attachment, however old its own is."""

    def __init__(self, rest: RestClient, clock: Callable[[], int]) -> None:
        self._rest = rest
        self._clock = clock

    async def resolve(self, url: str, place: Place) -> ResolvedFile:  # noqa: ARG002 - the URL is enough
        if not is_attachment_url(url):
            raise MediaRefused("this is not the URL of a Discord attachment")
        if expires_at(url) > self._clock() + _MARGIN_MS:
            return ResolvedFile(url=url)
        try:
            answer = await self._rest.request(
                Route("POST", "/attachments/refresh-urls"), {"attachment_urls": [url]}
            )
            found = objects_of(object_of(answer, "list").get("refreshed_urls"), "URL")
        except Delayed as error:
            raise MediaUnavailable(str(error)) from error
        except ApiError as error:
            raise MediaRefused(_GONE) from error
        refreshed = next((str(one.get("refreshed") or "") for one in found), "")
        if not refreshed or not is_attachment_url(refreshed):
            raise MediaRefused(_GONE)
        return ResolvedFile(url=refreshed)


def is_attachment_url(url: str) -> bool:
    """Whether a URL is that of a Discord attachment."""
    try:
        parts = urlsplit(url)
        plain = parts.username is None and parts.port in (None, 443)
    except ValueError:
        return False
    return plain and parts.scheme == "https" and parts.hostname in HOSTS and parts.path.startswith(_FOLDERS)


def expires_at(url: str) -> int:
    """When a signed URL expires, in milliseconds UTC; 0 where it is not completely signed."""
    try:
        query = parse_qs(urlsplit(url).query)
        return int(query["ex"][0], 16) * 1000 if all(query[name][0] for name in ("is", "hm")) else 0
    except (KeyError, ValueError):
        return 0
