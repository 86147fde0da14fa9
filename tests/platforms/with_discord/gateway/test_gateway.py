"""The gateway client: every event reaches its handler once, whatever happens to the connection."""

from dataclasses import replace
from typing import Any

import discord
import pytest

from adapters.chat.controls import CardControl
from adapters.discord.events.message_menu import MenuEntry
from adapters.discord.gateway.event_tasks import TaskLimits
from adapters.discord.messages.buttons import ComponentId
from bot.domain.ids import new_id
from tests.platforms.fake_discord import FakeDiscord, Person
from tests.platforms.fake_discord.rules.permissions import Permissions
from tests.platforms.fake_discord.state.payloads import guild_json, role_json
from tests.platforms.fake_discord.state.places import Guild, Role
from tests.platforms.with_discord.gateway.gateway_env import ClosedClient, ClosingClient, connected_gateway

_JOB = new_id(1_800_000_000_000, bytes(9))


@pytest.fixture
def ada(fake: FakeDiscord) -> Person:
    """A person who sees a command and a context menu entry."""
    for form in (
        {"name": "imagine", "type": 1, "description": "x"},
        {"name": str(MenuEntry.ANIMATE), "type": 3},
    ):
        fake.world.commands.put(None, form | {"contexts": [0, 1, 2], "integration_types": [0]})
    fake.gateway.identify_limits.window_ms = 0
    return fake.member(fake.guild("Film club"), "ada")


async def test_every_kind_of_event_has_its_handler(fake: FakeDiscord, ada: Person) -> None:
    pressed = ComponentId(verb=CardControl.DETAILS, job=_JOB, card=_JOB).write()
    button = {"type": 2, "style": 2, "label": "Details", "custom_id": pressed}
    async with connected_gateway(fake) as (gateway, router):
        route = discord.http.Route("POST", "/channels/{channel_id}/messages", channel_id=ada.place.id)
        rows = [{"type": 1, "components": [button]}]
        await gateway.http.request(route, json={"content": "old", "components": rows})
        message = await fake.message_in(ada.place)
        ada.slash("imagine")
        ada.use_on(message, MenuEntry.ANIMATE)
        ada.press(message, pressed)
        ada.react(message, "🎲")
        ada.unreact(message, "🎲")
        await router.has_finished(5)
    expected = {
        ("command", "imagine"),
        ("menu", "Animate"),
        ("press", ""),
        ("reaction_added", "🎲"),
        ("reaction_removed", "🎲"),
    }
    assert expected == set(router.finished)
    assert 5 == len(router.finished)


async def test_no_privileged_intents_and_no_caches_of_members_or_messages(
    fake: FakeDiscord, ada: Person
) -> None:
    async with connected_gateway(fake) as (gateway, router):
        ada.react(ada.write("look"), "🎲")
        await router.has_finished(1)
        (guild,) = gateway.guilds
        assert gateway.user is not None
        assert [gateway.user.id] == [member.id for member in guild.members]
        assert [] == list(gateway.cached_messages)
    (intents,) = {data["intents"] for op, data in fake.gateway.received if op == 2}
    assert discord.Intents(guilds=True, guild_reactions=True, dm_reactions=True).value == intents


def role_event(guild: Guild, role: Role) -> dict[str, Any]:
    return {"guild_id": str(guild.id), "role": role_json(role)}


async def test_only_roles_whose_permissions_are_read_are_kept(fake: FakeDiscord, ada: Person) -> None:
    place = ada.place.guild
    assert place is not None
    fake.role(place, "Painters")
    fake.role(place, "Keepers", Permissions.MANAGE_GUILD)
    async with connected_gateway(fake) as (gateway, _):
        (guild,) = gateway.guilds
        assert {"@everyone", "Keepers", "reverie"} == {role.name for role in guild.roles}
        gateway._connection.parsers["GUILD_UPDATE"](guild_json(place))
        assert {"@everyone", "Keepers", "reverie"} == {role.name for role in guild.roles}


async def test_a_role_is_kept_once_its_members_become_admins(fake: FakeDiscord, ada: Person) -> None:
    place = ada.place.guild
    assert place is not None
    painters = fake.role(place, "Painters")
    new = fake.role(place, "Guests")
    async with connected_gateway(fake) as (gateway, _):
        (guild,) = gateway.guilds
        parsers = gateway._connection.parsers
        parsers["GUILD_ROLE_UPDATE"](role_event(place, painters))
        parsers["GUILD_ROLE_CREATE"](role_event(place, new))
        assert guild.get_role(painters.id) is guild.get_role(new.id) is None
        for role, event in ((painters, "GUILD_ROLE_UPDATE"), (new, "GUILD_ROLE_CREATE")):
            role.permissions = Permissions.ADMINISTRATOR
            parsers[event](role_event(place, role))
            kept = guild.get_role(role.id)
            assert kept is not None
            assert kept.permissions.administrator
        painters.permissions = Permissions.NONE
        parsers["GUILD_ROLE_UPDATE"](role_event(place, painters))
        kept = guild.get_role(painters.id)
        assert kept is not None
        assert not kept.permissions.administrator


async def test_a_burst_with_a_broken_connection_arrives_completely_and_once(
    fake: FakeDiscord, ada: Person
) -> None:
    message = ada.write("look")
    async with connected_gateway(fake) as (_, router):
        fake.gateway.kill_after(3)
        for _ in range(5):
            ada.slash("imagine")
            ada.react(message, "🎲")
            ada.unreact(message, "🎲")
        await router.has_finished(15)
        assert 1 == fake.gateway.resumed
    assert 15 == len(router.finished)


@pytest.mark.parametrize("resumable", [True, False])
async def test_an_invalid_session_is_replaced(fake: FakeDiscord, ada: Person, *, resumable: bool) -> None:
    async with connected_gateway(fake) as (gateway, router):
        (before,) = fake.gateway.sessions
        fake.gateway.invalidate(resumable=resumable)
        await fake.until(lambda: fake.gateway.connected == 0 and gateway.disconnected == 1)
        await fake.until(lambda: fake.gateway.connected == 1 and gateway.disconnected == 0)
        assert resumable is (before in fake.gateway.sessions)
        ada.slash("imagine")
        await router.has_finished(1)


async def test_a_dead_connection_is_replaced_and_no_event_lost(fake: FakeDiscord, ada: Person) -> None:
    fake.gateway.heartbeat_interval_ms = 100
    async with connected_gateway(fake, heartbeat_timeout=0.4) as (_, router):
        fake.gateway.frozen = True
        ada.slash("imagine")
        await fake.until(lambda: fake.gateway.connected == 0)
        fake.gateway.frozen = False
        await router.has_finished(1)
    assert [("command", "imagine")] == router.finished


async def test_interactions_that_cannot_start_in_time_are_rejected(fake: FakeDiscord, ada: Person) -> None:
    """Three are handled, two wait too long, two are rejected at once; a reaction is queued."""
    limits = TaskLimits(interactions=3, queued_interactions=2, queue_s=0.2, background=1)
    async with connected_gateway(fake, limits=limits) as (_, router):
        router.opened.clear()
        for _ in range(7):
            ada.slash("imagine")
        ada.react(ada.write("look"), "🎲")
        ada.react(ada.write("look"), "🔁")
        await fake.until(lambda: router.started == 8)
        router.opened.set()
        await router.has_finished(9)
        ada.slash("imagine")
        await router.has_finished(10)
    assert 4 == len([method for method, _ in router.finished if method == "command"])
    assert 4 == len([method for method, _ in router.finished if method == "reject_busy"])
    assert ["🎲", "🔁"] == [said for method, said in router.finished if method == "reaction_added"]


async def test_queued_interactions_are_rejected_when_the_bot_stops(fake: FakeDiscord, ada: Person) -> None:
    async with connected_gateway(
        fake, limits=TaskLimits(interactions=1, queued_interactions=1, queue_s=60)
    ) as (
        gateway,
        router,
    ):
        router.opened.clear()
        for _ in range(3):
            ada.slash("imagine")
        # The third was rejected at once, so the second waits.
        await fake.until(lambda: router.started == 2)
        await gateway.stop()
        router.opened.set()
    assert ["command", "reject_busy", "reject_busy"] == sorted(method for method, _ in router.finished)


async def test_a_presence_is_sent_when_it_changes(fake: FakeDiscord) -> None:
    async with connected_gateway(fake, presence="one") as (gateway, _):
        await fake.until(lambda: "one" in str(fake.gateway.presences))
        for line in ("one", "two", "two"):
            await gateway.set_presence(line)
        await fake.until(lambda: "two" in str(fake.gateway.presences))
        assert ["one", "two"] == gateway.presences


async def test_a_failing_handler_harms_no_other_event(fake: FakeDiscord, ada: Person) -> None:
    async with connected_gateway(fake) as (_, router):
        router.failing.add("reaction_added")
        ada.react(ada.write("look"), "🎲")
        await fake.until(lambda: router.started == 1)
        ada.slash("imagine")
        await router.has_finished(1)
    assert [("command", "imagine")] == router.finished


@pytest.mark.parametrize("event", ["command", "reaction", "reaction taken away"])
async def test_a_closing_client_handles_no_new_event(fake: FakeDiscord, ada: Person, event: str) -> None:
    message = ada.write("look")
    ada.react(message, "🎲")
    async with connected_gateway(fake, kind=ClosingClient) as (gateway, router):
        match event:
            case "command":
                ada.slash("imagine")
            case "reaction":
                ada.react(message, "🔁")
            case _:
                ada.unreact(message, "🎲")
        await fake.until(lambda: isinstance(gateway, ClosingClient) and gateway.closing is not None)
        await fake.until(lambda: fake.gateway.connected == 0)
    assert (0, []) == (router.started, router.finished)


async def test_a_closed_client_rejects_no_malformed_event(fake: FakeDiscord, ada: Person) -> None:
    fake.world.garble = lambda event: (
        replace(event, data=event.data | {"member": None}) if event.name == "INTERACTION_CREATE" else event
    )
    async with connected_gateway(fake, kind=ClosedClient) as (gateway, router):
        assert isinstance(gateway, ClosedClient)
        gateway.closed = True
        ada.slash("imagine")
        await fake.until(lambda: gateway.received == 1)
    assert (0, []) == (router.started, router.finished)
    fake.violations.clear()  # the malformed event


async def test_reactions_of_bots_reach_no_handler(fake: FakeDiscord, ada: Person) -> None:
    guild = ada.place.guild
    assert guild is not None
    robot = fake.member(guild, "robot", bot=True)
    message = ada.write("look")
    async with connected_gateway(fake) as (_, router):
        robot.react(message, "🎲")
        robot.unreact(message, "🎲")
        robot.react(message, "🔁")
        ada.react(message, "🎬")
        await router.has_finished(1)
    assert [("reaction_added", "🎬")] == [one for one in router.finished if one[0] == "reaction_added"]
