"""Commands as forms, prices, replies and buttons over real sockets."""

from http import HTTPStatus
from typing import Any

import pytest

from bot.domain.errors import StoreError
from bot.domain.generations.models import AspectRatio
from bot.domain.generations.requests import ImageRequest
from bot.domain.jobs.actions import Action
from tests.playground.page_requests import BEAR, command, decide, fill, post, seen, state, upload
from tests.playground.sample_media import picture
from tests.playground.serving import Served


async def price(served: Served, me: str = "ada", **wanted: Any) -> Any:
    return await post(served, "price", me, wanted)


async def test_a_history_grows_by_a_page_until_it_is_whole(served: Served) -> None:
    for number in (1, 2, 3):
        await command(served, "ada", f"/imagine fox {number}", f"key-0000{number}")
    (note,) = (await command(served, "ada", "/history 2 fox", "key-history"))["messages"]
    assert ["fox 3", "fox 2"] == [card["title"] for card in note["cards"]]
    more = {"note": note["id"], "page": note["more"], "key": "key-of-more"}
    (grown,) = (await post(served, "more", "ada", more))["messages"]
    assert (note["id"], None) == (grown["id"], grown["more"])
    assert ["fox 3", "fox 2", "fox 1"] == [card["title"] for card in grown["cards"]]
    assert "/imagine" in grown["cards"][2]["jobs"][0]["listed"]
    # The same request again adds nothing, and another person has no such note.
    assert [grown] == (await post(served, "more", "ada", more))["messages"]
    assert [] == (await post(served, "more", "grace", more))["messages"]
    refused = await post(served, "more", "ada", more | {"page": "x", "key": "key-of-less"})
    assert refused["refused"]
    (stored,) = [one for one in await seen(served, "ada", "note") if one["cards"]]
    assert 3 == len(stored["cards"])


async def test_a_form_and_a_typed_command_make_the_same_request(served: Served) -> None:
    await fill(served, "ada", "imagine", prompt="a fox", aspect_ratio="1:1", count=2)
    await command(served, "ada", "/imagine a fox --ar 1:1 --count 2", "key-00002")
    filled, typed = (job.request for job in (await served.core.jobs())[1:3])
    assert filled == typed
    assert [one["text"] for one in await seen(served, "ada", "said")] == [
        "/imagine a fox --aspect_ratio 1:1 --count 2",
        "/imagine a fox --ar 1:1 --count 2",
    ]


async def test_invalid_form_values_are_refused(served: Served) -> None:
    wrong: list[dict[str, Any]] = [{}, {"prompt": "x"}, {"prompt": "a fox", "count": 9}, {"colour": "red"}]
    for values in wrong:
        answer = await fill(served, "ada", "imagine", "key-00002", **values)
        assert answer["refused"]
    assert await served.core.jobs() == []


@pytest.mark.parametrize(
    "body",
    [
        {"command": "imagine", "text": BEAR},
        {"command": "imagine", "values": {"image": {"job": "0" * 24}}},
        {
            "command": "imagine",
            "values": {"image": [{"file": {"file": "0" * 64, "mime": "image/png", "size": 1}}]},
        },
        {"command": "imagine", "values": {"image": [{"url": "http://127.0.0.1/", "via": "discord"}]}},
        {"command": "imagine", "values": {"prompt": {"file": "token", "job": "x"}}},
        {"text": BEAR, "channel": "@playground:grace"},
    ],
)
async def test_a_page_cannot_name_files_or_places_of_others(served: Served, body: dict[str, Any]) -> None:
    async with served.client() as client:
        answer = await client.post("/playground/command?me=ada", json=body | {"key": "key-00001"})
    assert answer.status_code == HTTPStatus.UNPROCESSABLE_ENTITY
    assert served.core.service.keys == []


async def test_the_price_is_shown_before_sending(served: Served) -> None:
    nothing: dict[str, Any] = {"price": None, "refusal": None, "short": False, "option": "", "options": []}
    assert await price(served, text=BEAR) == nothing | {"price": "≈$0.018"}
    four = await price(served, command="imagine", values={"prompt": "a fox", "count": 4})
    assert four == nothing | {"price": "4 × ≈$0.018 = ≈$0.072"}
    assert await price(served, text="/quota") == nothing
    assert await price(served, command="imagine") == nothing | {
        "refusal": "Prompt is required",
        "option": "prompt",
    }
    wrong = await price(served, text="/imagine a fox --n 2 --ar 5:4")
    assert wrong["option"] == "aspect_ratio"
    assert [(one["written"], bool(one["problem"])) for one in wrong["options"]] == [
        ("--n 2", False),
        ("--ar 5:4", True),
    ]
    upper = await price(served, text="/reframe 1:1 https://example.org/a.mp4 --model ray-2")
    assert upper["price"].startswith("up to $")
    assert await served.core.jobs() == []


async def test_a_reply_builds_on_what_it_replies_to(served: Served) -> None:
    await command(served, "ada", BEAR)
    job = (await served.core.finish()).id
    answer = await command(served, "grace", "/reframe 9:16", "key-00002", replied=job)
    said, card = answer["messages"]
    assert (said["replied"], card["jobs"][0]["parent"]) == (job, job)


async def test_a_click_that_has_seen_a_lower_price_asks_first(served: Served) -> None:
    await command(served, "ada", BEAR)
    job = (await served.core.finish()).id
    body = {"action": "animate", "job": job, "price": 10_000, "key": "key-00002"}
    question = (await post(served, "action", "ada", body))["pending"]
    assert (question["title"], question["label"]) == ("Start 🎬 Animate?", "Start · $0.25")
    assert "The price has risen from $0.010" in question["text"]
    reaction = {"card": (await served.core.newest()).card, "emoji": "🎬", "on": True, "price": 10_000}
    asked = await post(served, "react", "grace", reaction | {"key": "key-00003"})
    assert asked["pending"]["label"] == "Start · $0.25"
    assert len(await served.core.jobs()) == 1
    started = await post(served, "start", "ada", {"pending": question["id"], "key": "key-00004"})
    assert started["messages"][0]["text"] == "🎬 Animate"
    assert (await served.core.newest()).parent == job


async def test_an_edited_prompt_makes_a_new_one(served: Served) -> None:
    await command(served, "ada", f"{BEAR} --ar 1:1")
    job = (await served.core.finish()).id
    body = {"action": "edit", "job": job, "prompt": "a bear with a drum", "key": "key-00002"}
    answer = await post(served, "action", "ada", body)
    assert answer["messages"][0]["text"] == "✏️ Edit prompt a bear with a drum"
    request = (await served.core.newest()).request
    assert isinstance(request, ImageRequest)
    assert (request.prompt, request.aspect_ratio) == ("a bear with a drum", AspectRatio.SQUARE)


async def test_a_short_reply_to_a_button_is_not_stored(served: Served) -> None:
    await command(served, "ada", BEAR)
    job = (await served.core.newest()).id
    answer = await post(
        served, "command", "ada", {"text": f"/cancel {job}", "key": "key-00002", "pressed": True}
    )
    assert {"title", "text"} == answer["toast"].keys()
    assert "Not charged" in answer["toast"]["text"]
    assert answer["messages"] == []
    assert await seen(served, "ada", "note") == []


async def test_only_the_caller_sees_a_private_command(served: Served) -> None:
    await command(served, "ada", f"{BEAR} --private")
    for kind in ("card", "said"):
        assert [one["to"] for one in await seen(served, "ada", kind)] == ["ada"]
        assert await seen(served, "grace", kind) == []


async def test_direct_messages_are_a_separate_conversation(served: Served) -> None:
    await command(served, "ada", BEAR, channel="dm")
    card = (await seen(served, "ada", "card", "dm"))[0]
    assert (card["member"], card["to"]) == ("playground:@dm:ada", "ada")
    assert await seen(served, "ada", "card", "studio") == []
    assert [one["kind"] for one in (await state(served, "grace"))["messages"]] == []
    await command(served, "ada", "/quota", "key-00002", channel="dm")
    assert len(await seen(served, "ada", "note", "dm")) == 1


async def test_nobody_is_an_admin_in_direct_messages(served: Served) -> None:
    offered = (await state(served, "ada"))["channels"]
    names = {channel: {form["name"] for form in found["commands"]} for channel, found in offered.items()}
    assert "quotas set" in names["studio"]
    assert "quotas set" not in names["dm"]


async def test_send_to_me_posts_a_copy_in_direct_messages(served: Served) -> None:
    await command(served, "ada", BEAR)
    job = (await served.core.finish()).id
    body = {"action": Action.SEND, "job": job, "key": "key-00002"}
    answer = await post(served, "action", "grace", body)
    assert answer["toast"]["title"] == "On its way to you"
    copies = await seen(served, "grace", "card", "dm")
    assert [(copy["name"], copy["to"], copy["jobs"][0]["id"]) for copy in copies] == [("ada", "grace", job)]
    assert await seen(served, "ada", "card", "dm") == []


@pytest.mark.parametrize("how", ["typed", "form", "button"])
async def test_delete_asks_for_confirmation_and_names_the_job(served: Served, how: str) -> None:
    await command(served, "ada", BEAR)
    job = (await served.core.finish()).id
    if how == "typed":
        asked = await command(served, "ada", f"/delete #{job[-6:]}", "key-00002")
    elif how == "form":
        asked = await fill(served, "ada", "delete", "key-00002", job=job)
    else:
        asked = await post(served, "action", "ada", {"action": "delete", "job": job, "key": "key-00002"})
    question = asked["question"]
    assert f"#{job[-6:]}" in question["text"]
    assert question["media"]["still"]
    assert ["Keep", "Delete"] == [one["label"] for one in question["choices"]]
    assert not (await served.core.job(job)).deleted
    await decide(served, "ada", asked, "Delete")
    assert (await served.core.job(job)).deleted


@pytest.mark.parametrize("how", ["typed", "form"])
async def test_an_address_in_the_prompt_is_a_picture(served: Served, how: str) -> None:
    words = "a red fox <https://example.org/a.png>"
    if how == "typed":
        await command(served, "ada", f"/imagine {words}")
        refused = await command(served, "ada", "/extend https://example.org/a.mp4", "key-00002")
    else:
        await fill(served, "ada", "imagine", prompt=words)
        refused = await fill(served, "ada", "extend", "key-00002", prompt="https://example.org/a.mp4")
    request = (await served.core.newest()).request
    assert isinstance(request, ImageRequest)
    assert ("a red fox", ["https://example.org/a.png"]) == (
        request.prompt,
        [one.url for one in request.image_refs],
    )
    assert refused["refused"]
    assert "not one from an address" in refused["messages"][0]["text"]


async def test_the_price_names_the_job_that_a_command_would_use(served: Served) -> None:
    await command(served, "ada", BEAR)
    job = (await served.core.finish()).id
    bare = await price(served, text="/reframe 1:1")
    named = await price(served, text=f"/reframe 1:1 {job}")
    assert f"{named['price']} · builds on #{job[-6:]}" == bare["price"]


async def test_a_refusal_that_cannot_be_stored_is_shown(served: Served) -> None:
    """On a full disk commands are refused; the refusal itself must not get lost."""
    served.core.adapter_data.put_error = StoreError("database or disk is full")
    async with served.client() as client:
        body = {"text": "/imagine", "key": "key-00001"}
        answer = await client.post("/playground/command", params={"me": "ada"}, json=body)
    assert 422 == answer.status_code
    assert "Prompt is required" in answer.json()["error"]


async def test_the_settings_of_a_job_fill_its_form_again(served: Served) -> None:
    """Also its uploaded file, which is named by a token of the person who asks."""
    _, file = await upload(served, "ada", picture(320, 240))
    made = await fill(
        served, "ada", "imagine", prompt="a fox", image=[{"file": file["token"], "weight": 0.5}]
    )
    job = made["messages"][1]["jobs"][0]["id"]
    async with served.client() as client:
        answer = await client.get("/playground/settings", params={"me": "grace", "job": job})
    found = answer.json()
    written = "/imagine a fox --model photon-1 --aspect_ratio 16:9 --count 1 --format jpg --private=no"
    assert found["line"] == written
    assert (found["command"], found["files"]) == ("imagine", ["image"])
    (given,) = found["values"]["image"]
    again = found["values"] | {"image": [{"file": given["file"]["token"], "weight": given["weight"]}]}
    await fill(served, "grace", "imagine", "key-00002", **again)
    first, second = await served.core.jobs()
    assert first.request == second.request


async def test_private_notes_can_be_dismissed_together_and_are_not_kept_for_ever(served: Served) -> None:
    for number in range(3):
        await command(served, "ada", "/quota", f"key-0000{number}")
    await command(served, "ada", "/quota", "key-00009", channel="dm")
    await command(served, "grace", "/quota", "key-00008")
    assert len(await seen(served, "ada", "note")) == 3
    await post(served, "dismiss", "ada", {"id": None})
    assert await seen(served, "ada", "note") == []
    assert len(await seen(served, "ada", "note", "dm")) == 1
    assert len(await seen(served, "grace", "note")) == 1
    served.core.engine.advance(25 * 3_600_000)
    assert await seen(served, "grace", "note") == []
