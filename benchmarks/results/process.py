"""What a process uses, as Linux tells it."""

import os
import time
from pathlib import Path

_TICKS = os.sysconf("SC_CLK_TCK")


def processor_s(pid: int) -> float:
    """Seconds of processor time that a process has used, all its threads together."""
    fields = Path(f"/proc/{pid}/stat").read_text(encoding="utf-8").rpartition(")")[2].split()
    return (int(fields[11]) + int(fields[12])) / _TICKS


def resident_mb(pid: int) -> float:
    """Resident memory of a process alone, in megabytes."""
    return _kilobytes(pid, "VmRSS:") / 1000


def children(pid: int) -> list[int]:
    """The processes that a process has started, with those that these have started."""
    found = [
        int(child)
        for task in Path(f"/proc/{pid}/task").iterdir()
        for child in (task / "children").read_text(encoding="utf-8").split()
    ]
    return [*found, *(later for child in found for later in children(child))]


def _kilobytes(pid: int, field: str) -> int:
    lines = Path(f"/proc/{pid}/status").read_text(encoding="utf-8").splitlines()
    return next(int(line.split()[1]) for line in lines if line.startswith(field))


def written_bytes(pid: int) -> int:
    """Bytes that a process has sent to a disk."""
    lines = Path(f"/proc/{pid}/io").read_text(encoding="utf-8").splitlines()
    return next(int(line.split()[1]) for line in lines if line.startswith("write_bytes:"))


def work(seconds: float) -> None:
    """Take so much of the processor's time in this thread, whatever others take meanwhile."""
    until = time.thread_time() + seconds
    while time.thread_time() < until:
        pass
