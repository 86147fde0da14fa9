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
from dataclasses import dataclass
from importlib import import_module
from pathlib import Path
from typing import Any

import structlog

from benchmarks.results.comparison import Comparison, written
from benchmarks.results.page import rows, write_page
from benchmarks.results.run import Run, machine

_DOCS = Path(__file__).parents[1] / "docs"
_RESULTS = Path("benchmark-results.json")
#: seconds of one benchmark, where its times are divided and where they are not
_LONGEST_S, _LONGEST_REAL_S = 600, 3_600


Compare = Callable[[Run], Awaitable[Sequence[Comparison]]]


@dataclass(frozen=True, slots=True, kw_only=True)
class Benchmark:
    """One table of the page."""

    heading: str
    compare: Compare
    #: what the control adds to Reverie's measured path
    control: str


def _from(module: str) -> Compare:
    """The benchmark of a module, imported once it runs: its packages may not be installed."""

    async def compare(run: Run) -> Sequence[Comparison]:
        found: Sequence[Comparison] = await import_module(module).compare(run)
        return found

    return compare


#: each by the name that `--only` takes
BENCHMARKS: Mapping[str, Benchmark] = {
    "accept": Benchmark(
        heading="Accepting commands: group commit",
        compare=_from("benchmarks.store.accept"),
        control="5 ms before each commit",
    ),
    "finished": Benchmark(
        heading="A store with a history",
        compare=_from("benchmarks.store.finished"),
        control="5 ms in each operation",
    ),
    "delivered": Benchmark(
        heading="From the command to its message",
        compare=_from("benchmarks.engine.delivered"),
        control="5 ms of the processor for each message",
    ),
    "in_flight": Benchmark(
        heading="Waiting for generations",
        compare=_from("benchmarks.engine.in_flight"),
        control="5 ms of the processor for each message",
    ),
    "recovery": Benchmark(
        heading="After a kill",
        compare=_from("benchmarks.engine.recovery"),
        control="5 ms for each ten generations that the API lists",
    ),
    "acknowledging": Benchmark(
        heading="Acknowledging commands",
        compare=_from("benchmarks.platforms.acknowledging"),
        control="5 ms of the processor in each command",
    ),
    "burst": Benchmark(
        heading="A burst of commands",
        compare=_from("benchmarks.platforms.burst"),
        control="5 ms of the processor in each command",
    ),
    "shown": Benchmark(
        heading="From the end of a generation to its message",
        compare=_from("benchmarks.platforms.shown"),
        control="5 ms in each request that the bot sends",
    ),
    "start": Benchmark(
        heading="Starting, and doing nothing",
        compare=_from("benchmarks.platforms.start"),
        control="5 ms at the import of each module, and 5 ms of the processor every half second",
    ),
    "guilds": Benchmark(
        heading="Many guilds",
        compare=_from("benchmarks.platforms.guilds"),
        control="5 kB more for each guild",
    ),
    "tenfold": Benchmark(
        heading="Ten times the members, workspaces and queued jobs",
        compare=_from("benchmarks.engine.tenfold"),
        control="5 ms of the processor for each message",
    ),
    "page": Benchmark(
        heading="The playground's page",
        compare=_from("benchmarks.playground.page"),
        control="5 ms for each static file and in each command",
    ),
    "films": Benchmark(
        heading="Bringing in videos",
        compare=_from("benchmarks.films"),
        control="5 ms for which the event loop stops",
    ),
    "crash": Benchmark(
        heading="Killed again and again",
        compare=_from("benchmarks.crash"),
        control="one message is lost: a promise is no time",
    ),
}


async def compare(
    benchmarks: Mapping[str, Benchmark], run: Run, save: Callable[[Mapping[str, Any]], None]
) -> Sequence[str]:
    """Run benchmarks, and save the result after each; returns what is wrong with some."""
    result: dict[str, Any] = {**machine(), "full": run.full, "seconds": 0, "failed": [], "benchmarks": {}}
    problems = list[str]()
    began = time.monotonic()
    for name, benchmark in benchmarks.items():
        start = time.monotonic()
        try:
            async with asyncio.timeout(_LONGEST_REAL_S if run.real_windows else _LONGEST_S):
                found = await benchmark.compare(run)
        except Exception:  # noqa: BLE001 - the others take half an hour, and have a result of their own
            traceback.print_exc()
            problems.append(f"{name} has failed")
            result["failed"].append(benchmark.heading)
        else:
            took = round(time.monotonic() - start)
            print(f"\n{benchmark.heading} ({took} s)\n")
            _print(found)
            result["benchmarks"][benchmark.heading] = {
                "control": benchmark.control,
                "seconds": took,
                "figures": [one.document() for one in found],
            }
            if run.control and not any(one.control_shows for one in found):
                problems.append(f"the control of {name} does not show: {benchmark.control}")
        result["seconds"] = round(time.monotonic() - began)
        save(result)
    print(f"\nAll in {result['seconds']} s.")
    return problems


def _print(found: Sequence[Comparison]) -> None:
    for one in found:
        for row in rows(one):
            print(f"  {row}")
        if one.control_shows is not None:
            shows = "shows" if one.control_shows else "DOES NOT SHOW"
            print(f"    control {shows}: {', '.join(map(written, one.control))} {one.unit}")
    for note in dict.fromkeys(one.note for one in found if one.note):
        print(f"  {note}")


def _arguments() -> argparse.Namespace:
    parser = argparse.ArgumentParser(prog="python -m benchmarks", description=__doc__)
    parser.add_argument("--full", action="store_true", help="five rounds, and the numbers of the goals")
    parser.add_argument("--only", nargs="+", choices=BENCHMARKS, metavar="NAME", help=", ".join(BENCHMARKS))
    parser.add_argument("--control", action="store_true", help="add 5 ms to Reverie's path and see it shown")
    parser.add_argument("--real-windows", action="store_true", help="divide no times of waiting and crashing")
    parser.add_argument(
        "--json",
        type=Path,
        metavar="FILE",
        default=_RESULTS,
        help="write the results there (%(default)s)",
    )
    parser.add_argument(
        "--from",
        type=Path,
        nargs="+",
        metavar="FILE",
        dest="earlier",
        help="measure nothing: read these; of all but the first, the controls",
    )
    parser.add_argument("--report", action="store_true", help="write docs/performance.md and its charts")
    return parser.parse_args()


def main() -> None:
    arguments = _arguments()
    structlog.configure(wrapper_class=structlog.make_filtering_bound_logger(logging.ERROR))

    # A run of half an hour is not lost with the page, which can be written from the results afterwards.
    earlier = [json.loads(file.read_text(encoding="utf-8")) for file in arguments.earlier or ()]
    problems: Sequence[str] = ()

    def save(result: Mapping[str, Any]) -> None:
        content = json.dumps(result, indent=1, ensure_ascii=False)
        arguments.json.write_text(f"{content}\n", encoding="utf-8")

    if not earlier:
        run = Run(full=arguments.full, control=arguments.control, real_windows=arguments.real_windows)
        chosen = {name: BENCHMARKS[name] for name in arguments.only or BENCHMARKS}
        problems = asyncio.run(compare(chosen, run, save))
        earlier = [json.loads(arguments.json.read_text(encoding="utf-8"))]
    if arguments.report:
        write_page(earlier[0], _DOCS, earlier[1:])
    if problems:
        sys.exit("\n".join(problems))


if __name__ == "__main__":
    main()
