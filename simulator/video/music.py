"""Adds music to a video: a slow melody of soft bells over chords, which follows from the prompt."""

import math
from array import array
from collections.abc import Sequence
from operator import add
from pathlib import Path
from random import Random

import av
from av.audio.frame import AudioFrame

from simulator.video.decode import duration_s
from simulator.video.encode import FASTSTART, copy_packets
from simulator.video.spec import AddAudio

_RATE = 44_100
#: semitones of the pentatonic scales, in major and in minor
_SCALES = ((0, 2, 4, 7, 9, 12, 14, 16), (0, 3, 5, 7, 10, 12, 15, 17))
_KEYNOTES_HZ = (196.0, 220.0, 246.94, 261.63)
_BEAT_S = 0.5
#: length of a tone and of the end that fades out, in samples
_BELL, _FADE = 70_000, 18_000
#: in which a tone reaches its loudness
_STRIKE = 400
_LOUDNESS = 5000


def add_music(spec: AddAudio, path: Path) -> None:
    """Write the video with music; its pictures are copied unchanged."""
    with (
        av.open(str(spec.source), format="mp4") as source,
        av.open(str(path), "w", format="mp4", options=FASTSTART) as target,
    ):
        pictures = source.streams.video[0]
        same = target.add_stream_from_template(pictures)
        audio = target.add_stream("aac", rate=_RATE, layout="mono")
        copy_packets(source, pictures, target, same)
        samples = _compose(spec.prompt, duration_s(source, pictures))
        frame = AudioFrame(format="s16", layout="mono", samples=len(samples))
        frame.planes[0].update(samples.tobytes())
        frame.sample_rate, frame.pts = _RATE, 0
        target.mux(audio.encode(frame))
        target.mux(audio.encode(None))


def _compose(seed: str, seconds: float) -> "array[int]":
    """Return the music as 16-bit samples of one channel."""
    random = Random(seed.encode(errors="replace"))  # noqa: S311 - music, not a secret
    scale, keynote = random.choice(_SCALES), random.choice(_KEYNOTES_HZ)
    samples = [0.0] * round(seconds * _RATE)
    decay = [math.exp(-3.2 * at / _RATE) for at in range(min(_BELL, len(samples)))]
    bells: dict[int, list[float]] = {}
    for beat in range(math.ceil(seconds / _BEAT_S)):
        chord = (scale[0] - 12, scale[4] - 12) if beat % 4 == 0 else ()
        start = round(beat * _BEAT_S * _RATE)
        for semitones in (random.choice(scale), *chord):
            if semitones not in bells:
                bells[semitones] = _bell(math.tau * keynote * 2 ** (semitones / 12) / _RATE, decay)
            # What would sound beyond the end is cut off.
            samples[start : start + _BELL] = map(add, samples[start : start + _BELL], bells[semitones])
    loud = (value * _LOUDNESS * min(1.0, (len(samples) - at) / _FADE) for at, value in enumerate(samples))
    return array("h", (max(-32_768, min(32_767, round(value))) for value in loud))


def _bell(turn: float, decay: Sequence[float]) -> list[float]:
    """A tone whose phase grows by `turn` with each sample, and which dies away."""
    tone = [(math.sin(turn * at) + 0.3 * math.sin(2 * turn * at)) * factor for at, factor in enumerate(decay)]
    tone[:_STRIKE] = [value * (at / _STRIKE) for at, value in enumerate(tone[:_STRIKE])]
    return tone
