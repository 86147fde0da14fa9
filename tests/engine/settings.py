"""Settings and callers for tests of the engine."""

from pathlib import Path
from typing import Any

from pydantic import BaseModel

from bot.domain.identity import Caller
from bot.settings import Settings
from bot.timing import Timing

WORKSPACE = "chat:home"
#: what waits in real time is short; what is read from a clock keeps its real length, and tests advance it
QUICK = {
    "poll": 500,
    "watch_interval": 30,
    "sweep_interval": 500,
    "account_check": 100,
    "asset_retry": 25,
    "progress_interval": 200,
    "delivery_retry": 20,
    "undo_second": 1,
    "stop": 3_000,
}
#: For a whole bot in real time, which is told of everything that these intervals only make sure of. Looks
#: in vain take the processor from the other tests, the more of them the busier the machine is.
AT_EASE = {
    "poll": 500,
    "watch_interval": 200,
    "sweep_interval": 10_000,
    "account_check": 1_000,
    "progress_interval": 250,
}


def person(name: str, *, workspace: str = WORKSPACE, admin: bool = False) -> Caller:
    return Caller(
        workspace=workspace,
        person=f"chat:{name}",
        member=f"{workspace}:{name}",
        name=name.capitalize(),
        is_admin=admin,
    )


ADA, BOB, EVE = person("ada"), person("bob"), person("eve")
BOSS = person("boss", admin=True)


class _Given(Settings):
    """Settings that take nothing from the environment in which tests run."""

    def __init__(self, **values: Any) -> None:
        # Not the constructor of settings: it reads its sources, which takes longer than opening a database.
        BaseModel.__init__(self, **values)


def given_settings(
    folder: Path, url: str = "", *, times: dict[str, int] | None = None, **more: Any
) -> Settings:
    values = {"provider": "simulator", "simulator_speed": 10_000, "commands_burst": 1_000, **more}
    return _Given(data_dir=folder, database_url=url, timing=Timing(**{**QUICK, **(times or {})}), **values)
