"""Measures what the README promises; the numbers are printed and never asserted."""

import argparse
import asyncio
import logging

import structlog

from benchmarks import crash, films
from benchmarks.platforms import acknowledging, guilds
from benchmarks.store import accept


async def main(*, full: bool) -> None:
    for benchmark in (accept, acknowledging, guilds, films, crash):
        await benchmark.main(full=full)


if __name__ == "__main__":
    parser = argparse.ArgumentParser(prog="python -m benchmarks", description=__doc__)
    parser.add_argument("--full", action="store_true", help="longer, with the real limits and windows")
    structlog.configure(wrapper_class=structlog.make_filtering_bound_logger(logging.WARNING))
    asyncio.run(main(full=parser.parse_args().full))
