"""The fake opens modals: while a trigger is valid, within limits, and with what people enter."""

from collections.abc import AsyncIterator, Awaitable, Callable
from typing import Any

import pytest
from slack_bolt.async_app import AsyncApp

from tests.platforms.fake_slack import FakeSlack, NotOffered
from tests.platforms.tiny_slack_app import by_socket, client, listening, manifest, refused

Json = dict[str, Any]
Ack = Callable[..., Awaitable[None]]


@pytest.fixture
async def slack() -> AsyncIterator[FakeSlack]:
    async with FakeSlack(manifest()) as running:
        yield running


def text(words: str) -> Json:
    return {"type": "plain_text", "text": words}


def option(value: str) -> Json:
    return {"text": text(value), "value": value}


def asked(block_id: str, element: Json, **more: Any) -> Json:
    return {
        "type": "input",
        "block_id": block_id,
        "label": text(block_id),
        "element": {"action_id": block_id, **element},
        **more,
    }


def form(*blocks: Json, **more: Any) -> Json:
    view = {"type": "modal", "callback_id": "make", "title": text("Make"), "submit": text("Make")}
    return {**view, "blocks": list(blocks), **more}


PROMPT = asked("prompt", {"type": "plain_text_input", "max_length": 10})
SHAPE = asked(
    "shape",
    {"type": "static_select", "options": [option("1:1"), option("16:9")], "initial_option": option("16:9")},
    dispatch_action=True,
)
JOB = asked("job", {"type": "external_select", "min_query_length": 0}, optional=True)
PICTURES = asked("pictures", {"type": "file_input", "filetypes": ["png"], "max_files": 1}, optional=True)


def making(view: Json, answer: Json | None = None) -> Callable[[AsyncApp], None]:
    """Make an app that opens a form at its shortcut and answers it as wanted."""

    def setup(app: AsyncApp) -> None:
        @app.shortcut("make")
        async def open_form(ack: Ack, shortcut: Json, client: Any) -> None:
            await client.views_open(trigger_id=shortcut["trigger_id"], view=view)
            await ack()

        @app.view("make")
        async def take(ack: Ack) -> None:
            await ack(**(answer or {}))

        @app.action("shape")
        async def change(ack: Ack, body: Json, client: Any) -> None:
            seen = body["view"]
            await client.views_update(view_id=seen["id"], hash=seen["hash"], view=form(PROMPT, SHAPE, JOB))
            await ack()

        @app.options("job")
        async def offer(ack: Ack, payload: Json) -> None:
            await ack(options=[option(f"{payload['value']}-1"), option(f"{payload['value']}-2")])

    return setup


async def test_a_form_is_opened_changed_and_sent(slack: FakeSlack) -> None:
    team = slack.team("Film club")
    ada = slack.user(team, "ada")
    async with by_socket(slack, team, making(form(PROMPT, SHAPE))):
        view = await ada.open_shortcut("Make").view()
        changing = ada.choose(view, "shape", "1:1")
        await changing.view(lambda each: len(each.blocks) == 3)
        offered = await ada.suggestions(view, "job", "01J").options()
        sent = ada.submit(view, {"prompt": "a fox", "job": "01J-2"})
        await sent.acknowledged()

    values = sent.delivery.payload["view"]["state"]["values"]
    assert [each["value"] for each in offered] == ["01J-1", "01J-2"]
    assert values["prompt"]["prompt"] == {"type": "plain_text_input", "value": "a fox"}
    assert values["shape"]["shape"]["selected_option"]["value"] == "1:1"
    assert values["job"]["job"]["selected_option"]["value"] == "01J-2"
    assert view.closed


async def test_files_are_put_into_a_form(slack: FakeSlack) -> None:
    team = slack.team("Film club")
    ada = slack.user(team, "ada")
    async with by_socket(slack, team, making(form(PROMPT, PICTURES))):
        view = await ada.open_shortcut("make").view()
        with pytest.raises(NotOffered, match="png"):
            ada.submit(view, {"pictures": ada.file("in.gif", b"x")})
        sent = ada.submit(view, {"prompt": "a fox", "pictures": ada.file("in.png", b"x")})
        await sent.acknowledged()

    files = sent.delivery.payload["view"]["state"]["values"]["pictures"]["pictures"]["files"]
    assert [(file["name"], file["mimetype"]) for file in files] == [("in.png", "image/png")]


@pytest.mark.parametrize(
    ("values", "complaint"),
    [
        ({}, "prompt must be filled in"),
        ({"prompt": "x" * 11}, "0 to 10 characters"),
        ({"prompt": "x", "shape": "4:3"}, "offers"),
        ({"prompt": "x", "job": "01J"}, "offers"),
        ({"colour": "red"}, "no 'colour'"),
    ],
)
async def test_a_form_is_not_sent_as_it_could_not_be(slack: FakeSlack, values: Json, complaint: str) -> None:
    team = slack.team("Film club")
    ada = slack.user(team, "ada")
    async with by_socket(slack, team, making(form(PROMPT, SHAPE, JOB))):
        view = await ada.open_shortcut("Make").view()
        with pytest.raises(NotOffered, match=complaint):
            ada.submit(view, values)


async def test_a_form_comes_back_with_what_is_wrong_in_it(slack: FakeSlack) -> None:
    team = slack.team("Film club")
    ada = slack.user(team, "ada")
    answer = {"response_action": "errors", "errors": {"prompt": "Say more"}}
    async with by_socket(slack, team, making(form(PROMPT), answer)):
        view = await ada.open_shortcut("Make").view()
        sent = ada.submit(view, {"prompt": "x"})
        await sent.acknowledged()

    assert sent.errors == {"prompt": "Say more"}
    assert not view.closed


async def test_a_sent_form_can_make_way_for_another(slack: FakeSlack) -> None:
    team = slack.team("Film club")
    ada = slack.user(team, "ada")
    answer = {"response_action": "push", "view": form(title=text("Sure?"))}
    async with by_socket(slack, team, making(form(PROMPT), answer)):
        view = await ada.open_shortcut("Make").view()
        second = await ada.submit(view, {"prompt": "x"}).view(lambda each: each is not view)
        third = await ada.submit(second).view(lambda each: each is not second)

    assert [view.depth, second.depth, third.depth] == [1, 2, 3]


@pytest.mark.parametrize(
    "answer",
    [
        {"response_action": "errors", "errors": {"nowhere": "x"}},
        {"response_action": "update", "view": form(title=text("x" * 25))},
        {"response_action": "vanish"},
    ],
)
async def test_a_false_answer_to_a_form_is_complained_about(slack: FakeSlack, answer: Json) -> None:
    team = slack.team("Film club")
    ada = slack.user(team, "ada")
    async with by_socket(slack, team, making(form(PROMPT), answer)):
        view = await ada.open_shortcut("Make").view()
        await ada.submit(view, {"prompt": "x"}).acknowledged()
        await slack.until(lambda: bool(slack.violations))

    assert "is refused" in slack.violations[0]
    slack.violations.clear()


async def test_a_trigger_is_fresh_for_three_seconds_and_opens_one_form(slack: FakeSlack) -> None:
    team = slack.team("Film club")
    ada = slack.user(team, "ada")
    api = client(slack, team)
    async with by_socket(slack, team, listening):
        first, second = ada.slash("/imagine"), ada.slash("/imagine")
        for each in (first, second):
            await each.acknowledged()
        triggers = [each.delivery.payload["trigger_id"] for each in (first, second)]
        await api.views_open(trigger_id=triggers[0], view=form(PROMPT))
        slack.clock.advance(3.1)
        errors = [
            await refused(api.views_open(trigger_id=each, view=form(PROMPT))) for each in (*triggers, "1.2.3")
        ]

    assert errors == ["exchanged_trigger_id", "expired_trigger_id", "invalid_trigger_id"]
    assert await first.view()


@pytest.mark.parametrize(
    "view",
    [
        form(PROMPT, title=text("x" * 25)),
        form(*[{"type": "divider"}] * 101),
        form(PROMPT, private_metadata="x" * 3001),
        form(PROMPT, callback_id="x" * 256),
        {key: value for key, value in form(PROMPT).items() if key != "submit"},
        form(asked("prompt", {"type": "plain_text_input", "max_length": 3001})),
        form(asked("shape", {"type": "static_select", "options": [option(f"{n}") for n in range(101)]})),
        form(
            asked("shape", {"type": "static_select", "options": [option("a")], "initial_option": option("b")})
        ),
    ],
)
async def test_a_form_beyond_the_limits_is_refused(slack: FakeSlack, view: Json) -> None:
    team = slack.team("Film club")
    ada = slack.user(team, "ada")
    trigger = slack.world.new_trigger(ada.user).id
    call = client(slack, team).views_open(trigger_id=trigger, view=view)
    assert await refused(call) == "invalid_arguments"
    assert slack.world.views == {}


async def test_forms_lie_three_deep_and_know_their_revision(slack: FakeSlack) -> None:
    team = slack.team("Film club")
    ada = slack.user(team, "ada")
    api = client(slack, team)
    opened = await api.views_open(
        trigger_id=slack.world.new_trigger(ada.user).id, view=form(external_id="only")
    )
    view = opened["view"]
    for _ in range(2):
        trigger = slack.world.new_trigger(ada.user, view_id=view["id"]).id
        view = (await api.views_push(trigger_id=trigger, view=form()))["view"]
    trigger = slack.world.new_trigger(ada.user, view_id=view["id"]).id
    free = slack.world.new_trigger(ada.user).id

    assert await refused(api.views_push(trigger_id=trigger, view=form())) == "push_limit_reached"
    assert await refused(api.views_open(trigger_id=free, view=form(external_id="only"))) == (
        "duplicate_external_id"
    )
    stale = api.views_update(view_id=view["id"], hash="1.old", view=form())
    assert await refused(stale) == "hash_conflict"
    assert await refused(api.views_update(view_id="V404", view=form())) == "not_found"
    await api.views_update(external_id="only", view=form(title=text("New")))
    assert slack.world.view(opened["view"]["id"]).told["title"]["text"] == "New"


async def test_closing_a_view_is_reported_if_the_app_asks_for_it(slack: FakeSlack) -> None:
    team = slack.team("Film club")
    ada = slack.user(team, "ada")

    def closing(app: AsyncApp) -> None:
        @app.view_closed("make")
        async def hear(ack: Ack) -> None:
            await ack()

    async with by_socket(slack, team, making(form(notify_on_close=True)), closing):
        view = await ada.open_shortcut("Make").view()
        told = ada.close(view)
        assert told is not None
        await told.acknowledged()

    assert view.closed


async def test_the_home_tab_is_published_and_opened(slack: FakeSlack) -> None:
    team = slack.team("Film club")
    ada = slack.user(team, "ada")
    api = client(slack, team)
    home = {"type": "home", "blocks": [{"type": "header", "text": text("Hello")}]}
    async with by_socket(slack, team, listening):
        published = await api.views_publish(user_id=ada.user.id, view=home)
        await api.views_publish(user_id=ada.user.id, view=home, hash=published["view"]["hash"])
        stale = api.views_publish(user_id=ada.user.id, view=home, hash=published["view"]["hash"])
        assert await refused(stale) == "hash_conflict"
        ada.open_home()
        await slack.until(lambda: slack.deliveries[-1].settled)

    event = slack.deliveries[-1].payload["event"]
    assert (event["type"], event["tab"], event["view"]["type"]) == ("app_home_opened", "home", "home")
    assert ada.home is not None
    assert await refused(api.views_publish(user_id=ada.user.id, view=form())) == "invalid_arguments"
