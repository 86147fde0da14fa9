"""Tells public addresses from special-purpose ones by the IANA registries.

https://www.iana.org/assignments/iana-ipv4-special-registry and …/iana-ipv6-special-registry. The tables are
copied here because `ipaddress.is_global` differs between releases of Python.
"""

import socket
from ipaddress import IPv4Address, IPv4Network, IPv6Address, IPv6Network, ip_address

Address = IPv4Address | IPv6Address

_NOT_PUBLIC_V4 = tuple(
    map(
        IPv4Network,
        (
            "0.0.0.0/8",  # "this network"; 0.0.0.0 connects to this machine
            "10.0.0.0/8",
            "100.64.0.0/10",  # carrier-grade NAT
            "127.0.0.0/8",
            "168.63.129.16/32",  # public, but a cloud's metadata service
            "169.254.0.0/16",  # link-local, with most clouds' metadata services
            "172.16.0.0/12",
            "192.0.0.0/24",
            "192.0.2.0/24",
            "192.88.99.0/24",
            "192.168.0.0/16",
            "198.18.0.0/15",
            "198.51.100.0/24",
            "203.0.113.0/24",
            "224.0.0.0/4",  # multicast
            "240.0.0.0/4",  # reserved, and broadcast
        ),
    )
)

#: the only part of IPv6 that is allocated to public hosts
_GLOBAL_UNICAST = IPv6Network("2000::/3")

_NOT_PUBLIC_V6 = tuple(
    map(
        IPv6Network,
        (
            "2001::/23",  # IETF protocol assignments, such as Teredo
            "2001:db8::/32",
            "2002::/16",  # 6to4
            "3fff::/20",
        ),
    )
)

#: IPv4 addresses inside IPv6: mapped, and NAT64
_CARRIES_V4 = (IPv6Network("::ffff:0:0/96"), IPv6Network("64:ff9b::/96"))


def is_public(address: Address) -> bool:
    """Whether an address is a host on the public internet."""
    if isinstance(address, IPv6Address):
        if any(address in network for network in _CARRIES_V4):
            return is_public(IPv4Address(int(address) & 0xFFFF_FFFF))
        return address in _GLOBAL_UNICAST and not any(address in network for network in _NOT_PUBLIC_V6)
    return not any(address in network for network in _NOT_PUBLIC_V4)


def spelled_address(host: str) -> Address | None:
    """Parse a host that is an address, in any notation that resolvers accept (`0x7f.1`); None for a name."""
    host = host.rstrip(".")
    if host == "localhost" or host.endswith(".localhost"):
        return IPv4Address("127.0.0.1")
    try:
        return ip_address(host)
    except ValueError:
        pass
    try:
        return IPv4Address(socket.inet_aton(host))
    except (OSError, UnicodeError):
        return None


#: special-use names, which never resolve to a public host:
#: https://www.iana.org/assignments/special-use-domain-names
_LOCAL_NAMES = (".local", ".localhost", ".internal", ".home.arpa")


def is_local_name(host: str) -> bool:
    """Whether a name can only belong to a local network: a special suffix, or no dot."""
    name = f".{host.lower().rstrip('.')}"
    return name.count(".") == 1 or name.endswith(_LOCAL_NAMES)
