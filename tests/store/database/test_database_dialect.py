"""One SQL text for both databases: parameters, macros, sets."""

import sqlite3
from collections.abc import Iterator
from contextlib import closing
from enum import StrEnum
from pathlib import Path

import asyncpg
import orjson
import pytest

from bot.store.database.base import Database
from bot.store.database.connect import path_of
from bot.store.database.dialect import Dialect, Statement, render, split
from bot.store.database.named_sql import FOLDER, Query, load

ECHO = Query(
    "echo",
    "SELECT id, amount, part, ord FROM {{rows items (id text, amount bigint, part text)}} AS r ORDER BY ord",
)
BOTH = tuple(Dialect)


class Colour(StrEnum):
    RED = "red"


def test_parameters_are_numbered_once_each() -> None:
    text = "SELECT :a, :b, :a"
    assert ("SELECT $1, $2, $1", ("a", "b")) == _rendered(text, Dialect.POSTGRES)
    assert ("SELECT ?1, ?2, ?1", ("a", "b")) == _rendered(text, Dialect.SQLITE)


@pytest.mark.parametrize("dialect", BOTH)
@pytest.mark.parametrize(
    "text",
    ["SELECT ':a it''s :b'", 'SELECT ":a"', "SELECT 1::bigint", "SELECT $$:a$$", "SELECT $x$ ; :a $x$"],
)
def test_what_only_looks_like_a_parameter_stays(text: str, dialect: Dialect) -> None:
    assert (text, ()) == _rendered(text, dialect)


@pytest.mark.parametrize("dialect", BOTH)
def test_comments_and_the_last_semicolon_go(dialect: Dialect) -> None:
    text = "-- :a 'quote {{nonsense}}\nSELECT 1 /* ; :b */;\n"
    assert ("SELECT 1", ()) == _rendered(text, dialect)


def test_locks_are_for_postgres() -> None:
    text = "SELECT id FROM job {{skip_locked job}}"
    assert "SELECT id FROM job FOR UPDATE OF job SKIP LOCKED" == render(text, Dialect.POSTGRES).sql
    assert "SELECT id FROM job" == render(text, Dialect.SQLITE).sql


@pytest.mark.parametrize("dialect", BOTH)
@pytest.mark.parametrize(
    "macro",
    [
        "{{unknown}}",
        "{{rows items}}",
        "{{rows items (id uuid)}}",
        "{{rows items (ord bigint)}}",
        "{{values}}",
    ],
)
def test_a_wrong_macro_is_refused(macro: str, dialect: Dialect) -> None:
    with pytest.raises(ValueError, match=r"cannot be a column|not a macro"):
        render(macro, dialect)


def test_a_script_is_cut_at_its_own_semicolons() -> None:
    script = """
    CREATE TABLE a (b TEXT DEFAULT ';'); -- one; two
    /* nothing; */ ;
    INSERT INTO a VALUES ('it''s; so'), ($$;$$)
    """
    assert ["CREATE TABLE", "INSERT INTO "] == [
        s.partition("\n")[2].strip()[:12] or s[:12] for s in split(script)
    ]


async def test_rows_arrive_in_order_and_with_their_types(notes: Database) -> None:
    rows = [
        {"id": "é 漢字 🎬 \"'\\ \n", "amount": 2**62, "part": {"a": [1, "ü"], "b": None}},
        {"id": None, "amount": None},
        {"id": Colour.RED, "amount": -1, "part": "plain", "unknown": True},
    ]
    expected = [
        {"id": "é 漢字 🎬 \"'\\ \n", "amount": 2**62, "part": '{"a":[1,"ü"],"b":null}', "ord": 0},
        {"id": None, "amount": None, "part": None, "ord": 1},
        {"id": "red", "amount": -1, "part": "plain", "ord": 2},
    ]
    assert expected == await notes.fetch(ECHO, items=rows)


async def test_rows_are_inserted_with_the_columns_that_are_named_once(notes: Database) -> None:
    query = Query(
        "add", "{{insert note items (id text, amount bigint)}} ORDER BY id ON CONFLICT (id) DO NOTHING"
    )
    items = [{"id": "b", "amount": 2}, {"id": "a", "amount": 1}, {"id": "b", "amount": 3}]
    assert 2 == await notes.exclusively(lambda tx: tx.run(query, items=items))
    rows = await notes.fetch(Query("all", "SELECT id, amount FROM note ORDER BY id"))
    assert [("a", 1), ("b", 2)] == [(row["id"], row["amount"]) for row in rows]


@pytest.mark.parametrize("items", [[], (), None])
async def test_an_empty_set_has_no_rows(notes: Database, items: object) -> None:
    assert [] == await notes.fetch(ECHO, items=items)


async def test_a_large_set_arrives_whole(notes: Database) -> None:
    rows = await notes.fetch(ECHO, items=[{"id": f"n{n}", "amount": n} for n in range(5000)])
    assert list(range(5000)) == [row["amount"] for row in rows]
    assert rows == await notes.fetch(ECHO, items=rows), "rows that were read can be sent again"


async def test_values_are_a_set_to_look_in(notes: Database) -> None:
    names = Query(
        "names", "SELECT id FROM {{rows items (id text)}} AS r WHERE id IN ({{values ids}}) ORDER BY id"
    )
    items = [{"id": "a"}, {"id": "b"}, {"id": "1"}]
    assert [{"id": "1"}, {"id": "b"}] == await notes.fetch(names, items=items, ids={"b", "1"})
    assert [] == await notes.fetch(names, items=items, ids=[])
    total = Query("total", "SELECT CAST(sum(value) AS bigint) AS total FROM ({{values ids bigint}}) AS v")
    assert {"total": 2**40 + 1} == await notes.one(total, ids=[1, 2**40])


async def test_scalars_come_back_as_they_were_sent(notes: Database) -> None:
    query = Query(
        "scalars",
        "SELECT CAST(:text AS text) AS text, CAST(:whole AS bigint) AS whole, CAST(:none AS text) AS none,"
        " CAST(:real AS double precision) AS real, CAST(:flag AS bigint) AS flag,"
        " {{greatest}}(CAST(:whole AS bigint), 3) AS greatest, {{least}}(CAST(:whole AS bigint), 3) AS least",
    )
    row = await notes.one(query, text=Colour.RED, whole=7, none=None, real=0.5, flag=True)
    expected = {"text": "red", "whole": 7, "none": None, "real": 0.5, "flag": 1, "greatest": 7, "least": 3}
    assert expected == row


async def test_values_of_rows_become_one_json_list(notes: Database) -> None:
    query = Query("listed", "SELECT {{json_list}}(n) AS n FROM {{rows items (n bigint)}} AS r")
    some = await notes.one(query, items=[{"n": 2**40}, {"n": None}])
    none = await notes.one(query, items=[])
    assert some is not None
    assert none is not None
    assert [[2**40, None], []] == [orjson.loads(row["n"] or "[]") for row in (some, none)]


def test_queries_are_loaded_by_name(tmp_path: Path) -> None:
    (tmp_path / "things.sql").write_text(
        "-- all about things\n\n-- name: one\nSELECT 1;\n\n-- name: two\nSELECT :n;"
    )
    things = load("things", tmp_path)
    assert "SELECT 1" == things.one.on(Dialect.SQLITE).sql
    assert ["one", "two"] == list(things)
    with pytest.raises(AttributeError, match=r"things.sql has no 'three', only one, two"):
        _ = things.three


def test_a_name_is_given_once(tmp_path: Path) -> None:
    (tmp_path / "broken.sql").write_text("-- name: a\nSELECT 1;\n-- name: a\nSELECT 2;")
    with pytest.raises(ValueError, match="taken already"):
        load("broken", tmp_path)


def _statements(dialect: Dialect) -> Iterator[tuple[str, Statement]]:
    """Every statement of the store by its file and name."""
    for path in sorted(FOLDER.rglob("*.sql")):
        file = path.relative_to(FOLDER).with_suffix("").as_posix()
        queries = load(file)
        assert list(queries), file
        for name in queries:
            yield f"{file}: {name}", getattr(queries, name).on(dialect)


def test_sqlite_accepts_every_statement_of_the_store(migrated_sqlite_url: str) -> None:
    refused = {}
    with closing(sqlite3.connect(path_of(migrated_sqlite_url))) as connection:
        for name, statement in _statements(Dialect.SQLITE):
            try:
                connection.execute(f"EXPLAIN {statement.sql}", [None] * len(statement.parameters))
            except sqlite3.Error as error:
                refused[name] = str(error)
    assert {} == refused


async def test_postgres_accepts_every_statement_of_the_store(migrated_postgres_url: str) -> None:
    refused = {}
    connection = await asyncpg.connect(migrated_postgres_url)
    for name, statement in _statements(Dialect.POSTGRES):
        try:
            await connection.prepare(statement.sql)
        except asyncpg.PostgresError as error:
            refused[name] = str(error)
    await connection.close()
    assert {} == refused


def _rendered(text: str, dialect: Dialect) -> tuple[str, tuple[str, ...]]:
    statement = render(text, dialect)
    return statement.sql, statement.parameters
