"""URLs that are refused before anything is reserved, and links to the bot itself."""

import pytest

from bot.domain.errors import InvalidRequest
from bot.domain.generations.media import Reference
from bot.domain.jobs.failures import FailureCategory
from bot.domain.jobs.job import State
from tests.engine.conftest import Open
from tests.worker.preparation.inputs import fails


@pytest.mark.parametrize(
    ("address", "told"),
    [
        ("http://10.0.0.1/a.png", "not on the public internet"),
        ("http://localhost:8080/a.png", "not on the public internet"),
        ("http://metadata.google.internal/a.png", "not on the public internet"),
        ("http://pictures..example/a.png", "not a valid URL"),
        ("http://pictures.example:22/a.png", "port 22"),
        ("http://bot.invalid/metrics", "address of the bot itself"),
        ("http://bot.invalid/media/nothing.0.signed", "link of the bot is invalid"),
    ],
)
async def test_an_address_that_cannot_be_fetched_is_refused_before_anything_is_reserved(
    engine: Open, address: str, told: str
) -> None:
    """In every option that takes one, by a command, its price, and a message's files alike."""
    async with engine(start=None) as bot:
        for text in ("/imagine a fox --image {}", "/animate it runs --start {}", "/reframe 1:1 {}"):
            with pytest.raises(InvalidRequest, match=told):
                await bot.ask(text.format(address))
            with pytest.raises(InvalidRequest, match=told):
                await bot.quote(text.format(address))
        with pytest.raises(InvalidRequest, match=told):
            await bot.ask("/animate it runs", files=(Reference(url=address),))
        assert [] == await bot.rows("SELECT id FROM job")
        assert (0, 0) == await bot.money()


async def test_a_signed_link_of_ours_stands_for_its_file(any_engine: Open) -> None:
    """Nothing is fetched: our own server is never asked for anything that a person names."""
    async with any_engine() as bot:
        source = await bot.made("/imagine a red fox")
        assert source.result is not None
        token = bot.services.signer.sign("media", source.result.file, expires_at=bot.clock.wall() + 60_000)
        for link in (f"http://bot.invalid/media/{token}", f"http://bot.invalid/media/{token}/view"):
            card = await bot.ask(f"/animate it runs --start {link}")
            job = await bot.comes_to(card, State.QUEUED, State.SUBMITTED, State.COMPLETED)
            (reference,) = job.request.references
            assert reference.file is not None
            assert (source.result.file, None) == (reference.file.file, reference.url)
            assert State.COMPLETED is (await bot.ends(card)).state
        assert not any("bot.invalid" in url for url in bot.library.fetched)


async def test_a_signed_link_of_ours_to_a_file_that_is_gone_is_refused(engine: Open) -> None:
    async with engine() as bot:
        token = bot.services.signer.sign("media", "a" * 64, expires_at=bot.clock.wall() + 60_000)
        card = await bot.ask(f"/animate it runs --start http://bot.invalid/media/{token}")
        await fails(bot, card, FailureCategory.INPUT_REFUSED, "no longer stored")
