"""A `Provider` for the Appy Pie gateway or a compatible one.

It makes a video from a picture and a prompt, and is asked for it by POST. It has no list, no deletion, no
credit and no callbacks. Its generations look like those of the Dream Machine API.
"""

import re
from collections.abc import Mapping

import httpx
import orjson
from pydantic import SecretStr

from bot.domain.errors import GenerationNotFound, ProviderError, Rejected
from bot.domain.generations.concepts import Vocabulary
from bot.domain.generations.models import Lane, VideoModel
from bot.domain.generations.offers import Feature, Offer
from bot.domain.generations.requests import AnyRequest, VideoRequest
from bot.providers.base import Capabilities, Generation, GenerationState, Inputs, InputUrl, LaneLimits, Page
from bot.providers.http import ApiClient, Call
from bot.providers.http.errors import ABOUT_ACCOUNT
from bot.providers.luma.responses import read_generation

PUBLIC_API = "https://gateway.appypie.com"
_CREATE = "/lumalabs-ai/v1/generateRequestFromImage"
_STATUS = "/lumalabs-ai-polling/v1/getStatus"
#: the only sign of an unknown id; the documents name no status for it
_NOT_FOUND = "task not found"
#: an id that no generation has, to check a key with
_NO_ID = "00000000-0000-0000-0000-000000000000"
#: of a 403: what the documents say of a subscription without access, and an exhausted quota
_FORBIDDEN_ACCOUNT = re.compile(
    rf"{ABOUT_ACCOUNT.pattern}|\baccess denied for this operation|\bout of call volume quota"
)
#: the documented errors, which a response with status 200 may contain too
_ERRORS: Mapping[str, int] = {
    "invalid request parameters": 400,
    "invalid or missing authentication": 401,
    "access denied for this operation": 403,
    "endpoint not found": 404,
    "rate limit exceeded, please retry later": 429,
    "an unexpected error occurred, please try again later": 500,
}

CAPABILITIES = Capabilities(
    offers=(Offer(kind="video", model=VideoModel.RAY_1_6, features=frozenset({Feature.START})),),
    lists=False,
    callbacks=False,
    takes_files=False,
    reports_credit=False,
    keeps="the provider keeps the video, because its API deletes none",
)


class AppyPieProvider:
    """A `Provider` for the Appy Pie gateway or a compatible one."""

    def __init__(
        self,
        *,
        api_key: SecretStr,
        account: str,
        limits: LaneLimits,
        base_url: str = PUBLIC_API,
        name: str = "appypie",
        proxy: str | None = None,
        timeout: float = 30.0,
        transport: httpx.AsyncBaseTransport | None = None,
    ) -> None:
        """`timeout` bounds a whole call, in seconds. Raises ValueError for an invalid key or base URL."""
        self.name = name
        self.account = account
        self.limits: Mapping[Lane, LaneLimits] = {Lane.VIDEO: limits}
        self.capabilities = CAPABILITIES
        self._api = ApiClient(
            api_key=api_key,
            base_url=base_url,
            api_paths=(),
            key_header="Ocp-Apim-Subscription-Key",
            headers={"Cache-Control": "no-cache"},
            forbidden_account=_FORBIDDEN_ACCOUNT,
            proxy=proxy,
            timeout=timeout,
            transport=transport,
        )
        self.origin = self._api.origin

    def fingerprint(self, request: AnyRequest, media: Inputs) -> str:  # noqa: ARG002 - nothing is listed
        """Empty: without a list there is nothing to compare a request with."""
        return ""

    async def upload(self, media: Inputs, *, end_user: str = "") -> Inputs:  # noqa: ARG002 - takes URLs
        """The same inputs: the API reads URLs."""
        return media

    async def submit(
        self,
        request: AnyRequest,
        *,
        media: Inputs,
        callback_url: str | None,  # noqa: ARG002 - the API calls nobody back
        end_user: str = "",  # noqa: ARG002 - the API has no field for it
    ) -> Generation:
        """Create a generation: one request, sent once."""
        document = await self._post(Call.CREATE, _CREATE, _body(request, media))
        generation = read_generation(document)
        if generation is None:
            raise Call.CREATE.lost("The generation API accepted the request but returned no generation")
        return generation

    async def get(self, generation_id: str) -> Generation:
        """Read one generation; raises GenerationNotFound."""
        # A 404 here is about the address of the API: a missing generation is told by the body.
        document = await self._post(Call.ACCOUNT, _STATUS, {"task_id": generation_id})
        failed = _failed(document, generation_id)
        if failed is not None:
            return failed
        generation = read_generation(document)
        if generation is None or generation.id != generation_id:
            raise Call.GENERATION.lost("The generation API's response is not this generation")
        return generation

    async def page(self, *, limit: int, offset: int) -> Page:  # noqa: ARG002 - a part of the protocol
        """Never called: the API lists no generations."""
        raise Rejected("This API does not list generations")

    async def delete(self, generation_id: str) -> None:
        """Leave the generation: the API deletes none."""

    async def check(self) -> int | None:
        """Ask for a generation that does not exist, which costs nothing and needs a valid key."""
        try:
            await self._post(Call.ACCOUNT, _STATUS, {"task_id": _NO_ID})
        except GenerationNotFound:
            return None
        return None

    async def vocabulary(self) -> Vocabulary:
        """No terms: the API takes none."""
        return Vocabulary()

    async def close(self) -> None:
        await self._api.close()

    async def _post(self, call: Call, path: str, body: Mapping[str, str]) -> object:
        """Send one request; raises GenerationNotFound for an unknown id, whatever the status."""
        try:
            document = await self._api.document(call, "POST", path, body=body)
        except ProviderError as error:
            if call is not Call.CREATE and _NOT_FOUND in str(error).casefold():
                raise GenerationNotFound(str(error)) from error
            raise
        if isinstance(document, Mapping) and (status := _status_inside(call, document)) is not None:
            raise self._api.refusal(call, status, orjson.dumps(dict(document)))
        if call is not Call.CREATE and _NOT_FOUND in _reason(document).casefold():
            raise GenerationNotFound(_reason(document))
        return document


def _body(request: AnyRequest, media: Inputs) -> Mapping[str, str]:
    start = request.start if isinstance(request, VideoRequest) else None
    picture = media.get(start.key) if start is not None else None
    if not isinstance(request, VideoRequest) or not isinstance(picture, InputUrl):
        raise Rejected("This API makes videos from the URL of a picture only")
    return {"url": picture.url, "prompt": request.prompt}


def _status_inside(call: Call, document: Mapping[object, object]) -> int | None:
    """The status of an error that a response with status 200 contains; None if it contains none."""
    error, status = document.get("error"), document.get("statusCode")
    if isinstance(error, str) and error.strip():
        return _ERRORS.get(error.strip().casefold(), 400)
    if call is Call.CREATE and document.get("task_status") == "failed":
        return 400
    return status if isinstance(status, int) and status >= 400 else None  # noqa: PLR2004 - HTTP's errors


def _failed(document: object, generation_id: str) -> Generation | None:
    """A generation that failed, where the API answers with the state of its own task."""
    if not isinstance(document, Mapping) or document.get("task_status") != "failed":
        return None
    return Generation(
        id=generation_id,
        state=GenerationState.FAILED,
        created_at=None,
        failure_reason=_reason(document) or None,
    )


def _reason(document: object) -> str:
    reason = document.get("task_status_msg") if isinstance(document, Mapping) else None
    return reason if isinstance(reason, str) else ""
