"""The fake accepts messages: from whom, where, how long, and with which content."""

from collections.abc import AsyncIterator
from typing import Any

import pytest
from slack_sdk.errors import SlackApiError
from slack_sdk.web.async_client import AsyncWebClient

from tests.platforms.fake_slack import FakeSlack
from tests.platforms.fake_slack.transport.contracts import are_at_hand
from tests.platforms.tiny_slack_app import client, manifest, refused

Json = dict[str, Any]

TEXT = {"type": "plain_text", "text": "x"}


@pytest.fixture
async def slack() -> AsyncIterator[FakeSlack]:
    async with FakeSlack(manifest()) as running:
        yield running


def button(action_id: str = "rv:again", **more: Any) -> Json:
    return {"type": "button", "action_id": action_id, "text": TEXT, **more}


def actions(*elements: Json, **more: Any) -> Json:
    return {"type": "actions", "elements": list(elements), **more}


def section(text: str) -> Json:
    return {"type": "section", "text": {"type": "mrkdwn", "text": text}}


async def test_a_message_is_posted_changed_and_taken_back(slack: FakeSlack) -> None:
    team = slack.team("Film club")
    api = client(slack, team)
    posted = await api.chat_postMessage(channel=team.general.id, text="one", blocks=[actions(button())])
    message = team.general.messages[posted["ts"]]
    await api.chat_update(channel=team.general.id, ts=posted["ts"], text="two")
    kept = message.parts
    await api.chat_update(channel=team.general.id, ts=posted["ts"], text="three", blocks=[])
    await api.chat_delete(channel=team.general.id, ts=posted["ts"])

    assert [each["action_id"] for each in kept] == ["rv:again"]
    assert (message.text, message.blocks, message.deleted) == ("three", [], True)
    assert [revision.text for revision in message.revisions] == ["one", "two"]
    assert team.general.messages == {}


async def test_who_may_write_where(slack: FakeSlack) -> None:
    team, others = slack.team("Film club"), slack.team("Another club")
    slack.user(team, "ada")
    api = client(slack, team)
    outside = slack.channel(team, "outside", with_bot=False)
    hidden = slack.channel(team, "hidden", private=True, with_bot=False)
    old = slack.channel(team, "old")
    slack.archive(old)
    channels = [outside.id, hidden.id, old.id, others.general.id, "C404"]

    errors = [await refused(api.chat_postMessage(channel=each, text="x")) for each in channels]
    slack.invite_bot(outside)
    await api.chat_postMessage(channel=outside.id, text="x")
    slack.kick_bot(outside)

    assert errors == ["not_in_channel", "channel_not_found", "is_archived", *["channel_not_found"] * 2]
    assert await refused(api.chat_postMessage(channel=outside.id, text="x")) == "not_in_channel"


async def test_a_token_reaches_as_far_as_its_scopes_and_its_life(slack: FakeSlack) -> None:
    team, poor = slack.team("Film club"), slack.team("Poor club", installed=False)
    slack.let_app_in(poor, scopes=["commands"])
    with pytest.raises(SlackApiError) as refusal:
        await client(slack, poor).chat_postMessage(channel=poor.general.id, text="x")
    unknown = AsyncWebClient("xoxb-none", base_url=slack.api)
    nobody = AsyncWebClient(base_url=slack.api)
    app = AsyncWebClient(slack.app_token, base_url=slack.api)
    api = client(slack, team)
    slack.revoke_tokens(team)

    assert (refusal.value.response["error"], refusal.value.response["needed"]) == (
        "missing_scope",
        "chat:write",
    )
    assert await refused(unknown.auth_test()) == "invalid_auth"
    assert await refused(nobody.auth_test()) == "not_authed"
    assert await refused(app.auth_test()) == "not_allowed_token_type"
    assert await refused(api.auth_test()) == "token_revoked"


async def test_only_ones_own_messages_can_be_changed(slack: FakeSlack) -> None:
    team = slack.team("Film club")
    ada = slack.user(team, "ada")
    api = client(slack, team)
    with slack.holding():
        theirs = ada.write("hello")
    where = team.general.id
    whisper = await api.chat_postEphemeral(channel=team.general.id, user=ada.user.id, text="psst")
    stranger = slack.user(slack.team("Another club"), "eve")

    assert await refused(api.chat_update(channel=where, ts=theirs.ts, text="x")) == "cant_update_message"
    assert await refused(api.chat_delete(channel=where, ts=theirs.ts)) == "cant_delete_message"
    for ts in ("1.2", whisper["message_ts"]):
        update = api.chat_update(channel=team.general.id, ts=ts, text="x")
        assert await refused(update) == "message_not_found"
    ephemeral = api.chat_postEphemeral(channel=team.general.id, user=stranger.user.id, text="x")
    assert await refused(ephemeral) == "user_not_in_channel"


@pytest.mark.parametrize(
    ("message", "error"),
    [
        ({"text": ""}, "no_text"),
        ({"text": "x" * 40_001}, "msg_too_long"),
        ({"blocks": [{"type": "divider"}] * 51}, "invalid_blocks"),
        ({"blocks": [section("x" * 3001)]}, "invalid_blocks"),
        ({"blocks": [section("x" * 3000)] * 5}, "msg_blocks_too_long"),
        ({"blocks": [actions(button(), button())]}, "invalid_blocks"),
        ({"blocks": [actions(button("x" * 256))]}, "invalid_blocks"),
        ({"blocks": [actions(button(value="x" * 2001))]}, "invalid_blocks"),
        ({"blocks": [actions(*[button(f"{number}") for number in range(26)])]}, "invalid_blocks"),
        ({"blocks": [actions(button(), block_id="a"), actions(button(), block_id="a")]}, "invalid_blocks"),
        ({"blocks": [{"type": "header", "text": {**TEXT, "text": "x" * 151}}]}, "invalid_blocks"),
        (
            {"blocks": [{"type": "image", "alt_text": "x" * 2001, "image_url": "https://example.org/a.png"}]},
            "invalid_blocks",
        ),
        (
            {"blocks": [{"type": "image", "alt_text": "x", "slack_file": {"id": "F404"}}]},
            "invalid_blocks",
        ),
        ({"metadata": {"event_type": "card", "event_payload": "x"}}, "invalid_metadata_format"),
    ],
)
async def test_a_message_beyond_the_limits_is_refused(slack: FakeSlack, message: Json, error: str) -> None:
    team = slack.team("Film club")
    told = {"text": "x", **message}
    call = client(slack, team).api_call("chat.postMessage", json={"channel": team.general.id, **told})
    assert await refused(call) == error
    assert team.general.messages == {}


@pytest.mark.parametrize(
    "block",
    [
        {"type": "image", "image_url": "https://example.org/a.png"},
        pytest.param(
            {"type": "actions", "elements": [button(colour="red")]},
            marks=pytest.mark.skipif(not are_at_hand(), reason="the published contracts are not at hand"),
        ),
        {"type": "poem", "text": "x"},
    ],
)
async def test_blocks_of_the_wrong_shape_are_never_sent(slack: FakeSlack, block: Json) -> None:
    """They are refused, and the test fails at its end besides where the contracts are at hand."""
    team = slack.team("Film club")
    call = client(slack, team).chat_postMessage(channel=team.general.id, text="x", blocks=[block])
    assert await refused(call) == "invalid_blocks"
    slack.violations.clear()


async def test_what_was_said_can_be_read_again_but_not_its_metadata_unasked(slack: FakeSlack) -> None:
    team = slack.team("Film club")
    api = client(slack, team)
    where = team.general.id
    metadata = {"event_type": "reverie_card", "event_payload": {"card": "01J"}}
    first = await api.chat_postMessage(channel=where, text="one", metadata=metadata)
    await api.chat_postMessage(channel=where, text="two", thread_ts=first["ts"])
    await api.chat_postMessage(channel=where, text="three")

    shown = await api.conversations_history(channel=where, limit=1)
    rest = await api.conversations_history(
        channel=where, cursor=shown["response_metadata"]["next_cursor"], include_all_metadata=True
    )
    thread = await api.conversations_replies(channel=where, ts=first["ts"])
    later = await api.conversations_history(channel=where, oldest=first["ts"])

    assert [each["text"] for each in shown["messages"]] == ["three"]
    assert [(each["text"], each["metadata"]) for each in rest["messages"]] == [("one", metadata)]
    assert [(each["text"], "metadata" in each) for each in thread["messages"]] == [
        ("one", False),
        ("two", False),
    ]
    assert [each["text"] for each in later["messages"]] == ["three"]
    assert await refused(api.conversations_replies(channel=where, ts="1.2")) == "thread_not_found"


async def test_history_of_distributed_apps_is_scarce(slack: FakeSlack) -> None:
    team = slack.team("Film club")
    api = client(slack, team)
    for number in range(16):
        await api.chat_postMessage(channel=team.general.id, text=f"{number}")
    slack.limits.be_strict()
    slack.app.is_distributed = True
    page = await api.conversations_history(channel=team.general.id, limit=100)
    again = await refused(api.conversations_history(channel=team.general.id))
    slack.clock.advance(60)
    await api.conversations_history(channel=team.general.id)

    assert len(page["messages"]) == 15
    assert again == "ratelimited"


async def test_a_channel_takes_one_message_a_second(slack: FakeSlack) -> None:
    team = slack.team("Film club")
    api = client(slack, team)
    other = slack.channel(team, "other")
    slack.limits.be_strict()
    await api.chat_postMessage(channel=team.general.id, text="x")
    with pytest.raises(SlackApiError) as refusal:
        await api.chat_postMessage(channel=team.general.id, text="x")
    await api.chat_postMessage(channel=other.id, text="x")
    slack.clock.advance(1)
    await api.chat_postMessage(channel=team.general.id, text="x")

    assert (refusal.value.response.status_code, refusal.value.response.headers["Retry-After"]) == (429, "1")


async def test_direct_messages_are_opened_by_person(slack: FakeSlack) -> None:
    team = slack.team("Film club")
    ada = slack.user(team, "ada")
    api = client(slack, team)
    opened = await api.conversations_open(users=ada.user.id)
    posted = await api.chat_postMessage(channel=ada.user.id, text="hello")
    info = await api.conversations_info(channel=opened["channel"]["id"])
    slack.deactivate(ada)

    assert posted["channel"] == opened["channel"]["id"]
    assert (info["channel"]["is_im"], info["channel"]["user"]) == (True, ada.user.id)
    assert [message.text for message in ada.reads_directly()] == ["hello"]
    assert await refused(api.conversations_open(users=ada.user.id)) == "user_disabled"
    assert await refused(api.conversations_open(users="U404")) == "user_not_found"


async def test_who_is_who(slack: FakeSlack) -> None:
    team = slack.team("Film club")
    ada, bob = slack.user(team, "ada", admin=True), slack.user(team, "bob")
    films = slack.group(team, "films", bob)
    api = client(slack, team)
    me = await api.auth_test()
    people = [(await api.users_info(user=each.user.id))["user"]["is_admin"] for each in (ada, bob)]
    members = await api.conversations_members(channel=team.general.id)

    assert (me["user_id"], me["team_id"]) == (team.bot.id, team.id)
    assert (await api.bots_info(bot=me["bot_id"]))["bot"]["user_id"] == team.bot.id
    assert people == [True, False]
    assert (await api.usergroups_users_list(usergroup=films.id))["users"] == [bob.user.id]
    assert (await api.team_info())["team"]["name"] == "Film club"
    assert set(members["members"]) == {team.bot.id, ada.user.id, bob.user.id}
    assert await refused(api.usergroups_users_list(usergroup="S404")) == "no_such_subteam"
    assert await refused(api.users_info(user="U404")) == "user_not_found"
