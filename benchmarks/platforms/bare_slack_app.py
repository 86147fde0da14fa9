"""The least that a Slack app can do: every command is acknowledged, and nothing else happens."""

import asyncio
import os
from collections.abc import Awaitable, Callable
from typing import Any

from slack_bolt.adapter.socket_mode.aiohttp import AsyncSocketModeHandler
from slack_bolt.async_app import AsyncApp
from slack_sdk.web.async_client import AsyncWebClient


async def _nothing(client: AsyncWebClient, channel: str) -> None:
    del client, channel


async def main(answer: Callable[[AsyncWebClient, str], Awaitable[None]] = _nothing) -> None:
    """Run the app; `answer` gets the channel of each command that was acknowledged."""
    proxy = os.environ["HTTPS_PROXY"]
    app = AsyncApp(client=AsyncWebClient(os.environ["SLACK_BOT_TOKEN"], proxy=proxy))

    @app.command("/imagine")
    async def imagine(ack: Any, client: AsyncWebClient, command: Any) -> None:
        await ack()
        await answer(client, command["channel_id"])

    await AsyncSocketModeHandler(app, os.environ["SLACK_APP_TOKEN"], proxy=proxy).start_async()  # type: ignore[no-untyped-call]


if __name__ == "__main__":
    asyncio.run(main())
