"""The fake's events for messages, buttons, menus, mentions and reactions, and who receives them."""

from collections.abc import AsyncIterator, Awaitable, Callable
from typing import Any

import pytest
from slack_bolt.async_app import AsyncApp, AsyncRespond

from tests.platforms.fake_slack import FakeSlack, NotOffered
from tests.platforms.tiny_slack_app import by_socket, client, listening, manifest, refused

Json = dict[str, Any]
Ack = Callable[..., Awaitable[None]]

BUTTONS = [
    {
        "type": "actions",
        "block_id": "row",
        "elements": [
            {
                "type": "button",
                "action_id": "rv:again",
                "value": "01J:1",
                "text": {"type": "plain_text", "text": "🎲 Again"},
            },
            {
                "type": "overflow",
                "action_id": "rv:more",
                "options": [
                    {"text": {"type": "plain_text", "text": "Delete"}, "value": "delete"},
                    {"text": {"type": "plain_text", "text": "Send"}, "value": "send"},
                ],
            },
        ],
    }
]


@pytest.fixture
async def slack() -> AsyncIterator[FakeSlack]:
    async with FakeSlack(manifest()) as running:
        yield running


def replacing(app: AsyncApp) -> None:
    """Answer each button by saying so in its place."""

    @app.action({"block_id": "row"})
    async def replace(ack: Ack, respond: AsyncRespond) -> None:
        await ack()
        await respond("Done", replace_original=True)


async def test_a_button_names_its_message_and_can_replace_it(slack: FakeSlack) -> None:
    team = slack.team("Film club")
    ada = slack.user(team, "ada")
    api = client(slack, team)
    async with by_socket(slack, team, replacing):
        posted = await api.chat_postMessage(channel=team.general.id, text="card", blocks=BUTTONS)
        card = team.general.messages[posted["ts"]]
        pressed = ada.press(card, "Again")
        await pressed.response()
        with pytest.raises(NotOffered, match="offers"):
            ada.choose(card, "rv:more", "vanish")
        chosen = ada.choose(card, "rv:more", "Send")
        await chosen.acknowledged()

    told = pressed.delivery.payload
    assert (told["message"]["ts"], told["channel"]["id"]) == (card.ts, team.general.id)
    assert [(each["action_id"], each["value"]) for each in told["actions"]] == [("rv:again", "01J:1")]
    assert chosen.delivery.payload["actions"][0]["selected_option"]["value"] == "send"
    assert card.text == "Done"


async def test_a_button_event_lacks_its_ephemeral_message_which_can_be_deleted(
    slack: FakeSlack,
) -> None:
    team = slack.team("Film club")
    ada, bob = slack.user(team, "ada"), slack.user(team, "bob")

    def deleting(app: AsyncApp) -> None:
        @app.action("rv:again")
        async def delete(ack: Ack, respond: AsyncRespond) -> None:
            await respond(delete_original=True)
            await ack()

    async with by_socket(slack, team, deleting):
        await client(slack, team).chat_postEphemeral(
            channel=team.general.id, user=ada.user.id, text="card", blocks=BUTTONS
        )
        (whisper,) = ada.reads()
        with pytest.raises(NotOffered, match="does not see"):
            bob.press(whisper, "rv:again")
        with pytest.raises(NotOffered, match="alone"):
            ada.react(whisper, "recycle")
        pressed = ada.press(whisper, "rv:again")
        await pressed.acknowledged()

    assert "message" not in pressed.delivery.payload
    assert pressed.delivery.payload["container"]["is_ephemeral"] is True
    assert ada.reads() == []


async def test_menus_name_their_message_or_none(slack: FakeSlack) -> None:
    team = slack.team("Film club")
    ada = slack.user(team, "ada")
    async with by_socket(slack, team, listening):
        message = ada.write("hello")
        with pytest.raises(NotOffered, match="no message shortcut"):
            ada.use_on(message, "Make")
        used = ada.use_on(message, "Animate")
        opened = ada.open_shortcut("Make")
        for each in (used, opened):
            await each.acknowledged()

    assert (used.delivery.payload["type"], used.delivery.payload["message_ts"]) == (
        "message_action",
        message.ts,
    )
    assert opened.delivery.payload["type"] == "shortcut"
    assert "channel" not in opened.delivery.payload


async def test_a_mention_in_a_thread_says_so(slack: FakeSlack) -> None:
    team = slack.team("Film club")
    ada = slack.user(team, "ada")
    async with by_socket(slack, team, listening):
        first = ada.write("hello")
        ada.at(first).mention("imagine a fox & a hen", ada.file("in.png", b"x"))
        await slack.until(lambda: sum(each.settled for each in slack.deliveries) == 3)

    (mention,) = [each for each in slack.deliveries if each.name == "app_mention"]
    event = mention.payload["event"]
    assert event["text"] == f"<@{team.bot.id}> imagine a fox &amp; a hen"
    assert (event["thread_ts"], event["files"][0]["name"]) == (first.ts, "in.png")


async def test_no_events_come_from_channels_without_the_bot(slack: FakeSlack) -> None:
    team = slack.team("Film club")
    ada = slack.user(team, "ada")
    outside = slack.channel(team, "outside", with_bot=False)
    message = ada.at(outside).mention("imagine a fox")
    ada.at(outside).react(message, "recycle")
    assert slack.deliveries == []


async def test_only_subscribed_events_are_sent() -> None:
    told = manifest()
    told["settings"]["event_subscriptions"]["bot_events"] = ["app_mention"]
    async with FakeSlack(told) as slack:
        ada = slack.user(slack.team("Film club"), "ada")
        ada.react(ada.write("hello"), "recycle")
        assert slack.deliveries == []


async def test_edits_and_deletions_are_sent_as_message_events(slack: FakeSlack) -> None:
    team = slack.team("Film club")
    api = client(slack, team)
    posted = await api.chat_postMessage(channel=team.general.id, text="one")
    await api.chat_update(channel=team.general.id, ts=posted["ts"], text="two")
    await api.chat_delete(channel=team.general.id, ts=posted["ts"])

    events = [each.payload["event"] for each in slack.deliveries]
    assert [each.get("subtype") for each in events] == [None, "message_changed", "message_deleted"]
    changed = events[1]
    assert (changed["previous_message"]["text"], changed["message"]["text"]) == ("one", "two")


async def test_names_come_as_ids_where_the_command_wants_that() -> None:
    told = manifest()
    told["features"]["slash_commands"][0]["should_escape"] = True
    async with FakeSlack(told) as slack:
        team = slack.team("Film club")
        ada, bob = slack.user(team, "ada"), slack.user(team, "bob")
        films = slack.group(team, "films", bob)
        ada.slash("/imagine", "@bob @films #general")

    text = slack.deliveries[0].payload["text"]
    assert text == (f"<@{bob.user.id}|bob> <!subteam^{films.id}|films> <#{team.general.id}|general>")


async def test_reactions_come_and_go(slack: FakeSlack) -> None:
    team = slack.team("Film club")
    ada = slack.user(team, "ada")
    api = client(slack, team)
    async with by_socket(slack, team, listening):
        posted = await api.chat_postMessage(channel=team.general.id, text="card")
        card = team.general.messages[posted["ts"]]
        ada.react(card, "+1::skin-tone-2")
        await api.reactions_add(channel=team.general.id, timestamp=card.ts, name="star")
        twice = await refused(api.reactions_add(channel=team.general.id, timestamp=card.ts, name="star"))
        seen = await api.reactions_get(channel=team.general.id, timestamp=card.ts)
        ada.unreact(card, "+1::skin-tone-2")
        await slack.until(lambda: sum(each.settled for each in slack.deliveries) == 4)

    events = [each.payload["event"] for each in slack.deliveries if each.name != "message.channels"]
    assert {(each["type"], each["reaction"], each["user"]) for each in events} == {
        ("reaction_added", "+1::skin-tone-2", ada.user.id),
        ("reaction_added", "star", team.bot.id),
        ("reaction_removed", "+1::skin-tone-2", ada.user.id),
    }
    assert twice == "already_reacted"
    assert len(seen["message"]["reactions"]) == 2
    assert list(card.reactions) == ["star"]


async def test_an_organisations_app_hears_where_it_happened(slack: FakeSlack) -> None:
    acme = slack.enterprise("Acme")
    film = slack.team("Film club", installed=False, enterprise=acme)
    slack.install_everywhere(acme)
    ada = slack.user(film, "ada")
    async with by_socket(slack, film, listening):
        asked = ada.slash("/imagine")
        opened = ada.open_shortcut("Make")
        ada.write("hello")
        for each in (asked, opened):
            await each.acknowledged()
        await slack.until(lambda: all(each.settled for each in slack.deliveries))
        me = await client(slack, film).auth_test()

    command, shortcut, event = (each.payload for each in slack.deliveries)
    assert (command["is_enterprise_install"], command["enterprise_id"]) == ("true", acme.id)
    assert (shortcut["is_enterprise_install"], shortcut["enterprise"]["id"]) == (True, acme.id)
    assert (shortcut["team"], shortcut["user"]["team_id"]) == (None, film.id)
    assert event["authorizations"][0]["is_enterprise_install"] is True
    assert (event["team_id"], event["enterprise_id"]) == (film.id, acme.id)
    assert (me["team_id"], me["enterprise_id"]) == (acme.id, acme.id)
