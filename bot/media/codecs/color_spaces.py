"""Colour spaces by ITU-T H.273 code points, and lookup tables that convert them to sRGB and BT.709.

Pure functions. SDR transfer functions are treated as one, as browsers do: BT.709, BT.601 and sRGB values are
used unchanged. HDR and wide gamuts are converted with a lookup table.
"""

from collections.abc import Callable, Iterator
from dataclasses import dataclass
from itertools import product
from math import exp, log

Vector = tuple[float, float, float]
Matrix = tuple[Vector, Vector, Vector]
Curve = Callable[[float], float]

BT709 = 1
_LINEAR, _PQ, _HLG = 8, 16, 18
#: primaries and transfer functions that need no conversion
_SDR_PRIMARIES = frozenset({0, BT709, 2, 3, 5, 6, 7})
_SDR_TRANSFERS = frozenset({0, BT709, 2, 3, 4, 5, 6, 7, 11, 12, 13, 14, 15})

_D65, _DCI = (0.3127, 0.3290), (0.314, 0.351)
_SRGB_CORNERS = ((0.640, 0.330), (0.300, 0.600), (0.150, 0.060))
_BRADFORD: Matrix = ((0.8951, 0.2664, -0.1614), (-0.7502, 1.7135, 0.0367), (0.0389, -0.0685, 1.0296))

#: HDR reference white in cd/m², and its linear HLG signal (ITU-R BT.2408)
_PAPER_NITS, _PAPER_HLG = 203, 0.265
#: peak brightness in cd/m² of PQ content; brighter values are clipped to white
_PEAK_NITS = 1000
#: share of reference white below which tone mapping changes nothing; brighter values are compressed
_KNEE = 0.6
#: steps of light for which signals are calculated
_SIGNAL_STEPS = 1_000_000


@dataclass(frozen=True, slots=True, kw_only=True)
class Gamut:
    """CIE xy chromaticities of the primaries and the white point."""

    red: tuple[float, float]
    green: tuple[float, float]
    blue: tuple[float, float]
    white: tuple[float, float] = _D65


@dataclass(frozen=True, slots=True, kw_only=True)
class Space:
    """How the values of an RGB picture map to light."""

    gamut: Gamut
    #: signal → linear light; reference white is 1
    linear: Curve
    #: peak of the linear light; above 1 for HDR
    peak: float = 1.0
    #: linear light → signal of an SDR display
    signal: Curve


SRGB_GAMUT = Gamut(red=_SRGB_CORNERS[0], green=_SRGB_CORNERS[1], blue=_SRGB_CORNERS[2])
_P3 = ((0.680, 0.320), (0.265, 0.690), (0.150, 0.060))
_GAMUTS = {
    4: Gamut(red=(0.67, 0.33), green=(0.21, 0.71), blue=(0.14, 0.08), white=(0.310, 0.316)),
    8: Gamut(red=(0.681, 0.319), green=(0.243, 0.692), blue=(0.145, 0.049), white=(0.310, 0.316)),
    9: Gamut(red=(0.708, 0.292), green=(0.170, 0.797), blue=(0.131, 0.046)),
    11: Gamut(red=_P3[0], green=_P3[1], blue=_P3[2], white=_DCI),
    12: Gamut(red=_P3[0], green=_P3[1], blue=_P3[2]),
    22: Gamut(red=(0.630, 0.340), green=(0.295, 0.605), blue=(0.155, 0.077)),
}


def space_of(primaries: int, transfer: int) -> Space | None:
    """The space of these code points; None if no conversion is needed."""
    if primaries in _SDR_PRIMARIES and transfer in _SDR_TRANSFERS:
        return None
    gamut = _GAMUTS.get(primaries, SRGB_GAMUT)
    if transfer == _PQ:
        return Space(gamut=gamut, linear=_pq, peak=_PEAK_NITS / _PAPER_NITS, signal=_screen)
    if transfer == _HLG:
        return Space(gamut=gamut, linear=_hlg, peak=1 / _PAPER_HLG, signal=_camera)
    if transfer == _LINEAR:
        return Space(gamut=gamut, linear=float, signal=srgb_signal)
    return srgb_space(gamut)


def srgb_space(gamut: Gamut) -> Space:
    """A space with the given primaries and the transfer function of sRGB."""
    return Space(gamut=gamut, linear=_srgb_light, signal=srgb_signal)


def table(space: Space, size: int) -> Iterator[Vector]:
    """The sRGB signals for a grid of `size`³ signals from 0 to 1, red changing fastest and blue slowest."""
    light = [space.linear(step / (size - 1)) for step in range(size)]
    # A hundred thousand colours: what each primary adds is known before, and each signal is calculated once.
    reds, greens, blues = (
        [(row[0] * one, row[1] * one, row[2] * one) for one in light]
        for row in zip(*_to_srgb(space.gamut), strict=True)
    )
    signals, peak = _Signals(space.signal), space.peak
    for (blue_r, blue_g, blue_b), (green_r, green_g, green_b) in product(blues, greens):
        base_r, base_g, base_b = blue_r + green_r, blue_g + green_g, blue_b + green_b
        for red_r, red_g, red_b in reds:
            r, g, b = base_r + red_r, base_g + red_g, base_b + red_b
            steps = _pressed(max(r, g, b), peak) * _SIGNAL_STEPS if peak > 1 else _SIGNAL_STEPS
            yield signals[int(r * steps + 0.5)], signals[int(g * steps + 0.5)], signals[int(b * steps + 0.5)]


class _Signals(dict[int, float]):
    """Signals by their light in small steps; beyond black and white they are those of black and white."""

    def __init__(self, signal: Curve) -> None:
        super().__init__()
        self._signal = signal

    def __missing__(self, step: int) -> float:
        found = self[step] = self._signal(min(max(step, 0), _SIGNAL_STEPS) / _SIGNAL_STEPS)
        return found


def _pressed(brightest: float, peak: float) -> float:
    """The factor that brings a colour's largest component below 1 and keeps its hue."""
    if brightest <= _KNEE:
        return 1
    over, most = (brightest - _KNEE) / (1 - _KNEE), (peak - _KNEE) / (1 - _KNEE)
    return (_KNEE + (1 - _KNEE) * over * (1 + over / most**2) / (1 + over)) / brightest


def _pq(level: float) -> float:
    """SMPTE ST 2084."""
    root = level ** (1 / 78.84375)
    light = max(0.0, root - 0.8359375) / (18.8515625 - 18.6875 * root)
    return float(10_000 * light ** (1 / 0.1593017578125) / _PAPER_NITS)


def _hlg(level: float) -> float:
    """ITU-R BT.2100 (scene light)."""
    a = 0.17883277
    b = 1 - 4 * a
    light = level**2 / 3 if level <= 0.5 else (exp((level - 0.5 + a * log(4 * a)) / a) + b) / 12  # noqa: PLR2004
    return light / _PAPER_HLG


def _camera(light: float) -> float:
    """ITU-R BT.709."""
    return 4.5 * light if light < 0.018 else 1.099 * light**0.45 - 0.099  # noqa: PLR2004


def _screen(light: float) -> float:
    """The inverse of ITU-R BT.1886."""
    return float(light ** (1 / 2.4))


def srgb_signal(light: float) -> float:
    return 12.92 * light if light <= 0.0031308 else 1.055 * light ** (1 / 2.4) - 0.055  # noqa: PLR2004


def _srgb_light(level: float) -> float:
    return level / 12.92 if level <= 0.04045 else ((level + 0.055) / 1.055) ** 2.4  # noqa: PLR2004


def _to_srgb(gamut: Gamut) -> Matrix:
    """Matrix from linear light in these primaries to linear sRGB, with white point adaptation."""
    adapted = _product(_adapting(gamut.white, _D65), _to_xyz(gamut))
    return _product(_inverse(_to_xyz(SRGB_GAMUT)), adapted)


def _to_xyz(gamut: Gamut) -> Matrix:
    corners = _columns(_xyz(gamut.red), _xyz(gamut.green), _xyz(gamut.blue))
    return _scaled(corners, _applied(_inverse(corners), _xyz(gamut.white)))


def _adapting(before: tuple[float, float], after: tuple[float, float]) -> Matrix:
    """Bradford chromatic adaptation from one white point to another."""
    old, new = (_applied(_BRADFORD, _xyz(white)) for white in (before, after))
    gain = (new[0] / old[0], new[1] / old[1], new[2] / old[2])
    return _product(_scaled(_inverse(_BRADFORD), gain), _BRADFORD)


def _xyz(place: tuple[float, float]) -> Vector:
    x, y = place
    return x / y, 1.0, (1 - x - y) / y


def _columns(first: Vector, second: Vector, third: Vector) -> Matrix:
    return tuple(zip(first, second, third, strict=True))  # type: ignore[return-value]


def _scaled(matrix: Matrix, factors: Vector) -> Matrix:
    """Scale each column by its factor."""
    return tuple((a * factors[0], b * factors[1], c * factors[2]) for a, b, c in matrix)  # type: ignore[return-value]


def _applied(matrix: Matrix, vector: Vector) -> Vector:
    x, y, z = vector
    return tuple(a * x + b * y + c * z for a, b, c in matrix)  # type: ignore[return-value]


def _product(left: Matrix, right: Matrix) -> Matrix:
    columns = zip(*right, strict=True)
    return _columns(*(_applied(left, column) for column in columns))


def _inverse(matrix: Matrix) -> Matrix:
    """The inverse matrix; raises ZeroDivisionError for a singular one."""
    r, s, t = matrix
    minors = _cross(s, t), _cross(t, r), _cross(r, s)
    size = sum(a * b for a, b in zip(r, minors[0], strict=True))
    return _scaled(_columns(*minors), (1 / size, 1 / size, 1 / size))


def _cross(u: Vector, v: Vector) -> Vector:
    return u[1] * v[2] - u[2] * v[1], u[2] * v[0] - u[0] * v[2], u[0] * v[1] - u[1] * v[0]
