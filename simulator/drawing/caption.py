"""A discreet band with the prompt, the model and the aspect ratio."""

import unicodedata
from functools import cache

from PIL import Image, ImageDraw, ImageFont

from simulator.drawing.sky import gradient

_LINES_MAX = 2
#: more of a prompt never fits
_LETTERS_MAX = 400
_MISSING = "\uffff"


def write_caption(picture: Image.Image, prompt: str, note: str) -> None:
    """Write over the lower edge, lightly enough to leave the picture alone."""
    strip = caption_strip(picture.size, prompt, note)
    picture.paste(strip, (0, picture.height - strip.height), strip)


def caption_strip(size: tuple[int, int], prompt: str, note: str) -> Image.Image:
    """Make the transparent band for the lower edge of a picture."""
    width, height = size
    em = round(min(width, height) * 0.025)
    font, margin = _font(em), round(em * 1.3)
    small = _font(round(em * 0.78))
    note_width = small.getlength(note)
    lines = _wrap(legible(prompt), font, width - 3 * margin - note_width)
    strip = _shade((width, round(em * (1.5 + 1.4 * max(1, len(lines))) * 1.5)))
    draw = ImageDraw.Draw(strip)
    base = strip.height - margin * 0.8
    for row, line in enumerate(reversed(lines)):
        draw.text((margin, base - row * em * 1.4), line, font=font, fill=(255, 255, 255), anchor="ls")
    draw.text((width - margin, base), note, font=small, fill=(214, 218, 226), anchor="rs")
    return strip


def legible(prompt: str) -> str:
    """Keep what the built-in font can draw; symbols become their names, other signs three dots."""
    kept: list[str] = []
    for sign in unicodedata.normalize("NFC", prompt[:_LETTERS_MAX]):
        if sign.isspace():
            kept.append(" ")
        elif sign.isprintable() and _drawable(sign):
            kept.append(sign)
        elif unicodedata.category(sign) == "So":
            kept.append(f" {unicodedata.name(sign, '…').lower()} ")
        elif unicodedata.category(sign)[0] in "LN" and (not kept or kept[-1] != "…"):
            kept.append("…")
    return " ".join("".join(kept).split())


@cache
def _font(size: int) -> ImageFont.FreeTypeFont:
    font = ImageFont.load_default(max(size, 8))
    assert isinstance(font, ImageFont.FreeTypeFont)  # noqa: S101 - Pillow's wheels bring FreeType
    return font


@cache
def _drawable(sign: str) -> bool:
    font = _font(24)
    return bytes(font.getmask(sign)) != bytes(font.getmask(_MISSING))


def _wrap(text: str, font: ImageFont.FreeTypeFont, room: float) -> list[str]:
    """Break into lines that fit, the last one ending in dots when there is more."""
    lines: list[str] = []
    rest = text
    while rest and len(lines) < _LINES_MAX:
        length = len(rest)
        while length > 1 and font.getlength(rest[:length]) > room:
            length = min(length - 1, max(1, round(length * room / font.getlength(rest[:length]))))
        cut = length
        if length < len(rest):
            space = rest.rfind(" ", 0, length + 1)
            cut = space if space > length // 2 else length
        lines.append(rest[:cut].strip())
        rest = rest[cut:].strip()
    if rest:
        lines[-1] = lines[-1][:-1].rstrip() + "…"
    return lines


def _shade(size: tuple[int, int]) -> Image.Image:
    """Make a fade into the dark, on which any text can be read."""
    shade = Image.new("RGB", size, (10, 12, 20))
    shade.putalpha(gradient(size, size[1], ((0, 0, 0), (190, 190, 190), (236, 236, 236))).convert("L"))
    return shade
