"""An interaction of a person and the responses to it."""

from collections.abc import Callable

from tests.patience import PATIENCE_S
from tests.platforms.fake_slack.rules.refusals import Json
from tests.platforms.fake_slack.state.deliveries import Delivery, ResponseUrl, Trigger
from tests.platforms.fake_slack.state.messages import Message
from tests.platforms.fake_slack.state.views import View
from tests.platforms.fake_slack.state.world import World


class Invocation:
    """One interaction; tests wait for its responses."""

    def __init__(
        self,
        world: World,
        delivery: Delivery,
        *,
        trigger: Trigger | None = None,
        response_url: ResponseUrl | None = None,
        source: View | None = None,
    ) -> None:
        self._world = world
        self.delivery = delivery
        self.trigger = trigger
        self.response_url = response_url
        #: the form in which it happened
        self._source = source

    @property
    def acknowledged_after_ms(self) -> int | None:
        moment = self.delivery.acknowledged_ms
        return None if moment is None else moment - self.delivery.created_ms

    @property
    def did_not_respond(self) -> bool:
        """Whether Slack shows that the app did not respond."""
        return self.delivery.given_up

    @property
    def responses(self) -> list[Message]:
        """What was said by the acknowledgement or at the response address, the oldest first."""
        return [] if self.response_url is None else self.response_url.responses

    @property
    def errors(self) -> dict[str, str]:
        """What the app found wrong with a submission, by block_id."""
        return {} if self._source is None else self._source.errors

    async def acknowledged(self, *, timeout: float = PATIENCE_S) -> Json:
        """Wait for the acknowledgement and return the answer that it carries, which may be empty."""
        await self._until(lambda: self.delivery.acknowledged_ms is not None, timeout)
        assert self.delivery.answer is not None
        return self.delivery.answer

    async def response(
        self, until: Callable[[Message], bool] = lambda _: True, *, timeout: float = PATIENCE_S
    ) -> Message:
        """Wait for an answer that is as wanted; without a wish, for any."""
        await self._until(lambda: any(until(each) for each in self.responses), timeout)
        return next(each for each in self.responses if until(each))

    async def view(
        self, until: Callable[[View], bool] = lambda _: True, *, timeout: float = PATIENCE_S
    ) -> View:
        """Wait for the form that it opened, or for the one in which it happened, to be as wanted."""

        def found() -> View | None:
            opened = None if self.trigger is None else self.trigger.opened
            view = opened or self._source
            return view if view is not None and until(view) else None

        await self._until(lambda: found() is not None, timeout)
        view = found()
        assert view is not None
        return view

    async def options(self, *, timeout: float = PATIENCE_S) -> list[Json]:
        """Wait for what is offered to somebody who types."""
        answer = await self.acknowledged(timeout=timeout)
        grouped = [each for group in answer.get("option_groups") or [] for each in group["options"]]
        return [*(answer.get("options") or []), *grouped]

    async def _until(self, condition: Callable[[], bool], timeout: float) -> None:
        await self._world.changes.until(condition, timeout=timeout)
