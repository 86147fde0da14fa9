"""Files that lie with Discord: their addresses are signed and end, and Discord gives new ones."""

from collections.abc import Callable
from urllib.parse import parse_qs, urlsplit

from discord.http import Route

from adapters.discord.rest.client import Rest
from adapters.discord.rest.errors import Refusal
from adapters.discord.rest.responses import object_of, objects_of
from bot.domain.errors import Delayed, MediaRefused, MediaUnavailable
from bot.domain.identity import Place
from bot.ports import ResolvedFile

HOSTS = frozenset({"cdn.discordapp.com", "media.discordapp.net"})
_FOLDERS = ("/attachments/", "/ephemeral-attachments/")
#: an address that ends sooner may end before the file has been read
_MARGIN_MS = 10 * 60_000
_GONE = "this attachment is no longer at Discord; send it again"


class DiscordFiles:
    """Opens attachments, however old their addresses are."""

    def __init__(self, rest: Rest, clock: Callable[[], int]) -> None:
        self._rest = rest
        self._clock = clock

    async def resolve(self, url: str, place: Place) -> ResolvedFile:  # noqa: ARG002 - the address says it all
        if not is_attachment(url):
            raise MediaRefused("this address is not one of an attachment at Discord")
        if ends_at(url) > self._clock() + _MARGIN_MS:
            return ResolvedFile(url=url)
        try:
            answer = await self._rest.request(
                Route("POST", "/attachments/refresh-urls"), {"attachment_urls": [url]}
            )
        except Delayed as error:
            raise MediaUnavailable(str(error)) from error
        except Refusal as error:
            raise MediaRefused(_GONE) from error
        try:
            found = objects_of(object_of(answer, "list").get("refreshed_urls"), "address")
        except Delayed as error:
            raise MediaUnavailable(str(error)) from error
        refreshed = next((str(one.get("refreshed") or "") for one in found), "")
        if not refreshed or not is_attachment(refreshed):
            raise MediaRefused(_GONE)
        return ResolvedFile(url=refreshed)


def is_attachment(url: str) -> bool:
    """Whether an address leads to a file at Discord and nowhere else."""
    try:
        parts = urlsplit(url)
        plain = parts.username is None and parts.port in (None, 443)
    except ValueError:
        return False
    return plain and parts.scheme == "https" and parts.hostname in HOSTS and parts.path.startswith(_FOLDERS)


def ends_at(url: str) -> int:
    """When a signed address ends, in milliseconds UTC; 0 where it is not wholly signed."""
    try:
        query = parse_qs(urlsplit(url).query)
        return int(query["ex"][0], 16) * 1000 if all(query[name][0] for name in ("is", "hm")) else 0
    except (KeyError, ValueError):
        return 0
