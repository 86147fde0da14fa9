"""What an admin is told about the use of their workspace, and the operator about that of all."""

import csv
import io

import pytest

from bot.domain.commands import StudioUsage
from bot.domain.errors import InvalidRequest, NotAllowed, ProcessingFailed
from bot.domain.reports.usage import Dimension, Format
from tests.engine.conftest import Open
from tests.engine.harness import Engine
from tests.engine.settings import ADA, BOB, BOSS, WORKSPACE, person


async def spend(bot: Engine) -> None:
    for by, model in ((ADA, "photon-1"), (ADA, "photon-1"), (BOB, "photon-flash-1")):
        await bot.ends(await bot.ask(f"/imagine a fox --model {model}", by=by))


async def test_a_chart_is_drawn_with_its_main_figures(any_engine: Open) -> None:
    async with any_engine() as bot:
        await spend(bot)
        note = await bot.learn("/studio usage day --by member", by=BOSS)
        (chart,) = bot.library.charts

    assert "Spent today: $0.039" == note.title
    assert "3 pictures finished." in note.text
    assert (("Ada", "$0.035 for 2 jobs"), ("Bob", "$0.005 for 1 job")) == note.fields
    assert not note.posted
    assert note.file is not None
    assert note.file.content.startswith(b"\x89PNG")
    assert "Bar chart by member. Spent today: $0.039." in note.file.alt
    assert "Most: Ada $0.035, Bob $0.005." in note.file.alt
    assert ["Ada", "Bob"] == [bar.label for bar in chart.bars]


@pytest.mark.parametrize(
    ("by", "names"),
    [
        (Dimension.CHANNEL, ["channel c1"]),
        (Dimension.COMMAND, ["/imagine"]),
        (Dimension.MODEL, ["photon-1", "photon-flash-1"]),
    ],
)
async def test_it_is_grouped_as_asked(engine: Open, by: Dimension, names: list[str]) -> None:
    async with engine() as bot:
        await spend(bot)
        note = await bot.learn(f"/studio usage --by {by} --format table", by=BOSS)
        assert names == [name for name, _ in note.fields]
        assert (None, []) == (note.file, bot.library.charts)


async def test_all_figures_are_a_csv_file_for_the_admin_alone(engine: Open) -> None:
    evil = person("eve")
    evil = type(evil)(workspace=evil.workspace, person=evil.person, member=evil.member, name="=HYPERLINK(1)")
    async with engine() as bot:
        await spend(bot)
        await bot.ends(await bot.ask(by=evil))
        note = await bot.learn("/studio usage --by member --format csv", by=BOSS)
        with pytest.raises(InvalidRequest, match="sent to you alone"):
            await bot.say("/studio usage --format csv --post", by=BOSS)

    assert note.file is not None
    assert ("text/csv", False) == (note.file.mime, note.file.is_picture)
    rows = list(csv.DictReader(io.StringIO(note.file.content.decode("utf-8-sig"))))
    assert [("Ada", "2"), ("'=HYPERLINK(1)", "1"), ("Bob", "1")] == [
        (row["name"], row["jobs"]) for row in rows
    ]
    assert f"{WORKSPACE}:ada" == rows[0]["member"]


async def test_a_chart_is_posted_only_if_that_is_asked_for_and_without_the_operators_figures(
    engine: Open,
) -> None:
    async with engine(operators=(BOSS.person,)) as bot:
        await spend(bot)
        private = await bot.learn("/studio usage", by=BOSS)
        posted = await bot.learn("/studio usage --post", by=BOSS)
    assert (False, True) == (private.posted, posted.posted)
    assert any("Account" in name for name, _ in private.fields)
    assert not any("Account" in name for name, _ in posted.fields)


async def test_nothing_and_a_chart_that_cannot_be_drawn_are_told(engine: Open) -> None:
    async with engine() as bot:
        nothing = await bot.learn("/studio usage", by=BOSS)
        assert "No job has ended this month." == nothing.text
        assert nothing.file is not None
        await spend(bot)
        bot.library.unusable = ProcessingFailed("it took too long")
        note = await bot.learn("/studio usage --by member", by=BOSS)
        assert "The chart could not be drawn" in note.text
        assert (None, 2) == (note.file, len(note.fields))


async def test_a_page_gets_the_report_and_its_chart_from_the_facade(engine: Open) -> None:
    command = StudioUsage(by=Dimension.MODEL, days=7, format=Format.TABLE)
    async with engine() as bot:
        await spend(bot)
        report = await bot.service.usage_report(command, BOSS)
        chart = await bot.service.usage_chart(report, BOSS)
        with pytest.raises(NotAllowed):
            await bot.service.usage_report(command, ADA)
        elsewhere = await bot.service.usage_report(command, person("boss", workspace="chat:x", admin=True))
    assert ["photon-1", "photon-flash-1"] == [group.key for group in report.groups]
    assert "the last 7 days" in chart.alt
    assert 0 == elsewhere.total.jobs


async def test_the_operator_sees_all_workspaces_at_once(any_engine: Open) -> None:
    async with any_engine() as bot:
        await spend(bot)
        await bot.ends(await bot.ask(by=person("zoe", workspace="chat:elsewhere")))
        everything = await bot.operator.usage(by="member")
        one = await bot.operator.usage(workspace=WORKSPACE, days=1)
        text = await bot.operator.usage(by="model", as_csv=True)
    assert isinstance(everything, dict)
    assert {"Ada", "Bob", "Zoe"} == {group["name"] for group in everything["groups"]}
    assert 4 == everything["total"][0]["jobs"]
    assert isinstance(one, dict)
    assert [3] == [group["jobs"] for group in one["groups"]]
    assert isinstance(text, dict)
    assert text["csv"].startswith("model,name,jobs,pictures")
