"""The playground's routes over real sockets."""

import asyncio
import re
from collections.abc import Callable
from contextlib import AsyncExitStack
from http import HTTPStatus
from pathlib import Path
from typing import Any

import httpx
import orjson
import pytest

from tests.patience import PATIENCE_S
from tests.playground.page_requests import BEAR, command, post, state
from tests.playground.serving import Served, serve

SAID: dict[str, Any] = {
    "kind": "said",
    "channel": "studio",
    "card": "c",
    "text": "t",
    "files": [],
    "to": None,
}


async def stream(
    served: Served, me: str, *, since: int = 0, last: str = "", until: Callable[[int, Any], bool]
) -> list[tuple[int, Any]]:
    """Return the changes of an event stream with their ids, up to the awaited one."""
    headers = {"Last-Event-ID": last} if last else {}
    found: list[tuple[int, Any]] = []
    url = f"/playground/events?me={me}&since={since}"
    async with (
        asyncio.timeout(PATIENCE_S),
        served.client(headers=headers) as client,
        client.stream("GET", url) as answer,
    ):
        assert answer.headers["content-type"].startswith("text/event-stream")
        number = 0
        async for line in answer.aiter_lines():
            if line.startswith("id: "):
                number = int(line.removeprefix("id: "))
            elif line.startswith("data: "):
                found.append((number, orjson.loads(line.removeprefix("data: "))))
                if until(*found[-1]):
                    break
    return found


SECURITY_HEADERS = {
    "content-security-policy": (
        "default-src 'self'; img-src 'self' data: blob:; media-src 'self'; object-src 'none'; "
        "base-uri 'none'; form-action 'self'; frame-ancestors 'none'"
    ),
    "x-content-type-options": "nosniff",
    "referrer-policy": "no-referrer",
    "cross-origin-opener-policy": "same-origin",
    "cross-origin-resource-policy": "same-origin",
}


async def newest_seq(served: Served) -> int:
    await served.core.all_shown()
    return (await served.core.adapter_data.latest("", limit=1))[0].seq


async def test_every_response_has_the_security_headers(served: Served) -> None:
    async with served.client() as client:
        answers = [
            await client.get("/"),
            await client.get("/playground/static/app.js"),
            await client.get("/playground/static/none.js"),
            await client.get("/playground/state"),
            await client.get("/", headers={"Host": "evil.example"}),
            await client.post("/playground/command?me=ada", json={}),
        ]
    for answer in answers:
        assert {name: answer.headers.get(name) for name in SECURITY_HEADERS} == SECURITY_HEADERS
    assert [answer.status_code for answer in answers] == [200, 200, 404, 200, 421, 422]


async def test_a_browser_keeps_the_files_of_a_page_until_another_version_is_served(served: Served) -> None:
    async with served.client() as client:
        page = await client.get("/")
        files = re.findall(r'"(/playground/static/[^"]+)"', page.text)
        kept = [await client.get(file) for file in files]
        plain = await client.get("/playground/static/app.js")
        other = await client.get(f"/playground/static/v{'0' * 16}/app.js")
        none = await client.get(files[0].replace(Path(files[0]).name, "none.js"))
    assert page.headers["cache-control"] == "no-cache"
    assert len({Path(file).parent for file in files}) == 1
    assert {(one.status_code, one.headers["cache-control"]) for one in kept} == {
        (200, "public, max-age=31536000, immutable")
    }
    # A page of another version gets what there is, and asks again the next time.
    assert [one.headers["cache-control"] for one in (plain, other)] == ["no-cache", "no-cache"]
    assert (
        other.content == plain.content == next(one.content for one in kept if one.url.path.endswith("app.js"))
    )
    assert (none.status_code, none.headers["cache-control"]) == (404, "no-store")


async def test_the_page_has_no_inline_code_and_names_no_other_host(served: Served) -> None:
    async with served.client() as client:
        page = (await client.get("/")).text
        names = ("style", "cards", "composer", "dialogs")
        styles = [(await client.get(f"/playground/static/{name}.css")).text for name in names]
        style = "".join(styles)
    assert "<script>" not in page
    assert " style=" not in page
    assert " onclick" not in page
    assert "http:" not in page + style
    assert "https:" not in page + style


@pytest.mark.parametrize(
    ("headers", "status"),
    [
        ({"Host": "evil.example"}, HTTPStatus.MISDIRECTED_REQUEST),
        ({"Origin": "https://evil.example"}, HTTPStatus.FORBIDDEN),
        ({"X-Forwarded-For": "203.0.113.9"}, HTTPStatus.FORBIDDEN),
        ({"Content-Type": "text/plain"}, HTTPStatus.UNSUPPORTED_MEDIA_TYPE),
    ],
)
async def test_a_request_from_another_site_is_refused(
    served: Served, headers: dict[str, str], status: HTTPStatus
) -> None:
    body = orjson.dumps({"text": BEAR, "key": "key-00001"})
    async with served.client(headers={"Content-Type": "application/json"} | headers) as client:
        answer = await client.post("/playground/command?me=ada", content=body)
    assert answer.status_code == status
    assert served.core.service.keys == []


async def test_a_command_is_shown_above_its_card_after_a_reload(served: Served) -> None:
    answer = await command(served, "ada", BEAR)
    assert [message["kind"] for message in answer["messages"]] == ["said", "card"]
    messages = (await state(served, "grace"))["messages"]
    assert {message["kind"]: message for message in messages}["said"]["text"] == BEAR


async def test_the_same_key_creates_no_second_job(served: Served) -> None:
    answers = [await command(served, "ada", BEAR) for _ in range(2)]
    assert answers[0]["messages"][1]["card"] == answers[1]["messages"][1]["card"]
    assert await served.core.card_count() == 1
    assert set(served.core.service.keys) == {"playground:ada:key-00001"}


async def test_keys_belong_to_one_person(served: Served) -> None:
    for name in ("ada", "grace"):
        await command(served, name, BEAR)
    assert await served.core.card_count() == 2


async def test_refusals_and_notes_are_private(served: Served) -> None:
    refusal = await command(served, "grace", "/imagine x", "key-00001")
    await command(served, "ada", "/quota", "key-00002")
    assert refusal["refused"]
    assert refusal["messages"][0]["text"] == "Prompt is too short, minimum length is 3 characters"
    told = {
        name: [note["said"] for note in (await state(served, name))["messages"]] for name in ("ada", "grace")
    }
    assert told == {"ada": ["/quota"], "grace": ["/imagine x"]}
    await post(served, "dismiss", "grace", {"id": "key-00001"})
    assert (await state(served, "grace"))["messages"] == []


async def test_an_unknown_command_is_refused_with_a_hint(served: Served) -> None:
    answer = await command(served, "ada", "/imagin a fox")
    assert "Did you mean /imagine?" in answer["messages"][0]["text"]


async def test_two_people_have_two_quotas(served: Served) -> None:
    await command(served, "ada", BEAR)
    left = {name: (await state(served, name))["quota"]["limits"][0]["parts"][0] for name in ("ada", "grace")}
    assert left["ada"].startswith("$24.98 left")
    assert left["grace"].startswith("$25.00 left")


async def test_media_links_are_made_when_a_message_is_sent(served: Served) -> None:
    await command(served, "ada", BEAR)
    await served.core.finish()
    assert not any("/media/" in entry.value for entry in await served.core.adapter_data.since("", 0))
    cards = [await state(served) for _ in range(2)]
    picture = next(message for message in cards[0]["messages"] if message["kind"] == "card")["jobs"][0][
        "media"
    ]
    assert (picture["kind"], picture["width"], picture["height"]) == ("picture", 2048, 1152)
    async with served.client() as client:
        assert (await client.get(picture["src"])).headers["content-type"] == "image/jpeg"


async def test_an_action_creates_a_card_with_its_parent(served: Served) -> None:
    await command(served, "ada", BEAR)
    job = (await served.core.finish()).id
    body = {"action": "reframe", "job": job, "key": "key-00002", "aspect_ratio": "9:16"}
    for _ in range(2):
        answer = await post(served, "action", "grace", body)
    said, card = answer["messages"]
    assert said["text"] == "🖼️ Reframe 9:16"
    assert card["name"] == "grace"
    assert card["jobs"][0]["parent"] == job
    assert await served.core.card_count() == 2


async def test_a_stream_resumes_after_the_last_event_without_losing_any(served: Served) -> None:
    await command(served, "ada", BEAR)
    for number in range(60):
        await served.core.adapter_data.put(f"room/studio/said/{number}", orjson.dumps(SAID).decode())
    head = await newest_seq(served)
    everything = await stream(served, "ada", until=lambda number, _: number == head)
    resumed = await stream(served, "ada", last=str(head - 20), until=lambda number, _: number == head)
    assert [number for number, _ in everything] == [
        entry.seq for entry in await served.core.adapter_data.since("", 0)
    ]
    assert [number for number, _ in resumed if number > head - 20] == list(range(head - 19, head + 1))
    assert len(resumed) < len(everything)


async def test_a_stream_sends_no_notes_of_other_people(served: Served) -> None:
    await command(served, "grace", "/help", "key-00001")
    await command(served, "ada", BEAR, "key-00002")
    head = await newest_seq(served)
    told = await stream(served, "ada", until=lambda number, _: number == head)
    assert sorted(message["kind"] for _, message in told) == ["card", "person", "person", "said"]


async def test_a_new_revision_reaches_an_open_stream(served: Served) -> None:
    await command(served, "ada", BEAR)
    since = (await state(served))["seq"]

    def runs(_: int, message: Any) -> bool:
        return bool(message["kind"] == "card" and message["jobs"][0]["tone"] == "running")

    async with asyncio.TaskGroup() as tasks:
        tasks.create_task(stream(served, "grace", since=since, until=runs))
        await served.core.run((await served.core.newest()).id)


async def test_the_server_stops_while_streams_are_open() -> None:
    async with asyncio.timeout(PATIENCE_S), AsyncExitStack() as running:
        served = await running.enter_async_context(serve())
        url = "/playground/events?me=ada&since=0"
        async with served.client() as client, client.stream("GET", url) as answer:
            lines = answer.aiter_lines()
            assert await anext(lines) == "retry: 1000"
            await running.aclose()
            assert [line async for line in lines][-1] == ""


async def test_a_new_person_is_sent_to_open_pages(served: Served) -> None:
    assert await post(served, "people", "ada", {"name": "Lin"}) == {"name": "lin", "admin": False}
    assert [person["name"] for person in (await state(served))["people"]] == ["ada", "grace", "lin"]
    told = await stream(served, "ada", until=lambda _, message: message.get("name") == "lin")
    assert told[-1][1] == {"kind": "person", "name": "lin", "admin": False}
    with pytest.raises(httpx.HTTPStatusError) as caught:
        await post(served, "people", "ada", {"name": "no spaces please"})
    assert "1 to 24" in caught.value.response.json()["error"]


async def test_an_unknown_person_can_do_nothing(served: Served) -> None:
    assert (await state(served, "mallory"))["me"]["name"] == "ada"
    with pytest.raises(httpx.HTTPStatusError) as caught:
        await command(served, "mallory", BEAR)
    assert caught.value.response.status_code == HTTPStatus.NOT_FOUND


@pytest.mark.parametrize(
    "body",
    [
        {},
        {"text": BEAR},
        {"text": BEAR, "key": "short"},
        {"text": BEAR, "key": "key/00001"},
        {"text": BEAR, "key": "key-00001", "member": "playground:main:grace"},
        {"text": "x" * 12_001, "key": "key-00001"},
        {"text": "x" * 70_000, "key": "key-00001"},
    ],
)
async def test_malformed_posts_are_refused(served: Served, body: dict[str, Any]) -> None:
    async with served.client() as client:
        answer = await client.post("/playground/command?me=ada", json=body)
    assert answer.status_code in (HTTPStatus.UNPROCESSABLE_ENTITY, HTTPStatus.REQUEST_ENTITY_TOO_LARGE)
    assert served.core.service.keys == []


async def test_autocomplete_comes_from_the_core(served: Served) -> None:
    async with served.client() as client:
        found = (await client.get("/playground/suggest", params={"me": "grace", "text": "/im"})).json()
    assert found == [{"text": "/imagine ", "label": "/imagine", "about": "Generate pictures from a prompt"}]


async def test_without_a_password_there_is_no_login() -> None:
    async with serve() as served, served.client() as client:
        assert not (await client.get("/playground/state")).json()["signed_in"]


async def test_autocomplete_and_prices_are_rate_limited() -> None:
    async with serve(commands_burst=1, commands_per_minute=1) as served, served.client() as client:
        query = {"me": "grace", "text": "/im"}
        answers = [await client.get("/playground/suggest", params=query) for _ in range(16)]
        statuses = [HTTPStatus(answer.status_code) for answer in answers]
        assert [HTTPStatus.OK] * 15 + [HTTPStatus.TOO_MANY_REQUESTS] == statuses
        price = await post(served, "price", "grace", {"text": BEAR})
    assert price["price"] is None
    assert price["refusal"].startswith("That was a lot at once. Try again in ")
