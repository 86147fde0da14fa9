"""The unmodified bot process, connected to the fake Discord by proxy and certificates alone."""

from pathlib import Path

from tests.platforms.fake_discord import FakeDiscord
from tests.platforms.fake_discord.state.messages import Message
from tests.platforms.unmodified import METER_SUMS, query
from tests.platforms.with_discord.readers import connected_to, is_done


async def test_everything_arrives_once_though_the_bot_is_killed(fake: FakeDiscord, tmp_path: Path) -> None:
    ada = fake.member(fake.guild("Film club"), "ada")
    async with connected_to(fake, tmp_path) as bot:
        picture = await ada.slash("imagine", prompt="a red fox").message(is_done)
        film = ada.slash("animate", prompt="a fox that runs", resolution="540p")
        await film.message()
        ada.react(picture, "🎲")
        await fake.until(lambda: len(_cards(ada.reads())) == 3)

        await bot.kill()
        reframed = ada.slash("reframe", aspect_ratio="9:16")
        await bot.start()
        await bot.ready()

        shown = await film.message(is_done)
        assert reframed.callback is None, "nobody was there to answer"
        ada.react(shown, "⏩")
        await ada.slash("reframe", aspect_ratio="9:16").message(is_done)
        await ada.slash("extend", prompt="it lies down").message(is_done)
        await fake.until(lambda: len(_done(ada.reads())) == 6)

    cards = _cards(ada.reads())
    assert 6 == len(cards), "one message for each card"
    assert all(len(message.attachments) == 1 for message in cards)
    assert [{"state": "completed", "jobs": 6}] == query(
        tmp_path, "SELECT state, count(*) AS jobs FROM job GROUP BY state"
    )
    (spent,) = query(tmp_path, "SELECT sum(price) AS used, 0 AS reserved FROM job")
    assert [spent] == query(tmp_path, METER_SUMS), "each was charged once"


def _cards(messages: list[Message]) -> list[Message]:
    return [message for message in messages if message.author.bot and message.embeds]


def _done(messages: list[Message]) -> list[Message]:
    return [message for message in _cards(messages) if is_done(message)]
