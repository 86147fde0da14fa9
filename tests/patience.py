"""How long tests wait for what must come.

Long enough for whatever else the machine has to do: what is there keeps nobody waiting.
"""

import os
from contextlib import suppress

#: on a machine that does nothing else, and how many times as much it may be: who waits longer waits in vain
_IDLE_S, _LOAD_MAX = 15.0, 4.0


def _load() -> float:
    """How many times as much there is to do as there are processors to do it, between 1 and 4."""
    processors = os.cpu_count() or 1
    running = float(os.environ.get("PYTEST_XDIST_WORKER_COUNT", "1"))
    with suppress(OSError, AttributeError):  # not every system can tell
        running += os.getloadavg()[0]
    return min(max(1.0, running / processors), _LOAD_MAX)


PATIENCE_S = _IDLE_S * _load()
PATIENCE_MS = PATIENCE_S * 1000
