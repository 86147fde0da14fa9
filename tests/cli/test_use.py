"""Wrong use and bad settings: one line, and an exit code that scripts can rely on."""

import subprocess
import sys
from importlib import metadata
from pathlib import Path

import pytest

from bot.cli import app, main
from tests.cli.running import ROOT, complaint, environment, reverie

#: what only the serving bot needs; the command line is to answer before these are loaded
_HEAVY = {
    "uvicorn",
    "starlette",
    "PIL",
    "httpx",
    "aiosqlite",
    "asyncpg",
    "uvloop",
    "cryptography",
    "structlog",
}


@pytest.mark.parametrize(
    ("arguments", "words"),
    [
        ("quota nonsense", "No such command 'nonsense'"),
        ("nonsense", "No such command 'nonsense'"),
        ("run --port 1", "No such option: --port"),
        ("quota set discord:1", "missing argument 'amount'"),
        ("quota set discord:1 much", "write it like 5 or 0.25"),
        ("quota set discord:1 0,25", "write it like 5 or 0.25"),
        ("quota set discord 5", "write discord:123"),
        ("quota set discord:1 5 --period year", "--period takes day, week or month, not 'year'"),
        ("quota show everything", "write a workspace like discord:123"),
        ("quota show person:discord:1", "write a workspace like discord:123"),
        ("quota reset discord:1 --level all", "--level takes member, role, "),
        ("usage discord:1 --period x", "--period takes day, week or month"),
        ("usage --by x", "--by takes day, member, channel, command or model, not 'x'"),
        ("jobs list --state lost", "--state takes held, preparing, "),
        ("jobs list --count 0", "--count takes a whole number from 1 to 1000, not '0'"),
        ("jobs list --count many", "--count takes a whole number from 1 to 1000, not 'many'"),
        ("jobs show", "missing argument 'job'"),
        ("workspaces block :", "write discord:123"),
        ("simulate --port 65536", "invalid value for '--port'"),
        ("simulate --speed 0", "invalid value for '--speed'"),
        ("db backup", "missing argument 'target'"),
    ],
)
def test_wrong_use_ends_with_two_and_one_line(
    arguments: str, words: str, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(sys, "argv", ["reverie", *arguments.split()])
    with pytest.raises(SystemExit) as ended:
        main()
    told = capsys.readouterr()
    assert 2 == ended.value.code
    assert "" == told.out
    assert words.lower() in told.err.lower()
    assert 1 == len(told.err.splitlines())
    assert told.err.startswith("reverie: ")


@pytest.mark.parametrize(
    ("name", "value", "line"),
    [
        ("REVERIE_HTTP_PORT", "99999", "REVERIE_HTTP_PORT: Input should be less than or equal to 65535"),
        (
            "REVERIE_PROVIDER",
            "dalle",
            "REVERIE_PROVIDER: dalle is not known; use luma, luma-agents, appypie, simulator",
        ),
        ("REVERIE_TIMING__POLL", "x", "REVERIE_TIMING__POLL: Input should be a valid integer"),
        ("REVERIE_TIMING", "x", "REVERIE_TIMING has one setting per field, as in REVERIE_TIMING__POLL=500"),
    ],
)
def test_an_invalid_setting_exits_with_1_and_its_name(
    name: str,
    value: str,
    line: str,
    capsys: pytest.CaptureFixture[str],
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setenv(name, value)
    for command in ("run", "demo", "simulate", "doctor", "jobs list", "db check"):
        monkeypatch.setattr(sys, "argv", ["reverie", *command.split()])
        with pytest.raises(SystemExit) as ended:
            main()
        told = capsys.readouterr()
        assert (1, "") == (ended.value.code, told.out)
        assert told.err.startswith(f"reverie: {line}")
        assert 1 == len(told.err.splitlines())


def test_help_names_every_command(
    capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    def told(*arguments: str) -> str:
        monkeypatch.setattr(sys, "argv", ["reverie", *arguments])
        with pytest.raises(SystemExit) as ended:
            main()
        assert not ended.value.code
        return capsys.readouterr().out

    whole = told("--help")
    assert whole.split() == told().split()
    for name in ("run", "demo", "simulate", "doctor", "quota", "usage", "jobs", "workspaces", "db"):
        assert f" {name} " in whole
    for group, names in {
        "quota": ("set", "show", "reset"),
        "jobs": ("list", "show", "refund", "orphans"),
        "workspaces": ("list", "block", "unblock"),
        "db": ("upgrade", "check", "reseal", "backup", "restore", "copy"),
    }.items():
        shown = told(group, "--help")
        assert shown.split() == told(group).split()
        assert all(f" {name} " in shown for name in names)
    assert "reverie" == app.info.name


def test_the_version_is_that_of_the_installed_package(
    capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(sys, "argv", ["reverie", "--version"])
    with pytest.raises(SystemExit) as ended:
        main()
    assert not ended.value.code
    assert f"reverie {metadata.version('reverie-bot')}\n" == capsys.readouterr().out


def test_the_command_line_loads_nothing_heavy() -> None:
    listed = subprocess.run(
        [sys.executable, "-c", "import bot.cli, sys; print(*sys.modules)"],
        env=environment(),
        cwd=ROOT,
        capture_output=True,
        text=True,
        check=True,
    )
    assert set() == _HEAVY & set(listed.stdout.split())


@pytest.mark.parametrize(
    ("arguments", "settings", "words"),
    [
        (["run"], {"REVERIE_HTTP_HOST": "no.such.host.invalid"}, "REVERIE_HTTP_HOST"),
        (["run"], {"REVERIE_PROVIDER": "appypie"}, "APPYPIE_SUBSCRIPTION_KEY is not set"),
        (["run"], {"REVERIE_PLAYGROUND": "on"}, "REVERIE_PLAYGROUND_PASSWORD"),
        (["run"], {"REVERIE_DATABASE_URL": "mysql://x"}, "REVERIE_DATABASE_URL is"),
        (["run"], {"REVERIE_DATA_DIR": "taken/data"}, "REVERIE_DATA_DIR"),
        (["quota", "set", "discord:1", "5"], {"REVERIE_DATA_DIR": "taken/data"}, "REVERIE_DATA_DIR"),
        (["jobs", "list"], {}, "data/reverie.db yet: start reverie run"),
        (["db", "restore", "no.tar"], {}, "There is no file no.tar"),
        (["db", "restore", "taken"], {}, "is not a complete backup of Reverie"),
        (["db", "backup", "x"], {"REVERIE_DATABASE_URL": "postgresql://x"}, "pg_dump --format=custom"),
        (["db", "restore", "x"], {"REVERIE_DATABASE_URL": "postgresql://x"}, "pg_restore --dbname="),
        (["run"], {"REVERIE_SECRET_KEY": "short"}, "openssl rand -hex 32 makes one"),
        (["db", "reseal"], {"REVERIE_SECRET_KEY": "short"}, "holds fewer than 32 characters"),
        (["run"], {"SSL_CERT_FILE": "taken"}, "SSL_CERT_FILE: taken cannot be read (no certificates in it)"),
        (["run"], {"SSL_CERT_DIR": "gone"}, "SSL_CERT_DIR: gone is not a folder"),
        (
            ["simulate", "--port", "0"],
            {"SSL_CERT_FILE": "gone"},
            "SSL_CERT_FILE: gone cannot be read (No such",
        ),
        (["simulate", "--port", "0", "--database", "taken/x"], {}, "taken cannot be used"),
        (["simulate", "--host", "no.such.host.invalid"], {}, "choose another with --port or --host"),
        (["db", "backup", "new.tar"], {}, "data/reverie.db yet: start reverie run"),
    ],
)
def test_an_error_exits_with_1_and_its_remedy(
    arguments: list[str], settings: dict[str, str], words: str, tmp_path: Path
) -> None:
    (tmp_path / "taken").write_text("a file where a folder should be")
    ended = reverie(tmp_path, *arguments, **({"REVERIE_HTTP_PORT": "0"} | settings))
    assert words in complaint(ended, 1)
    assert not (tmp_path / "new.db").exists()
