"""Time zones as people name them."""

from functools import cache
from zoneinfo import available_timezones

from bot.domain.errors import InvalidRequest
from bot.domain.text import nearest

#: the name of options that take a time zone
TIMEZONE_OPTION = "timezone"
#: offered before anything is typed: one for each offset where many people live
COMMON = (
    "UTC",
    "Europe/London",
    "Europe/Berlin",
    "Europe/Athens",
    "Europe/Moscow",
    "Africa/Lagos",
    "Africa/Johannesburg",
    "Asia/Dubai",
    "Asia/Karachi",
    "Asia/Kolkata",
    "Asia/Dhaka",
    "Asia/Bangkok",
    "Asia/Shanghai",
    "Asia/Tokyo",
    "Australia/Sydney",
    "Pacific/Auckland",
    "America/Sao_Paulo",
    "America/Argentina/Buenos_Aires",
    "America/Halifax",
    "America/New_York",
    "America/Chicago",
    "America/Denver",
    "America/Los_Angeles",
    "America/Anchorage",
    "Pacific/Honolulu",
)
#: areas of places; the others are abbreviations and duplicates
_AREAS = frozenset(
    {"Africa", "America", "Antarctica", "Asia", "Atlantic", "Australia", "Europe", "Indian", "Pacific"}
)


@cache
def _zones() -> dict[str, str]:
    """Every time zone by its name in lower case."""
    named = {zone for zone in available_timezones() if zone.partition("/")[0] in _AREAS}
    return {zone.lower(): zone for zone in sorted(named | {"UTC"})}


def timezones_like(typed: str) -> tuple[str, ...]:
    """Time zones whose name contains what was typed, those that begin a city with it first."""
    words = typed.strip().lower().replace(" ", "_")
    if not words:
        return COMMON
    found = [zone for name, zone in _zones().items() if words in name]
    return tuple(sorted(found, key=lambda zone: not zone.lower().rpartition("/")[2].startswith(words)))


def read_timezone(text: str) -> str:
    """The time zone of a name, or of a city that names one alone; raises InvalidRequest."""
    words = text.strip().lower().replace(" ", "_")
    if words in _zones():
        return _zones()[words]
    cities = [zone for name, zone in _zones().items() if name.rpartition("/")[2] == words]
    if len(cities) == 1:
        return cities[0]
    names = {name.rpartition("/")[2]: zone for name, zone in _zones().items()} | dict(_zones())
    near = nearest(words[:40], names, similarity=0.7)
    hint = f" Did you mean {names[near]}?" if near else " Write it like Europe/Berlin."
    raise InvalidRequest(f"{text[:40]!r} is not a time zone.{hint}", option=TIMEZONE_OPTION)
