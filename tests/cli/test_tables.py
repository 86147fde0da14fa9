"""What the command line prints: tables for people, JSON for programs."""

import time
from typing import Any

import orjson
import pytest

from bot.cli.tables import show

MADE = {
    "id": "a",
    "name": "Ada",
    "spent_microusd": 17_223,
    "jobs": 2,
    "created_at": 1_800_000_000_000,
    "failure": None,
    "paused": False,
}


@pytest.fixture
def berlin(monkeypatch: pytest.MonkeyPatch) -> Any:
    monkeypatch.setenv("TZ", "Europe/Berlin")
    time.tzset()
    yield
    monkeypatch.undo()
    time.tzset()


def _shown(answer: Any, capsys: pytest.CaptureFixture[str]) -> list[str]:
    show(answer, as_json=False)
    return capsys.readouterr().out.splitlines()


@pytest.mark.usefixtures("berlin")
def test_records_are_a_table_in_dollars_and_local_time(capsys: pytest.CaptureFixture[str]) -> None:
    more = MADE | {"id": "abc", "spent_microusd": 12_345_678_900, "jobs": 1_000, "paused": True, "name": ""}
    assert [
        "id   name       spent  jobs  created               failure  paused",
        "a    Ada       $0.018     2  2027-01-15 09:00 CET  –        no",
        "abc  –     $12,345.68  1000  2027-01-15 09:00 CET  –        yes",
    ] == _shown([MADE, more], capsys)


@pytest.mark.usefixtures("berlin")
def test_one_record_is_a_list_of_its_fields(capsys: pytest.CaptureFixture[str]) -> None:
    assert [
        "spent    $0.018",
        "created  2027-01-15 09:00 CET",
        "found    a, b",
        "states   held 1, unknown 2",
        "none     –",
    ] == _shown(
        {
            "spent_microusd": 17_223,
            "created_at": 1_800_000_000_000,
            "found": ["a", "b"],
            "states": {"held": 1, "unknown": 2},
            "none": [],
        },
        capsys,
    )


def test_several_tables_have_headings(capsys: pytest.CaptureFixture[str]) -> None:
    assert ["Workspaces", "  id", "  a", "", "Wrong prices", "  nothing"] == _shown(
        {"workspaces": [{"id": "a"}], "wrong_prices": []}, capsys
    )


def test_wide_characters_keep_the_columns_and_names_cannot_steer_the_terminal(
    capsys: pytest.CaptureFixture[str],
) -> None:
    rows = [{"name": name, "id": "x"} for name in ("星空", "\x1b[2J[red]a[/red]\n", "é")]
    assert [
        "name               id",
        "星空               x",
        "�[2J[red]a[/red]�  x",
        "é                  x",
    ] == _shown(rows, capsys)


def test_programs_get_everything_as_it_is(capsys: pytest.CaptureFixture[str]) -> None:
    show([MADE], as_json=True)
    assert [MADE] == orjson.loads(capsys.readouterr().out)
