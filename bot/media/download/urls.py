"""Checks on a URL's text alone."""

import httpx

from bot.domain.errors import MediaRefused

_PORTS = {"http": 80, "https": 443}
#: ports below this one belong to other protocols than HTTP, except for the two above
_FIRST_FREE_PORT, _LAST_PORT = 1024, 65_535
#: https://www.rfc-editor.org/rfc/rfc1035#section-2.3.4, with the dot of the root
_NAME_MAX, _LABEL_MAX = 254, 63


def parsed(location: str) -> httpx.URL:
    """Parse a URL; raises MediaRefused for an invalid one."""
    url = joined(None, location)
    check_url(url)
    return url


def joined(base: httpx.URL | None, location: str) -> httpx.URL:
    """Resolve the location of a redirect; raises MediaRefused for an invalid one."""
    try:
        return base.join(location) if base else httpx.URL(location)
    except (httpx.InvalidURL, ValueError) as error:
        raise MediaRefused("This is not a valid URL.") from error


def check_url(url: httpx.URL) -> None:
    """Raise MediaRefused for other schemes and for credentials."""
    if url.scheme not in _PORTS or not url.host:
        raise MediaRefused("Only http and https URLs can be fetched.")
    if url.userinfo:
        raise MediaRefused("URLs with a user name or password cannot be fetched.")


def origin(url: httpx.URL) -> tuple[str, str, int]:
    """Scheme, host and port of a URL."""
    return url.scheme, url.host, port(url)


def lies_under(url: httpx.URL, base: httpx.URL) -> bool:
    """Whether a URL has the origin of another one, and a path that begins with its path."""
    return origin(url) == origin(base) and url.path.startswith(base.path) and ".." not in url.path.split("/")


def port(url: httpx.URL) -> int:
    return url.port if url.port is not None else _PORTS[url.scheme]


def check_host(url: httpx.URL) -> None:
    """Raise MediaRefused for names that no resolver accepts."""
    host = url.raw_host.decode("ascii", "replace")
    if ":" in host:
        return  # an IPv6 address
    labels = host.removesuffix(".").split(".")
    if len(host) > _NAME_MAX or not all(0 < len(label) <= _LABEL_MAX for label in labels):
        raise MediaRefused("This is not a valid URL.")


def check_port(url: httpx.URL) -> None:
    """Raise MediaRefused for ports that other protocols use."""
    number = port(url)
    if number not in _PORTS.values() and not _FIRST_FREE_PORT <= number <= _LAST_PORT:
        raise MediaRefused(f"Files cannot be fetched from port {number}.")
