"""What arrives at the API, and what the engine is told, when the way between them breaks."""

import asyncio
import gzip
import json
import socket
from collections.abc import AsyncIterator, Mapping
from contextlib import asynccontextmanager
from typing import Any, get_args

import httpx
import pytest
from pydantic import SecretStr

from bot.domain.errors import (
    AccountProblem,
    GenerationNotFound,
    NotSent,
    OutcomeUnknown,
    ProviderError,
    RateLimited,
    Rejected,
)
from bot.domain.generations.concepts import Vocabulary
from bot.domain.generations.models import ImageModel, Lane, VideoModel
from bot.domain.generations.requests import AnyRequest, ImageRequest
from bot.providers.base import GenerationState, LaneLimits, Provider
from bot.providers.http.client import RESPONSE_MAX
from bot.providers.luma import LumaProvider
from tests.providers.scripted_api import (
    Act,
    answer_for_ever,
    answer_half,
    hang_up,
    reply,
    reply_and_hang_up,
    reset,
    say_nothing,
    scripted,
    talk_nonsense,
)

KEY = SecretStr("luma-0123456789abcdef0123456789abcdef")
LIMITS: Mapping[Lane, LaneLimits] = {Lane.IMAGE: LaneLimits(concurrent=2, per_minute=4)}
ID = "123e4567-e89b-12d3-a456-426614174000"
CREATED: dict[str, Any] = {"id": ID, "state": "queued"}
FOX = ImageRequest(prompt="a fox in the snow")


@asynccontextmanager
async def account(base_url: str, **options: Any) -> AsyncIterator[LumaProvider]:
    provider = LumaProvider(api_key=KEY, account="a1", base_url=base_url, limits=LIMITS, **options)
    try:
        yield provider
    finally:
        await provider.close()


async def submit(provider: Provider) -> str:
    return (await provider.submit(FOX, media={}, callback_url="http://127.0.0.1/callbacks/t")).id


async def test_submit_sends_one_documented_request() -> None:
    async with scripted(reply(201, CREATED)) as api, account(f"{api.url}/dream-machine/v1/") as provider:
        assert await submit(provider) == ID
    (received,) = api.received
    assert (received.method, received.target) == ("POST", "/dream-machine/v1/generations/image")
    assert received.headers["authorization"] == f"Bearer {KEY.get_secret_value()}"
    assert received.headers["content-type"] == "application/json"
    assert received.document == {
        "generation_type": "image",
        "prompt": "a fox in the snow",
        "model": "photon-1",
        "aspect_ratio": "16:9",
        "format": "jpg",
        "callback_url": "http://127.0.0.1/callbacks/t",
    }


@pytest.mark.parametrize("fault", [hang_up, reset, answer_half, talk_nonsense])
async def test_a_create_whose_answer_is_lost_is_sent_once_and_is_in_doubt(fault: Act) -> None:
    async with scripted(fault, reply(201, CREATED)) as api, account(api.url) as provider:
        with pytest.raises(OutcomeUnknown):
            await submit(provider)
        assert len(api.received) == 1


@pytest.mark.parametrize("fault", [hang_up, reset, answer_half, talk_nonsense])
async def test_a_lost_read_may_be_tried_again_but_not_by_itself(fault: Act) -> None:
    async with scripted(fault, reply(200, CREATED)) as api, account(api.url) as provider:
        with pytest.raises(NotSent):
            await provider.get(ID)
        assert len(api.received) == 1


@pytest.mark.parametrize("fault", [say_nothing, answer_for_ever])
async def test_a_create_that_is_not_answered_in_time_is_in_doubt(fault: Act) -> None:
    async with scripted(fault) as api, account(api.url, timeout=0.2) as provider:
        with pytest.raises(OutcomeUnknown):
            await asyncio.wait_for(submit(provider), 5)
        assert len(api.received) == 1


async def test_a_refused_connection_was_not_sent() -> None:
    with socket.socket() as closed:
        closed.bind(("127.0.0.1", 0))
        async with account(f"http://127.0.0.1:{closed.getsockname()[1]}") as provider:
            with pytest.raises(NotSent):
                await submit(provider)


async def test_a_closed_client_sends_nothing() -> None:
    async with scripted() as api, account(api.url) as provider:
        await provider.close()
        with pytest.raises(NotSent):
            await submit(provider)
        assert api.received == []


async def test_a_connection_closed_while_idle_is_not_used_for_a_create() -> None:
    async with (
        scripted(reply_and_hang_up(200, {}), reply(201, CREATED)) as api,
        account(api.url) as provider,
    ):
        await provider.check()
        assert await submit(provider) == ID
        assert [received.method for received in api.received] == ["GET", "POST"]
        assert api.connections == 2


@pytest.mark.parametrize("fault", [hang_up, reset])
async def test_a_kept_connection_that_breaks_under_a_create_leaves_it_in_doubt(fault: Act) -> None:
    """The server may have carried the create out before it hung up, so a new connection is not tried."""
    async with scripted(reply(200, {}), fault, reply(201, CREATED)) as api, account(api.url) as provider:
        await provider.check()
        with pytest.raises(OutcomeUnknown):
            await submit(provider)
        assert [received.method for received in api.received] == ["GET", "POST"]
        assert api.connections == 1


@pytest.mark.parametrize("fault", [hang_up, say_nothing, reply(403), reply(502)])
async def test_a_proxy_that_opens_no_tunnel_has_sent_nothing(fault: Act) -> None:
    """Losing the proxy's own answer is a lost answer for the transport, but no create left."""
    async with (
        scripted(fault) as proxy,
        account("https://api.invalid/v1", proxy=proxy.url, timeout=0.2) as provider,
    ):
        with pytest.raises(NotSent):
            await submit(provider)
        assert [received.method for received in proxy.received] == ["CONNECT"]


@pytest.mark.parametrize("scheme", ["http", "https"])
async def test_a_proxy_that_wants_another_password_is_named(scheme: str) -> None:
    """Whether it is asked for a tunnel or for the request itself, the jobs wait for the operator."""
    async with (
        scripted(reply(407)) as proxy,
        account(f"{scheme}://api.invalid/v1", proxy=proxy.url) as provider,
    ):
        with pytest.raises(NotSent, match="HTTPS_PROXY does not accept the user and password"):
            await submit(provider)


async def test_a_loopback_api_is_reached_past_the_proxy(monkeypatch: pytest.MonkeyPatch) -> None:
    async with scripted(reply(200, {})) as api, scripted() as proxy:
        for variable in ("HTTP_PROXY", "http_proxy", "ALL_PROXY", "all_proxy"):
            monkeypatch.setenv(variable, proxy.url)
        async with account(api.url, proxy=proxy.url) as provider:
            await provider.check()
        assert (len(api.received), proxy.received) == (1, [])


@pytest.mark.parametrize("coded", [False, True])
async def test_an_answer_that_is_too_large_is_not_read_to_its_end(coded: bool) -> None:
    """Whatever has the API's place, it must not fill the process's memory."""
    content = json.dumps(CREATED).encode() + bytes([ord(" ")]) * 3 * RESPONSE_MAX
    answer = reply(200, gzip.compress(content), Content_Encoding="gzip") if coded else reply(200, content)
    async with scripted(answer, answer) as api, account(api.url) as provider:
        with pytest.raises(OutcomeUnknown, match="too large"):
            await submit(provider)
        with pytest.raises(NotSent, match="too large"):
            await provider.get(ID)


async def test_a_refusal_that_is_too_large_counts_by_its_status() -> None:
    async with scripted(reply(400, bytes(3 * RESPONSE_MAX))) as api, account(api.url) as provider:
        with pytest.raises(Rejected):
            await submit(provider)


@pytest.mark.parametrize(
    ("status", "raised"),
    [(301, OutcomeUnknown), (302, OutcomeUnknown), (303, OutcomeUnknown), (307, Rejected), (308, Rejected)],
)
async def test_a_create_is_never_redirected(status: int, raised: type[ProviderError]) -> None:
    async with scripted(reply(201, CREATED)) as other, account_redirected(status, other.url) as provider:
        with pytest.raises(raised):
            await submit(provider)
        assert other.received == []


@asynccontextmanager
async def account_redirected(status: int, to: str) -> AsyncIterator[LumaProvider]:
    async with scripted(reply(status, Location=to)) as api, account(api.url) as provider:
        yield provider


@pytest.mark.parametrize(
    "body", [b"", b"<html>", b"null", b"[]", b"{}", {"id": ""}, {"id": 7}, {"id": "../x"}]
)
async def test_a_create_that_names_no_generation_is_in_doubt(body: object) -> None:
    async with scripted(reply(201, body)) as api, account(api.url) as provider:
        with pytest.raises(OutcomeUnknown):
            await submit(provider)


async def test_a_rate_limit_tells_how_long_to_wait() -> None:
    async with (
        scripted(reply(429, {"detail": "Slow down"}, Retry_After="7")) as api,
        account(api.url) as provider,
    ):
        with pytest.raises(RateLimited, match="Slow down") as raised:
            await submit(provider)
    assert raised.value.retry_after_ms == 7000


async def test_the_key_is_hidden_from_messages_and_representations() -> None:
    echo = {"detail": f"Invalid API key {KEY.get_secret_value()} is provided"}
    async with scripted(reply(401, echo)) as api, account(api.url) as provider:
        with pytest.raises(AccountProblem) as raised:
            await submit(provider)
        assert str(raised.value) == "Invalid API key (hidden) is provided"
        assert KEY.get_secret_value() not in repr(vars(provider))


async def test_get_reads_a_finished_generation() -> None:
    finished = {**CREATED, "state": "completed", "assets": {"image": "https://cdn.example/a.jpg"}}
    async with scripted(reply(200, finished)) as api, account(api.url) as provider:
        generation = await provider.get(ID)
    assert generation.state is GenerationState.COMPLETED
    assert (generation.asset_url, generation.thumbnail_url) == ("https://cdn.example/a.jpg", None)
    assert api.received[0].target == f"/generations/{ID}"


@pytest.mark.parametrize("generation_id", ["", "..", "a/b", "a?b", "a b", "é", "a" * 129])
async def test_an_id_that_would_change_the_path_is_not_known_and_not_asked_for(generation_id: str) -> None:
    async with scripted() as api, account(api.url) as provider:
        with pytest.raises(GenerationNotFound):
            await provider.get(generation_id)
        await provider.delete(generation_id)
        assert api.received == []


async def test_a_generation_that_is_gone_cannot_be_read_but_counts_as_deleted() -> None:
    gone = reply(404, {"detail": "Generation not found"})
    async with scripted(gone, gone, reply(204)) as api, account(api.url) as provider:
        with pytest.raises(GenerationNotFound):
            await provider.get(ID)
        await provider.delete(ID)
        await provider.delete(ID)
        assert [received.method for received in api.received] == ["GET", "DELETE", "DELETE"]


async def test_page_asks_for_its_window_and_skips_what_it_cannot_read() -> None:
    listed = {"generations": [CREATED, None, {"state": "queued"}, {"id": "b"}], "has_more": True}
    async with scripted(reply(200, listed)) as api, account(api.url) as provider:
        page = await provider.page(limit=100, offset=200)
    assert [generation.id for generation in page.generations] == [ID, "b"]
    assert page.has_more
    assert api.received[0].target == "/generations?limit=100&offset=200"


@pytest.mark.parametrize("body", [b"", b"[]", b"{}", {"generations": None}])
async def test_an_answer_that_is_no_list_proves_no_absence(body: object) -> None:
    async with scripted(reply(200, body)) as api, account(api.url) as provider:
        with pytest.raises(NotSent):
            await provider.page(limit=100, offset=0)


@pytest.mark.parametrize(
    ("balance", "micro_dollars"),
    [(1234.5, 12_345_000), (0.1, 1000), (100, 1_000_000), ("?", None), (None, None), (True, None)],
)
async def test_check_tells_the_credit_in_micro_dollars(balance: object, micro_dollars: int | None) -> None:
    async with scripted(reply(200, {"credit_balance": balance})) as api, account(api.url) as provider:
        assert await provider.check() == micro_dollars
    assert api.received[0].target == "/credits"


@pytest.mark.parametrize("answer", [reply(200, {"credit_balance": 0.0}), reply(401), reply(402), reply(403)])
async def test_check_fails_while_the_account_cannot_submit(answer: Act) -> None:
    async with scripted(answer) as api, account(api.url) as provider:
        with pytest.raises(AccountProblem):
            await provider.check()


async def test_the_words_that_the_models_know_are_asked_for() -> None:
    async with (
        scripted(reply(200, ["pov", "zoom_in"]), reply(200, ["camera orbit left"])) as api,
        account(api.url) as provider,
    ):
        expected = Vocabulary(concepts=frozenset({"pov", "zoom_in"}), camera_motions=("camera orbit left",))
        assert await provider.vocabulary() == expected
    assert [received.target for received in api.received] == [
        "/generations/concepts/list",
        "/generations/camera_motion/list",
    ]


@pytest.mark.parametrize("status", [404, 405, 410, 422])
async def test_an_api_that_lists_no_camera_motions_knows_none(status: int) -> None:
    gone = reply(status, {"detail": "Not Found"})
    async with scripted(reply(200, ["pov"]), gone) as api, account(api.url) as provider:
        assert await provider.vocabulary() == Vocabulary(concepts=frozenset({"pov"}))


@pytest.mark.parametrize(
    ("answers", "raised"),
    [
        ([reply(404)], Rejected),
        ([reply(200, {"concepts": []})], NotSent),
        ([reply(200, ["pov"]), reply(503)], NotSent),
        ([reply(200, ["pov"]), reply(200, {"detail": "?"})], NotSent),
        ([reply(200, ["pov"]), reply(401)], AccountProblem),
    ],
)
async def test_words_that_cannot_be_read_are_no_empty_list(
    answers: list[Act], raised: type[ProviderError]
) -> None:
    async with scripted(*answers) as api, account(api.url) as provider:
        with pytest.raises(raised):
            await provider.vocabulary()


async def test_pictures_and_videos_of_every_kind_and_model_are_taken() -> None:
    async with account("https://api.invalid") as provider:
        offers = provider.capabilities.offers
        assert {one.kind for one in offers} == {
            one.model_fields["kind"].default for one in get_args(AnyRequest)
        }
        assert {one.model for one in offers} == {
            ImageModel.PHOTON_1,
            ImageModel.PHOTON_FLASH_1,
            VideoModel.RAY_2,
            VideoModel.RAY_FLASH_2,
        }


class Failing(httpx.AsyncBaseTransport):
    """A transport that traces nothing and fails."""

    def __init__(self, error: Exception) -> None:
        self._error = error

    async def handle_async_request(self, request: httpx.Request) -> httpx.Response:
        del request
        raise self._error


@pytest.mark.parametrize(
    ("error", "create", "read"),
    [
        (httpx.ConnectError("x"), NotSent, NotSent),
        (httpx.ConnectTimeout("x"), NotSent, NotSent),
        (httpx.PoolTimeout("x"), NotSent, NotSent),
        (httpx.ProxyError("x"), NotSent, NotSent),
        (httpx.UnsupportedProtocol("x"), Rejected, Rejected),
        (httpx.LocalProtocolError("x"), Rejected, Rejected),
        (httpx.InvalidURL("x"), Rejected, Rejected),
        (httpx.ReadTimeout("x"), OutcomeUnknown, NotSent),
        (httpx.WriteTimeout("x"), OutcomeUnknown, NotSent),
        (httpx.ReadError("x"), OutcomeUnknown, NotSent),
        (httpx.WriteError("x"), OutcomeUnknown, NotSent),
        (httpx.CloseError("x"), OutcomeUnknown, NotSent),
        (httpx.RemoteProtocolError("x"), OutcomeUnknown, NotSent),
        (httpx.DecodingError("x"), OutcomeUnknown, NotSent),
        (TimeoutError("x"), OutcomeUnknown, NotSent),
        (ConnectionResetError("x"), OutcomeUnknown, NotSent),
    ],
    ids=lambda value: type(value).__name__ if isinstance(value, Exception) else value.__name__,
)
async def test_errors_of_the_transport_are_named_by_what_to_do(
    error: Exception, create: type[ProviderError], read: type[ProviderError]
) -> None:
    """Without a trace only the kind of error tells whether a create may have left."""
    async with account("https://api.invalid", transport=Failing(error)) as provider:
        with pytest.raises(create):
            await submit(provider)
        with pytest.raises(read):
            await provider.get(ID)


async def test_a_prompt_that_is_no_text_is_rejected() -> None:
    async with scripted() as api, account(api.url) as provider:
        with pytest.raises(Rejected):
            await provider.submit(ImageRequest.model_construct(prompt="\ud800"), media={}, callback_url=None)
        assert api.received == []
