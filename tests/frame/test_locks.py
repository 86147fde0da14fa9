"""Locks are installed by pip alone, anywhere: nothing in them may belong to the machine that made them."""

import re
import tomllib
from collections.abc import Mapping, Sequence
from typing import Any

import pytest
from packaging.requirements import Requirement
from packaging.utils import canonicalize_name

from tests.frame.dockerfile import ROOT

LOCKS = ("requirements.lock", "requirements-build.lock", "requirements-bench.lock", "requirements-dev.lock")
PYPROJECT: dict[str, Any] = tomllib.loads((ROOT / "pyproject.toml").read_text())
MACHINES = [
    {
        "python_version": version,
        "python_full_version": f"{version}.0",
        "sys_platform": system,
        "platform_machine": machine,
    }
    for version in ("3.11", "3.13")
    for system, machine in (
        ("linux", "x86_64"),
        ("linux", "aarch64"),
        ("darwin", "arm64"),
        ("darwin", "x86_64"),
    )
]


def locked(lock: str) -> Sequence[Requirement]:
    entries = re.findall(r"^[a-z0-9].*?(?=\s*\\?$)", (ROOT / lock).read_text(), flags=re.MULTILINE)
    return [Requirement(entry) for entry in entries]


def pins(lock: str, machine: Mapping[str, str]) -> Mapping[str, str]:
    """Read which version of what a machine gets."""
    return {
        canonicalize_name(entry.name): str(entry.specifier).removeprefix("==")
        for entry in locked(lock)
        if entry.marker is None or entry.marker.evaluate(dict(machine))
    }


def asked(group: str) -> Sequence[Requirement]:
    entries = PYPROJECT["dependency-groups"][group]
    return [Requirement(entry) for entry in entries if isinstance(entry, str)]


RUNTIME = [Requirement(entry) for entry in PYPROJECT["project"]["dependencies"]]
BUILD = asked("build")


@pytest.mark.parametrize("lock", LOCKS)
def test_a_lock_names_no_host_and_no_folder(lock: str) -> None:
    text = (ROOT / lock).read_text()
    assert re.findall(r"^-.*|^.*://.*|^.*(?:\s|@)\.{0,2}/.*", text, flags=re.MULTILINE) == []


@pytest.mark.parametrize("lock", LOCKS)
def test_every_entry_is_one_version_known_by_its_hashes(lock: str) -> None:
    entries = locked(lock)
    assert entries
    assert [str(e) for e in entries if not re.fullmatch(r"==[\w.]+", str(e.specifier))] == []
    unhashed = re.findall(r"^[a-z0-9].*[^\\]$", (ROOT / lock).read_text(), flags=re.MULTILINE)
    assert unhashed == []


@pytest.mark.parametrize("machine", MACHINES, ids=lambda m: "-".join(list(m.values())[1:]))
@pytest.mark.parametrize(
    ("lock", "requirements"),
    [
        ("requirements.lock", RUNTIME),
        ("requirements-build.lock", BUILD),
        ("requirements-bench.lock", asked("bench")),
        ("requirements-dev.lock", [*RUNTIME, *BUILD, *asked("dev")]),
    ],
    ids=LOCKS,
)
def test_a_lock_answers_all_that_the_project_asks_for(
    lock: str, requirements: Sequence[Requirement], machine: dict[str, str]
) -> None:
    """Red after a change of pyproject.toml without `make lock`."""
    held = pins(lock, machine)
    wanted = [r for r in requirements if r.marker is None or r.marker.evaluate(machine)]
    unanswered = [
        str(r) for r in wanted if not r.specifier.contains(held.get(canonicalize_name(r.name), "0"))
    ]
    assert unanswered == [], "run make lock"


@pytest.mark.parametrize("machine", MACHINES, ids=lambda m: "-".join(list(m.values())[1:]))
@pytest.mark.parametrize("lock", LOCKS[:2])
def test_what_runs_is_what_was_tested(lock: str, machine: dict[str, str]) -> None:
    tested = pins("requirements-dev.lock", machine)
    assert pins(lock, machine).items() <= tested.items()


def test_the_build_backend_is_locked() -> None:
    asked_for = {Requirement(entry).name for entry in PYPROJECT["build-system"]["requires"]}
    assert asked_for <= pins("requirements-build.lock", MACHINES[0]).keys()
