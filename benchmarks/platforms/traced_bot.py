"""The bot with a profiler that records which function of the project is called, in which file and task.

SIGUSR1 begins a recording, SIGUSR2 writes it to `trace.json` in the data folder. Times are CLOCK_MONOTONIC,
which all processes of a machine share.
"""

import asyncio
import json
import os
import signal
import sys
import time
from pathlib import Path
from types import FrameType

from bot.cli import main

_ROOT = str(Path(__file__).parents[2]) + os.sep
_PACKAGES = tuple(name + os.sep for name in ("bot", "adapters", "simulator"))


class Recorder:
    def __init__(self, path: Path) -> None:
        self._path = path
        #: time, file below the project's root, whether the task is younger than the recording
        self._calls: list[tuple[float, str, bool]] = []
        self._files: dict[str, str | None] = {}
        self._older: set[int] = set()
        self._kept: list[object] = []

    def begin(self, *_: object) -> None:
        self._calls.clear()
        # Kept alive, so that no new task gets the id of an old one.
        self._kept = list(asyncio.all_tasks())
        self._older = {id(task) for task in self._kept}
        sys.setprofile(self._record)

    def end(self, *_: object) -> None:
        sys.setprofile(None)
        part = self._path.with_suffix(".part")
        part.write_text(json.dumps(self._calls), encoding="utf-8")
        part.rename(self._path)

    def _record(self, frame: FrameType, event: str, _: object) -> None:
        if event != "call":
            return
        code = frame.f_code.co_filename
        file = self._files.get(code, "")
        if file == "":
            below = code.removeprefix(_ROOT)
            file = below if below != code and below.startswith(_PACKAGES) else None
            self._files[code] = file
        if file is not None:
            task = asyncio.current_task() if asyncio._get_running_loop() else None  # noqa: SLF001
            self._calls.append((time.monotonic(), file, task is not None and id(task) not in self._older))


if __name__ == "__main__":
    recorder = Recorder(Path(os.environ["REVERIE_DATA_DIR"]) / "trace.json")
    signal.signal(signal.SIGUSR1, recorder.begin)
    signal.signal(signal.SIGUSR2, recorder.end)
    sys.argv = ["reverie", *sys.argv[1:]]
    main()
