"""Whether a provider answers: every call of an account is observed on its way."""

from collections.abc import AsyncIterator, Callable, Mapping
from contextlib import asynccontextmanager
from dataclasses import dataclass

from bot.domain.errors import AccountProblem, NotSent, OutcomeUnknown, ProviderError
from bot.domain.requests import AnyRequest
from bot.providers.base import Generation, Page, Provider, Vocabulary


@dataclass(slots=True, kw_only=True)
class ProviderHealth:
    """How the calls of one account have gone since the start of this process."""

    #: some call did what was asked
    worked: bool = False
    #: since when every call has gone without an answer, in milliseconds UTC; None: the last one was answered
    failing_since: int | None = None
    #: what the last call that did not work failed with; empty once one has worked again
    error: str = ""


class ObservedProvider:
    """A `Provider` that keeps the record of another one's answers."""

    def __init__(self, provider: Provider, health: ProviderHealth, clock: Callable[[], int]) -> None:
        self.name = provider.name
        self.account = provider.account
        self.capabilities = provider.capabilities
        self.limits = provider.limits
        self.origin = provider.origin
        self.health = health
        self._provider = provider
        self._clock = clock

    def fingerprint(self, request: AnyRequest, media: Mapping[str, str]) -> str:
        return self._provider.fingerprint(request, media)

    async def submit(
        self, request: AnyRequest, *, media: Mapping[str, str], callback_url: str | None
    ) -> Generation:
        async with self._observed():
            return await self._provider.submit(request, media=media, callback_url=callback_url)

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
            # An answer about one request: the provider is there, and the account may use it.
            self._works()
            raise
        else:
            self._works()

    def _works(self) -> None:
        self.health.worked, self.health.failing_since, self.health.error = True, None, ""
