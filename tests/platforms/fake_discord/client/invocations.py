"""An interaction of a person and the responses to it."""

from collections.abc import Callable
from typing import Any

from tests.patience import PATIENCE_S
from tests.platforms.fake_discord.state.interactions import Callback, Interaction
from tests.platforms.fake_discord.state.messages import Message
from tests.platforms.fake_discord.state.world import World


def _any_message(message: Message) -> bool:
    return not message.loading


class Invocation:
    """One interaction; tests wait for its responses."""

    def __init__(self, world: World, interaction: Interaction) -> None:
        self._world = world
        self.interaction = interaction

    @property
    def callback(self) -> Callback | None:
        """How it was answered, if it was."""
        return self.interaction.callback

    @property
    def original(self) -> Message | None:
        return self.interaction.original

    @property
    def follow_ups(self) -> list[Message]:
        return self.interaction.follow_ups

    @property
    def acknowledged_after_ms(self) -> int | None:
        moment = self.interaction.acknowledged_ms
        return None if moment is None else moment - self.interaction.created_ms

    @property
    def did_not_respond(self) -> bool:
        """Whether Discord shows that the app did not respond."""
        waited = self._world.clock.now_ms() - self.interaction.created_ms
        return self.callback is None and waited > self.interaction.ack_within_ms

    async def answered(self, *, timeout: float = PATIENCE_S) -> Callback:
        await self._until(lambda: self.callback is not None, timeout)
        assert self.callback is not None
        return self.callback

    async def message(
        self, until: Callable[[Message], bool] = _any_message, *, timeout: float = PATIENCE_S
    ) -> Message:
        """Wait until the first response satisfies `wanted`; by default until it has any content."""
        await self._until(lambda: self.original is not None and until(self.original), timeout)
        assert self.original is not None
        return self.original

    async def follow_up(
        self, until: Callable[[Message], bool] = _any_message, *, timeout: float = PATIENCE_S
    ) -> Message:
        """Wait for a follow-up that satisfies `wanted`."""
        await self._until(lambda: any(until(each) for each in self.follow_ups), timeout)
        return next(each for each in self.follow_ups if until(each))

    async def choices(self, *, timeout: float = PATIENCE_S) -> list[dict[str, Any]]:
        await self.answered(timeout=timeout)
        return self.interaction.choices

    async def form(self, *, timeout: float = PATIENCE_S) -> dict[str, Any]:
        """Wait for the form that opens."""
        await self._until(lambda: self.interaction.modal is not None, timeout)
        assert self.interaction.modal is not None
        return self.interaction.modal

    async def _until(self, condition: Callable[[], bool], timeout: float) -> None:
        await self._world.changes.until(condition, timeout=timeout)
