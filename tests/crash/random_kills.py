"""A few hundred jobs while bots are killed at random instants, from one seed."""

import os
from collections.abc import Sequence
from dataclasses import dataclass, field
from random import Random
from typing import Any

from tests.crash.chat import Call, Event
from tests.crash.processes import Running
from tests.crash.promises import broken_promises
from tests.crash.world import World, until

MODEL = "photon-flash-1"
#: things that people ask for
_SUBJECTS = ("a lighthouse", "an otter", "a teapot", "two moons", "a library", "a paper boat")
#: what becomes of creates on their way: done and the answer lost, or not done and who knows
_CREATE_FAULTS = ("lost_answer", "server_error_after", "garbage", "server_error")


def seed_of(default: int) -> int:
    """The seed of this run, printed so that a failure can be repeated with CRASH_SEED."""
    seed = int(os.environ.get("CRASH_SEED", default))
    print(f"CRASH_SEED={seed}")  # noqa: T201 - shown with a failure
    return seed


@dataclass(frozen=True, slots=True, kw_only=True)
class Plan:
    """How much happens."""

    seed: int
    jobs: int
    kills: int
    #: longest life of a bot, in seconds from its first request for events
    life_s: float = 1.2
    #: longest life of one that is killed while it starts
    birth_s: float = 0.6
    #: seconds in which everything must have come to its end after the last kill
    rest_s: float = 120.0


@dataclass(slots=True, kw_only=True)
class RandomKills:
    """Asks for jobs, breaks connections and kills bots."""

    world: World
    plan: Plan
    random: Random = field(init=False)
    asked: int = 0
    kills: int = 0
    #: pictures that anybody could name by their address
    addresses: list[str] = field(default_factory=list)

    def __post_init__(self) -> None:
        self.random = Random(self.plan.seed)  # noqa: S311 - chance that can be repeated

    async def one_bot(self) -> None:
        """Kill a bot again and again, and start the next one."""
        await self._begin()
        while self.kills < self.plan.kills:
            await self._ask_and_break()
            bot = await self.world.start()
            await self._live(bot)
            await bot.kill()
            self.kills += 1
        await self._end([await self.world.start()])

    async def two_bots(self, other_port: int, *, hold_s: float) -> None:
        """Kill two bots in turn, and hold one of them longer than any lease lasts."""
        await self._begin()
        ports = {"ada": self.world.port, "bob": other_port}
        bots = {name: await self.world.start(name, own_port=port) for name, port in ports.items()}
        names = list(ports)
        holds = {self.plan.kills // 3, 2 * self.plan.kills // 3}
        while self.kills < self.plan.kills:
            await self._ask_and_break()
            name = names[self.kills % 2]
            other = names[1 - self.kills % 2]
            await self._live(bots[name])
            if self.kills in holds:
                bots[other].hold()
                assert not await bots[name].ended(within_s=hold_s)
                bots[other].let_go()
            await bots[name].kill()
            self.kills += 1
            bots[name] = await self.world.start(name, own_port=ports[name])
        await self._end(list(bots.values()))

    async def _live(self, bot: Running) -> None:
        """Let a bot live for a random time: most of them begin to work, the others never come to it."""
        if self.random.random() < 0.2:
            longest = self.plan.birth_s
        else:
            longest = self.plan.life_s
            await until(lambda: self._works(bot), "the bot has begun to work")
        assert not await bot.ended(within_s=self.random.uniform(0, longest)), "a bot has ended by itself"

    async def _works(self, bot: Running) -> bool:
        return bot.id in self.world.chat.visitors

    async def _begin(self) -> None:
        """Have one job done in peace: from then on the account is known to echo markers."""
        self.world.chat.say("imagine", prompt="the first of all pictures", model=MODEL)
        bot = await self.world.start()
        await self.world.come_to_rest()
        assert await bot.stop() == 0
        self.world.chat.faults = {Call.POST: 0.1, Call.EDIT: 0.06}

    async def _end(self, bots: Sequence[Running]) -> None:
        while self.asked < self.plan.jobs:
            self._imagine()
        self.world.chat.faults = {}
        await self.world.come_to_rest(within_s=self.plan.rest_s)
        for bot in bots:
            assert bot.alive

    async def _ask_and_break(self) -> None:
        """What happens before a life."""
        await self.world.provider.fault(self.random.choice(_CREATE_FAULTS))
        # Late creates are those that a kill finds on their way.
        await self.world.provider.fault("slow", ms=self.random.randrange(50, 600), times=3)
        self.addresses = await self.world.provider.pictures()
        goal = self.plan.jobs * (self.kills + 1) / self.plan.kills
        while self.asked < goal:
            if self.random.random() < 0.2:
                self._press()
            else:
                await self._ask()
        if self.random.random() < 0.5:
            self._cancel()

    async def _ask(self) -> None:
        """Ask for a picture mostly, for some at once, for a video, or for one made of what lies elsewhere."""
        match self.random.choices(("picture", "several", "video", "elsewhere"), (84, 6, 4, 6))[0]:
            case "several":
                self._imagine(count=self.random.randint(2, 4))
            case "video":
                self._say("animate", prompt=self.random.choice(_SUBJECTS), resolution="540p")
            case "elsewhere" if self.addresses:
                address = self.random.choice(self.addresses)
                self._say("reframe", media=address, aspect_ratio="1:1", model=MODEL)
            case _:
                self._imagine()

    def _say(self, command: str, **values: Any) -> None:
        who = self._somebody()
        self.world.chat.say(command, member=who["member"], workspace=who["workspace"], **values)
        self.asked += 1

    def _imagine(self, **more: Any) -> None:
        subject = self.random.choice(_SUBJECTS)
        ending = self.random.choices(("", " #moderation", " #fail"), (90, 6, 4))[0]
        self.world.chat.say(
            "imagine",
            prompt=f"{subject}{ending}",
            model=MODEL,
            **more,
            **self._somebody(),
            copies=int(self.random.random() < 0.15),
        )
        self.asked += 1

    def _press(self) -> None:
        """Build on a finished picture, where there is one."""
        done = self._events_showing("done")
        if not done:
            self._imagine()
            return
        event = self.random.choice(done)
        video = event.content.get("command") == "animate"
        action = "extend" if video else self.random.choice(("variation", "again", "reframe"))
        ratio = "1:1" if action == "reframe" else None
        self.world.chat.press(
            action,
            event.answers[0]["jobs"][0],
            member=event.member,
            workspace=event.workspace,
            aspect_ratio=ratio,
        )
        self.asked += 1

    def _cancel(self) -> None:
        """Try to take back a job that still waits."""
        waiting = self._events_showing("waiting")
        if waiting:
            event = self.random.choice(waiting)
            self.world.chat.say(
                "cancel", job=event.answers[0]["jobs"][0], member=event.member, workspace=event.workspace
            )

    def _events_showing(self, tone: str) -> list[Event]:
        seen = {one.card: one.shown[-1]["jobs"][0]["tone"] for one in self.world.chat.messages.values()}
        return [
            event
            for event in self.world.chat.events.values()
            if event.answers and seen.get(event.answers[0].get("card", "")) == tone
        ]

    def _somebody(self) -> dict[str, str]:
        return {
            "member": self.random.choice(("ada", "bob", "eve", "kim", "mio")),
            "workspace": self.random.choice(("w0", "w1")),
        }


async def verdict(world: World, *, within_s: float = 20.0) -> list[str]:
    """The promises that are broken for good: what only waits for the next sweep is waited for."""
    broken: list[str] = ["nobody has looked"]

    async def kept() -> bool:
        nonlocal broken
        broken = await broken_promises(world)
        return not broken

    try:
        await until(kept, "every promise is kept", within_s=within_s)
    except AssertionError:
        return broken
    return []
