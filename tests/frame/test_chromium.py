import subprocess
import sys
from pathlib import Path

import pytest

from tests.chromium import ASK_PLAYWRIGHT, REMEDY, find_chromium, require_chromium


def program(path: Path, *, exit_code: int = 0) -> Path:
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text(f"#!/bin/sh\nexit {exit_code}\n")
    path.chmod(0o755)
    return path


@pytest.fixture
def bare(tmp_path: Path) -> dict[str, str]:
    """Make an environment in which neither the system nor Playwright has a browser."""
    (tmp_path / "bin").mkdir()
    return {"PATH": str(tmp_path / "bin"), "PLAYWRIGHT_BROWSERS_PATH": str(tmp_path / "browsers")}


def test_the_named_browser_comes_before_the_systems(tmp_path: Path, bare: dict[str, str]) -> None:
    program(tmp_path / "bin/chromium")
    named = program(tmp_path / "mine")
    assert named == find_chromium(bare | {"REVERIE_CHROMIUM": str(named)})


def test_a_named_browser_that_does_not_run_is_an_error(tmp_path: Path, bare: dict[str, str]) -> None:
    program(tmp_path / "bin/chromium")
    with pytest.raises(FileNotFoundError, match="REVERIE_CHROMIUM names /nowhere"):
        find_chromium(bare | {"REVERIE_CHROMIUM": "/nowhere"})


def test_chromium_comes_before_chrome(tmp_path: Path, bare: dict[str, str]) -> None:
    program(tmp_path / "bin/google-chrome")
    chromium = program(tmp_path / "bin/chromium")
    assert chromium == find_chromium(bare)


def test_a_stub_that_does_not_run_is_passed_over(tmp_path: Path, bare: dict[str, str]) -> None:
    program(tmp_path / "bin/chromium-browser", exit_code=1)
    chrome = program(tmp_path / "bin/google-chrome")
    assert chrome == find_chromium(bare)


@pytest.mark.skipif(sys.platform == "darwin", reason="a Mac's /Applications cannot be hidden from the finder")
def test_without_any_browser_the_remedy_is_told_until_playwrights_own_is_there(bare: dict[str, str]) -> None:
    with pytest.raises(pytest.skip.Exception, match="no Chromium") as skipped:
        require_chromium(bare)
    assert REMEDY == skipped.value.msg
    # A skip that got out of here would turn this test into a skipped one instead of a red one.
    with pytest.raises((pytest.fail.Exception, pytest.skip.Exception)) as failed:
        require_chromium(bare | {"CI": "true"})
    assert (failed.type, failed.value.msg) == (pytest.fail.Exception, REMEDY)
    assert find_chromium(bare) is None
    asked = subprocess.run(
        [sys.executable, "-c", ASK_PLAYWRIGHT], env=bare, capture_output=True, text=True, check=True
    )
    own = program(Path(asked.stdout.strip()))
    assert own == find_chromium(bare)
