"""Who does not use a library does not wait for its import, and has no memory for it."""

import subprocess
import sys

from bot.media.codecs.calls import CODECS


def test_a_bot_with_its_own_provider_imports_no_codec_simulator_or_bucket_client() -> None:
    """Nor do the commands that look at its folder."""
    unused = {"av", "PIL", "pillow_heif", "matplotlib", "numpy", "simulator", "asyncpg", "obstore"}
    commands = ("bot.cli.run", "bot.cli.doctor.examine", "bot.cli.media_copy")
    assert set() == unused & _imported_with("bot.bootstrap", *commands)


def test_a_media_worker_imports_codecs_alone() -> None:
    """The plotting library only for the first chart."""
    unused = {"pydantic", "asyncio", "httpx", "structlog", "matplotlib", "numpy"}
    imported = _imported_with("bot.media.sandbox.server", "bot.media.codecs.calls", *CODECS)
    assert {"av", "PIL"} <= imported
    assert set() == unused & imported


def _imported_with(*modules: str) -> set[str]:
    """The top-level packages that a process has imported after it imported these modules alone."""
    code = f"import sys, {', '.join(modules)}; print(*{{name.partition('.')[0] for name in sys.modules}})"
    done = subprocess.run([sys.executable, "-c", code], check=True, capture_output=True, text=True)
    return set(done.stdout.split())
