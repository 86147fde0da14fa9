"""Who does not use a library does not wait for its import, and has no memory for it."""

import subprocess
import sys

import pytest


@pytest.mark.parametrize("module", ["bot.cli.doctor.examine", "bot.cli.media_copy"])
def test_a_folder_needs_no_bucket_client(module: str) -> None:
    assert "obstore" not in _imported_with(module)


def test_a_bot_with_its_own_provider_imports_neither_codecs_nor_the_simulator() -> None:
    unused = {"av", "PIL", "pillow_heif", "matplotlib", "simulator", "asyncpg", "obstore"}
    assert unused & _imported_with("bot.bootstrap") == set()


def _imported_with(module: str) -> set[str]:
    """The top-level packages that a process has imported after it imported this module alone."""
    code = f"import sys, {module}; print(*{{name.partition('.')[0] for name in sys.modules}})"
    done = subprocess.run([sys.executable, "-c", code], check=True, capture_output=True, text=True)
    return set(done.stdout.split())
