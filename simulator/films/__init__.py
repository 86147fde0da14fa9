"""Filming: pure functions from a script to a film, run in worker processes."""

import io
from collections.abc import Iterator
from pathlib import Path

from PIL import Image

from simulator.file_store import atomic_path, write_atomically
from simulator.films.footage import frames_of, open_still
from simulator.films.reel import write_reel
from simulator.films.reframing import reframed
from simulator.films.restyling import restyled
from simulator.films.scoring import score
from simulator.films.script import (
    Enlargement,
    Moment,
    Reframing,
    Restyling,
    Scoring,
    Script,
    Still,
    Take,
)
from simulator.films.taking import shoot

_POSTER_QUALITY = 85
#: short side of a poster, in pixels
_POSTER_SHORT = 720


def film(script: Script, target: Path) -> None:
    """Make a film. Raises FileUnreadable when its source cannot be read."""
    with atomic_path(target) as path:
        if isinstance(script, Scoring):
            score(script, path)
        elif isinstance(script, Enlargement):
            write_reel(frames_of(script.source), script.size, path, sound_of=script.source)
        else:
            write_reel(_drawn(script), script.size, path)


def make_poster(script: Script, target: Path) -> None:
    """Make the picture that stands for a film: its first frame. Raises FileUnreadable."""
    if isinstance(script, Scoring | Enlargement):
        picture = open_still(Still(path=script.source, moment=Moment.FIRST))
    else:
        first = next(_drawn(script))
        picture = first.resize(script.size, Image.Resampling.BICUBIC)
    scale = min(1.0, _POSTER_SHORT / min(picture.size))
    picture = picture.resize((round(picture.width * scale), round(picture.height * scale)))
    buffer = io.BytesIO()
    picture.save(buffer, "JPEG", quality=_POSTER_QUALITY)
    write_atomically(buffer.getvalue(), target)


def _drawn(script: Take | Reframing | Restyling) -> Iterator[Image.Image]:
    match script:
        case Take():
            return shoot(script)
        case Reframing():
            return reframed(script)
        case Restyling():
            return restyled(script)
