"""A person takes along what is stored about them."""

from io import BytesIO
from typing import Any
from zipfile import ZipFile

import orjson

from bot.domain.ids import short_id
from bot.domain.jobs.actions import Action
from bot.service.members.data_export import MAX_BYTES
from tests.engine.conftest import Open
from tests.engine.harness import Engine
from tests.engine.settings import ADA, BOB, BOSS


async def exported(bot: Engine) -> ZipFile:
    reply = await bot.learn("/mydata export")
    assert reply.file is not None
    assert not reply.posted
    assert len(reply.file.content) <= MAX_BYTES
    return ZipFile(BytesIO(reply.file.content))


def read(archive: ZipFile, name: str) -> list[dict[str, Any]]:
    rows: list[dict[str, Any]] = orjson.loads(archive.read(f"{name}.json"))
    return rows


async def test_a_person_gets_everything_about_them_and_nothing_about_others(any_engine: Open) -> None:
    async with any_engine() as bot:
        first = await bot.made("/imagine marmalade")
        private = await bot.made("/imagine toast --private")
        theirs = await bot.made("/imagine a secret boat", by=BOB)
        await bot.press(Action.GALLERY, theirs.id)
        await bot.learn("/quotas set --member ada --amount 3 --period day", by=BOSS)
        await bot.delete(private.id)
        await bot.learn("/settings --count 2")
        for name, job in (("mine", first), ("theirs", theirs)):
            await bot.learn(f"/studio preset save --kind style --preset {name} --picture {job.id}", by=BOSS)

        archive = await exported(bot)

        jobs = {job["id"]: job for job in read(archive, "jobs")}
        assert {first.id, private.id} == set(jobs)
        assert "marmalade" == jobs[first.id]["request"]["prompt"]
        assert first.price == jobs[first.id]["price"]
        assert short_id(first.id) in jobs[first.id]["file"]
        assert jobs[private.id]["file"] is None
        assert first.result is not None
        assert first.result.size == len(archive.read(jobs[first.id]["file"]))
        assert [theirs.id] == [star["job"] for star in read(archive, "stars")]
        assert [3_000_000] == [limit["amount"] for limit in read(archive, "limits")]
        assert ["quotas set"] == [entry["action"] for entry in read(archive, "audit")]
        settings = {member["id"]: member["defaults"] for member in read(archive, "members")}
        assert ["mine"] == [preset["name"] for preset in read(archive, "presets")]
        assert {"count": 2} == settings[ADA.member]
        assert first.price + private.price in [meter["used"] for meter in read(archive, "spending")]
        assert "secret" not in str(
            [archive.read(name) for name in archive.namelist() if name.endswith("json")]
        )


async def test_results_that_do_not_fit_are_left_out_and_somebody_new_gets_empty_lists(engine: Open) -> None:
    async with engine() as bot:
        assert [] == read(await exported(bot), "jobs")
        job = await bot.made()
        await bot.change("UPDATE job SET result = replace(result, '\"size\":', '\"size\":99999')")
        (listed,) = read(await exported(bot), "jobs")
        assert (job.id, None) == (listed["id"], listed["file"])
