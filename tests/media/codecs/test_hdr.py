"""HDR and wide gamuts become what an SDR screen shows, in stills and in what is written anew."""

from collections.abc import Callable
from math import log
from pathlib import Path

import pytest
from PIL import Image

from bot.media.codecs.probing import probe
from bot.media.codecs.transcoding import transcode
from bot.media.codecs.videos import take_still
from tests.media.codecs.flat import (
    BT709,
    BT2020,
    STRIPES,
    Colour,
    first_frame,
    flat_video,
    middle,
    shown,
    striped_video,
)
from tests.media.pictures import colour

_CASES = Path(__file__).parents[4] / "shared" / "cases"
_HLG, _PQ, _P3 = 18, 16, 12
#: light in the primaries of BT.709 as light in those of others (ITU-R BT.2087, SMPTE EG 432-1)
_INTO = {
    BT2020: ((0.6274, 0.3293, 0.0433), (0.0691, 0.9195, 0.0114), (0.0164, 0.0880, 0.8956)),
    _P3: ((0.8225, 0.1775, 0.0), (0.0332, 0.9668, 0.0), (0.0171, 0.0724, 0.9105)),
}


def _stored(
    paint: Colour, primaries: int, light: Callable[[float], float], signal: Callable[[float], float]
) -> Colour:
    """The numbers of a colour in other primaries and with another transfer function."""
    plain = [light(part / 255) for part in paint]
    mixed = (sum(a * b for a, b in zip(row, plain, strict=True)) for row in _INTO[primaries])
    red, green, blue = (round(255 * signal(max(0, one))) for one in mixed)
    return red, green, blue


def _camera_light(level: float) -> float:
    return level / 4.5 if level < 0.081 else ((level + 0.099) / 1.099) ** (1 / 0.45)


def _hlg(light: float) -> float:
    """Of paper's white the signal is 0.75 (ITU-R BT.2408)."""
    light *= 0.265
    return (3 * light) ** 0.5 if light <= 1 / 12 else 0.17883277 * log(12 * light - 0.28466892) + 0.55991073


def _pq(light: float) -> float:
    """Paper's white has 203 cd/m² (ITU-R BT.2408)."""
    power = (light * 203 / 10_000) ** 0.1593017578125
    return float(((0.8359375 + 18.8515625 * power) / (1 + 18.6875 * power)) ** 78.84375)


def _screen_light(level: float) -> float:
    return float(level**2.4)


def _srgb_light(level: float) -> float:
    return level / 12.92 if level <= 0.04045 else float(((level + 0.055) / 1.055) ** 2.4)


def _srgb(light: float) -> float:
    return 12.92 * light if light <= 0.0031308 else float(1.055 * light ** (1 / 2.4) - 0.055)


_SPACES = {
    "HLG": (BT2020, BT2020, _HLG, _camera_light, _hlg),
    "PQ": (BT2020, BT2020, _PQ, _screen_light, _pq),
    "wide and SDR": (BT2020, BT2020, 14, _srgb_light, _srgb),
    "P3": (BT709, _P3, 1, _srgb_light, _srgb),
}


@pytest.mark.parametrize("space", _SPACES.values(), ids=_SPACES.keys())
def test_what_an_sdr_screen_cannot_show_is_brought_to_it(
    space: tuple[int, int, int, Callable[[float], float], Callable[[float], float]], tmp_path: Path
) -> None:
    matrix, primaries, transfer, light, signal = space
    source = striped_video(
        tmp_path / "a",
        [_stored(paint, primaries, light, signal) for paint in STRIPES],
        matrix=matrix,
        primaries=primaries,
        transfer=transfer,
        pixels="yuv420p10le",
    )
    found, target = probe(source), tmp_path / "b"
    transcode(source, target, 10_000_000, (found.width, found.height), found.duration_ms or 0)
    frame = first_frame(target)
    assert (BT709, 1, 1) == (frame.colorspace, frame.color_primaries, frame.color_trc)
    take_still(source, tmp_path / "still")
    with Image.open(tmp_path / "still") as still:
        for stripe, paint in enumerate(STRIPES):
            assert pytest.approx(paint, abs=8) == colour(still, (middle(stripe, still.width), 40))
            assert pytest.approx(paint, abs=8) == shown(frame, middle(stripe, frame.width))


@pytest.mark.parametrize(("transfer", "signal"), [(_HLG, _hlg), (_PQ, _pq)])
def test_highlights_above_reference_white_stay_distinguishable(
    transfer: int, signal: Callable[[float], float], tmp_path: Path
) -> None:
    levels = []
    for brightness in (0.5, 1, 2, 3.5):
        level = round(255 * signal(brightness))
        source = flat_video(
            tmp_path / "a",
            (level, level, level),
            matrix=BT2020,
            primaries=BT2020,
            transfer=transfer,
            pixels="yuv420p10le",
        )
        take_still(source, tmp_path / "still")
        with Image.open(tmp_path / "still") as still:
            red, green, blue = colour(still, (60, 40))
        assert (red, red) == pytest.approx((green, blue), abs=2)
        levels.append(red)
    assert levels == sorted(set(levels))
    assert 225 < levels[1] < levels[-1] <= 255


def test_hdr_in_h264_is_not_plain(tmp_path: Path) -> None:
    plain = {
        transfer: probe(
            flat_video(
                tmp_path / "a",
                (150, 100, 100),
                matrix=BT2020,
                primaries=BT2020,
                transfer=transfer,
                codec="libx264",
                container="mp4",
            )
        ).plain
        for transfer in (1, _HLG, _PQ)
    }
    assert {1: False, _HLG: False, _PQ: False} == plain
    assert probe(flat_video(tmp_path / "a", (9, 9, 9), matrix=BT709, codec="libx264", container="mp4")).plain


@pytest.mark.skipif(not _CASES.exists(), reason="the cases lie beside the repository")
@pytest.mark.parametrize(("name", "most"), [("base.mp4", 3), ("vp9_709.webm", 3), ("hlg.mov", 12)], ids=str)
def test_the_cases_keep_their_colours(name: str, most: int, tmp_path: Path) -> None:
    found, target = probe(_CASES / name), tmp_path / "target"
    transcode(_CASES / name, target, 10_000_000, (found.width, found.height), found.duration_ms or 0)
    for path in (_CASES / name, target):
        take_still(path, tmp_path / "still")
        with Image.open(tmp_path / "still") as still:
            assert pytest.approx((200, 40, 40), abs=most) == colour(
                still, (still.width // 8, still.height // 8)
            )
    frame = first_frame(target)
    assert (1, 1, 1) == (frame.colorspace, frame.color_primaries, frame.color_trc)
