"""A `Provider` for the Luma Agents API or a compatible one.

It has no list of generations, no deletion, no credit and no callbacks. Inputs are sent as files: small
pictures inside the create, everything else uploaded before it.
"""

from collections.abc import Mapping

import httpx
from pydantic import SecretStr

from bot.domain.errors import Rejected
from bot.domain.generations.concepts import Vocabulary
from bot.domain.generations.models import ImageModel, Lane, VideoModel
from bot.domain.generations.offers import Feature, Offer
from bot.domain.generations.requests import AnyRequest
from bot.providers.base import (
    Capabilities,
    Generation,
    Input,
    InputFile,
    Inputs,
    InputUpload,
    LaneLimits,
    Page,
)
from bot.providers.http import ApiClient, Call
from bot.providers.luma.responses import generation_path
from bot.providers.luma_agents import requests, responses
from bot.providers.luma_agents.uploads import Uploads, read_whole

PUBLIC_API = "https://agents.lumalabs.ai/v1"
#: paths of the API at the simulator and at its own host
_PATHS = ("/agents/v1", "/v1")
#: bytes of all pictures inside one create; what is beyond is uploaded
_INLINE_MAX = 4_000_000
#: how long a create waits for the uploads of its inputs, in seconds
_UPLOAD_WAIT_S = 5.0

_IMAGE = frozenset({Feature.REFERENCES, Feature.MODIFY})
_VIDEO = frozenset(
    {Feature.FROM_TEXT, Feature.START, Feature.END, Feature.EXTEND, Feature.PREPEND, Feature.LOOP}
)

CAPABILITIES = Capabilities(
    offers=(
        Offer(kind="image", model=ImageModel.UNI_1, features=_IMAGE),
        Offer(kind="image", model=ImageModel.UNI_1_MAX, features=_IMAGE),
        Offer(
            kind="video",
            model=VideoModel.RAY_3_2,
            features=_VIDEO,
            shortest_only=frozenset({Feature.EXTEND, Feature.PREPEND, Feature.LOOP}),
        ),
        Offer(kind="reframe_video", model=VideoModel.RAY_3_2, features=frozenset({Feature.PLACEMENT})),
        Offer(kind="modify_video", model=VideoModel.RAY_3_2, features=frozenset({Feature.FIRST_FRAME})),
    ),
    lists=False,
    callbacks=False,
    takes_files=True,
    reports_credit=False,
    keeps="the provider keeps the generation, because its API deletes none; its links expire within an hour",
)


class LumaAgentsProvider:
    """A `Provider` for the Luma Agents API or a compatible one."""

    def __init__(
        self,
        *,
        api_key: SecretStr,
        account: str,
        limits: Mapping[Lane, LaneLimits],
        base_url: str = PUBLIC_API,
        name: str = "luma-agents",
        proxy: str | None = None,
        timeout: float = 30.0,
        upload_wait_s: float = _UPLOAD_WAIT_S,
        transport: httpx.AsyncBaseTransport | None = None,
    ) -> None:
        """`timeout` bounds a whole call, in seconds. Raises ValueError for an invalid key or base URL."""
        self.name = name
        self.account = account
        self.limits = limits
        self.capabilities = CAPABILITIES
        self._api = ApiClient(
            api_key=api_key,
            base_url=base_url,
            api_paths=_PATHS,
            key_header="Authorization",
            key_prefix="Bearer ",
            proxy=proxy,
            timeout=timeout,
            transport=transport,
        )
        self.origin = self._api.origin
        self._uploads = Uploads(self._api, wait_s=upload_wait_s)

    def fingerprint(self, request: AnyRequest, media: Inputs) -> str:  # noqa: ARG002 - nothing is listed
        """Empty: without a list there is nothing to compare a request with."""
        return ""

    async def upload(self, media: Inputs, *, end_user: str = "") -> Inputs:
        """Upload the videos, and the pictures that are too large for a create."""
        brought: dict[str, Input] = {}
        left = _INLINE_MAX
        for key, one in media.items():
            if isinstance(one, InputFile) and one.mime.startswith("image/") and one.size <= left:
                left -= one.size
                brought[key] = one
            elif isinstance(one, InputFile):
                brought[key] = InputUpload(id=await self._uploads.file_id(one, end_user=end_user))
            else:
                brought[key] = one
        return brought

    async def submit(
        self,
        request: AnyRequest,
        *,
        media: Inputs,
        callback_url: str | None,  # noqa: ARG002 - the API calls nobody back
        end_user: str = "",
    ) -> Generation:
        """Create a generation: one request, sent once."""
        files = {one.name: one for one in media.values() if isinstance(one, InputFile)}
        contents = {name: await read_whole(one) for name, one in files.items()}
        body = requests.create(request, media=media, contents=contents, end_user=end_user)
        try:
            document = await self._api.document(Call.CREATE, "POST", "/generations", body=body)
        except Rejected:
            # The API may not have an uploaded file any more: the next job uploads its own again.
            self._uploads.forget([one.id for one in media.values() if isinstance(one, InputUpload)])
            raise
        generation = responses.read_generation(document)
        if generation is None:
            raise Call.CREATE.lost("The generation API accepted the request but returned no generation")
        return generation

    async def get(self, generation_id: str) -> Generation:
        """Read one generation; raises GenerationNotFound."""
        document = await self._api.document(Call.GENERATION, "GET", generation_path(generation_id))
        generation = responses.read_generation(document)
        if generation is None or generation.id != generation_id:
            raise Call.GENERATION.lost("The generation API's response is not this generation")
        return generation

    async def page(self, *, limit: int, offset: int) -> Page:  # noqa: ARG002 - a part of the protocol
        """Never called: the API lists no generations."""
        raise Rejected("This API does not list generations")

    async def delete(self, generation_id: str) -> None:
        """Leave the generation: the API deletes none, and its results expire after an hour."""

    async def check(self) -> int | None:
        """Read the list of uploaded files, which costs nothing and needs a valid key."""
        await self._api.send(Call.ACCOUNT, "GET", "/files", query={"limit": 1})
        return None

    async def vocabulary(self) -> Vocabulary:
        """No terms: the API takes none."""
        return Vocabulary()

    async def close(self) -> None:
        await self._uploads.close()
        await self._api.close()
