"""Negative controls: where a safeguard is taken away, the promises are seen to break."""

from tests.crash.chat import Call
from tests.crash.conftest import Open
from tests.crash.random_kills import Plan, RandomKills, seed_of, verdict
from tests.crash.steps import finish_one, imagine, start_again

#: enough for the next sweep to mend what it can
_MENDED_S = 4.0


async def test_without_the_echo_of_markers_generations_are_lost(world: Open) -> None:
    """The engine sends markers, and none ever comes back."""
    plan = Plan(seed=seed_of(4), jobs=40, kills=4)
    async with world(settings={"MARKERS_HIDDEN": "1"}) as here:
        await RandomKills(world=here, plan=plan).one_bot()
        broken = await verdict(here, within_s=_MENDED_S)
        assert any(line.endswith("is known to nobody") for line in broken)
        assert any("members paid" in line for line in broken)


async def test_without_the_merging_of_posts_messages_are_doubled(world: Open) -> None:
    """The publisher believes in a dedupe that the platform does not have."""
    async with world(chat={"dedupe_ms": 0}) as here:
        await finish_one(here)
        here.chat.lose = [Call.POST, Call.POST]
        for prompt in ("a lighthouse", "an otter"):
            imagine(here, prompt)
        await start_again(here)
        broken = await verdict(here, within_s=_MENDED_S)
        assert 2 == len([line for line in broken if line.endswith("was posted 2 times")])
