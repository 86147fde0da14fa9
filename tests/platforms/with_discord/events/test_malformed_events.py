"""Malformed events end nothing and cost nothing, and the next events still work."""

import copy
import random
from collections.abc import Callable, Iterator
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest

from adapters.discord.events.context import may_be_by_person, refusal_for
from adapters.discord.events.message_menu import MenuEntry
from adapters.discord.messages.modals import PROMPT
from bot.domain.commands import GenerateCommand, Imagine
from bot.domain.jobs.actions import Action
from tests.media.pictures import picture
from tests.patience import until
from tests.platforms.fake_discord import FakeDiscord, Invocation, Message, Upload
from tests.platforms.fake_discord.state.events import Event
from tests.platforms.with_discord.bot_env import BotEnv, open_bot_env
from tests.platforms.with_discord.discord_bot import started
from tests.platforms.with_discord.readers import private, told
from tests.platforms.with_discord.recording_service import RECORDED, Asked, RecordingService

_MUTATIONS = 240
_WRONG: tuple[Any, ...] = (None, "x", -1, True, 1.5, [], {}, [None], {"id": None}, "9" * 400)
_OURS = ("INTERACTION_CREATE", "MESSAGE_REACTION_ADD", "GUILD_CREATE", "CHANNEL_UPDATE")

Do = Callable[[], object]


@pytest.fixture
def lenient(fake: FakeDiscord) -> FakeDiscord:
    """A fake Discord that may send events against its own contracts."""
    fake.service.contracts = None
    return fake


def places(value: Any, path: tuple[Any, ...] = ()) -> Iterator[tuple[Any, ...]]:
    """Every key and index of a payload."""
    items: Any = value.items() if isinstance(value, dict) else enumerate(value)
    for key, inner in items:
        yield (*path, key)
        if isinstance(inner, (dict, list)):
            yield from places(inner, (*path, key))


def mutated(payload: dict[str, Any], rng: random.Random) -> dict[str, Any]:
    """A copy without one field, or with another value for it."""
    changed = copy.deepcopy(payload)
    path = rng.choice(list(places(changed)))
    parent: Any = changed
    for key in path[:-1]:
        parent = parent[key]
    # A missing option was not given: only its parts are changed.
    if isinstance(parent, dict) and rng.random() < 0.4:
        del parent[path[-1]]
    else:
        parent[path[-1]] = rng.choice(_WRONG)
    return changed


class EventMutation:
    """Changes one event before it is sent."""

    def __init__(self, fake: FakeDiscord, seed: int) -> None:
        self._fake = fake
        self._rng = random.Random(seed)  # noqa: S311 - it must be the same each time
        self.last: Any = None

    def once(self, do: Do) -> Any:
        """Do something whose event arrives malformed."""
        self._fake.world.garble = self._garble
        try:
            return do()
        finally:
            self._fake.world.garble = lambda event: event

    def _garble(self, event: Event) -> Event:
        if event.name not in _OURS:
            return event
        self.last = mutated(event.data, self._rng)
        return replace(event, data=self.last)


def deeds(env: BotEnv, card: Message, foreign: Message, form: Invocation) -> list[Do]:
    """Every kind of event that could cost money."""
    ada = env.ada
    again = next(part for part in card.parts() if part.get("emoji", {}).get("name") == "🎲")["custom_id"]
    return [
        lambda: ada.slash("imagine", prompt="a red fox", count=2, model="photon-flash-1"),
        lambda: ada.press(card, again),
        lambda: ada.use_on(foreign, MenuEntry.ANIMATE),
        lambda: ada.use_on(card, MenuEntry.VARIATION),
        lambda: ada.submit(form, {PROMPT: "hills at night"}),
        lambda: ada.react(card, "🎲"),
        lambda: env.fake.overwrite(env.channel, ada),
    ]


def is_as_meant(env: BotEnv, asked: Asked) -> bool:
    """Whether somebody asked for exactly this."""
    person = f"discord:{env.ada.user.id}"
    if (asked.person, asked.workspace) != (person, f"discord:{env.guild.id}"):
        return False
    match asked.what:
        case Imagine(prompt="a red fox") as command:
            return (command.count, command.model) == (2, "photon-flash-1")
        case Imagine(prompt="hills at night") | GenerateCommand():
            return True
        case (Action.AGAIN | Action.VARIATION | "🎲", *_):
            return True
    return False


async def test_malformed_events_end_nothing_and_charge_nobody(tmp_path: Path, lenient: FakeDiscord) -> None:
    fake, recording = lenient, RecordingService()
    async with open_bot_env(tmp_path, fake, wrap=recording.wrap) as env:
        card = await made(env, recording)
        foreign = env.ada.write("my hills", Upload(filename="hills.png", content=picture()))
        form = env.ada.use_on(foreign, MenuEntry.VARIATION)
        await form.form()
        garbling, answers = EventMutation(fake, seed=11), []
        for number in range(_MUTATIONS):
            every = deeds(env, card, foreign, form)
            answers.append((garbling.once(every[number % len(every)]), garbling.last))
            if "🎲" in card.reactions:
                env.ada.unreact(card, "🎲")
        unanswered = [
            one for one, event in answers if isinstance(one, Invocation) and _can_be_answered(one, event)
        ]
        await fake.until(lambda: all(one.callback is not None for one in unanswered))
        assert [] == [asked for asked in recording.asked if not is_as_meant(env, asked)]
        # The session is the same, and everything works.
        assert 1 == len([op for op, _ in fake.gateway.received if op == 2])
        assert RECORDED in (await private(env.ada.slash("imagine", prompt="a red fox"))).content


async def made(env: BotEnv, recording: RecordingService) -> Message:
    """A card with its result, made before requests are only recorded."""
    recording.makes = True
    _, card = await env.imagine()
    recording.makes = False
    return card


@pytest.mark.parametrize("broken", [{"user": None}, {"guilds": [None]}, {"session_id": None}])
async def test_a_malformed_session_start_is_retried(
    tmp_path: Path, lenient: FakeDiscord, broken: dict[str, Any]
) -> None:
    fake, left = lenient, [broken]

    def garble(event: Event) -> Event:
        change = left.pop() if event.name == "READY" and left else {}
        return replace(event, data=event.data | change)

    fake.world.garble = garble
    async with started(fake, tmp_path, retry_max=0.05) as bot:
        await until(lambda: not bot.not_ready_reason)
        ada = fake.member(fake.guild("Film club"), "ada")
        assert "/imagine" in str((await private(ada.slash("help"))).embeds)


def _can_be_answered(asked: Invocation, event: dict[str, Any]) -> bool:
    """Whether the malformed event still holds id and token."""
    interaction = asked.interaction
    return (event.get("id"), event.get("token")) == (str(interaction.id), interaction.token)


async def test_interactions_of_bots_are_refused(tmp_path: Path, fake: FakeDiscord) -> None:
    recording = RecordingService()
    async with open_bot_env(tmp_path, fake, wrap=recording.wrap) as env:
        card = await made(env, recording)
        before = len(recording.asked)
        robot = fake.member(env.guild, "robot", bot=True).at(env.channel)
        service = fake.member(env.guild, "service", system=True).at(env.channel)
        again = next(part for part in card.parts() if part.get("emoji", {}).get("name") == "🎲")["custom_id"]
        for one in (robot, service):
            for asked in (
                one.slash("imagine", prompt="a red fox"),
                one.press(card, again),
                one.use_on(card, MenuEntry.VARIATION),
                one.slash("quota"),
            ):
                assert "Only people can use this" in (await private(asked)).content
        assert before == len(recording.asked)
        # A webhook's picture is like any other: whoever uses it pays.
        posted = fake.webhook(env.channel, "news").write("look", Upload(filename="a.png", content=picture()))
        assert RECORDED in (await private(env.ada.use_on(posted, MenuEntry.ANIMATE))).content
        assert [] == told(robot)


async def test_components_of_another_version_are_refused(tmp_path: Path, fake: FakeDiscord) -> None:
    """Nothing else is done instead."""
    recording = RecordingService()
    async with open_bot_env(tmp_path, fake, wrap=recording.wrap) as env:
        card = await made(env, recording)
        before = len(recording.asked)
        foreign = env.ada.write("my hills", Upload(filename="hills.png", content=picture()))
        opened = env.ada.use_on(foreign, MenuEntry.VARIATION)
        pending = (await opened.form())["custom_id"]
        ours = next(part for part in card.parts() if part["type"] == 2)["custom_id"]
        _, _, job, own, *_ = ours.split(":")
        changes: list[tuple[Do, dict[str, Any]]] = [
            (
                lambda: env.ada.submit(opened, {PROMPT: "x"}),
                {"custom_id": pending.replace("variation", "animate")},
            ),
            (lambda: env.ada.submit(opened, {PROMPT: "x"}), {"custom_id": f"rv:variation:{job}:{own}"}),
            (lambda: env.ada.submit(opened, {PROMPT: "x"}), {"custom_id": "rv9:other"}),
            (lambda: env.ada.submit(opened, {PROMPT: "x"}), {"custom_id": pending, "components": []}),
            (
                lambda: env.ada.submit(opened, {PROMPT: "x"}),
                {"custom_id": f"rv:edit:{job}:{own}", "components": []},
            ),
            (lambda: env.ada.press(card, ours), {"custom_id": "rv9:other"}),
            (lambda: env.ada.press(card, ours), {"custom_id": f"rv:melt:{job}:{own}"}),
            (lambda: env.ada.press(card, ours), {"custom_id": f"rv:pick:{job}:{own}", "values": []}),
            (lambda: env.ada.use_on(card, MenuEntry.VARIATION), {"name": "Melt"}),
            (lambda: env.ada.use_on(card, MenuEntry.VARIATION), {"type": 2}),
            (lambda: env.ada.use_on(card, MenuEntry.VARIATION), {"target_id": "7"}),
            (lambda: env.ada.slash("imagine", prompt="x"), {"name": "melt"}),
            (lambda: env.ada.slash("imagine", prompt="x"), {"type": 4}),
            *(
                (lambda: env.ada.slash("imagine", prompt="x"), {"options": [_option("prompt", "x"), more]})
                for more in (
                    _option("quality", "4k"),
                    _option("count", None),
                    _option("count", True),
                    _option("prompt", "y"),
                    _option("private", "yes"),
                )
            ),
        ]
        fake.service.contracts = None
        for do, change in changes:

            def garble(event: Event, change: dict[str, Any] = change) -> Event:
                return replace(event, data=event.data | {"data": event.data["data"] | change})

            fake.world.garble = garble
            asked = do()
            fake.world.garble = lambda event: event
            assert isinstance(asked, Invocation)
            said = await private(asked)
            assert said.content, change
            assert "unavailable" not in said.content, change
        assert before == len(recording.asked)


def _option(name: str, value: Any) -> dict[str, Any]:
    return {"name": name, "type": 3, "value": value}


def test_only_plainly_false_flags_make_a_person() -> None:
    user: dict[str, Any] = {"id": "5"}
    event = {"id": "1", "token": "t", "application_id": "2", "authorizing_integration_owners": {"1": "5"}}
    reaction = {"user_id": "5", "channel_id": "6", "message_id": "7", "guild_id": "8"}
    assert refusal_for(event | {"user": user}) is None
    assert may_be_by_person(reaction | {"member": {"user": user}})
    for flag in ("bot", "system"):
        for value in (True, None, "no", 1):
            wrong = user | {flag: value}
            assert "people" in str(refusal_for(event | {"user": wrong}))
            assert "people" in str(refusal_for(event | {"guild_id": "8", "member": {"user": wrong}}))
            assert not may_be_by_person(reaction | {"member": {"user": wrong}})
    assert not may_be_by_person(reaction | {"member": {"user": {"id": "6"}}})
