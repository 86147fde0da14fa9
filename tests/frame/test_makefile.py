import os
import re
import shutil
import subprocess
from pathlib import Path

import pytest

from tests.frame.dockerfile import ROOT

TARGETS = (
    "help",
    "run",
    "demo",
    "test",
    "soak",
    "check",
    "audit",
    "screenshots",
    "bench",
    "bench-full",
    "lock",
    "clean",
)
MAKEFILE = (ROOT / "Makefile").read_text()

pytestmark = pytest.mark.skipif(shutil.which("make") is None, reason="make is not installed")


@pytest.fixture
def checkout(tmp_path: Path) -> Path:
    """Lay out a checkout in which nothing has been installed yet."""
    for name in ("Makefile", "pyproject.toml", *(lock.name for lock in ROOT.glob("requirements*.lock"))):
        shutil.copy(ROOT / name, tmp_path)
    return tmp_path


def make(checkout: Path, *arguments: str) -> subprocess.CompletedProcess[str]:
    # A make that runs these tests must not hand its own flags, variables and job slots down.
    own = {"MAKEFLAGS", "MAKELEVEL", "MAKEOVERRIDES", "MFLAGS", "PYTHON", "WORKERS"}
    context = {name: value for name, value in os.environ.items() if name not in own}
    return subprocess.run(
        ["make", *arguments], cwd=checkout, env=context, capture_output=True, text=True, check=False
    )


def test_make_alone_lists_every_target(checkout: Path) -> None:
    told = make(checkout)
    assert told.returncode == 0
    assert sorted(TARGETS) == sorted(re.findall(r"^make ([a-z-]+)", told.stdout, flags=re.MULTILINE))


def test_to_run_installs_the_runtime_only(checkout: Path) -> None:
    planned = make(checkout, "--dry-run", "run").stdout
    assert "--requirement requirements.lock" in planned
    assert "requirements-dev.lock" not in planned
    assert "reverie run" in planned


@pytest.mark.parametrize("target", ["test", "soak", "check", "bench", "bench-full"])
def test_to_develop_installs_the_whole_lock(checkout: Path, target: str) -> None:
    planned = make(checkout, "--dry-run", target).stdout
    assert "--requirement requirements-dev.lock" in planned
    # What Reverie is compared with is installed for nothing else.
    assert ("--requirement requirements-bench.lock" in planned) == target.startswith("bench")


@pytest.mark.parametrize(
    ("target", "stamp", "sources"),
    [
        ("run", ".installed-run", ("pyproject.toml", "requirements.lock", "requirements-build.lock")),
        ("test", ".installed-dev", ("pyproject.toml", "requirements-dev.lock")),
    ],
)
def test_it_installs_again_only_after_a_change(
    checkout: Path, target: str, stamp: str, sources: tuple[str, ...]
) -> None:
    installed = checkout / ".venv" / stamp
    (checkout / ".venv/bin").mkdir(parents=True)
    (checkout / ".venv/bin/python").touch()
    installed.touch()
    stamped = max((checkout / name).stat().st_mtime for name in sources) + 10
    os.utime(installed, (stamped, stamped))
    assert "pip install" not in make(checkout, "--dry-run", target).stdout
    for name in sources:
        os.utime(checkout / name, (stamped + 10, stamped + 10))
        assert "pip install" in make(checkout, "--dry-run", target).stdout
        os.utime(checkout / name, (stamped - 10, stamped - 10))


def test_an_old_python_is_told_the_remedy_in_one_line(checkout: Path) -> None:
    old = checkout / "old-python"
    old.write_text('#!/bin/sh\n[ "$1" = --version ] && echo Python 3.9.2 || exit 1\n')
    old.chmod(0o755)
    told = make(checkout, f"PYTHON={old}", "run")
    assert told.returncode != 0
    assert told.stderr.splitlines()[0] == (
        f"Reverie needs Python 3.11 or newer, and {old} is Python 3.9.2: "
        "install one and name it, as in: make PYTHON=python3.13 run"
    )
    assert not (checkout / ".venv").exists()


def test_a_missing_python_is_told_the_same(checkout: Path) -> None:
    told = make(checkout, "PYTHON=no-such-python", "run")
    assert told.returncode != 0
    assert "and no-such-python is missing: install one" in told.stderr.splitlines()[0]


def test_a_half_made_environment_is_not_taken_for_a_whole_one(checkout: Path) -> None:
    """As on a Debian without python3-venv, where `python -m venv` leaves its folder behind."""
    broken = checkout / "broken-python"
    broken.write_text(
        '#!/bin/sh\n[ "$1" = -m ] || exit 0\nmkdir -p .venv/bin\ntouch .venv/bin/python\nexit 1\n'
    )
    broken.chmod(0o755)
    told = make(checkout, f"PYTHON={broken}", "run")
    assert told.returncode != 0
    assert "install python3-venv" in told.stderr
    assert not (checkout / ".venv").exists()


def test_cleaning_leaves_the_data(checkout: Path) -> None:
    for folder in ("data", ".venv/bin", "bot/__pycache__"):
        (checkout / folder).mkdir(parents=True)
    make(checkout, "clean")
    assert (checkout / "data").exists()
    assert not (checkout / ".venv").exists()
    assert not (checkout / "bot/__pycache__").exists()


def test_it_keeps_to_what_the_make_of_macos_understands() -> None:
    """GNU make 3.81 has no shell assignment, no grouped targets, no $(file …) and no .ONESHELL."""
    assert re.findall(r"^.*(?:!=|&:|\$\(file |\.ONESHELL|::=).*$", MAKEFILE, flags=re.MULTILINE) == []
