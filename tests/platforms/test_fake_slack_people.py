"""The fake describes each kind of user as Slack does."""

from typing import Any

import pytest
from slack_sdk.errors import SlackApiError
from slack_sdk.web.async_client import AsyncWebClient

from tests.platforms.fake_slack import FakeSlack, Person
from tests.platforms.tiny_slack_app import manifest


def _client(slack: FakeSlack, team: Any) -> AsyncWebClient:
    client = AsyncWebClient(slack.bot_token(team), base_url=slack.api)
    client.proxy = None
    return client


async def test_each_kind_of_user_is_described_as_slack_does() -> None:
    async with FakeSlack(manifest()) as slack:
        team, home = slack.team("Film club"), slack.team("Elsewhere", installed=False)
        people: dict[str, Person] = {
            "member": slack.user(team, "ada"),
            "guest": slack.guest(team, "gus"),
            "guest of one channel": slack.guest(team, "gil", of_one_channel=True),
            "bot": slack.bot(team, "robo"),
            "stranger": slack.stranger(home, team.general, "sam"),
        }
        gone = slack.user(team, "old")
        slack.deactivate(gone)
        client = _client(slack, team)
        told = {name: (await client.users_info(user=one.user.id))["user"] for name, one in people.items()}
        deleted = (await client.users_info(user=gone.user.id))["user"]

    flags = ("is_bot", "is_restricted", "is_ultra_restricted")
    assert {
        "member": [False, False, False],
        "guest": [False, True, False],
        "guest of one channel": [False, True, True],
        "bot": [True, False, False],
        "stranger": [False, False, False],
    } == {name: [one[flag] for flag in flags] for name, one in told.items()}
    assert home.id == told["stranger"]["team_id"] != team.id
    assert deleted["deleted"]


async def test_users_without_a_shared_channel_and_unknown_users_are_not_described() -> None:
    async with FakeSlack(manifest()) as slack:
        team, home = slack.team("Film club"), slack.team("Elsewhere", installed=False)
        unseen, untold, hook = slack.user(home, "sam"), slack.user(team, "eve"), slack.webhook(team, "ci")
        untold.user.is_untold = True
        client = _client(slack, team)
        for person in (unseen, untold, hook):
            with pytest.raises(SlackApiError, match="user_not_found"):
                await client.users_info(user=person.user.id)


async def test_an_edited_mention_is_sent_as_another_event() -> None:
    async with FakeSlack(manifest()) as slack:
        ada = slack.user(slack.team("Film club"), "ada")
        message = ada.mention("a red fx")
        ada.edit(message, "a red fox")
        told = [one.payload for one in slack.deliveries if one.name == "app_mention"]

    assert [False, True] == ["edited" in one["event"] for one in told]
    assert told[0]["event_id"] != told[1]["event_id"]
    assert told[0]["event"]["ts"] == told[1]["event"]["ts"]


async def test_what_an_address_writes_has_no_user_and_other_apps_are_named() -> None:
    async with FakeSlack(manifest()) as slack:
        team = slack.team("Film club")
        slack.webhook(team, "ci").mention("a red fox")
        slack.bot(team, "robo").mention("a red fox")
        hook, robo = [one.payload["event"] for one in slack.deliveries if one.name == "app_mention"]

    assert ("bot_message", False) == (hook["subtype"], "user" in hook)
    assert all((hook["bot_id"], robo["bot_id"], robo["user"]))


async def test_a_stranger_is_named_with_their_own_workspace_where_they_are() -> None:
    async with FakeSlack(manifest()) as slack:
        team, home = slack.team("Film club"), slack.team("Elsewhere", installed=False)
        slack.stranger(home, team.general, "sam").mention("a red fox")
        (told,) = [one.payload for one in slack.deliveries if one.name == "app_mention"]

    assert (team.id, True) == (told["team_id"], told["is_ext_shared_channel"])
    assert home.id == told["event"]["team"] == told["event"]["user_team"]


async def test_an_organisation_s_app_is_not_told_its_workspaces() -> None:
    async with FakeSlack(manifest()) as slack:
        organisation = slack.enterprise("Studios")
        team = slack.team("Film club", installed=False, enterprise=organisation)
        slack.install_everywhere(organisation)
        slack.user(team, "ada").mention("a red fox")
        (told,) = [one.payload for one in slack.deliveries if one.name == "app_mention"]

    assert (team.id, None) == (told["team_id"], told["authorizations"][0]["team_id"])


async def test_a_forwarded_message_brings_its_files_along() -> None:
    async with FakeSlack(manifest()) as slack:
        ada = slack.user(slack.team("Film club"), "ada")
        (message,) = ada.upload("a.png", b"x" * 9).shares
        shared = ada.forward(message, "look")
        (attachment,) = shared.attachments

    assert ["a.png"] == [one["name"] for one in attachment["files"]]
