"""The operator's commands beside a running bot, through its socket."""

import json
import os
import sqlite3
import stat
import sys
from collections.abc import Iterator
from contextlib import closing, contextmanager
from http import HTTPStatus
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from threading import Thread
from typing import Any

import httpx
import pytest

from bot.domain.errors import InvalidRequest, ReverieError
from bot.web.operator_socket import call_running, socket_of
from tests.cli.running import Running, complaint, folder, lines, reverie, running


@pytest.fixture(scope="module")
def bot() -> Iterator[Running]:
    with folder() as home, running(home) as found:
        yield found


class _Welcome(BaseHTTPRequestHandler):
    def do_GET(self) -> None:
        self.send_response(HTTPStatus.OK)
        self.end_headers()
        self.wfile.write(b"welcome")

    def log_message(self, *_: object) -> None:
        pass


@contextmanager
def _another_program() -> Iterator[int]:
    with ThreadingHTTPServer(("127.0.0.1", 0), _Welcome) as server:
        serving = Thread(target=server.serve_forever, kwargs={"poll_interval": 0.01})
        serving.start()
        yield server.server_port
        server.shutdown()
        serving.join()


def _answer(bot: Running, *arguments: str) -> Any:
    ended = reverie(bot.folder, *arguments, "--json")
    assert (0, "") == (ended.returncode, ended.stderr), ended
    return json.loads(ended.stdout)


def test_the_bot_answers_that_it_is_alive(bot: Running) -> None:
    assert httpx.get(f"http://127.0.0.1:{bot.port}/healthz", trust_env=False).is_success


def test_a_budget_is_set_through_the_running_bot_and_read_directly(bot: Running) -> None:
    ended = reverie(bot.folder, "quota", "set", "discord:1", "50", "--period", "week")
    assert (0, "") == (ended.returncode, ended.stderr)
    assert ["level ceiling", "subject discord:1", "amount $50.00", "period week"] == lines(ended)
    (ceiling,) = _answer(bot, "quota", "show", "discord:1")
    assert ("ceiling", "week", 50_000_000, 0) == (
        ceiling["level"],
        ceiling["period"],
        ceiling["limit_microusd"],
        ceiling["used_microusd"],
    )
    assert "$50.00" == ceiling["left"]
    assert "UTC" in ceiling["resets"]


def test_a_person_is_shut_out_and_let_in_again(bot: Running) -> None:
    """As the core knows persons: without the word that tells them from workspaces on the command line."""
    subject = {"subject": "discord:7"}
    assert subject | {"blocked": True, "changed": True} == _answer(
        bot, "workspaces", "block", "person:discord:7"
    )
    assert subject | {"blocked": False, "changed": True} == _answer(
        bot, "workspaces", "unblock", "person:discord:7"
    )
    assert subject | {"blocked": False, "changed": False} == _answer(
        bot, "workspaces", "unblock", "discord:7"
    )


def test_a_refusal_of_the_bot_is_one_line(bot: Running) -> None:
    assert "There is no job" in complaint(reverie(bot.folder, "jobs", "refund", "0" * 24), 1)


def test_a_second_bot_in_the_folder_is_refused(bot: Running) -> None:
    line = complaint(reverie(bot.folder, "run", REVERIE_HTTP_PORT="0"), 1)
    assert "is in use by process" in line
    assert "REVERIE_DATA_DIR" in line


def test_a_database_of_a_newer_version_is_refused_with_how_to_upgrade(tmp_path: Path) -> None:
    assert 0 == reverie(tmp_path, "db", "upgrade").returncode
    with closing(sqlite3.connect(tmp_path / "data" / "reverie.db")) as db, db:
        db.execute("INSERT INTO migration (version, name, applied_at) VALUES (9999, 'later', 0)")
    line = complaint(reverie(tmp_path, "run", REVERIE_HTTP_PORT="0"), 1)
    assert "version 9999 (later)" in line
    assert "An upgrade stops all replicas first" in line


@pytest.mark.skipif(sys.platform == "darwin", reason="takes only names in UTF-8")
def test_the_data_folder_may_have_a_name_that_is_not_utf8(tmp_path: Path) -> None:
    named = {"REVERIE_DATA_DIR": str(tmp_path / os.fsdecode(b"jos\xe9"))}
    assert 0 == reverie(tmp_path, "db", "upgrade", **named).returncode
    assert (Path(named["REVERIE_DATA_DIR"]) / "reverie.db").exists()
    assert 0 == reverie(tmp_path, "db", "check", **named).returncode
    assert 0 == reverie(tmp_path, "usage", **named).returncode


@pytest.mark.parametrize("command", ["run", "simulate"])
def test_a_taken_port_is_refused(bot: Running, command: str, tmp_path: Path) -> None:
    port = str(bot.port)
    arguments = ["run"] if command == "run" else ["simulate", "--port", port]
    line = complaint(reverie(tmp_path, *arguments, REVERIE_HTTP_PORT=port), 1)
    assert f"127.0.0.1:{port} cannot be used" in line
    assert ("REVERIE_HTTP_PORT" if command == "run" else "--port") in line


@pytest.mark.parametrize("host", ["no.such.host.invalid", "[::1]", "two..dots"])
def test_a_host_that_is_none_is_refused_with_its_setting(host: str, tmp_path: Path) -> None:
    line = complaint(reverie(tmp_path, "run", REVERIE_HTTP_PORT="0", REVERIE_HTTP_HOST=host), 1)
    assert line.startswith(f"reverie: {host}:0 cannot be used")
    assert line.endswith("correct REVERIE_HTTP_HOST and REVERIE_HTTP_PORT")
    assert "--host" in complaint(reverie(tmp_path, "simulate", "--host", host, "--port", "0"), 1)
    ended = reverie(tmp_path, "doctor", REVERIE_HTTP_PORT="0", REVERIE_HTTP_HOST=host)
    assert f"✗ {host}:0 cannot be opened" in ended.stdout


def test_doctor_tells_the_running_bot_from_another_program(bot: Running, tmp_path: Path) -> None:
    ended = reverie(bot.folder, "doctor", REVERIE_HTTP_PORT=str(bot.port))
    assert 0 == ended.returncode, ended.stdout
    assert f"✓ the bot runs at 127.0.0.1:{bot.port}" in ended.stdout
    assert "✓ database, meters and counters are consistent" in ended.stdout
    with _another_program() as port:
        ended = reverie(tmp_path, "doctor", "--json", REVERIE_HTTP_PORT=str(port))
    assert 1 == ended.returncode
    (finding,) = [finding for finding in json.loads(ended.stdout) if not finding["ok"]]
    assert f"127.0.0.1:{port} is in use by another program" == finding["what"]
    assert "REVERIE_HTTP_PORT" in finding["remedy"]


def test_a_running_bot_can_be_backed_up_but_not_copied(bot: Running, tmp_path: Path) -> None:
    ended = reverie(bot.folder, "db", "backup", str(tmp_path / "backup.tar"), "--media")
    assert (0, "") == (ended.returncode, ended.stderr)
    size = (tmp_path / "backup.tar").stat().st_size
    assert f"holds the database, the secret, 0 files of media: {size} bytes; protect it" in ended.stdout
    assert "holds" in complaint(reverie(bot.folder, "db", "restore", str(tmp_path / "backup.tar")), 1)
    (tmp_path / "home").mkdir()
    ended = reverie(tmp_path / "home", "db", "restore", "../backup.tar")
    assert "../backup.tar is restored into data: start reverie run\n" == ended.stdout
    assert [] == [path for path in (tmp_path / "home").glob("data/**/*") if path.stat().st_mode & 0o077]
    assert 0 == reverie(tmp_path / "home", "db", "check").returncode
    assert "is in use" in complaint(reverie(bot.folder, "db", "copy", f"sqlite:///{tmp_path}/new.db"), 1)


def test_other_users_cannot_read_the_bots_files(home: Path) -> None:
    """Whatever it makes: folders, pictures, databases with their journals, locks, the simulator's files."""
    mask = os.umask(0o022)
    try:
        for command in ("run", "demo"):
            with running(home, command):
                pass
        with running(home, "simulate", "--port", "0"):
            pass
        assert 0 == reverie(home, "quota", "set", "discord:1", "5", REVERIE_DATA_DIR="new").returncode
    finally:
        os.umask(mask)
    made = [
        path
        for folder in ("data", "demo-data", "new")
        for path in ((home / folder), *(home / folder).rglob("*"))
    ]
    assert {"secret", "reverie.db", "simulator.db", "simulate.db", "media"} <= {path.name for path in made}
    assert [] == [path for path in made if path.stat().st_mode & 0o077]


def test_the_store_is_resealed_through_the_bot_which_must_have_the_same_secret(bot: Running) -> None:
    found = _answer(bot, "db", "reseal")
    assert (0, 0) == (found["resealed"], found["unreadable"])
    # What the accounts are named by, at least.
    assert found["current"] > 0
    ended = reverie(bot.folder, "db", "reseal", REVERIE_SECRET_KEY="another secret, " * 3)
    assert "The running bot has another secret than this command: restart it" in complaint(ended, 1)


def test_a_secret_is_replaced_step_by_step(home: Path) -> None:
    old, new = "o" * 40, "n" * 40
    for secret in (old, f"{new},{old}"):
        with running(home, REVERIE_SECRET_KEY=secret, REVERIE_PLAYGROUND="off"):
            pass
    ended = reverie(home, "db", "reseal", REVERIE_SECRET_KEY=new)
    assert 1 == ended.returncode
    assert ["resealed 0", "current 0", "unreadable 1"] == lines(ended)
    assert "REVERIE_SECRET_KEY=new,old" in reverie(home, "doctor", REVERIE_SECRET_KEY=new).stdout
    ended = reverie(home, "db", "reseal", REVERIE_SECRET_KEY=f"{new},{old}")
    assert (0, ["resealed 1", "current 0", "unreadable 0"]) == (ended.returncode, lines(ended))
    assert 0 == reverie(home, "doctor", REVERIE_SECRET_KEY=new, REVERIE_HTTP_PORT="0").returncode


async def test_the_socket_opens_for_its_owner_alone_and_answers_nonsense(bot: Running) -> None:
    data = f"sqlite:///{bot.folder}/data/reverie.db"
    assert 0o600 == stat.S_IMODE(socket_of(data).stat().st_mode)
    with pytest.raises(InvalidRequest, match="unknown call"):
        await call_running(data, "shutdown", {})
    with pytest.raises(InvalidRequest, match="Invalid call"):
        await call_running(data, "quota_set", {"whose": "mine"})


async def test_a_socket_without_a_listener_is_reported(tmp_path: Path) -> None:
    with pytest.raises(ReverieError, match="does not respond"):
        await call_running(f"sqlite:///{tmp_path}/reverie.db", "jobs_list", {})


def test_the_command_line_reaches_the_bot_from_another_folder(bot: Running, tmp_path: Path) -> None:
    """By whatever name its database is called; what would write beside it is refused."""
    (tmp_path / "link").symlink_to(bot.folder / "data")
    named = {"REVERIE_DATABASE_URL": f"sqlite:///{tmp_path}/link/reverie.db"}
    ended = reverie(tmp_path, "workspaces", "block", "discord:elsewhere", **named)
    assert (0, "") == (ended.returncode, ended.stderr)
    assert "is in use" in complaint(reverie(tmp_path, "db", "upgrade", **named), 1)
    assert "is in use" in complaint(reverie(tmp_path, "run", REVERIE_HTTP_PORT="0", **named), 1)


def test_the_doctor_ends_well_with_what_is_only_a_warning(tmp_path: Path) -> None:
    ended = reverie(tmp_path, "doctor", REVERIE_HTTP_PORT="0", REVERIE_HTTP_PROT="1")
    assert 0 == ended.returncode, ended.stdout
    assert "! REVERIE_HTTP_PROT is set, but no setting has this name\n    → did you mean" in ended.stdout
    ended = reverie(tmp_path, "doctor", REVERIE_HTTP_PORT="0", DISCORD_TOKEN="a b")
    assert 1 == ended.returncode
    assert "✗ discord cannot be used\n    → DISCORD_TOKEN has a blank" in ended.stdout


def test_a_token_that_cannot_be_one_leaves_the_other_chats_running(home: Path) -> None:
    with running(home, DISCORD_TOKEN="hidden words", REVERIE_HTTP_PROT="1") as found:
        url = f"http://127.0.0.1:{found.port}"
        assert httpx.get(f"{url}/", trust_env=False, follow_redirects=True).is_success
        told = httpx.get(f"{url}/readyz", trust_env=False)
        assert HTTPStatus.SERVICE_UNAVAILABLE == told.status_code
        (reason,) = [one for one in told.json()["reasons"] if one.startswith("discord: ")]
        assert "DISCORD_TOKEN has a blank" in reason


def test_a_token_that_cannot_be_one_ends_a_bot_that_has_no_other_chat(home: Path) -> None:
    ended = reverie(
        home, "run", DISCORD_TOKEN="hidden words", REVERIE_HTTP_PORT="0", REVERIE_PLAYGROUND="off"
    )
    line = complaint(ended, 1)
    assert line.startswith("reverie: DISCORD_TOKEN has a blank")
    assert "hidden" not in ended.stderr


def test_a_misspelt_setting_is_reported_at_start(home: Path) -> None:
    ended = reverie(
        home, "run", DISCORD_TOKEN="a b", REVERIE_PLAYGROUND="off", REVERIE_HTTP_PORT="0", REVERIE_ROL="all"
    )
    (line,) = [one for one in ended.stderr.splitlines() if "setting_not_known" in one]
    assert "name=REVERIE_ROL nearest=REVERIE_ROLE" in line


def test_the_demo_ignores_keys_and_has_its_own_folder(home: Path) -> None:
    settings = {
        "LUMAAI_API_KEY": "luma-1",
        "REVERIE_PROVIDER": "luma",
        "REVERIE_DATABASE_URL": "postgresql://nowhere.invalid/x",
        "REVERIE_PLAYGROUND": "off",
        "REVERIE_PUBLIC_URL": "https://bot.example.org",
        "REVERIE_ROLE": "worker",
    }
    with running(home, "demo", **settings) as found:
        answer = httpx.get(f"http://127.0.0.1:{found.port}/", trust_env=False, follow_redirects=True)
        assert answer.is_success
    assert (home / "demo-data" / "reverie.db").exists()
    assert not (home / "data").exists()


def test_the_simulator_runs_alone(home: Path) -> None:
    with running(home, "simulate", "--port", "0") as found:
        url = f"http://127.0.0.1:{found.port}/dream-machine/v1/ping"
        headers = {"authorization": "Bearer luma-1"}
        assert httpx.get(url, headers=headers, trust_env=False).is_success
