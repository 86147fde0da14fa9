"""Reads a Dockerfile into its instructions, so that tests can ask what it says and run what it runs."""

import shlex
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path

ROOT = Path(__file__).parents[2]


@dataclass(frozen=True, slots=True, kw_only=True)
class Instruction:
    #: `FROM`, `RUN` …
    name: str
    #: all that follows, continuation lines joined
    text: str

    @property
    def words(self) -> Sequence[str]:
        return shlex.split(self.text)


def read_stages(path: Path = ROOT / "Dockerfile") -> Sequence[Sequence[Instruction]]:
    """Read the instructions of each stage, from its FROM on."""
    stages: list[list[Instruction]] = []
    for instruction in _instructions(path.read_text()):
        if instruction.name == "FROM":
            stages.append([])
        stages[-1].append(instruction)
    return stages


def _instructions(text: str) -> Iterator[Instruction]:
    lines = (line for line in text.splitlines() if line.strip() and not line.startswith("#"))
    pending = ""
    for line in lines:
        pending += line.removesuffix("\\").strip() + " "
        if not line.endswith("\\"):
            name, _, rest = pending.strip().partition(" ")
            yield Instruction(name=name, text=rest)
            pending = ""
