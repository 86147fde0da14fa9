"""Checks what Slack answers before anybody reads it.

A proxy, a captive portal or Slack in trouble answers a call with status 200 and a page, a text, or JSON of
another shape. For whoever asked, that is a broken transfer like any other: nobody knows whether the call was
done, and it may be repeated.
"""

from collections.abc import Mapping
from http import HTTPStatus
from typing import Any

import aiohttp
from slack_sdk.errors import SlackApiError
from slack_sdk.web.async_client import AsyncWebClient
from slack_sdk.web.async_slack_response import AsyncSlackResponse

from bot.domain.text import storable_json

#: of each method, what its caller cannot do without: a mapping's fields, or the type of a value
_Shape = Mapping[str, "type | _Shape"]
_SHAPES: Mapping[str, _Shape] = {
    "apps.connections.open": {"url": str},
    "auth.test": {"user_id": str},
    "chat.postMessage": {"ts": str},
    "conversations.history": {"messages": list},
    "conversations.info": {"channel": {}},
    "conversations.open": {"channel": {"id": str}},
    "conversations.replies": {"messages": list},
    "files.getUploadURLExternal": {"upload_url": str, "file_id": str},
    "files.info": {"file": {}},
    "oauth.v2.access": {"access_token": str},
    "reactions.get": {"message": {}},
    "usergroups.list": {"usergroups": list},
    "users.info": {"user": {}},
}


class MalformedResponse(aiohttp.ClientPayloadError):
    """Slack's answer makes no sense."""

    def __init__(self, method: str) -> None:
        # Nothing of the answer: it may hold a token.
        super().__init__(f"Slack's answer to {method} makes no sense")


class CheckedWebClient(AsyncWebClient):
    """The library's client, whose answers hold what is needed of them. Raises OddAnswer where they do not."""

    async def api_call(self, api_method: str, **arguments: Any) -> AsyncSlackResponse:
        try:
            answer = await super().api_call(api_method, **arguments)
        except SlackApiError as error:
            if not _is_refusal(error):
                raise MalformedResponse(api_method) from error
            raise
        except aiohttp.ClientError:
            raise
        except (AttributeError, ValueError, LookupError, RecursionError) as error:
            # The library expects an object in a known encoding, and looks into whatever else there is.
            raise MalformedResponse(api_method) from error
        said = answer.data
        if not isinstance(said, dict) or said.get("ok") is not True or not _fits(said, api_method):
            raise MalformedResponse(api_method)
        answer.data = storable_json(said)
        return answer


def _is_refusal(error: SlackApiError) -> bool:
    """Whether Slack has said no, and not merely something that is no yes."""
    answer = error.response
    if not isinstance(answer, AsyncSlackResponse):
        return False
    return answer.status_code != HTTPStatus.OK or bool(error_code(answer.data))


def error_code(said: object) -> str:
    """Slack's own word for its no; empty where something else answered in its place."""
    code = said.get("error") if isinstance(said, Mapping) else None
    return code if isinstance(code, str) else ""


def _fits(said: Mapping[str, Any], method: str) -> bool:
    return _has(said, _SHAPES.get(method, {}))


def _has(said: object, shape: _Shape) -> bool:
    """Whether a mapping has all fields of a shape; a text that is needed is never empty."""
    if not isinstance(said, Mapping):
        return False
    for name, wanted in shape.items():
        value = said.get(name)
        if not isinstance(wanted, type):
            fits = _has(value, wanted)
        else:
            fits = isinstance(value, wanted) and (wanted is not str or value != "")
        if not fits:
            return False
    return True
