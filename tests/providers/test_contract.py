"""What the core relies on at every generation API, against a server that answers as scripted."""

import asyncio
import socket
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager

import pytest

from bot.domain.errors import (
    AccountProblem,
    GenerationNotFound,
    NotSent,
    OutcomeUnknown,
    ProviderError,
    RateLimited,
    Rejected,
)
from bot.domain.jobs.failures import FailureCategory, classify_failure, classify_refusal
from bot.providers.base import Generation, GenerationState, InputUrl, Provider
from tests.providers.contract import APIS, ASSET, ID, KEY, Api
from tests.providers.scripted_api import (
    Act,
    ScriptedApi,
    answer_for_ever,
    answer_half,
    hang_up,
    reply,
    reset,
    say_nothing,
    scripted,
    talk_nonsense,
)

pytestmark = pytest.mark.parametrize("api", APIS, ids=lambda api: api.name)

_BROKEN = [hang_up, reset, answer_half, talk_nonsense]
#: bodies of a success without a generation
_ODD = [
    b"",
    b"not JSON",
    b"null",
    b"[]",
    b'"done"',
    b"{}",
    b'{"id": 5}',
    b'{"id": "../x"}',
    b'{"msg": "Created"}',
]


@asynccontextmanager
async def account(api: Api, *acts: Act, timeout: float = 10) -> AsyncIterator[tuple[Provider, ScriptedApi]]:
    """An account at a server that answers with these acts, in order."""
    async with scripted(*acts) as server:
        provider = api.open(server.url, timeout)
        try:
            yield provider, server
        finally:
            await provider.close()


async def submit(api: Api, provider: Provider) -> Generation:
    return await provider.submit(api.request, media=api.media, callback_url=None, end_user="someone")


async def test_a_create_is_one_request_that_returns_the_id(api: Api) -> None:
    async with account(api, reply(api.created, api.generation())) as (provider, server):
        generation = await submit(api, provider)
    assert (ID, GenerationState.QUEUED) == (generation.id, generation.state)
    assert [api.create] == [(one.method, one.target) for one in server.received]
    assert KEY in " ".join(server.received[0].headers.values())


async def test_a_generation_is_read_until_it_is_completed(api: Api) -> None:
    states = [
        api.generation(),
        api.generation(api.running),
        api.generation("polishing"),
        api.generation("completed", **api.result),
    ]
    async with account(api, *(reply(200, one) for one in states)) as (provider, _):
        read = [await provider.get(ID) for _ in states]
    assert [GenerationState.QUEUED, *[GenerationState.DREAMING] * 2, GenerationState.COMPLETED] == [
        one.state for one in read
    ]
    assert [None] * 3 + [ASSET] == [one.asset_url for one in read]


async def test_what_a_generation_lacks_ends_nothing(api: Api) -> None:
    """Only the id is needed; a list of fields, a code or a model that nobody knows changes nothing."""
    documents = [
        {"id": ID},
        {"id": ID, "state": None},
        {"id": ID, "state": ["completed"], "model": "ray-9", "type": "hologram"},
        api.generation("completed", **dict.fromkeys(api.result)),
        {"id": ID, "state": "completed"},
        {"id": ID, "state": "failed"},
        {"id": ID, "state": "failed", "failure_reason": 5, "failure_code": "out_of_ideas"},
    ]
    async with account(api, *(reply(200, one) for one in documents)) as (provider, _):
        read = [await provider.get(ID) for _ in documents]
    running, ended, failed = read[:3], read[3:5], read[5:]
    assert {GenerationState.DREAMING} == {one.state for one in running}
    assert [(GenerationState.COMPLETED, None)] * 2 == [(one.state, one.asset_url) for one in ended]
    for one in failed:
        assert GenerationState.FAILED is one.state
        told = classify_failure(one.failure_reason, one.failure_category)
        assert FailureCategory.UNKNOWN is told.category
        assert not one.stops_account


async def test_the_answer_for_another_generation_is_not_taken(api: Api) -> None:
    other = api.generation("completed", **api.result) | {"id": ID.replace("1", "2")}
    async with account(api, reply(200, other)) as (provider, _):
        with pytest.raises(NotSent):
            await provider.get(ID)


async def test_an_error_inside_a_success_is_none(api: Api) -> None:
    acts = [reply(200, api.error("Something is wrong"))] * 2
    async with account(api, *acts) as (provider, server):
        with pytest.raises((OutcomeUnknown, Rejected)):
            await submit(api, provider)
        with pytest.raises((NotSent, Rejected)):
            await provider.get(ID)
        assert 2 == len(server.received)


async def test_a_generation_that_is_gone_counts_as_deleted(api: Api) -> None:
    async with account(api, api.refused(404)) as (provider, server):
        await provider.delete(ID)
        assert bool(server.received) is not bool(provider.capabilities.keeps)


async def test_what_is_a_url_already_is_not_uploaded(api: Api) -> None:
    media = {"a": InputUrl(url="https://a.example/fox.png")}
    async with account(api) as (provider, server):
        assert media == await provider.upload(media, end_user="someone")
        assert [] == server.received


async def test_a_closed_account_sends_nothing(api: Api) -> None:
    async with account(api, reply(api.created, api.generation())) as (provider, server):
        await provider.close()
        with pytest.raises(NotSent):
            await submit(api, provider)
        assert [] == server.received


async def test_a_failure_has_its_reason_and_moderation_is_told_as_such(api: Api) -> None:
    failed = [api.failure("Job failed"), api.moderated]
    acts = [reply(200, api.generation("failed", **fields)) for fields in failed]
    async with account(api, *acts) as (provider, _):
        service, moderated = await provider.get(ID), await provider.get(ID)
    assert GenerationState.FAILED is service.state is moderated.state
    categories = [
        classify_failure(one.failure_reason, one.failure_category).category for one in (service, moderated)
    ]
    assert [FailureCategory.SERVICE, FailureCategory.MODERATION] == categories


@pytest.mark.parametrize(
    ("status", "error"),
    [
        (400, Rejected),
        (401, AccountProblem),
        (402, AccountProblem),
        (404, Rejected),
        (408, OutcomeUnknown),
        (409, Rejected),
        (413, Rejected),
        (422, Rejected),
        (429, RateLimited),
        (500, OutcomeUnknown),
        (502, OutcomeUnknown),
        (503, OutcomeUnknown),
        (303, OutcomeUnknown),
        (307, Rejected),
    ],
)
async def test_the_status_of_a_create_says_what_to_do(
    api: Api, status: int, error: type[ProviderError]
) -> None:
    async with account(api, api.refused(status)) as (provider, server):
        with pytest.raises(error, match="Something is wrong"):
            await submit(api, provider)
        assert 1 == len(server.received)


async def test_a_403_about_the_account_stops_it_and_one_about_the_request_does_not(api: Api) -> None:
    acts = api.refused(403, api.forbidden_account), api.refused(403, api.forbidden_request)
    async with account(api, *acts) as (provider, _):
        with pytest.raises(AccountProblem):
            await submit(api, provider)
        with pytest.raises(Rejected, match=api.forbidden_request):
            await submit(api, provider)


async def test_a_limit_that_names_a_time_is_kept(api: Api) -> None:
    async with account(api, api.refused(429, Retry_After="7"), api.refused(429)) as (provider, _):
        for expected in (7_000, None):
            with pytest.raises(RateLimited) as caught:
                await submit(api, provider)
            assert expected == caught.value.retry_after_ms


async def test_a_moderated_create_is_rejected_as_moderated(api: Api) -> None:
    async with account(api, api.refused(400, "The prompt was flagged by content moderation")) as (
        provider,
        _,
    ):
        with pytest.raises(Rejected) as caught:
            await submit(api, provider)
    assert FailureCategory.MODERATION is classify_refusal(str(caught.value)).category


@pytest.mark.parametrize("fault", _BROKEN)
async def test_a_create_whose_answer_breaks_is_sent_once_and_is_unknown(api: Api, fault: Act) -> None:
    async with account(api, fault, reply(api.created, api.generation())) as (provider, server):
        with pytest.raises(OutcomeUnknown):
            await submit(api, provider)
        assert 1 == len(server.received)


@pytest.mark.parametrize("fault", [say_nothing, answer_for_ever])
async def test_a_create_without_an_answer_in_time_is_unknown(api: Api, fault: Act) -> None:
    async with account(api, fault, timeout=0.2) as (provider, _):
        with pytest.raises(OutcomeUnknown):
            await asyncio.wait_for(submit(api, provider), 5)


@pytest.mark.parametrize("body", _ODD)
async def test_a_success_without_a_generation_is_unknown_for_a_create_and_nothing_for_a_read(
    api: Api, body: bytes
) -> None:
    async with account(api, reply(200, body), reply(200, body)) as (provider, _):
        with pytest.raises(OutcomeUnknown):
            await submit(api, provider)
        with pytest.raises(NotSent):
            await provider.get(ID)


async def test_a_refused_connection_has_sent_nothing(api: Api) -> None:
    with socket.socket() as closed:
        closed.bind(("127.0.0.1", 0))
        provider = api.open(f"http://127.0.0.1:{closed.getsockname()[1]}", 5)
        for call in (submit(api, provider), provider.get(ID), provider.check()):
            with pytest.raises(NotSent):
                await call
        await provider.close()


async def test_an_id_that_does_not_exist_is_not_found(api: Api) -> None:
    async with account(api, api.missing) as (provider, _):
        with pytest.raises(GenerationNotFound):
            await provider.get(ID)


@pytest.mark.parametrize(
    ("status", "error"),
    [(401, AccountProblem), (429, RateLimited), (500, NotSent), (503, NotSent), (408, NotSent)],
)
async def test_the_status_of_a_read_says_what_to_do(
    api: Api, status: int, error: type[ProviderError]
) -> None:
    async with account(api, api.refused(status)) as (provider, _):
        with pytest.raises(error):
            await provider.get(ID)


async def test_a_check_spends_nothing_and_tells_the_credit_where_there_is_one(api: Api) -> None:
    async with account(api, api.checked) as (provider, server):
        assert api.credit == await provider.check()
        assert (api.credit is not None) is provider.capabilities.reports_credit
    assert api.create not in [(one.method, one.target) for one in server.received]


@pytest.mark.parametrize(("status", "error"), [(401, AccountProblem), (503, NotSent), (429, RateLimited)])
async def test_a_check_tells_a_refused_key_from_an_outage(
    api: Api, status: int, error: type[ProviderError]
) -> None:
    async with account(api, api.refused(status)) as (provider, _):
        with pytest.raises(error):
            await provider.check()


async def test_no_error_repeats_the_key(api: Api) -> None:
    async with account(api, api.refused(401, f"The key {KEY} is not valid")) as (provider, _):
        with pytest.raises(AccountProblem) as caught:
            await submit(api, provider)
    assert KEY not in str(caught.value)
    assert KEY not in repr(vars(provider))


async def test_a_fingerprint_is_stable_and_needed_only_where_there_is_a_list(api: Api) -> None:
    async with account(api) as (provider, _):
        digests = {provider.fingerprint(api.request, api.media) for _ in range(2)}
        assert 1 == len(digests)
        assert ("" not in digests) is provider.capabilities.lists


async def test_it_offers_the_kind_of_the_request_with_its_model(api: Api) -> None:
    async with account(api) as (provider, _):
        offers = {(one.kind, one.model) for one in provider.capabilities.offers}
        assert (api.request.kind, api.request.model) in offers
        assert api.request.lane in provider.limits
