"""Draws the picture of a generation into a file; runs in a worker process."""

import io
import re
import textwrap
from pathlib import Path

from PIL import Image, ImageDraw, ImageFont

from simulator.drawing.canvas import gradient
from simulator.drawing.images import open_image
from simulator.drawing.prompt import plain, read_prompt
from simulator.drawing.repaint import add_portraits, reframe, variation_of
from simulator.drawing.scene import compose_scene, draw_weather
from simulator.drawing.spec import PictureSpec
from simulator.file_store import write_atomically

#: what the built-in font does not have
_MISSING = re.compile(r"[^ -~“”’]+")
#: more of a prompt never fits
_LENGTH_MAX = 400
#: from this weight on a reference gives the picture its composition, below it only its colours
_COMPOSITION_WEIGHT = 0.5


def draw_picture(spec: PictureSpec, target: Path) -> None:
    """Draw into a file; its suffix says the format."""
    buffer, picture = io.BytesIO(), compose_picture(spec)
    if target.suffix == ".png":
        # Level 1 is a third larger than the best and many times faster.
        picture.save(buffer, "PNG", compress_level=1)
    else:
        picture.save(buffer, "JPEG", quality=88)
    write_atomically(buffer.getvalue(), target)


def compose_picture(spec: PictureSpec) -> Image.Image:
    for media in spec.with_role("media"):
        # A reframe shows its source alone: no caption is written over it.
        return reframe(open_image(media.path), spec.size, spec.placement)
    guides = [guide for guide in spec.references if guide.role != "character_ref" and guide.weight > 0]
    composing = [
        guide for guide in guides if guide.role != "style_ref" and guide.weight >= _COMPOSITION_WEIGHT
    ]
    if composing:
        guide = max(composing, key=lambda reference: reference.weight)
        picture = variation_of(open_image(guide.path), guide.weight, spec)
    else:
        tone = open_image(guides[0].path) if guides else None
        picture = compose_scene(spec.prompt, spec.id, spec.size, tone)
        draw_weather(picture, read_prompt(spec.prompt).weather, spec.id)
    add_portraits(picture, [open_image(face.path) for face in spec.with_role("character_ref")])
    strip = caption_strip(spec.size, spec.prompt, f"{spec.model} · {spec.aspect_ratio}")
    picture.paste(strip, (0, picture.height - strip.height), strip)
    return picture


def caption_strip(size: tuple[int, int], prompt: str, note: str) -> Image.Image:
    """Return the translucent strip for the lower edge of a picture of this size."""
    width, em = size[0], round(min(size) * 0.025)
    font, small, margin = ImageFont.load_default(em), ImageFont.load_default(em * 0.78), round(em * 1.3)
    text = printable(prompt)
    # As many characters a line as fit when they are as wide as they are on average.
    room = (width - 3 * margin - small.getlength(note)) * len(text)
    letters = max(8, int(0.94 * room / max(1.0, font.getlength(text))))
    lines = textwrap.wrap(text, letters, max_lines=2, placeholder="…")
    strip = Image.new("RGB", (width, round(em * (3.6 + 2.1 * len(lines[1:])) + em)), (10, 12, 20))
    strip.putalpha(gradient(strip.size, (0, 0, 0), (240, 240, 240), (190, 190, 190)).convert("L"))
    draw, base = ImageDraw.Draw(strip), strip.height - margin * 0.8
    for row, line in enumerate(reversed(lines)):
        draw.text((margin, base - row * em * 1.4), line, font=font, fill=(255, 255, 255), anchor="ls")
    draw.text((width - margin, base), note, font=small, fill=(214, 218, 226), anchor="rs")
    return strip


def printable(prompt: str) -> str:
    """Write symbols as their names and letters without accents; three dots stand for other scripts."""
    return _MISSING.sub("…", " ".join(plain(prompt[:_LENGTH_MAX]).split()))
