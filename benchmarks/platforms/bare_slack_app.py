"""The least that a Slack app can do: every command is acknowledged, and nothing else happens."""

import asyncio
import os
from typing import Any

from slack_bolt.adapter.socket_mode.aiohttp import AsyncSocketModeHandler
from slack_bolt.async_app import AsyncApp
from slack_sdk.web.async_client import AsyncWebClient


async def main() -> None:
    proxy = os.environ["HTTPS_PROXY"]
    app = AsyncApp(client=AsyncWebClient(os.environ["SLACK_BOT_TOKEN"], proxy=proxy))

    @app.command("/imagine")
    async def imagine(ack: Any) -> None:
        await ack()

    await AsyncSocketModeHandler(app, os.environ["SLACK_APP_TOKEN"], proxy=proxy).start_async()  # type: ignore[no-untyped-call]


if __name__ == "__main__":
    asyncio.run(main())
