"""Uploads: how much one member may upload at once, and keep without using it."""

import asyncio

import pytest

from bot.domain.errors import QuotaExhausted, Refused
from bot.domain.media import Reference
from bot.media.incoming_quota import IncomingFull
from tests.engine.conftest import Open
from tests.engine.fake_library import PNG
from tests.engine.house import ADA, BOB


async def test_a_member_sends_only_so_many_files_at_once(house: Open) -> None:
    async with house(start=None) as home:
        async with home.service.begin_upload(ADA), home.service.begin_upload(ADA):
            with pytest.raises(QuotaExhausted, match="sending 2 files already"):
                async with home.service.begin_upload(ADA):
                    pytest.fail("a third upload began")
            async with home.service.begin_upload(BOB):
                pass
        async with home.service.begin_upload(ADA):
            pass


async def test_bytes_on_their_way_in_are_counted_as_they_arrive(house: Open) -> None:
    async with house(start=None, upload_bytes_per_member=1_000) as home:
        async with home.service.begin_upload(ADA) as first:
            first.add(600)
            with pytest.raises(QuotaExhausted, match="as much as is accepted at once"):  # noqa: PT012 - as it leaves
                async with home.service.begin_upload(ADA) as second:
                    second.add(400)
                    second.add(1)
            async with home.service.begin_upload(ADA) as third, home.service.begin_upload(BOB) as other:
                third.add(400)
                other.add(1_000)
        async with home.service.begin_upload(ADA) as again:
            again.add(1_000)


async def test_an_upload_that_breaks_off_gives_its_room_back(house: Open) -> None:
    async with house(start=None, upload_bytes_per_member=1_000) as home:

        async def stalls() -> None:
            async with home.service.begin_upload(ADA) as upload:
                upload.add(1_000)
                await asyncio.Event().wait()

        stalled = asyncio.create_task(stalls())
        await home.until(lambda: home.services.storage.incoming_quota.arriving(ADA.member))
        stalled.cancel()
        await asyncio.wait([stalled])
        async with home.service.begin_upload(ADA) as upload:
            upload.add(1_000)


async def test_files_that_no_command_has_used_count_until_one_does(any_house: Open) -> None:
    """Else a member would fill the disk by sending one file after another."""
    content = PNG + b"x" * 500
    async with any_house(upload_bytes_per_member=2 * len(content)) as home:
        first = await home.upload(content)
        with pytest.raises(Refused, match="many files that no command has used"):
            await home.upload(PNG + b"y" * 700)
        assert 1 == len(list(home.services.storage.folder.glob("??/??/*")))
        async with home.service.begin_upload(ADA) as upload:
            with pytest.raises(IncomingFull):
                upload.add(len(content) + 1)

        await home.made("/animate it runs", files=(Reference.of(first),))
        async with home.service.begin_upload(ADA) as upload:
            upload.add(2 * len(content))


async def test_an_upload_costs_of_the_rate_before_a_byte_is_read(house: Open) -> None:
    async with house(start=None, commands_burst=1) as home:
        async with home.service.begin_upload(ADA):
            pass
        with pytest.raises(QuotaExhausted, match="a lot at once"):
            async with home.service.begin_upload(ADA):
                pytest.fail("its body would be read")
