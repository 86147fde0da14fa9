"""The secrets of an installation: made once, replaced by one that stands before them, none of them lost."""

import os
import stat
import subprocess
import sys
from pathlib import Path

import pytest

from bot.security.encryption import FieldCipher
from bot.security.secret_keys import UnusableSecret, fingerprint, load_or_create_secrets, read_secrets

OLD, NEW = b"o" * 32, b"n" * 40


def read(text: bytes) -> tuple[bytes, ...]:
    return read_secrets(text, "REVERIE_SECRET_KEY")


@pytest.mark.parametrize("separator", [b",", b"\n", b"\r\n", b", ", b",\n"])
def test_of_several_secrets_the_first_writes_and_all_open(separator: bytes) -> None:
    first, *others = read(NEW + separator + OLD + separator + b"older" * 8)
    assert NEW == first
    assert {OLD, b"older" * 8} <= set(others)


@pytest.mark.parametrize(
    "earlier",
    [
        b"a passphrase, with a comma, of long ago",
        b"short," + b"x" * 40,
        b"x" * 40 + b",short",
        b"x" * 32 + b"," + b"y" * 32,
        b" 'blanks and quotes' count to the byte, of old ",
        b"one line\nand another one, and a third",
    ],
)
def test_a_secret_of_earlier_versions_that_holds_a_separator_still_opens(earlier: bytes) -> None:
    sealed = FieldCipher(earlier).encrypt("token", context="here")
    assert "token" == FieldCipher(*read(earlier)).decrypt(sealed, context="here")
    rotated = read(NEW + b"," + earlier)
    assert NEW == rotated[0]
    assert "token" == FieldCipher(*rotated).decrypt(sealed, context="here")


def test_a_secret_alone_is_used_as_it_is() -> None:
    for text in (b"  " + OLD + b"\n", OLD):
        assert (text,) == read(text)


def test_a_secret_of_earlier_versions_that_is_too_short_opens_behind_a_new_one() -> None:
    with pytest.raises(UnusableSecret, match="REVERIE_SECRET_KEY holds fewer than 32 characters: put a new"):
        read(b"hunter2")
    assert {b"hunter2"} < set(read(NEW + b",hunter2"))
    assert NEW == read(NEW + b",hunter2")[0]


def test_a_name_of_a_secret_tells_it_apart_and_tells_nothing_of_it() -> None:
    assert fingerprint(OLD) == fingerprint(OLD) != fingerprint(NEW)
    assert OLD.decode() not in fingerprint(OLD)


def test_the_file_of_the_secret_may_hold_several_lines(tmp_path: Path) -> None:
    (tmp_path / "secret").write_bytes(NEW + b"\n" + OLD + b"\n")
    assert (NEW, OLD) == load_or_create_secrets(tmp_path / "secret")[:2]


def test_the_secret_is_made_once_for_its_owner_alone(tmp_path: Path) -> None:
    path = tmp_path / "new" / "secret"
    (secret,) = secrets = load_or_create_secrets(path)
    assert len(secret) >= 32
    assert secrets == load_or_create_secrets(path) == (path.read_bytes().strip(),)
    assert stat.S_IMODE(path.stat().st_mode) == 0o600
    assert [path] == list(path.parent.iterdir())
    assert secrets != load_or_create_secrets(tmp_path / "other")


def test_processes_that_start_together_agree(tmp_path: Path) -> None:
    program = (
        "import sys, pathlib; from bot.security.secret_keys import load_or_create_secrets;"
        "print('ready', flush=True); sys.stdin.read();"
        "print(load_or_create_secrets(pathlib.Path(sys.argv[1]))[0].decode())"
    )
    # All of them hold the same pipe, so that closing it lets them go at the same time.
    gate, opener = os.pipe()
    processes = [
        subprocess.Popen(
            [sys.executable, "-c", program, str(tmp_path / "secret")],
            stdin=gate,
            stdout=subprocess.PIPE,
            text=True,
            env={"PYTHONPATH": os.pathsep.join(sys.path)},
        )
        for _ in range(4)
    ]
    os.close(gate)
    for process in processes:
        assert process.stdout is not None
        assert process.stdout.readline() == "ready\n"
    os.close(opener)
    secrets = {process.communicate()[0].strip() for process in processes}
    assert secrets == {load_or_create_secrets(tmp_path / "secret")[0].decode()}


def test_an_unusable_secret_is_told(tmp_path: Path) -> None:
    (tmp_path / "empty").write_text("\n")
    with pytest.raises(UnusableSecret, match="fewer than 32 characters: put a new secret before it"):
        load_or_create_secrets(tmp_path / "empty")
    with pytest.raises(UnusableSecret, match="cannot be read or made"):
        load_or_create_secrets(tmp_path / "empty" / "secret")
