"""The client and the simulator keep the same contract, over a real connection."""

import asyncio
from collections.abc import AsyncIterator
from pathlib import Path

import httpx
import pytest
from pydantic import SecretStr

from bot.domain.errors import (
    AccountProblem,
    GenerationNotFound,
    OutcomeUnknown,
    ProviderError,
    RateLimited,
    Rejected,
)
from bot.domain.generations.concepts import CONCEPTS
from bot.domain.generations.media import Reference
from bot.domain.generations.models import AspectRatio
from bot.domain.generations.requests import AnyRequest, ImageRequest, ReframeImageRequest
from bot.domain.jobs.failures import FailureCategory, classify_failure
from bot.providers.base import Generation, GenerationState, InputUrl
from bot.providers.luma import BUILD_TIER, LumaProvider
from bot.tls import tls_context
from simulator.settings import SimulatorSettings
from tests.patience import PATIENCE_S
from tests.providers.served_simulator import serving

FOX = ImageRequest(prompt="a fox in the snow")
MARKER = "http://127.0.0.1:1/callbacks/marker"
MEDIA = {"j1": InputUrl(url="http://127.0.0.1:1/media/1.png?sig=a")}


class SimulatorAccount:
    """A simulator, and an account at it."""

    def __init__(self, origin: str) -> None:
        self.origin = origin
        self.provider = LumaProvider(
            api_key=SecretStr("luma-test"),
            account="a1",
            base_url=f"{origin}/dream-machine/v1",
            limits=BUILD_TIER,
        )

    async def order(self, kind: str) -> None:
        async with httpx.AsyncClient(trust_env=False, verify=tls_context()) as client:
            ordered = await client.post(f"{self.origin}/control/faults", json={"kind": kind})
            ordered.raise_for_status()

    async def ended(self, generation_id: str) -> Generation:
        async with asyncio.timeout(PATIENCE_S):
            while True:
                generation = await self.provider.get(generation_id)
                if generation.state in {GenerationState.COMPLETED, GenerationState.FAILED}:
                    return generation
                await asyncio.sleep(0.01)


@pytest.fixture
async def account(tmp_path: Path) -> AsyncIterator[SimulatorAccount]:
    async with serving(SimulatorSettings(database=tmp_path / "simulator.db", speed=1000)) as origin:
        account = SimulatorAccount(origin)
        try:
            yield account
        finally:
            await account.provider.close()


async def test_a_picture_is_made_listed_and_removed(account: SimulatorAccount) -> None:
    submitted = await account.provider.submit(FOX, media={}, callback_url=None)
    assert submitted.created_at is not None
    finished = await account.ended(submitted.id)
    assert finished.asset_url is not None
    assert finished.asset_url.startswith(account.provider.origin)
    page = await account.provider.page(limit=1, offset=0)
    assert [generation.id for generation in page.generations] == [submitted.id]
    await account.provider.delete(submitted.id)
    await account.provider.delete(submitted.id)
    with pytest.raises(GenerationNotFound):
        await account.provider.get(submitted.id)


@pytest.mark.parametrize(
    "request_",
    [
        FOX,
        ImageRequest(prompt="a fox", image_refs=(Reference(job="j1", weight=0.85), Reference(job="j1"))),
        ImageRequest(
            prompt="a fox",
            style_refs=(Reference(job="j1", weight=0.8), Reference(job="j1")),
            character_refs=(Reference(job="j1"), Reference(job="j1")),
            modify_ref=Reference(job="j1", weight=1),
        ),
        ReframeImageRequest(
            source=Reference(job="j1"), aspect_ratio=AspectRatio.SQUARE, grid_position_x=0, x_end=64
        ),
    ],
)
async def test_the_echo_carries_our_marker_and_our_fingerprint(
    account: SimulatorAccount, request_: AnyRequest
) -> None:
    submitted = await account.provider.submit(request_, media=MEDIA, callback_url=MARKER)
    (listed,) = (await account.provider.page(limit=100, offset=0)).generations
    for generation in (submitted, listed):
        assert generation.callback_url == MARKER
        assert generation.fingerprint == account.provider.fingerprint(request_, MEDIA)


@pytest.mark.parametrize("fault", ["lost_answer", "server_error_after", "garbage"])
async def test_a_create_in_doubt_was_made_once_and_is_found_by_its_marker(
    account: SimulatorAccount, fault: str
) -> None:
    await account.order(fault)
    with pytest.raises(OutcomeUnknown):
        await account.provider.submit(FOX, media={}, callback_url=MARKER)
    (listed,) = (await account.provider.page(limit=100, offset=0)).generations
    assert listed.callback_url == MARKER


@pytest.mark.parametrize(
    ("fault", "raised"),
    [
        ("unauthorized", AccountProblem),
        ("no_credits", AccountProblem),
        ("rate_limit", RateLimited),
        ("server_error", OutcomeUnknown),
    ],
)
async def test_faults_are_named_by_what_to_do(
    account: SimulatorAccount, fault: str, raised: type[ProviderError]
) -> None:
    await account.order(fault)
    with pytest.raises(raised):
        await account.provider.submit(FOX, media={}, callback_url=None)
    assert (await account.provider.page(limit=100, offset=0)).generations == []


async def test_what_the_api_refuses_is_told_in_its_words(account: SimulatorAccount) -> None:
    with pytest.raises(Rejected, match="Prompt is too short, minimum length is 3 characters"):
        await account.provider.submit(ImageRequest(prompt="a"), media={}, callback_url=None)


async def test_a_moderated_picture_is_classified(account: SimulatorAccount) -> None:
    submitted = await account.provider.submit(
        ImageRequest(prompt="a fox #moderation"), media={}, callback_url=None
    )
    failed = await account.ended(submitted.id)
    assert classify_failure(failed.failure_reason).category is FailureCategory.MODERATION


async def test_the_words_that_the_models_know_are_told(account: SimulatorAccount) -> None:
    vocabulary = await account.provider.vocabulary()
    assert vocabulary.concepts == frozenset(CONCEPTS)
    assert "camera orbit left" in vocabulary.camera_motions


async def test_credit_is_reported(account: SimulatorAccount) -> None:
    before = await account.provider.check()
    assert before is not None
    await account.provider.submit(FOX, media={}, callback_url=None)
    after = await account.provider.check()
    assert after is not None
    assert 0 < after < before
