"""Resolves files that people sent on Slack: a download needs the bot's token."""

import re
from urllib.parse import urlsplit

from adapters.slack.places import enterprise_of, team_of
from adapters.slack.web_api.client import TokenSource, WebApi
from adapters.slack.web_api.errors import ApiError, ErrorAction
from bot.domain.errors import Delayed, MediaRefused, MediaUnavailable
from bot.domain.identity import Place
from bot.ports import ResolvedFile

_HOST = "files.slack.com"
#: of the original; thumbnails have other paths
_PATH = re.compile(r"/files-pri/(?P<team>[A-Z0-9]+)-(?P<file>F[A-Z0-9]+)/")
_GONE = "this file does not exist on Slack any more; send it again"


class SlackFiles:
    """Resolves a file's URL with the token of the workspace where it was sent."""

    def __init__(self, api: WebApi, tokens: TokenSource, base: str) -> None:
        self._api = api
        self._tokens = tokens
        #: with SLACK_API_BASE set, files are served from there as well
        self._base = urlsplit(base)

    async def resolve(self, url: str, place: Place) -> ResolvedFile:
        file = self.file_id(url)
        if file is None:
            raise MediaRefused("this address is not the one of a file on Slack")
        team, enterprise = team_of(place), enterprise_of(place)
        try:
            token = await self._tokens.token(team, enterprise)
            if token is None:
                raise MediaRefused("the app is no longer installed in the workspace of this file")
            # Asked first: Slack answers a refused download with a sign-in page and status 200.
            response = await self._api.call("files.info", team, enterprise=enterprise, file=file)
        except Delayed as error:
            raise MediaUnavailable(str(error)) from error
        except ApiError as error:
            gone = error.action is ErrorAction.GONE
            raise MediaRefused(_GONE if gone else f"Slack refuses this file: {error.reason}") from error
        known = response["file"]
        current = str(known.get("url_private") or "")
        if known.get("is_external") or self.file_id(current) != file:
            raise MediaRefused("this file is only linked on Slack: upload it, or paste its own address")
        return ResolvedFile(url=current, headers={"Authorization": f"Bearer {token}"})

    def file_id(self, url: str) -> str | None:
        """The id of the Slack file behind a URL; None for any other URL."""
        try:
            parts = urlsplit(url)
            no_login = parts.username is None and parts.password is None
            at_slack = parts.scheme == "https" and parts.hostname == _HOST and parts.port in (None, 443)
        except ValueError:
            return None
        at_base = (parts.scheme, parts.netloc) == (self._base.scheme, self._base.netloc)
        match = _PATH.match(parts.path) if no_login and (at_slack or at_base) else None
        return match["file"] if match is not None else None
