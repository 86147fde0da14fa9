"""The image's build, run outside of a container: the same files, the same command."""

import json
import os
import shutil
import subprocess
import sys
import tomllib
from collections.abc import Sequence
from configparser import ConfigParser
from dataclasses import dataclass
from io import BytesIO
from pathlib import Path
from zipfile import ZipFile

import httpx
import pytest
from PIL import Image

from tests.frame.dockerfile import ROOT, read_stages
from tests.patience import PATIENCE_S

PACKAGES = ("bot", "adapters", "simulator")
PROJECT = tomllib.loads((ROOT / "pyproject.toml").read_text())["project"]


@dataclass(frozen=True, slots=True, kw_only=True)
class Built:
    """A wheel and the context from which it was built."""

    context: Path
    wheel: Path


@pytest.fixture(scope="module")
def built(tmp_path_factory: pytest.TempPathFactory) -> Built:
    context = tmp_path_factory.mktemp("context")
    stage = read_stages()[0]
    for instruction in stage:
        if instruction.name == "COPY":
            *sources, target = instruction.words
            for source in sources:
                copy(ROOT / source, context / target / source if target == "./" else context / target)
    (command,) = [
        command.split()
        for instruction in stage
        if instruction.name == "RUN"
        for command in instruction.text.split("&&")
        if "hatchling" in command
    ]
    subprocess.run(
        [sys.executable, *command[1:-1], str(context / "dist")], cwd=context, check=True, capture_output=True
    )
    (wheel,) = (context / "dist").glob("*.whl")
    return Built(context=context, wheel=wheel)


def copy(source: Path, target: Path) -> None:
    if source.is_dir():
        shutil.copytree(source, target, ignore=shutil.ignore_patterns("__pycache__"))
    else:
        shutil.copy(source, target)


def files(folder: Path) -> Sequence[str]:
    return sorted(
        path.relative_to(folder).as_posix()
        for package in PACKAGES
        for path in (folder / package).rglob("*")
        if path.is_file() and "__pycache__" not in path.parts
    )


def test_the_wheel_holds_every_file_and_announces_the_script_and_the_adapters(built: Built) -> None:
    """Prices, queries, migrations and the playground's pages are read from there at run time."""
    announced = ConfigParser(delimiters=("=",))
    with ZipFile(built.wheel) as archive:
        names = archive.namelist()
        (name,) = [name for name in names if name.endswith("/entry_points.txt")]
        announced.read_string(archive.read(name).decode())
    assert files(built.context) == sorted(name for name in names if name.split("/")[0] in PACKAGES)
    assert {*PACKAGES, f"reverie_bot-{PROJECT['version']}.dist-info"} == {
        name.split("/")[0] for name in names
    }
    assert PROJECT["scripts"] == dict(announced["console_scripts"])
    assert PROJECT["entry-points"]["reverie.adapters"] == dict(announced["reverie.adapters"])


def test_no_file_is_lost_to_the_ignore_list(tmp_path: Path) -> None:
    """A build from a checkout leaves out what git ignores, so no pattern may catch a file of ours."""
    listed = subprocess.run(
        ["git", "ls-files", "--others", "--ignored", "--exclude-standard", "--", *PACKAGES],
        cwd=ROOT,
        capture_output=True,
        text=True,
        check=False,
        env=os.environ | {"HOME": str(tmp_path)},
    )
    if listed.returncode != 0:
        pytest.skip("no git checkout, so there is no ignore list to obey")
    assert [name for name in listed.stdout.splitlines() if not name.endswith(".pyc")] == []


def test_an_installed_copy_runs_and_draws_pictures_where_no_checkout_is(built: Built, tmp_path: Path) -> None:
    """The simulator's package and its data files are installed with the bot."""
    site, empty = tmp_path / "site", tmp_path / "empty"
    empty.mkdir()
    pip = [sys.executable, "-m", "pip", "install", "--quiet", "--no-index", "--no-deps", "--no-compile"]
    subprocess.run([*pip, "--target", str(site), str(built.wheel)], check=True, capture_output=True)
    environment = {"PATH": os.defpath, "PYTHONPATH": str(site)}
    asked = subprocess.run(
        [sys.executable, "-m", "bot", "--help"],
        cwd=empty,
        env=environment,
        capture_output=True,
        text=True,
        check=False,
    )
    assert (asked.returncode, asked.stderr) == (0, "")
    assert "run" in asked.stdout
    assert not [*empty.iterdir()], "asking for help writes nothing"

    environment |= {
        "HOME": str(tmp_path),
        "REVERIE_DATA_DIR": str(tmp_path / "data"),
        "REVERIE_LOG_FORMAT": "json",
    }
    command = [sys.executable, "-m", "bot", "simulate", "--port", "0", "--speed", "1000"]
    with subprocess.Popen(
        command, cwd=tmp_path, env=environment, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True
    ) as process:
        assert process.stdout is not None
        try:
            port = next(json.loads(line)["port"] for line in process.stdout if '"simulator_started"' in line)
            with httpx.Client(
                base_url=f"http://127.0.0.1:{port}",
                headers={"Authorization": "Bearer a"},
                trust_env=False,
                timeout=PATIENCE_S,
            ) as client:
                body = {"prompt": "a blue teapot", "model": "photon-1", "sync": True}
                done = client.post(
                    "/dream-machine/v1/generations/image", json=body, timeout=PATIENCE_S
                ).json()
                picture = client.get(done["assets"]["image"], timeout=PATIENCE_S)
        finally:
            process.terminate()
    with Image.open(BytesIO(picture.content)) as drawn:
        assert (drawn.format, drawn.size) == ("JPEG", (2048, 1152))
