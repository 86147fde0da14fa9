"""Uploads: how much one member may upload at once, and keep without using it."""

import asyncio

import pytest

from bot.domain.errors import QuotaExhausted, Refused
from bot.domain.generations.media import Reference
from bot.media.storage.incoming import IncomingFull
from tests.engine.conftest import Open
from tests.engine.fake_library import PNG
from tests.engine.settings import ADA, BOB


async def test_a_member_sends_only_so_many_files_at_once(engine: Open) -> None:
    async with engine(start=None) as bot:
        async with bot.service.begin_upload(ADA), bot.service.begin_upload(ADA):
            with pytest.raises(QuotaExhausted, match="sending 2 files already"):
                async with bot.service.begin_upload(ADA):
                    pytest.fail("a third upload began")
            async with bot.service.begin_upload(BOB):
                pass
        async with bot.service.begin_upload(ADA):
            pass


async def test_incoming_bytes_are_counted_as_they_arrive(engine: Open) -> None:
    async with engine(start=None, upload_bytes_per_member=1_000) as bot:
        async with bot.service.begin_upload(ADA) as first:
            first.add(600)
            with pytest.raises(QuotaExhausted, match="as much as is accepted at once"):  # noqa: PT012 - as it leaves
                async with bot.service.begin_upload(ADA) as second:
                    second.add(400)
                    second.add(1)
            async with bot.service.begin_upload(ADA) as third, bot.service.begin_upload(BOB) as other:
                third.add(400)
                other.add(1_000)
        async with bot.service.begin_upload(ADA) as again:
            again.add(1_000)


async def test_an_upload_that_breaks_off_gives_its_room_back(engine: Open) -> None:
    async with engine(start=None, upload_bytes_per_member=1_000) as bot:

        async def stalls() -> None:
            async with bot.service.begin_upload(ADA) as upload:
                upload.add(1_000)
                await asyncio.Event().wait()

        stalled = asyncio.create_task(stalls())
        await bot.until(lambda: bot.services.storage.incoming_quota.arriving(ADA.member))
        stalled.cancel()
        await asyncio.wait([stalled])
        async with bot.service.begin_upload(ADA) as upload:
            upload.add(1_000)


async def test_files_that_no_command_has_used_count_until_one_does(any_engine: Open) -> None:
    """Else a member would fill the disk by sending one file after another."""
    content = PNG + b"x" * 500
    async with any_engine(upload_bytes_per_member=2 * len(content)) as bot:
        first = await bot.upload(content)
        with pytest.raises(Refused, match="many files that no command has used"):
            await bot.upload(PNG + b"y" * 700)
        assert 1 == len(list(bot.folder.folder.glob("??/??/*")))
        async with bot.service.begin_upload(ADA) as upload:
            with pytest.raises(IncomingFull):
                upload.add(len(content) + 1)

        await bot.made("/animate it runs", files=(Reference.of(first),))
        async with bot.service.begin_upload(ADA) as upload:
            upload.add(2 * len(content))


async def test_an_upload_costs_of_the_rate_before_a_byte_is_read(engine: Open) -> None:
    async with engine(start=None, commands_burst=1) as bot:
        async with bot.service.begin_upload(ADA):
            pass
        with pytest.raises(QuotaExhausted, match="a lot at once"):
            async with bot.service.begin_upload(ADA):
                pytest.fail("its body would be read")
