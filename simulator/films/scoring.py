"""Music for a film: a slow melody on a few soft bells, and a chord beneath, out of its words."""

import hashlib
import math
from array import array
from collections.abc import Iterable, Iterator
from pathlib import Path
from random import Random

import av
from av.audio.frame import AudioFrame
from av.container import InputContainer

from simulator.films.reel import FASTSTART, copied
from simulator.films.script import Scoring

_RATE = 44_100
_CHUNK = 1024
#: semitones of the pentatonic scales, in major and in minor
_SCALES = ((0, 2, 4, 7, 9, 12, 14, 16), (0, 3, 5, 7, 10, 12, 15, 17))
_KEYNOTES_HZ = (196.0, 220.0, 246.94, 261.63)
_BEAT_S = 0.5
_BELL_S = 1.6
_LOUDNESS = 6000
_FADE_S = 0.4


def score(script: Scoring, path: Path) -> None:
    """Write the film with music; its pictures are copied as they are."""
    with (
        av.open(str(script.source), format="mp4") as source,
        av.open(str(path), "w", format="mp4", options=FASTSTART) as target,
    ):
        pictures = copied(source.streams.video[0], source, target)
        sound = target.add_stream("aac", rate=_RATE, layout="mono")
        for packet in pictures:
            target.mux(packet)
        for frame in _frames(compose(script.mood, _seconds(source))):
            target.mux(sound.encode(frame))
        target.mux(sound.encode(None))


def compose(mood: str, seconds: float) -> "array[int]":
    """Make the music, as 16-bit samples of one channel."""
    chance = Random(hashlib.sha256(mood.encode(errors="replace")).digest())  # noqa: S311 - music, not a secret
    scale, keynote = chance.choice(_SCALES), chance.choice(_KEYNOTES_HZ)
    length = round(seconds * _RATE)
    sound = [0.0] * length
    for beat in range(math.ceil(seconds / _BEAT_S)):
        tone = keynote * 2 ** (chance.choice(scale) / 12)
        _add(sound, _bell(tone, chance.uniform(0.5, 1.0)), round(beat * _BEAT_S * _RATE))
        if beat % 4 == 0:
            for step in (0, 4):
                _add(
                    sound,
                    _bell(keynote / 2 * 2 ** (scale[step % len(scale)] / 12), 0.5),
                    round(beat * _BEAT_S * _RATE),
                )
    fade = round(_FADE_S * _RATE)
    for at in range(min(fade, length)):
        sound[-1 - at] *= at / fade
    return array("h", (max(-32_768, min(32_767, round(value * _LOUDNESS))) for value in sound))


def _bell(hertz: float, loudness: float) -> list[float]:
    turn = math.tau * hertz / _RATE
    return [
        loudness
        * math.exp(-3.2 * at / _RATE)
        * min(1.0, at / 400)
        * (math.sin(turn * at) + 0.3 * math.sin(2 * turn * at))
        for at in range(round(_BELL_S * _RATE))
    ]


def _add(sound: list[float], note: list[float], start: int) -> None:
    end = min(len(sound), start + len(note))
    sound[start:end] = [one + other for one, other in zip(sound[start:end], note, strict=False)]


def _seconds(source: InputContainer) -> float:
    stream = source.streams.video[0]
    if stream.duration is None or stream.time_base is None:
        return (source.duration or 0) / 1_000_000
    return float(stream.duration * stream.time_base)


def _frames(music: Iterable[int]) -> Iterator[AudioFrame]:
    samples = array("h", music)
    for start in range(0, len(samples), _CHUNK):
        part = samples[start : start + _CHUNK]
        frame = AudioFrame(format="s16", layout="mono", samples=len(part))
        frame.planes[0].update(part.tobytes())
        frame.sample_rate, frame.pts = _RATE, start
        yield frame
