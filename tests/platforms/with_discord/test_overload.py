"""Overload: each interaction gets its result or a refusal."""

from collections import Counter
from pathlib import Path

from tests.patience import PATIENCE_S
from tests.platforms.fake_discord import FakeDiscord, Invocation, Message
from tests.platforms.with_discord.bot_env import open_bot_env
from tests.platforms.with_discord.recording_service import RECORDED, RecordingService

_AT_ONCE = 1_250


async def test_every_interaction_is_answered_under_overload(tmp_path: Path, fake: FakeDiscord) -> None:
    """Also while the core is blocked: a rejected person is told at once and pays nothing."""
    recording = RecordingService()
    async with open_bot_env(tmp_path, fake, wrap=recording.wrap) as env:
        recording.opened.clear()
        asked = [env.ada.slash("imagine", prompt="a red fox") for _ in range(_AT_ONCE)]
        typed = [env.ada.autocomplete("show", "job", "fox") for _ in range(20)]
        waiting = [*asked, *typed]
        await fake.until(
            lambda: sum(one.callback is not None for one in waiting) >= len(waiting) - recording.came,
            timeout=PATIENCE_S,
        )
        recording.opened.set()
        await fake.until(lambda: all(one.callback is not None for one in waiting), timeout=PATIENCE_S)
        await fake.until(lambda: all(answer_of(one) for one in asked), timeout=PATIENCE_S)
        answers = [message for one in asked if (message := answer_of(one))]
        said = Counter(message.content for message in answers)
        assert {RECORDED} < set(said)
        (busy,) = set(said) - {RECORDED}
        assert "nothing was charged" in busy
        assert said[RECORDED] == len(recording.asked) == recording.came
        assert all(message.ephemeral for message in answers)
        assert [[]] * len(typed) == [one.interaction.choices for one in typed]


def answer_of(asked: Invocation) -> Message | None:
    """The final response; a deferred one is replaced by an ephemeral follow-up."""
    if asked.follow_ups:
        return asked.follow_ups[0]
    original = asked.original
    return original if original is not None and not original.loading and not original.deleted else None
