"""A disk without room, as an operator meets it: what `/readyz` of the running bot and the doctor say.

A limit on the size of files stands in for it: the kernel refuses writes with an error of the same kind.
"""

import json
import resource
import sys
import time
from typing import Any
from urllib.error import HTTPError
from urllib.request import urlopen

import pytest

from tests.cli.running import Running, cold_reverie, folder, reverie, running
from tests.patience import PATIENCE_S

pytestmark = pytest.mark.skipif(sys.platform != "linux", reason="limits another process")

_NO_LIMIT = resource.RLIM_INFINITY
#: Python would leave compiled modules behind that are cut off
_NO_BYTECODE = {"PYTHONDONTWRITEBYTECODE": "1"}


def _ready(bot: Running) -> tuple[int, dict[str, Any]]:
    try:
        with urlopen(f"http://127.0.0.1:{bot.port}/readyz", timeout=PATIENCE_S) as answer:
            return answer.status, json.load(answer)
    except HTTPError as error:
        return error.code, json.load(error)


def _until_ready_is(bot: Running, status: int) -> dict[str, Any]:
    until = time.monotonic() + PATIENCE_S
    while time.monotonic() < until:
        found, answer = _ready(bot)
        if found == status:
            return answer
        time.sleep(0.05)
    raise AssertionError(answer)


def test_the_bot_is_not_ready_while_its_disk_takes_nothing_and_ready_again_after() -> None:
    # So much is never free, so that it looks whether it can write before a command fails.
    little = {"REVERIE_MIN_FREE_BYTES": str(1 << 60), "REVERIE_TIMING__WRITE_CHECK": "50"}
    with folder() as where, running(where, **little, **_NO_BYTECODE) as bot:
        assert _until_ready_is(bot, 200)["degraded"]
        pid = int((where / "data" / "lock").read_text())
        resource.prlimit(pid, resource.RLIMIT_FSIZE, (0, _NO_LIMIT))
        try:
            answer = _until_ready_is(bot, 503)
        finally:
            resource.prlimit(pid, resource.RLIMIT_FSIZE, (_NO_LIMIT, _NO_LIMIT))
        assert "No command can be accepted. Make room on its disk" in answer["reasons"][0]
        _until_ready_is(bot, 200)


def test_doctor_reports_a_full_disk() -> None:
    with folder() as where:
        (where / "data").mkdir()
        before = resource.getrlimit(resource.RLIMIT_FSIZE)
        resource.setrlimit(resource.RLIMIT_FSIZE, (4_096, before[1]))
        try:
            ended = cold_reverie(where, "doctor", **_NO_BYTECODE)
        finally:
            resource.setrlimit(resource.RLIMIT_FSIZE, before)
    assert 1 == ended.returncode
    assert "has no room for a file of 65.5 kB" in ended.stdout
    assert "free space there" in ended.stdout


def test_doctor_reports_the_use_of_the_media_budget() -> None:
    with folder() as where:
        media = where / "data" / "media" / "ab" / "cd"
        media.mkdir(parents=True)
        (media / ("ab" * 32)).write_bytes(bytes(950))
        warned = reverie(where, "doctor", REVERIE_MEDIA_MAX_BYTES="1000")
        assert "stored media use 950 bytes of 1 kB" in warned.stdout
        assert "raise REVERIE_MEDIA_MAX_BYTES" in warned.stdout
        fine = reverie(where, "doctor", REVERIE_MEDIA_MAX_BYTES="10000", REVERIE_MIN_FREE_BYTES=str(1 << 60))
        assert "stored media use 950 bytes of 10 kB" in fine.stdout
        assert "left" in fine.stdout
        assert "lower REVERIE_MIN_FREE_BYTES" in fine.stdout
