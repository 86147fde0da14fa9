"""Attachment storage: signed URLs that expire after a day."""

import hmac
import secrets
from hashlib import sha256
from urllib.parse import parse_qs, quote, unquote, urlsplit

from tests.platforms.fake_discord.rules.refusals import Refusal
from tests.platforms.fake_discord.state.clock import Clock
from tests.platforms.fake_discord.state.messages import Attachment

CDN_HOST = "cdn.discordapp.com"
PROXY_HOST = "media.discordapp.net"
_LIFE_S = 24 * 3600


class Files:
    """Keeps every file by its path and signs addresses for it."""

    def __init__(self, clock: Clock) -> None:
        self._clock = clock
        self._key = secrets.token_bytes(32)
        self._by_path: dict[str, Attachment] = {}

    def keep(self, attachment: Attachment) -> None:
        self._by_path[_path(attachment)] = attachment

    def drop(self, attachment: Attachment) -> None:
        self._by_path.pop(_path(attachment), None)

    def address(self, attachment: Attachment, *, host: str = CDN_HOST) -> str:
        """Sign an address that lives for a day."""
        path = _path(attachment)
        issued = self._clock.now_ms() // 1000
        ends = issued + _LIFE_S
        return f"https://{host}{quote(path)}?ex={ends:x}&is={issued:x}&hm={self._sign(path, ends, issued)}&"

    def refresh(self, url: str) -> str:
        """Sign anew what an address names, however old it is."""
        parts = urlsplit(url)
        attachment = self._by_path.get(unquote(parts.path))
        if attachment is None or parts.hostname not in (CDN_HOST, PROXY_HOST):
            raise Refusal(50035, errors={"attachment_urls": {"_errors": [_BAD_ADDRESS]}})
        return self.address(attachment, host=parts.hostname)

    def open(self, path: str, query: str) -> Attachment | None:
        """Return the file, or nothing when it is gone or the address is forged or over."""
        given = parse_qs(query)
        try:
            ends, issued = int(given["ex"][0], 16), int(given["is"][0], 16)
            signature = given["hm"][0]
        except (KeyError, ValueError):
            return None
        if self._clock.now_ms() // 1000 >= ends:
            return None
        if not hmac.compare_digest(signature, self._sign(path, ends, issued)):
            return None
        return self._by_path.get(path)

    def _sign(self, path: str, ends: int, issued: int) -> str:
        return hmac.new(self._key, f"{path}\n{ends}\n{issued}".encode(), sha256).hexdigest()


_BAD_ADDRESS = {"code": "ATTACHMENT_URL_INVALID", "message": "Not an attachment's address"}


def _path(attachment: Attachment) -> str:
    folder = "ephemeral-attachments" if attachment.ephemeral else "attachments"
    return f"/{folder}/{attachment.channel_id}/{attachment.id}/{attachment.filename}"
