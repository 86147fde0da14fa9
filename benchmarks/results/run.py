"""Settings of one run of the benchmarks, and the machine that it runs on."""

import os
import platform
import sqlite3
import sys
import tempfile
import time
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import UTC, datetime
from importlib.metadata import PackageNotFoundError, version
from pathlib import Path
from statistics import median
from typing import Any

#: what the sides are made of
_PACKAGES = (
    "reverie-bot",
    "aiosqlite",
    "asyncpg",
    "discord.py",
    "slack-bolt",
    "lumaai",
    "procrastinate",
    "SQLAlchemy",
    "uvloop",
)
_FLUSHES = 50
_PAGE = 4_096


@dataclass(frozen=True, slots=True, kw_only=True)
class Run:
    """How much is measured, and whether the controls run too."""

    full: bool = False
    control: bool = False
    #: crashes with the windows and leases of production
    real_windows: bool = False

    @property
    def rounds(self) -> int:
        return 5 if self.full else 1


def machine() -> dict[str, Any]:
    """Date, versions and hardware of this run, as JSON."""
    return {
        "date": datetime.now(UTC).strftime("%Y-%m-%d %H:%M UTC"),
        "versions": {
            "Python": platform.python_version(),
            "SQLite": sqlite3.sqlite_version,
            **_versions(),
        },
        "machine": {
            "system": f"{platform.system()} {platform.release().partition('-')[0]}",
            "processor": _processor(),
            "cores": len(os.sched_getaffinity(0)) if sys.platform == "linux" else os.cpu_count(),
            "memory_gb": round(os.sysconf("SC_PAGE_SIZE") * os.sysconf("SC_PHYS_PAGES") / 1e9),
            "flush_ms": round(_flush_ms(), 3),
            "load": f"load {os.getloadavg()[0]:.1f} at the start",
        },
    }


def _versions() -> Mapping[str, str]:
    found = {}
    for name in _PACKAGES:
        try:
            found[name] = version(name)
        except PackageNotFoundError:
            continue
    return found


def _processor() -> str:
    described = Path("/proc/cpuinfo")
    if described.exists():
        for line in described.read_text(encoding="utf-8").splitlines():
            if line.startswith("model name"):
                return line.partition(":")[2].strip()
    return platform.processor() or platform.machine()


def _flush_ms() -> float:
    """Milliseconds in which this disk makes 4 kB durable."""
    took = []
    with tempfile.TemporaryFile(prefix="reverie-", buffering=0) as file:
        for _ in range(_FLUSHES):
            began = time.perf_counter()
            file.write(bytes(_PAGE))
            os.fsync(file.fileno())
            took.append(time.perf_counter() - began)
    return median(took) * 1000
