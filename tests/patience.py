"""How long tests wait for what must come.

Long, because a machine may be full: what is there keeps nobody waiting.
"""

PATIENCE_S = 60.0
PATIENCE_MS = PATIENCE_S * 1000
