"""The time in which the crash tests run: everything is twenty times as fast as by default.

What must be longer than what stays so, because one scale shortens all of it: a claim may age (0.5 s) less
than the HTTP timeout (1.5 s), which ends before the claim's lease (2.25 s), which ends before the grace (3 s)
in which a lost create must turn up; the provider's list lags behind by less than grace and timeout leave
between them (0.3 s). Three kinds of values are set one by one. Those whose scaled value would be shorter than
a small machine's own delays when everything runs at once (the answer window). Those that only wait for what
never comes while the tests go well, so that a failure shows early. And the nets under the signals, which at
their scale would look so often that nothing else got done.
"""

from collections.abc import Mapping

#: seconds of a test in one second of the defaults
SCALE = 1 / 20
#: how long a new generation is missing from the provider's list
LIST_LAG_MS = 300
#: makes a picture of photon-flash-1 take a quarter of a second
SPEED = 20.0
#: drawn for each second of a video, which then costs a tenth of the work
PICTURES_PER_S = 1

#: milliseconds before they are scaled
TIMES = {
    "answer_window": 20_000,
    "poll": 3_000,
    "watch_interval": 2_000,
    "sweep_interval": 30_000,
    "asset_deadline": 600_000,
    "delivery_retry_max": 40_000,
    "stop": 40_000,
}


def environment(*, scale: float = SCALE, times: Mapping[str, int] = TIMES) -> dict[str, str]:
    """The settings that say so."""
    return {
        "REVERIE_TIME_SCALE": str(scale),
        **{f"REVERIE_TIMING__{name.upper()}": str(value) for name, value in times.items()},
    }
