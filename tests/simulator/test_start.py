"""What a worker process that draws has to import before it can."""

import subprocess
import sys


def test_drawing_imports_nothing_of_the_service_around_it() -> None:
    """Every worker would else start four times as slowly, and take the memory of a second bot."""
    drawn = "simulator.drawing.picture, simulator.video.render"
    script = f"import sys, {drawn}; print(*sys.modules)"
    loaded = subprocess.run([sys.executable, "-c", script], capture_output=True, text=True, check=True)
    assert set() == {"httpx", "pydantic", "starlette", "structlog"} & set(loaded.stdout.split())
