"""The caption at the lower edge of a picture: prompt, model and aspect ratio."""

import unicodedata
from functools import cache

from PIL import Image, ImageDraw, ImageFont

from simulator.drawing.canvas import gradient

_LINES_MAX = 2
#: more of a prompt never fits
_LENGTH_MAX = 400
#: a character that no font has
_MISSING = "\uffff"


def caption_strip(size: tuple[int, int], prompt: str, note: str) -> Image.Image:
    """Return the translucent strip for the lower edge of a picture of this size."""
    width, height = size
    em = round(min(width, height) * 0.025)
    font, small, margin = _font(em), _font(round(em * 0.78)), round(em * 1.3)
    lines = _wrap(printable(prompt), font, width - 3 * margin - small.getlength(note))
    strip = Image.new("RGB", (width, round(em * (1.5 + 1.4 * max(1, len(lines))) * 1.5)), (10, 12, 20))
    strip.putalpha(gradient(strip.size, (0, 0, 0), (240, 240, 240), (190, 190, 190)).convert("L"))
    draw, base = ImageDraw.Draw(strip), strip.height - margin * 0.8
    for row, line in enumerate(reversed(lines)):
        draw.text((margin, base - row * em * 1.4), line, font=font, fill=(255, 255, 255), anchor="ls")
    draw.text((width - margin, base), note, font=small, fill=(214, 218, 226), anchor="rs")
    return strip


def printable(prompt: str) -> str:
    """Keep what the built-in font has; symbols become their names, other characters three dots."""
    kept: list[str] = []
    for sign in unicodedata.normalize("NFC", prompt[:_LENGTH_MAX]):
        if sign.isspace():
            kept.append(" ")
        elif sign.isprintable() and _has_glyph(sign):
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
def _has_glyph(sign: str) -> bool:
    font = _font(24)
    return bytes(font.getmask(sign)) != bytes(font.getmask(_MISSING))


def _wrap(text: str, font: ImageFont.FreeTypeFont, room: float) -> list[str]:
    """Break into lines that fit; the last one ends in dots when there is more."""
    lines: list[str] = []
    while text and len(lines) < _LINES_MAX:
        fits = len(text)
        while fits > 1 and font.getlength(text[:fits]) > room:
            fits = min(fits - 1, max(1, round(fits * room / font.getlength(text[:fits]))))
        space = text.rfind(" ", fits // 2, fits + 1) if fits < len(text) else fits
        cut = fits if space < 0 else space
        lines.append(text[:cut].strip())
        text = text[cut:].strip()
    if text:
        lines[-1] = lines[-1][:-1].rstrip() + "…"
    return lines
