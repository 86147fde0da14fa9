"""Colour profiles of a few hundred bytes (ICC.1:2001), and numbers of the spaces that they are of."""

import struct
from collections.abc import Mapping

#: X, Y and Z of the primaries of Display P3 and of Adobe RGB, as seen under D50
P3 = ((0.51512, 0.24120, -0.00105), (0.29198, 0.69225, 0.04189), (0.15710, 0.06657, 0.78407))
ADOBE = ((0.60974, 0.31111, 0.01947), (0.20528, 0.62567, 0.06087), (0.14919, 0.06322, 0.74457))
_D50 = (0.9642, 1.0, 0.8249)


def rgb_profile(primaries: tuple[tuple[float, ...], ...], gamma: float) -> bytes:
    tags = {b"wtpt": _xyz(_D50)}
    for name, place in zip((b"r", b"g", b"b"), primaries, strict=True):
        tags[name + b"XYZ"] = _xyz(place)
        tags[name + b"TRC"] = _curve(gamma)
    return _profile(b"mntr", b"RGB ", b"XYZ ", tags)


def grey_profile(gamma: float) -> bytes:
    return _profile(b"mntr", b"GRAY", b"XYZ ", {b"wtpt": _xyz(_D50), b"kTRC": _curve(gamma)})


def ink_profile(*, cyan: tuple[int, int, int]) -> bytes:
    """A printer's, whose cyan ink has this colour in CIE L*a*b* of 8 bits and whose other inks are black."""
    straight = bytes(range(256))
    corners = b""
    for corner in range(16):
        colour = {0: (255, 128, 128), 8: cyan}.get(corner, (0, 128, 128))
        corners += bytes(colour)
    one = struct.pack(">9i", *(65536 if at % 4 == 0 else 0 for at in range(9)))
    table = b"mft1" + bytes(4) + bytes((4, 3, 2, 0)) + one + straight * 4 + corners + straight * 3
    return _profile(b"prtr", b"CMYK", b"Lab ", {b"wtpt": _xyz(_D50), b"A2B0": table})


def _profile(use: bytes, space: bytes, connection: bytes, tags: Mapping[bytes, bytes]) -> bytes:
    index, content = struct.pack(">I", len(tags)), b""
    begin = 128 + 4 + 12 * len(tags)
    for name, tag in tags.items():
        index += name + struct.pack(">II", begin + len(content), len(tag))
        content += tag + bytes(-len(tag) % 4)
    head = struct.pack(">I4xI4s4s4s", begin + len(content), 0x02400000, use, space, connection)
    head += struct.pack(">6H", 2026, 1, 1, 0, 0, 0) + b"acsp" + bytes(28) + _numbers(_D50)
    return head.ljust(128, b"\0") + index + content


def _xyz(place: tuple[float, ...]) -> bytes:
    return b"XYZ " + bytes(4) + _numbers(place)


def _numbers(place: tuple[float, ...]) -> bytes:
    return struct.pack(">3i", *(round(one * 65536) for one in place))


def _curve(gamma: float) -> bytes:
    return b"curv" + bytes(4) + struct.pack(">IH", 1, round(gamma * 256))
