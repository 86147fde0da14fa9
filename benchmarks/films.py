"""How much memory videos take on their way in: through the library, and read into memory one by one.

Each side is a process of its own, started fresh, that brings in the same videos from the same loopback
server at once; the peak of its resident memory is told, and the longest time for which it answered
nobody. Worker processes, which are killed when they take too much, are not counted: both sides use them.
"""

import asyncio
import json
import resource
import struct
import sys
import tempfile
import time
from collections.abc import Awaitable, Callable
from contextlib import suppress
from pathlib import Path

import httpx

from benchmarks.results.comparison import (
    CONTROL,
    CONTROL_S,
    OURS,
    Comparison,
    Figure,
    Measure,
    compared,
    in_turn,
)
from benchmarks.results.run import Run
from bot.media.download.fetcher import Fetcher
from bot.media.download.transport import FetchRules
from bot.media.ingest import MediaLibrary
from bot.media.sandbox.pool import SandboxPool
from bot.media.storage.folder import FolderStorage
from tests.media.download.site import Answer, Site
from tests.media.libraries import arrived
from tests.media.videos import video

COUNT = 4
#: frames of noise in 720p that come to about 50 MB
_FRAMES = 104
_CHUNK = 1 << 18
_TICK_S = 0.005
_MB = 1_000_000

_WHOLE = "each read into memory"

#: brings one video in
BringIn = Callable[[MediaLibrary, FolderStorage, str], Awaitable[object]]


async def compare(run: Run) -> list[Comparison]:
    with tempfile.TemporaryDirectory(prefix="reverie-") as name:
        film = video(Path(name) / "film", size=(1280, 720), frames=_FRAMES, noise=True)
        size = film.stat().st_size / _MB
        async with Site() as site:
            for number in range(COUNT):
                site.answers[f"/{number}"] = _numbered(film, number)

            def side(kind: str) -> Measure:
                async def measure() -> dict[str, float]:
                    with tempfile.TemporaryDirectory(dir=name) as folder:
                        return await _measured(kind, site.url("/"), Path(folder))

                return measure

            sides = {OURS: side("streamed"), _WHOLE: side("whole")}
            if run.control:
                sides[CONTROL] = side("delayed")
            found = await in_turn(sides, run.rounds)
    title = f"{COUNT} videos of {size:.0f} MB at once"
    figures = {
        "peak": Figure(title=f"{title}: memory at its peak", unit="MB", controlled=False),
        "seconds": Figure(title=f"{title}: time", unit="s", controlled=False),
        "pause_ms": Figure(title=f"{title}: longest pause of the event loop", unit="ms"),
    }
    return compared(found, figures)


def _numbered(film: Path, number: int) -> Answer:
    """Serve a video that differs from all others by a box that players skip."""
    mark = struct.pack(">I4sQ", 16, b"free", number)
    length = film.stat().st_size + len(mark)

    async def write(writer: asyncio.StreamWriter) -> None:
        writer.write(f"HTTP/1.1 200 OK\r\ncontent-length: {length}\r\n\r\n".encode())
        with film.open("rb") as file:
            while chunk := file.read(_CHUNK):
                writer.write(chunk)
                await writer.drain()
        writer.write(mark)

    return write


async def _measured(side: str, origin: str, folder: Path) -> dict[str, float]:
    process = await asyncio.create_subprocess_exec(
        sys.executable, "-m", __name__, side, origin, str(folder), stdout=asyncio.subprocess.PIPE
    )
    out, _ = await process.communicate()
    assert process.returncode == 0
    told: dict[str, float] = json.loads(out)
    return told


async def _streamed(library: MediaLibrary, storage: FolderStorage, url: str) -> None:
    del storage
    await library.fetch_and_store(url, max_bytes=100 * _MB, timeout_s=120, from_platform=True)


async def _whole(library: MediaLibrary, storage: FolderStorage, url: str) -> None:
    """Bring in a video as one would without a second thought."""
    async with httpx.AsyncClient(trust_env=False, timeout=120) as client:
        content = (await client.get(url)).content
    path = await asyncio.to_thread(arrived, storage, content, url.rpartition("/")[2])
    await library.store_file(path)


async def _delayed(library: MediaLibrary, storage: FolderStorage, url: str) -> None:
    """Bring in a video as the bot does, and stop the event loop for a moment."""
    # Several at once add up to more than any pause of the loop itself.
    time.sleep(CONTROL_S * COUNT)  # noqa: ASYNC251
    await _streamed(library, storage, url)


_SIDES: dict[str, BringIn] = {"streamed": _streamed, "whole": _whole, "delayed": _delayed}


async def _side(name: str, origin: str, folder: Path) -> None:
    storage = FolderStorage(folder)
    async with Fetcher(FetchRules(trusted_origins=frozenset({origin}))) as fetcher, SandboxPool() as pool:
        library = MediaLibrary(fetcher=fetcher, storage=storage, results=pool, inputs=pool)

        async def bring(number: int) -> None:
            await _SIDES[name](library, storage, f"{origin}{number}")

        before, began = _peak_mb(), time.perf_counter()
        pauses = asyncio.create_task(_longest_pause(stop := asyncio.Event()))
        await asyncio.gather(*map(bring, range(COUNT)))
        stop.set()
        seconds = time.perf_counter() - began
    pause = await pauses * 1000
    print(json.dumps({"before": before, "peak": _peak_mb(), "seconds": seconds, "pause_ms": pause}))


async def _longest_pause(stop: asyncio.Event) -> float:
    """Seconds for which the event loop was away, at the longest."""
    longest = 0.0
    while not stop.is_set():
        began = time.perf_counter()
        with suppress(TimeoutError):
            await asyncio.wait_for(stop.wait(), _TICK_S)
        longest = max(longest, time.perf_counter() - began - _TICK_S)
    return longest


def _peak_mb() -> float:
    """The most resident memory that this process ever had."""
    status = Path("/proc/self/status")
    if status.exists():
        # What getrusage tells on Linux is handed down from the process that started this one.
        (line,) = (line for line in status.read_text().splitlines() if line.startswith("VmHWM:"))
        return int(line.split()[1]) * 1024 / _MB
    unit = 1 if sys.platform == "darwin" else 1024
    return resource.getrusage(resource.RUSAGE_SELF).ru_maxrss * unit / _MB


if __name__ == "__main__":
    asyncio.run(_side(sys.argv[1], sys.argv[2], Path(sys.argv[3])))
