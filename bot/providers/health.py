"""Records whether a provider answers the calls of this process."""

from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from dataclasses import dataclass

from bot.domain.errors import AccountProblem, NotSent, OutcomeUnknown, ProviderError
from bot.domain.generations.concepts import Vocabulary
from bot.domain.generations.requests import AnyRequest
from bot.providers.base import Generation, Inputs, Page, Provider


@dataclass(slots=True, kw_only=True)
class ProviderHealth:
    """Outcome of one account's calls since the start of this process."""

    #: some call has succeeded
    worked: bool = False
    #: since when no call has been answered, in milliseconds UTC; None: the last one was answered
    failing_since: int | None = None
    #: error of the last call; empty if it succeeded
    error: str = ""


class ObservedProvider:
    """Wraps a `Provider` and records the outcome of each call."""

    def __init__(self, provider: Provider, health: ProviderHealth, clock: Callable[[], int]) -> None:
        self.name = provider.name
        self.account = provider.account
        self.capabilities = provider.capabilities
        self.limits = provider.limits
        self.origin = provider.origin
        self.health = health
        self._provider = provider
        self._clock = clock

    def fingerprint(self, request: AnyRequest, media: Inputs) -> str:
        return self._provider.fingerprint(request, media)

    async def upload(self, media: Inputs, *, end_user: str = "") -> Inputs:
        # Its failures are recorded by the create; a file that is still on its way is none.
        return await self._provider.upload(media, end_user=end_user)

    async def submit(
        self, request: AnyRequest, *, media: Inputs, callback_url: str | None, end_user: str = ""
    ) -> Generation:
        async with self._observed():
            return await self._provider.submit(
                request, media=media, callback_url=callback_url, end_user=end_user
            )

    async def get(self, generation_id: str) -> Generation:
        async with self._observed():
            return await self._provider.get(generation_id)

    async def page(self, *, limit: int, offset: int) -> Page:
        async with self._observed():
            return await self._provider.page(limit=limit, offset=offset)

    async def delete(self, generation_id: str) -> None:
        async with self._observed():
            await self._provider.delete(generation_id)

    async def check(self) -> int | None:
        async with self._observed():
            return await self._provider.check()

    async def vocabulary(self) -> Vocabulary:
        async with self._observed():
            return await self._provider.vocabulary()

    async def close(self) -> None:
        await self._provider.close()

    @asynccontextmanager
    async def _observed(self) -> AsyncIterator[None]:
        health = self.health
        try:
            yield
        except (NotSent, OutcomeUnknown) as error:
            health.error = str(error)
            if health.failing_since is None:
                health.failing_since = self._clock()
            raise
        except AccountProblem as error:
            health.failing_since, health.error = None, str(error)
            raise
        except ProviderError:
            # An error about one request: the provider answers, and the account may use it.
            self._record_success()
            raise
        else:
            self._record_success()

    def _record_success(self) -> None:
        self.health.worked, self.health.failing_since, self.health.error = True, None, ""
