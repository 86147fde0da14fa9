"""Writes notes into a database and says each one's id once it is told that it is durable, until it is killed.

python -m tests.store.database.writing <url>
"""

import asyncio
import sys
from itertools import count

from bot.store.database.connect import connect
from tests.store.database.note_table import Writing


async def main(url: str) -> None:
    writing, numbers = Writing(), count()
    async with connect(url) as database, asyncio.TaskGroup() as group:

        async def write_on() -> None:
            for number in numbers:
                await database.write(writing.insert, f"n{number}")
                sys.stdout.write(f"n{number}\n")
                sys.stdout.flush()

        for _ in range(10):
            group.create_task(write_on())


if __name__ == "__main__":
    asyncio.run(main(sys.argv[1]))
