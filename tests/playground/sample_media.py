"""Sample pictures and videos: hills under a moon, which rises in the video."""

import io
from fractions import Fraction

import av
from PIL import Image, ImageDraw, UnidentifiedImageError

_COLOURS = (
    ((24, 42, 66), (232, 164, 96), (36, 72, 74)),
    ((70, 40, 52), (240, 196, 150), (92, 62, 44)),
    ((36, 70, 82), (238, 220, 178), (60, 94, 70)),
)
_FPS = 4


def paint(width: int, height: int, *, seed: str = "", rise: float = 0.0) -> Image.Image:
    """Paint a scene at an eighth of its size, which is fast and smooth when enlarged."""
    small = (max(16, width // 16 * 2), max(16, height // 16 * 2))
    top, low, hill = _COLOURS[sum(seed.encode()) % len(_COLOURS)]
    image = Image.new("RGB", small)
    draw = ImageDraw.Draw(image)
    across, down = small
    for y in range(down):
        part = y / down
        colour = tuple(round(a + (b - a) * part) for a, b in zip(top, low, strict=True))
        draw.line(((0, y), (across, y)), fill=colour)
    radius = min(small) // 7
    left, up = across * 0.66, down * (0.5 - 0.28 * rise)
    draw.ellipse((left - radius, up - radius, left + radius, up + radius), fill=(250, 232, 190))
    draw.ellipse((-across * 0.4, down * 0.62, across * 0.8, down * 1.6), fill=hill)
    draw.ellipse((across * 0.35, down * 0.72, across * 1.5, down * 1.7), fill=tuple(one // 2 for one in hill))
    return image


def picture(width: int, height: int, *, seed: str = "", kind: str = "JPEG") -> bytes:
    out = io.BytesIO()
    scene = paint(width, height, seed=seed, rise=0.8)
    scene.resize((width, height), Image.Resampling.BICUBIC).save(out, kind, quality=80)
    return out.getvalue()


def video(width: int, height: int, *, duration_ms: int, seed: str = "") -> bytes:
    """Encode a WebM, which every browser plays, at an eighth of the size."""
    out = io.BytesIO()
    count = duration_ms * _FPS // 1000
    with av.open(out, "w", format="webm") as container:
        stream = container.add_stream("libvpx", rate=_FPS)
        stream.width, stream.height = paint(width, height).size
        stream.pix_fmt = "yuv420p"
        stream.time_base = Fraction(1, _FPS)
        stream.options = {"deadline": "realtime", "cpu-used": "8"}
        for index in range(count):
            scene = paint(width, height, seed=seed, rise=index / count)
            container.mux(stream.encode(av.VideoFrame.from_image(scene)))  # type: ignore[no-untyped-call]
        container.mux(stream.encode())
    return out.getvalue()


def look_at(content: bytes) -> tuple[str, int, int, int | None] | None:
    """Return type, width, height and duration of a picture or video; None for anything else."""
    try:
        with Image.open(io.BytesIO(content)) as image:
            return Image.MIME[image.format or ""], image.width, image.height, None
    except UnidentifiedImageError:
        pass
    try:
        with av.open(io.BytesIO(content), "r") as container:
            stream = container.streams.video[0]
            return "video/webm", stream.width, stream.height, (container.duration or 0) // 1000
    except (av.FFmpegError, IndexError):
        return None
