"""The whole bot as an operator starts it, connected to a fake Slack by proxy and certificates."""

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path

from adapters.slack.oauth.manifest import manifest
from tests.platforms.fake_discord.transport.certificates import make_certificates
from tests.platforms.fake_slack import FakeSlack, Message, Team
from tests.platforms.fake_slack.fake import HOSTS
from tests.platforms.unmodified import METER_SUMS, QUICK, Bot, query, start_proxied


@asynccontextmanager
async def connected_to(slack: FakeSlack, team: Team, authority: Path, folder: Path) -> AsyncIterator[Bot]:
    proxy = slack.proxy()
    own = {"SLACK_BOT_TOKEN": slack.bot_token(team), "SLACK_APP_TOKEN": slack.app_token}
    async with start_proxied(folder, proxy, authority, QUICK | own) as bot:
        await bot.ready()
        yield bot
    assert proxy.refused == []


async def test_every_result_is_posted_once_across_kills(tmp_path: Path) -> None:
    certificates = make_certificates(tmp_path, HOSTS)
    async with FakeSlack(manifest(), certificates=certificates) as slack:
        team = slack.team("Film club")
        ada, general = slack.user(team, "ada"), team.general

        def cards() -> list[Message]:
            return [one for one in general.messages.values() if one.author.is_bot and _shows_a_card(one)]

        async def arrive(count: int) -> list[Message]:
            await slack.until(lambda: len([one for one in cards() if _is_done(one)]) == count)
            return cards()

        async with connected_to(slack, team, certificates.authority, tmp_path) as bot:
            ada.slash("/imagine", "a red fox")
            (picture,) = await arrive(1)
            ada.slash("/animate", "a fox that runs --resolution 540p")
            ada.react(picture, "game_die")
            await slack.until(lambda: len(cards()) == 3)

            await bot.kill()
            await bot.start()
            await bot.ready()

            await arrive(3)
            ada.slash("/reframe", "9:16")
            await arrive(4)
            ada.slash("/extend", "it lies down")
            video = next(
                one for one in await arrive(5) if "A fox that runs".lower() in str(one.blocks).lower()
            )
            ada.react(video, "fast_forward")
            await arrive(6)

        assert 6 == len(cards()), "one message for each card"
    assert [{"state": "completed", "jobs": 6}] == query(
        tmp_path, "SELECT state, count(*) AS jobs FROM job GROUP BY state"
    )
    (spent,) = query(tmp_path, "SELECT sum(price) AS used, 0 AS reserved FROM job")
    assert [spent] == query(tmp_path, METER_SUMS), "each was charged once"


def _shows_a_card(message: Message) -> bool:
    return any(str(part.get("action_id", "")).startswith("rv:") for part in message.parts)


def _is_done(message: Message) -> bool:
    # A running video has a picture too: its preview.
    return "Done" in str(message.blocks) and any(block["type"] == "image" for block in message.blocks or ())
