"""A `Provider` for the Dream Machine API or a compatible one."""

from collections.abc import Mapping

import httpx
from pydantic import SecretStr

from bot.domain.errors import AccountProblem, GenerationNotFound, Rejected
from bot.domain.generations.concepts import Vocabulary
from bot.domain.generations.models import ImageModel, Lane, VideoModel
from bot.domain.generations.offers import Feature, Offer
from bot.domain.generations.requests import AnyRequest
from bot.providers.base import Capabilities, Generation, Inputs, LaneLimits, Page
from bot.providers.http import ApiClient, Call, api_origin
from bot.providers.luma import requests, responses
from bot.providers.luma.responses import fingerprint

PUBLIC_API = "https://api.lumalabs.ai/dream-machine/v1"
#: paths of the API
_PATHS = (httpx.URL(PUBLIC_API).path,)
#: limits of the Build tier
BUILD_TIER: Mapping[Lane, LaneLimits] = {
    Lane.IMAGE: LaneLimits(concurrent=40, per_minute=80),
    Lane.VIDEO: LaneLimits(concurrent=10, per_minute=20),
}

_IMAGE = frozenset(
    {
        Feature.REFERENCES,
        Feature.WEIGHTS,
        Feature.STYLE,
        # The API takes a list, although its documents show one.
        Feature.STYLES,
        Feature.CHARACTER,
        Feature.MODIFY,
    }
)
_VIDEO = frozenset(
    {
        Feature.FROM_TEXT,
        Feature.WITHOUT_PROMPT,
        Feature.START,
        Feature.END,
        Feature.EXTEND,
        Feature.PREPEND,
        Feature.LOOP,
        Feature.CONCEPTS,
    }
)
_REFRAME = frozenset({Feature.PLACEMENT, Feature.PART_PLACEMENT, Feature.CROP, Feature.FIRST_FRAME})
_MODIFY = frozenset({Feature.FIRST_FRAME, Feature.WITHOUT_PROMPT})
#: kinds of requests that change a video which was made here
_CHANGES = ("upscale", "audio")
_IMAGE_MODELS = (ImageModel.PHOTON_1, ImageModel.PHOTON_FLASH_1)
_VIDEO_MODELS = (VideoModel.RAY_FLASH_2, VideoModel.RAY_2)

CAPABILITIES = Capabilities(
    offers=(
        *(Offer(kind="image", model=model, features=_IMAGE) for model in _IMAGE_MODELS),
        *(Offer(kind="video", model=model, features=_VIDEO) for model in _VIDEO_MODELS),
        *(Offer(kind="reframe_image", model=model, features=_REFRAME) for model in _IMAGE_MODELS),
        *(Offer(kind="reframe_video", model=model, features=_REFRAME) for model in _VIDEO_MODELS),
        *(Offer(kind="modify_video", model=model, features=_MODIFY) for model in _VIDEO_MODELS),
        *(
            Offer(kind=kind, model=model, features=frozenset())
            for kind in _CHANGES
            for model in _VIDEO_MODELS
        ),
    ),
    lists=True,
    callbacks=True,
    takes_files=False,
    reports_credit=True,
)


def luma_origin(base_url: str) -> str:
    """The origin of accounts at this base URL; raises ValueError."""
    return api_origin(base_url, _PATHS)


class LumaProvider:
    """A `Provider` for the Dream Machine API or a compatible one."""

    def __init__(
        self,
        *,
        api_key: SecretStr,
        account: str,
        base_url: str = PUBLIC_API,
        limits: Mapping[Lane, LaneLimits] = BUILD_TIER,
        name: str = "luma",
        proxy: str | None = None,
        timeout: float = 30.0,
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

    def fingerprint(self, request: AnyRequest, media: Inputs) -> str:
        """Digest of what `submit` would send, comparable with `Generation.fingerprint`.

        Empty for a change of a video: the echo does not say which video, so equal ones cannot be told apart.
        """
        if request.edited is not None:
            return ""
        _, body = requests.create(request, media=requests.by_key(media))
        return fingerprint(body)

    async def upload(self, media: Inputs, *, end_user: str = "") -> Inputs:  # noqa: ARG002 - takes URLs
        """The same inputs: the API reads URLs."""
        return media

    async def submit(
        self,
        request: AnyRequest,
        *,
        media: Inputs,
        callback_url: str | None,
        end_user: str = "",  # noqa: ARG002 - the API has no field for it
    ) -> Generation:
        """Create a generation: one request, sent once."""
        path, body = requests.create(request, media=requests.by_key(media), callback_url=callback_url)
        generation = responses.read_generation(await self._api.document(Call.CREATE, "POST", path, body=body))
        if generation is None:
            raise Call.CREATE.lost("The generation API accepted the request but returned no generation")
        return generation

    async def get(self, generation_id: str) -> Generation:
        """Read one generation; raises GenerationNotFound."""
        path = responses.generation_path(generation_id)
        generation = responses.read_generation(await self._api.document(Call.GENERATION, "GET", path))
        if generation is None or generation.id != generation_id:
            raise Call.GENERATION.lost("The generation API's response is not this generation")
        return generation

    async def page(self, *, limit: int, offset: int) -> Page:
        """Read one page of the account's generations; unreadable entries are skipped."""
        query = {"limit": limit, "offset": offset}
        document = await self._api.document(Call.ACCOUNT, "GET", "/generations", query=query)
        page = responses.read_page(document, limit=limit)
        if page is None:
            raise Call.ACCOUNT.lost("The generation API's response is not a list of generations")
        return page

    async def delete(self, generation_id: str) -> None:
        """Delete a generation; a missing one is no error."""
        try:
            await self._api.send(Call.GENERATION, "DELETE", responses.generation_path(generation_id))
        except GenerationNotFound:
            return

    async def check(self) -> int | None:
        """Read the account's credit in micro-dollars; raises AccountProblem if none is left."""
        credit = responses.read_credit(await self._api.document(Call.ACCOUNT, "GET", "/credits"))
        if credit is not None and credit <= 0:
            raise AccountProblem("The account has no credit left")
        return credit

    async def vocabulary(self) -> Vocabulary:
        """Read the concepts and camera motions that the video models understand."""
        concepts = await self._terms("/generations/concepts/list")
        try:
            motions = await self._terms("/generations/camera_motion/list")
        except Rejected:
            # The guide names this endpoint, the API's OpenAPI description no longer does.
            motions = ()
        return Vocabulary(concepts=frozenset(concepts), camera_motions=motions)

    async def _terms(self, path: str) -> tuple[str, ...]:
        terms = responses.read_terms(await self._api.document(Call.ACCOUNT, "GET", path))
        if terms is None:
            raise Call.ACCOUNT.lost("The generation API's response is not a list of terms")
        return terms

    async def close(self) -> None:
        await self._api.close()
