"""A process without test code reaches the fake by Slack's own host names through a proxy."""

from pathlib import Path

from tests.platforms.fake_discord.transport.certificates import make_certificates
from tests.platforms.fake_slack import HOSTS, FakeSlack, Message
from tests.platforms.tiny_slack_app import manifest
from tests.platforms.unmodified import started

APP = """
import asyncio, os
from slack_bolt.adapter.socket_mode.aiohttp import AsyncSocketModeHandler
from slack_bolt.async_app import AsyncApp

app = AsyncApp(token=os.environ["SLACK_BOT_TOKEN"])

@app.command("/imagine")
async def imagine(ack, command, respond, client):
    await ack()
    await respond("At once")
    where = command["channel_id"]
    await client.files_upload_v2(filename="fox.png", content=b"x", channel=where)

async def run():
    await AsyncSocketModeHandler(app, os.environ["SLACK_APP_TOKEN"]).start_async()

asyncio.run(run())
"""


async def test_an_unmodified_process_comes_by_proxy_and_certificate(tmp_path: Path) -> None:
    program = tmp_path / "app.py"
    program.write_text(APP)
    certificates = make_certificates(tmp_path, HOSTS)
    async with FakeSlack(manifest(), certificates=certificates) as slack, slack.proxy() as proxy:
        team = slack.team("Film club")
        ada = slack.user(team, "ada")
        settings = {
            "HTTPS_PROXY": proxy.url,
            "SSL_CERT_FILE": str(certificates.authority),
            "SLACK_BOT_TOKEN": slack.bot_token(team),
            "SLACK_APP_TOKEN": slack.app_token,
        }

        def with_file(message: Message) -> bool:
            return bool(message.files)

        async with started(tmp_path, settings, [str(program)]):
            await slack.until(lambda: slack.sockets.connected == 1)
            answer = await ada.slash("/imagine", "a fox").response()
            shared = await slack.message_in(team.general, with_file)

    assert (answer.text, shared.files[0].content) == ("At once", b"x")
    assert set(proxy.tunnelled) == set(HOSTS) - {"www.slack.com"}
    assert proxy.refused == []
