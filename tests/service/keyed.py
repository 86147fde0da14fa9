"""An engine in which admins can enter API keys."""

from typing import Any

from pydantic import SecretStr

from bot.domain.identity import Caller
from bot.service.replies import PrivateReply
from tests.engine.conftest import Open
from tests.engine.fakes import Clock, FakeAccounts
from tests.engine.harness import Engine
from tests.engine.settings import BOSS, person

KEY, OTHER = "luma-6c2e-4f7a-90b1-3f9a", "luma-11d8-77aa-03ee-a001"
AWAY = "chat:away"
AWAY_BOSS, AWAY_BOB = person("boss", workspace=AWAY, admin=True), person("bob", workspace=AWAY)


class Keyed:
    """An engine in which keys can be entered."""

    def __init__(self, engine: Open) -> None:
        self.clock = Clock()
        self.accounts = FakeAccounts(self.clock)
        self._engine = engine

    def open(self, **more: Any) -> Any:
        return self._engine(clock=self.clock, keys=self.accounts, **more)


async def enter(
    bot: Engine, key: str = KEY, *, by: Caller = BOSS, budget: int | None = 1_000
) -> PrivateReply:
    """Enter a key, after choosing the monthly budget in dollars without which nothing is spent with it."""
    if budget is not None:
        await bot.learn(f"/studio setup --budget {budget}", by=by)
    return await bot.service.set_workspace_key(SecretStr(key), by, event_key=bot.new_key())


async def stored(bot: Engine) -> list[dict[str, Any]]:
    return await bot.rows("SELECT * FROM workspace_key ORDER BY account")
