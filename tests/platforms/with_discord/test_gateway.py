"""The gateway: every event is let in once by its door, whatever happens to the line."""

import discord
import pytest

from adapters.chat.event_tasks import TaskLimits
from adapters.discord.events.menu_entries import Menu
from adapters.discord.messages.buttons import CardControl, Pressed
from bot.domain.ids import new_id
from tests.platforms.fake_discord import FakeDiscord, Person
from tests.platforms.with_discord.gateway_house import Leaving, listening

_JOB = new_id(1_800_000_000_000, bytes(9))


@pytest.fixture
def ada(fake: FakeDiscord) -> Person:
    """Somebody who is offered a command and an entry in the menu of messages."""
    for form in ({"name": "imagine", "type": 1, "description": "x"}, {"name": str(Menu.ANIMATE), "type": 3}):
        fake.world.commands.put(None, form | {"contexts": [0, 1, 2], "integration_types": [0]})
    fake.gateway.door.window_ms = 0
    return fake.member(fake.guild("Film club"), "ada")


async def test_every_kind_of_event_comes_by_its_own_door(fake: FakeDiscord, ada: Person) -> None:
    pressed = Pressed(verb=CardControl.DETAILS, job=_JOB, card=_JOB).write()
    button = {"type": 2, "style": 2, "label": "Details", "custom_id": pressed}
    async with listening(fake) as (gateway, porter):
        route = discord.http.Route("POST", "/channels/{channel_id}/messages", channel_id=ada.place.id)
        rows = [{"type": 1, "components": [button]}]
        await gateway.http.request(route, json={"content": "old", "components": rows})
        message = await fake.message_in(ada.place)
        ada.slash("imagine")
        ada.use_on(message, Menu.ANIMATE)
        ada.press(message, pressed)
        ada.react(message, "🎲")
        ada.unreact(message, "🎲")
        await porter.met(5)
    expected = {
        ("command", "imagine"),
        ("menu", "Animate"),
        ("press", ""),
        ("reacted", "🎲"),
        ("unreacted", "🎲"),
    }
    assert expected == set(porter.came)
    assert 5 == len(porter.came)


async def test_it_asks_for_nothing_privileged_and_remembers_neither_members_nor_messages(
    fake: FakeDiscord, ada: Person
) -> None:
    async with listening(fake) as (gateway, porter):
        ada.react(ada.write("look"), "🎲")
        await porter.met(1)
        (guild,) = gateway.guilds
        assert [gateway.user] == [member._user for member in guild.members]
        assert [] == list(gateway.cached_messages)
    (intents,) = {data["intents"] for op, data in fake.gateway.received if op == 2}
    assert discord.Intents(guilds=True, guild_reactions=True, dm_reactions=True).value == intents


async def test_a_burst_in_which_the_line_breaks_arrives_whole_and_once(
    fake: FakeDiscord, ada: Person
) -> None:
    message = ada.write("look")
    async with listening(fake) as (_, porter):
        fake.gateway.kill_after(3)
        for _ in range(5):
            ada.slash("imagine")
            ada.react(message, "🎲")
            ada.unreact(message, "🎲")
        await porter.met(15)
        assert 1 == fake.gateway.resumed
    assert 15 == len(porter.came)


@pytest.mark.parametrize("resumable", [True, False])
async def test_a_session_that_is_over_begins_anew(fake: FakeDiscord, ada: Person, *, resumable: bool) -> None:
    async with listening(fake) as (gateway, porter):
        (before,) = fake.gateway.sessions
        fake.gateway.invalidate(resumable=resumable)
        await fake.until(lambda: fake.gateway.connected == 0 and gateway.deaf == 1)
        await fake.until(lambda: fake.gateway.connected == 1 and gateway.deaf == 0)
        assert resumable is (before in fake.gateway.sessions)
        ada.slash("imagine")
        await porter.met(1)


async def test_a_dead_line_is_given_up_and_nothing_is_missed(fake: FakeDiscord, ada: Person) -> None:
    fake.gateway.heartbeat_interval_ms = 100
    async with listening(fake, heartbeat_timeout=0.4) as (_, porter):
        fake.gateway.frozen = True
        ada.slash("imagine")
        await fake.until(lambda: fake.gateway.connected == 0)
        fake.gateway.frozen = False
        await porter.met(1)
    assert [("command", "imagine")] == porter.came


async def test_what_cannot_begin_in_time_is_turned_away_and_nothing_is_piled_up(
    fake: FakeDiscord, ada: Person
) -> None:
    """Three are handled, two wait in vain, two are turned away at once; a reaction waits for its turn."""
    limits = TaskLimits(interactions=3, queued_interactions=2, queue_s=0.2, background=1)
    async with listening(fake, limits=limits) as (_, porter):
        porter.opened.clear()
        for _ in range(7):
            ada.slash("imagine")
        ada.react(ada.write("look"), "🎲")
        ada.react(ada.write("look"), "🔁")
        await fake.until(lambda: porter.knocks == 8)
        porter.opened.set()
        await porter.met(9)
        ada.slash("imagine")
        await porter.met(10)
    assert 4 == len([door for door, _ in porter.came if door == "command"])
    assert 4 == len([door for door, _ in porter.came if door == "busy"])
    assert ["🎲", "🔁"] == [said for door, said in porter.came if door == "reacted"]


async def test_what_waits_when_the_bot_stops_is_turned_away(fake: FakeDiscord, ada: Person) -> None:
    async with listening(fake, limits=TaskLimits(interactions=1, queued_interactions=1, queue_s=60)) as (
        gateway,
        porter,
    ):
        porter.opened.clear()
        for _ in range(3):
            ada.slash("imagine")
        # The third has been turned away at once, so the second waits.
        await fake.until(lambda: porter.knocks == 2)
        await gateway.leave()
        porter.opened.set()
    assert ["busy", "busy", "command"] == sorted(door for door, _ in porter.came)


@pytest.mark.parametrize("event", ["command", "reaction", "reaction taken away"])
async def test_once_it_closes_it_takes_nothing_new(fake: FakeDiscord, ada: Person, event: str) -> None:
    message = ada.write("look")
    ada.react(message, "🎲")
    async with listening(fake, kind=Leaving) as (gateway, porter):
        match event:
            case "command":
                ada.slash("imagine")
            case "reaction":
                ada.react(message, "🔁")
            case _:
                ada.unreact(message, "🎲")
        await fake.until(lambda: isinstance(gateway, Leaving) and gateway.leaving is not None)
        await fake.until(lambda: fake.gateway.connected == 0)
    assert (0, []) == (porter.knocks, porter.came)


async def test_reactions_of_bots_come_to_no_door(fake: FakeDiscord, ada: Person) -> None:
    guild = ada.place.guild
    assert guild is not None
    robot = fake.member(guild, "robot", bot=True)
    message = ada.write("look")
    async with listening(fake) as (_, porter):
        robot.react(message, "🎲")
        robot.unreact(message, "🎲")
        robot.react(message, "🔁")
        ada.react(message, "🎬")
        await porter.met(1)
    assert [("reacted", "🎬")] == [one for one in porter.came if one[0] == "reacted"]


async def test_the_line_under_its_name_is_sent_when_it_changes(fake: FakeDiscord) -> None:
    async with listening(fake, line="one") as (gateway, _):
        await fake.until(lambda: "one" in str(fake.gateway.presences))
        for line in ("one", "two", "two"):
            await gateway.show(line)
        await fake.until(lambda: "two" in str(fake.gateway.presences))
        assert ["one", "two"] == gateway.lines


async def test_a_fault_behind_one_door_harms_no_other_event(fake: FakeDiscord, ada: Person) -> None:
    async with listening(fake) as (gateway, porter):
        gateway._take("fault", lambda: _fail())  # noqa: PLW0108 - as an event's handler comes
        ada.slash("imagine")
        await porter.met(1)


async def _fail() -> None:
    raise RuntimeError("a door does not open")
