"""Files that lie with Slack: only whoever shows the bot's token gets them."""

import re
from urllib.parse import urlsplit

from adapters.slack.delivery.routes import enterprise_of, team_of
from adapters.slack.web_api.client import WebApi
from adapters.slack.web_api.errors import ApiError, ErrorAction
from adapters.slack.web_api.tokens import TokenSource
from bot.domain.errors import Delayed, MediaRefused, MediaUnavailable
from bot.domain.identity import Place
from bot.ports import ResolvedFile

_HOST = "files.slack.com"
#: of the original; its thumbnails lie elsewhere
_PATH = re.compile(r"/files-pri/(?P<team>[A-Z0-9]+)-(?P<file>F[A-Z0-9]+)/")
_GONE = "this file is no longer at Slack; send it again"


class SlackFiles:
    """Opens files that people have sent, with the token of the workspace where they sent them."""

    def __init__(self, slack: WebApi, tokens: TokenSource, base: str) -> None:
        self._slack = slack
        self._tokens = tokens
        #: where another service stands for Slack, its files lie there too
        self._base = urlsplit(base)

    async def resolve(self, url: str, place: Place) -> ResolvedFile:
        file = self.file_at(url)
        if file is None:
            raise MediaRefused("this address is not one of a file at Slack")
        team, enterprise = team_of(place), enterprise_of(place)
        try:
            token = await self._tokens.token(team, enterprise)
            if token is None:
                raise MediaRefused("the app is no longer installed in the workspace of this file")
            # Slack answers a download that it refuses with a page to sign in on, and status 200.
            said = await self._slack.call("files.info", team, enterprise=enterprise, file=file)
        except Delayed as error:
            raise MediaUnavailable(str(error)) from error
        except ApiError as error:
            gone = error.meaning is ErrorAction.GONE
            raise MediaRefused(_GONE if gone else f"Slack does not give this file: {error.told}") from error
        known = said["file"]
        current = str(known.get("url_private") or "")
        if known.get("is_external") or self.file_at(current) != file:
            raise MediaRefused("this file is only linked at Slack: send it, or paste its own address")
        return ResolvedFile(url=current, headers={"Authorization": f"Bearer {token}"})

    def file_at(self, url: str) -> str | None:
        """The id of the file at Slack that an address leads to; None where it leads anywhere else."""
        try:
            parts = urlsplit(url)
            plain = parts.username is None and parts.password is None
            at_slack = parts.scheme == "https" and parts.hostname == _HOST and parts.port in (None, 443)
        except ValueError:
            return None
        beside = (parts.scheme, parts.netloc) == (self._base.scheme, self._base.netloc)
        match = _PATH.match(parts.path) if plain and (at_slack or beside) else None
        return match["file"] if match is not None else None
