"""Runs Reverie and what would be used instead in turn, and compares their figures.

Nothing is asserted: figures depend on the machine, ratios less so. `--report` writes the results to
docs/performance.md, `--from` does so with the results of an earlier run.
"""

import argparse
import asyncio
import json
import logging
import sys
import time
import traceback
from collections.abc import Awaitable, Callable, Mapping, Sequence
from pathlib import Path
from typing import Any

import structlog

from benchmarks import crash, films
from benchmarks.engine import delivered, in_flight, recovery
from benchmarks.platforms import acknowledging, burst, guilds, start
from benchmarks.results.comparison import Comparison, shown
from benchmarks.results.page import rows, write_page
from benchmarks.results.run import Run, machine
from benchmarks.store import accept, finished

_PAGE = Path(__file__).parents[1] / "docs" / "performance.md"

#: each by the name that `--only` takes, with the heading of its table
BENCHMARKS: Mapping[str, tuple[str, Callable[[Run], Awaitable[Sequence[Comparison]]]]] = {
    "accept": ("Accepting commands: group commit", accept.compare),
    "finished": ("A store with a history", finished.compare),
    "delivered": ("From the command to its message", delivered.compare),
    "in_flight": ("Waiting for generations", in_flight.compare),
    "recovery": ("After a kill", recovery.compare),
    "acknowledging": ("Acknowledging commands", acknowledging.compare),
    "burst": ("A burst of commands", burst.compare),
    "start": ("Starting, and doing nothing", start.compare),
    "guilds": ("Memory for guilds", guilds.compare),
    "films": ("Bringing in videos", films.compare),
    "crash": ("Killed again and again", crash.compare),
}


async def compare(names: Sequence[str], run: Run, save: Callable[[dict[str, Any]], None]) -> bool:
    """Run the benchmarks of these names, and save the result after each; returns whether all have one."""
    result: dict[str, Any] = {**machine(), "full": run.full, "benchmarks": {}}
    complete = True
    for name in names:
        heading, benchmark = BENCHMARKS[name]
        began = time.monotonic()
        try:
            found = await benchmark(run)
        except Exception:  # noqa: BLE001 - the others take half an hour, and have a result of their own
            traceback.print_exc()
            complete = False
            continue
        print(f"\n{heading} ({time.monotonic() - began:.0f} s)\n")
        _print(found)
        result["benchmarks"][heading] = [one.document() for one in found]
        save(result)
    return complete


def _print(found: Sequence[Comparison]) -> None:
    for one in found:
        for row in rows(one):
            print(f"  {row}")
        if one.control_shows is not None:
            shows = "shows" if one.control_shows else "DOES NOT SHOW"
            print(f"    control {shows}: {', '.join(map(shown, one.control))} {one.unit}")
    for note in dict.fromkeys(one.note for one in found if one.note):
        print(f"  {note}")


def _arguments() -> argparse.Namespace:
    parser = argparse.ArgumentParser(prog="python -m benchmarks", description=__doc__)
    parser.add_argument("--full", action="store_true", help="five rounds, with the real limits and windows")
    parser.add_argument("--only", nargs="+", choices=BENCHMARKS, metavar="NAME", help=", ".join(BENCHMARKS))
    parser.add_argument("--control", action="store_true", help="add 5 ms to Reverie's path and see it shown")
    parser.add_argument("--real-windows", action="store_true", help="crashes with the leases of production")
    parser.add_argument("--json", type=Path, metavar="FILE", help="write the results there")
    parser.add_argument(
        "--from", type=Path, metavar="FILE", dest="earlier", help="measure nothing: read these"
    )
    parser.add_argument("--report", action="store_true", help="write docs/performance.md and its chart")
    return parser.parse_args()


def main() -> None:
    arguments = _arguments()
    structlog.configure(wrapper_class=structlog.make_filtering_bound_logger(logging.ERROR))

    def save(result: dict[str, Any]) -> None:
        if arguments.json is not None:
            content = json.dumps(result, indent=1, ensure_ascii=False)
            arguments.json.write_text(f"{content}\n", encoding="utf-8")
        if arguments.report:
            write_page(result, _PAGE)

    if arguments.earlier is not None:
        save(json.loads(arguments.earlier.read_text(encoding="utf-8")))
        return
    run = Run(full=arguments.full, control=arguments.control, real_windows=arguments.real_windows)
    if not asyncio.run(compare(arguments.only or list(BENCHMARKS), run, save)):
        sys.exit("Not all benchmarks have a result.")


if __name__ == "__main__":
    main()
