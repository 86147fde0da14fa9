"""Whether a request comes directly from this machine, decided in one place for all callers.

What cannot be told apart from a request of this machine's own user is listed in `docs/security.md`.
"""

from ipaddress import IPv4Address, IPv6Address, ip_address, ip_network
from urllib.parse import urlsplit

from starlette.datastructures import Headers
from starlette.requests import Request

#: headers that proxies, tunnels and content networks add, and that browsers and curl never send to a server
_PROXY_HEADERS = frozenset(
    {
        "cdn-loop",
        "client-ip",
        "fastly-client-ip",
        "forwarded",
        "forwarded-for",
        "proxy-connection",
        "true-client-ip",
        "via",
        "x-client-ip",
        "x-cluster-client-ip",
        "x-host",
        "x-proxyuser-ip",
        "x-real-ip",
        "x-remote-addr",
        "x-remote-ip",
        "x-rewrite-url",
    }
)
_PROXY_PREFIXES = (
    "cf-",
    "fly-",
    "ngrok-",
    "tailscale-",
    "x-amzn-",
    "x-appengine-",
    "x-arr-",
    "x-azure-",
    "x-envoy-",
    "x-forwarded",
    "x-original-",
    "x-vercel-",
)
#: an IPv6 network that one client may have for itself
_CLIENT_NETWORK_BITS = 64
#: where a reverse proxy may stand; not every address that Python calls private
_PRIVATE_NETWORKS = tuple(
    map(ip_network, ("10.0.0.0/8", "172.16.0.0/12", "192.168.0.0/16", "fc00::/7", "fe80::/10"))
)
#: what proxies speak to the servers behind them unless they are told otherwise
_OLD_HTTP = frozenset({"0.9", "1.0"})


def _parse(host: str) -> IPv4Address | IPv6Address | None:
    """A peer's address, as IPv4 where it is mapped; None for a name."""
    try:
        address = ip_address(host)
    except ValueError:
        return None
    return (isinstance(address, IPv6Address) and address.ipv4_mapped) or address


def is_loopback_address(host: str) -> bool:
    """Whether a peer's address is one of this machine's loopback interface."""
    address = _parse(host)
    return address is not None and address.is_loopback


def may_be_proxy(host: str) -> bool:
    """Whether a reverse proxy may stand at a peer's address: on this machine or its private network."""
    address = _parse(host)
    return address is not None and (
        address.is_loopback or any(address in network for network in _PRIVATE_NETWORKS)
    )


def is_loopback_name(host: str) -> bool:
    """Whether a host in a URL or Host header is this machine's own: `localhost`, or its usual addresses."""
    return host in ("localhost", "127.0.0.1", "::1")


def listens_here_only(host: str) -> bool:
    """Whether a server that listens on a host cannot be reached from other machines."""
    return is_loopback_name(host) or is_loopback_address(host)


def is_address(host: str) -> bool:
    """Whether a host is an IP address, which no name server can redirect."""
    return _parse(host) is not None


def host_name(header: str) -> str | None:
    """The host in a Host header, without its port; None where it is malformed."""
    try:
        parts = urlsplit(f"//{header}")
        _ = parts.port
    except ValueError:
        return None
    plain = parts.username is None and not parts.path and not parts.query and not parts.fragment
    return parts.hostname.lower() if plain and parts.hostname else None


def is_proxied(headers: Headers, http_version: str) -> bool:
    """Whether a proxy or tunnel between the caller and us has left its headers."""
    return http_version in _OLD_HTTP or any(
        name in _PROXY_HEADERS or name.startswith(_PROXY_PREFIXES) for name in map(str.lower, headers)
    )


def is_local(request: Request) -> bool:
    """Whether a request's peer is this machine and no proxy or tunnel is known to be in between."""
    peer = request.client.host if request.client else ""
    return is_loopback_address(peer) and not is_proxied(
        request.headers, request.scope.get("http_version", "")
    )


def client_address(request: Request) -> str:
    """The caller's address, for limits and the log only: it proves nothing.

    Behind a proxy of this machine or its private network it is the address that the proxy has seen. Of an
    IPv6 address the network is taken: each of its machines has as many addresses as it likes.
    """
    peer = request.client.host if request.client else ""
    seen = request.headers.getlist("x-forwarded-for")
    try:
        address = ip_address(peer)
        if seen and may_be_proxy(peer):
            # Each proxy adds at the end; what stands before, the client may have written itself.
            address = ip_address(seen[-1].rpartition(",")[2].strip())
    except ValueError:
        return peer
    if not isinstance(address, IPv6Address):
        return str(address)
    mapped = address.ipv4_mapped
    return str(mapped or ip_network((address, _CLIENT_NETWORK_BITS), strict=False))


def names_us(request: Request) -> bool:
    """Whether a request names this machine as its host; one to a rebound DNS name does not."""
    hosts = request.headers.getlist("host")
    name = host_name(hosts[0]) if len(hosts) == 1 else None
    return name is not None and is_loopback_name(name)
