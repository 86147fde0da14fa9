"""Finds the Chromium that the browser tests drive."""

import os
import shutil
import subprocess
import sys
from collections.abc import Iterator, Mapping
from functools import cache
from pathlib import Path

import pytest

SYSTEM_NAMES = ("chromium", "chromium-browser", "google-chrome")
MACOS_APPS = (
    "/Applications/Chromium.app/Contents/MacOS/Chromium",
    "/Applications/Google Chrome.app/Contents/MacOS/Google Chrome",
)
REMEDY = (
    "no Chromium, so the browser tests were skipped: install chromium, name one in REVERIE_CHROMIUM, "
    "or run .venv/bin/playwright install chromium"
)
# Asked in a process of its own, because Playwright's synchronous face refuses a thread with a running loop.
ASK_PLAYWRIGHT = """
from playwright.sync_api import sync_playwright
with sync_playwright() as playwright:
    print(playwright.chromium.executable_path)
"""


def find_chromium(environ: Mapping[str, str] = os.environ) -> Path | None:
    """Take the browser named by `REVERIE_CHROMIUM`, else the system's, else Playwright's own.

    Raises FileNotFoundError when `REVERIE_CHROMIUM` names something that does not run.
    """
    named = environ.get("REVERIE_CHROMIUM")
    if named is not None:
        if not _runs(named):
            raise FileNotFoundError(f"REVERIE_CHROMIUM names {named}, which is no browser that runs")
        return Path(named)
    return next((Path(found) for found in _candidates(environ) if _runs(found)), None)


def require_chromium(environ: Mapping[str, str] = os.environ) -> Path:
    """Find the browser, or skip the test that asks; a CI must have one, so with `CI` set the test fails."""
    found = find_chromium(environ)
    if found is None:
        if environ.get("CI"):
            pytest.fail(REMEDY, pytrace=False)
        pytest.skip(REMEDY)
    return found


def _candidates(environ: Mapping[str, str]) -> Iterator[str]:
    for name in SYSTEM_NAMES:
        if found := shutil.which(name, path=environ.get("PATH", "")):
            yield found
    if sys.platform == "darwin":
        yield from MACOS_APPS
    if own := _playwright_chromium(tuple(sorted(environ.items()))):
        yield own


@cache
def _playwright_chromium(environ: tuple[tuple[str, str], ...]) -> str | None:
    asked = subprocess.run(
        [sys.executable, "-c", ASK_PLAYWRIGHT], env=dict(environ), capture_output=True, text=True, check=False
    )
    return asked.stdout.strip() or None


def _runs(program: str) -> bool:
    """Tell a browser from a stub that only says which package to install, as Ubuntu ships one."""
    try:
        asked = subprocess.run([program, "--version"], capture_output=True, check=False, timeout=30)
    except (OSError, subprocess.TimeoutExpired):
        return False
    return asked.returncode == 0
