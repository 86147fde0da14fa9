"""`.ci/run` among programs that only write down how they were called."""

import os
import shutil
import subprocess
import sys
from pathlib import Path

import pytest

from tests.frame.dockerfile import ROOT

pytestmark = pytest.mark.skipif(
    sys.platform != "linux", reason="installs system packages as Debian knows them"
)

#: what the script itself is made of; everything else must be put there by a test
REAL = ("bash", "dirname", "timeout", "cat", "sh")
PRESENT = ("chromium", "python3")


class Machine:
    """A checkout and the few programs that it can see."""

    def __init__(self, folder: Path) -> None:
        self.programs = folder / "bin"
        self.calls = folder / "calls"
        self.script = folder / "checkout/.ci/run"
        self.programs.mkdir()
        self.script.parent.mkdir(parents=True)
        shutil.copy(ROOT / ".ci/run", self.script)
        self.calls.touch()
        for name in REAL:
            (self.programs / name).symlink_to(shutil.which(name) or name)
        for name in PRESENT:
            self.provide(name)
        self.provide("fc-list", "echo emoji.ttf")
        self.provide("make")

    def provide(self, name: str, body: str = "") -> None:
        program = self.programs / name
        program.unlink(missing_ok=True)
        program.write_text(f'#!/bin/sh\necho "{name} $*" >> {self.calls}\n{body}\n')
        program.chmod(0o755)

    def run(self) -> int:
        # CI is left out: the script itself has to say so to the tests.
        self.told = subprocess.run(
            [self.script], env={"PATH": str(self.programs)}, capture_output=True, text=True, check=False
        )
        return self.told.returncode

    def called(self, *names: str) -> list[str]:
        return [call for call in self.calls.read_text().splitlines() if call.split()[0] in names]


@pytest.fixture
def machine(tmp_path: Path) -> Machine:
    return Machine(tmp_path)


def test_it_is_executable() -> None:
    assert os.access(ROOT / ".ci/run", os.X_OK)


def test_it_checks_and_tests_as_a_ci(machine: Machine) -> None:
    machine.provide("make", '[ "$CI" = true ]')
    machine.provide("apt-get")
    assert machine.run() == 0
    assert machine.called("make", "apt-get") == ["make PYTHON=python3 check", "make PYTHON=python3 test"]


@pytest.mark.parametrize("broken", ["check", "test"])
def test_either_failure_fails_it_and_the_other_is_run_all_the_same(machine: Machine, broken: str) -> None:
    machine.provide("make", f'[ "$2" != {broken} ]')
    assert machine.run() == 1
    assert len(machine.called("make")) == len(("check", "test"))
    assert f"Failed: make {broken}" in machine.told.stdout


@pytest.mark.skipif(os.geteuid() != 0, reason="only root installs")
def test_root_installs_what_is_missing_and_nothing_else(machine: Machine) -> None:
    (machine.programs / "chromium").unlink()
    machine.provide("apt-get")
    assert machine.run() == 0
    update, install = machine.called("apt-get")
    assert "update" in update
    assert install.endswith(" --no-install-recommends chromium")


@pytest.mark.skipif(os.geteuid() != 0, reason="only root installs")
def test_a_broken_apt_is_no_failure_by_itself(machine: Machine) -> None:
    (machine.programs / "fc-list").unlink()
    machine.provide("apt-get", "exit 100")
    assert machine.run() == 0
    assert "apt-get failed" in machine.told.stdout


def test_without_apt_it_says_what_is_missing_and_goes_on(machine: Machine) -> None:
    (machine.programs / "chromium").unlink()
    assert machine.run() == 0
    assert "going on without chromium" in machine.told.stdout
