"""How long tests wait for what must come.

Long enough for whatever else the machine has to do: what is there keeps nobody waiting.
"""

import os
from contextlib import suppress

#: on a machine that does nothing else
_IDLE_S = 15.0


def _load() -> float:
    """How many times as much there is to do as there are processors to do it, and 1 at least."""
    processors = os.cpu_count() or 1
    running = float(os.environ.get("PYTEST_XDIST_WORKER_COUNT", "1"))
    with suppress(OSError, AttributeError):  # not every system can tell
        running += os.getloadavg()[0]
    return max(1.0, running / processors)


PATIENCE_S = _IDLE_S * _load()
PATIENCE_MS = PATIENCE_S * 1000
