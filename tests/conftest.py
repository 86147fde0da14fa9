"""What all tests share: where files are, the garbage collector, and the order in which workers take tests.

What takes longest comes first, so that no worker ends alone. Whoever is free takes the next test, and nothing
else depends on the order.
"""

import gc
import signal
from collections.abc import Generator, Iterable
from types import FrameType

import pytest
import structlog
from hypothesis import HealthCheck, settings

from tests.run_servers import run_folder
from tests.temporary_files import use_quickest_folder

use_quickest_folder()
# The process that begins the run makes it; the workers that it starts are told.
run_folder()

# How long an example takes says something about the machine, which is shared with the other tests.
settings.register_profile("shared", deadline=None, suppress_health_check=[HealthCheck.too_slow])
settings.load_profile("shared")

# The default draws each traceback as a picture, with the values of all variables.
structlog.configure(
    processors=[
        *structlog.get_config()["processors"][:-1],
        structlog.dev.ConsoleRenderer(colors=False, exception_formatter=structlog.dev.plain_traceback),
    ]
)


def _interrupt(_number: int, _frame: FrameType | None) -> None:
    raise KeyboardInterrupt


# Where the handler is Python's own, asyncio puts one of its own in its place for each run of a loop, and both
# look-ups of it describe the running task, with the fixture that it answers: a twelfth of a worker's time.
signal.signal(signal.SIGINT, _interrupt)

#: the longest tests by the start of their ids, the longest first; all others keep their order behind these
_LONG = (
    "tests/crash/test_random.py",
    "tests/platforms/with_slack/test_overload.py",
    "tests/playground/in_chromium/test_end_to_end.py",
    "tests/playground/in_chromium/test_accessibility.py",
    "tests/simulator/test_video_service.py",
    "tests/platforms/with_discord/test_process.py",
    "tests/platforms/with_slack/test_process.py",
    "tests/platforms/with_discord/test_overload.py",
    "tests/crash/test_controls.py",
    "tests/crash/test_replicas.py",
    "tests/platforms/with_slack/events/test_member_rate_limit.py",
    "tests/crash/test_points.py",
    "tests/simulator/test_sdk_javascript.py",
    "tests/worker/submission/test_lane_limits.py",
    "tests/front_ends/test_every_command.py",
    "tests/web/test_bucket_restart.py",
)

#: objects made before the collector looks at the youngest ones; Python's own default is 700
_YOUNG_OBJECTS = 20_000


@pytest.hookimpl(wrapper=True)
def pytest_collection() -> Generator[None, object, object]:
    """Collect tests without the garbage collector, and leave all that stays out of its later runs.

    It would else walk through thousands of tests and modules again and again, of which nothing is garbage.
    """
    gc.disable()
    try:
        return (yield)
    finally:
        gc.freeze()
        gc.set_threshold(_YOUNG_OBJECTS)
        gc.enable()


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    items.sort(key=lambda item: _place(item.nodeid, _LONG))


def _place(test: str, starts: Iterable[str]) -> int:
    """The place of a test among those that begin so; behind all of them if it is none."""
    return next((at for at, start in enumerate(starts) if test.startswith(start)), len(_LONG))
