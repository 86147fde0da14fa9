"""What is sealed opens with its secret alone, and the secret is made once."""

import os
import stat
import subprocess
import sys
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from bot.sealing import BadSeal, Seal, UnusableSecret, load_or_create_secret

SEAL = Seal(b"a secret of this test, long enough")


@given(st.text())
def test_a_sealed_text_opens(text: str) -> None:
    assert SEAL.open(SEAL.seal(text)) == text


def test_the_same_text_never_looks_the_same() -> None:
    sealed = SEAL.seal("xoxb-token")
    assert "xoxb" not in sealed
    assert sealed != SEAL.seal("xoxb-token")


def test_another_secret_does_not_open_it() -> None:
    with pytest.raises(BadSeal, match="another REVERIE_SECRET_KEY"):
        Seal(b"another secret of this test, long enough").open(SEAL.seal("token"))


@given(place=st.integers(0, 500), character=st.characters())
def test_a_changed_text_does_not_open(place: int, character: str) -> None:
    sealed = SEAL.seal("a secret")
    assert not sealed.endswith("=")
    at = place % len(sealed)
    changed = sealed[:at] + character + sealed[at + 1 :]
    if changed != sealed:
        with pytest.raises(BadSeal):
            SEAL.open(changed)


@given(st.text())
def test_one_seal_is_written_in_one_way(text: str) -> None:
    sealed = SEAL.seal(text)
    for other in (
        sealed.replace("_", "/"),
        sealed.replace("-", "+"),
        sealed + "\n",
        sealed + "=",
        "v1. " + sealed[3:],
    ):
        if other != sealed:
            with pytest.raises(BadSeal):
                SEAL.open(other)


@given(st.text())
def test_any_other_text_does_not_open(text: str) -> None:
    with pytest.raises(BadSeal):
        SEAL.open(text)


def test_the_secret_is_made_once_for_its_owner_alone(tmp_path: Path) -> None:
    path = tmp_path / "new" / "secret"
    secret = load_or_create_secret(path)
    assert len(secret) >= 32
    assert secret == load_or_create_secret(path) == path.read_bytes().strip()
    assert stat.S_IMODE(path.stat().st_mode) == 0o600
    assert [path] == list(path.parent.iterdir())
    assert secret != load_or_create_secret(tmp_path / "other")


def test_processes_that_start_together_agree(tmp_path: Path) -> None:
    program = (
        "import sys, pathlib; from bot.sealing import load_or_create_secret;"
        "print('ready', flush=True); sys.stdin.read();"
        "print(load_or_create_secret(pathlib.Path(sys.argv[1])).decode())"
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
    assert secrets == {load_or_create_secret(tmp_path / "secret").decode()}


def test_an_unusable_secret_is_told(tmp_path: Path) -> None:
    (tmp_path / "empty").write_text("\n")
    with pytest.raises(UnusableSecret, match="too short"):
        load_or_create_secret(tmp_path / "empty")
    with pytest.raises(UnusableSecret, match="cannot be read or made"):
        load_or_create_secret(tmp_path / "empty" / "secret")
