"""The table's commands in the playground, over HTTP."""

from itertools import count
from typing import Any

from tests.front_ends.in_text import command_text
from tests.front_ends.table import Use
from tests.playground.page_requests import command
from tests.playground.serving import Served

#: the first person is the admin
_ADMIN, _MEMBER = "ada", "grace"


class InPlayground:
    def __init__(self, served: Served) -> None:
        self._served = served
        self._keys = count(10_000)

    async def generate(self, use: Use) -> str:
        answer = await self._give(use)
        cards = [one for one in answer["messages"] if one["kind"] == "card"]
        assert cards, answer
        job: str = cards[0]["jobs"][0]["id"]
        await self._served.core.finish(job)
        return job

    async def ask(self, use: Use) -> str:
        return str(await self._give(use))

    async def _give(self, use: Use) -> dict[str, Any]:
        text = command_text(use, channel="here", member=_MEMBER)
        who = _ADMIN if use.by_admin else _MEMBER
        answer: dict[str, Any] = await command(
            self._served, who, f"/{use.name} {text}", f"key-{next(self._keys)}"
        )
        return answer
