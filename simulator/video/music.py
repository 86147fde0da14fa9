"""Adds music to a video: a slow melody of soft bells over chords, which follows from the prompt."""

import math
from array import array
from collections.abc import Iterator
from pathlib import Path
from random import Random

import av
from av.audio.frame import AudioFrame

from simulator.video.decode import duration_s
from simulator.video.encode import FASTSTART, copied
from simulator.video.spec import AddAudio

_RATE = 44_100
_CHUNK = 1024
#: semitones of the pentatonic scales, in major and in minor
_SCALES = ((0, 2, 4, 7, 9, 12, 14, 16), (0, 3, 5, 7, 10, 12, 15, 17))
_KEYNOTES_HZ = (196.0, 220.0, 246.94, 261.63)
_BEAT_S = 0.5
#: length of a tone, in samples
_BELL = 70_000
_LOUDNESS = 5000
#: length of the end that fades out, in samples
_FADE = 18_000


def add_music(spec: AddAudio, path: Path) -> None:
    """Write the video with music; its pictures are copied unchanged."""
    with (
        av.open(str(spec.source), format="mp4") as source,
        av.open(str(path), "w", format="mp4", options=FASTSTART) as target,
    ):
        pictures = copied(source.streams.video[0], source, target)
        audio = target.add_stream("aac", rate=_RATE, layout="mono")
        for packet in pictures:
            target.mux(packet)
        for frame in _frames(compose(spec.prompt, duration_s(source, source.streams.video[0]))):
            target.mux(audio.encode(frame))
        target.mux(audio.encode(None))


def compose(seed: str, seconds: float) -> "array[int]":
    """Return the music as 16-bit samples of one channel."""
    random = Random(seed.encode(errors="replace"))  # noqa: S311 - music, not a secret
    scale, keynote = random.choice(_SCALES), random.choice(_KEYNOTES_HZ)
    samples = [0.0] * round(seconds * _RATE)
    for beat in range(math.ceil(seconds / _BEAT_S)):
        chord = (scale[0] - 12, scale[4] - 12) if beat % 4 == 0 else ()
        for semitones in (random.choice(scale), *chord):
            turn, start = math.tau * keynote * 2 ** (semitones / 12) / _RATE, round(beat * _BEAT_S * _RATE)
            for at in range(min(_BELL, len(samples) - start)):
                tone = math.sin(turn * at) + 0.3 * math.sin(2 * turn * at)
                samples[start + at] += tone * math.exp(-3.2 * at / _RATE) * min(1.0, at / 400)
    for at in range(min(_FADE, len(samples))):
        samples[-1 - at] *= at / _FADE
    return array("h", (max(-32_768, min(32_767, round(value * _LOUDNESS))) for value in samples))


def _frames(samples: "array[int]") -> Iterator[AudioFrame]:
    for first in range(0, len(samples), _CHUNK):
        part = samples[first : first + _CHUNK]
        frame = AudioFrame(format="s16", layout="mono", samples=len(part))
        frame.planes[0].update(part.tobytes())
        frame.sample_rate, frame.pts = _RATE, first
        yield frame
