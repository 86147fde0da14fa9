"""The order in which the workers of a run take tests: what takes longest first, so that nobody ends alone.

Whoever is free takes the next test, and nothing else depends on the order.
"""

from collections.abc import Iterable

import pytest

#: the longest tests by the start of their ids, the longest first; all others keep their order behind these
_LONG = (
    "tests/crash/test_random.py",
    "tests/platforms/with_slack/test_overload.py",
    "tests/playground/in_chromium/test_end_to_end.py",
    "tests/simulator/test_video_service.py",
    "tests/platforms/with_discord/test_process.py",
    "tests/platforms/with_slack/test_process.py",
    "tests/platforms/with_discord/test_overload.py",
    "tests/crash/test_controls.py",
    "tests/crash/test_replicas.py",
    "tests/platforms/with_slack/test_member_rate_limit.py",
    "tests/crash/test_points.py",
)


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    items.sort(key=lambda item: _place(item.nodeid, _LONG))


def _place(test: str, starts: Iterable[str]) -> int:
    """The place of a test among those that begin so; behind all of them if it is none."""
    return next((at for at, start in enumerate(starts) if test.startswith(start)), len(_LONG))
