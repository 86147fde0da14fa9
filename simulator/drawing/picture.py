"""Draws the picture of a generation into a file; runs in a worker process."""

import io
from pathlib import Path

from PIL import Image

from simulator.drawing.caption import caption_strip
from simulator.drawing.images import open_image
from simulator.drawing.reframe import reframe
from simulator.drawing.repaint import add_portraits, variation_of
from simulator.drawing.scene import Scene, compose_scene, draw_shadow
from simulator.drawing.spec import PictureSpec
from simulator.drawing.weather import draw_weather
from simulator.file_store import write_atomically

_JPEG_QUALITY = 88
#: from this weight on a reference gives the picture its composition, below it only its colours
_COMPOSITION_WEIGHT = 0.5


def draw_picture(spec: PictureSpec, target: Path) -> None:
    """Draw into a file; its suffix says the format."""
    buffer = io.BytesIO()
    if target.suffix == ".png":
        # Level 1 is a third larger than the best and many times faster.
        compose_picture(spec).save(buffer, "PNG", compress_level=1)
    else:
        compose_picture(spec).save(buffer, "JPEG", quality=_JPEG_QUALITY)
    write_atomically(buffer.getvalue(), target)


def compose_picture(spec: PictureSpec) -> Image.Image:
    media = spec.with_role("media")
    if media:
        # A reframe shows its source alone: no caption is written over it.
        return reframe(open_image(media[0].path), spec.size, spec.placement, Image.Resampling.LANCZOS)
    guides = [
        reference
        for role in ("modify_image_ref", "image_ref", "style_ref")
        for reference in spec.with_role(role)
        if reference.weight > 0
    ]
    composing = [
        guide for guide in guides if guide.role != "style_ref" and guide.weight >= _COMPOSITION_WEIGHT
    ]
    if composing:
        guide = max(composing, key=lambda reference: reference.weight)
        picture = variation_of(
            open_image(guide.path), spec.size, weight=guide.weight, prompt=spec.prompt, identifier=spec.id
        )
    else:
        tone = open_image(guides[0].path) if guides else None
        picture = flatten(compose_scene(spec.prompt, spec.id, spec.size, tone), spec.id)
    add_portraits(picture, [open_image(face.path) for face in spec.with_role("character_ref")])
    strip = caption_strip(spec.size, spec.prompt, f"{spec.model} · {spec.aspect_ratio}")
    picture.paste(strip, (0, picture.height - strip.height), strip)
    return picture


def flatten(scene: Scene, seed: str) -> Image.Image:
    """Put the parts of a scene together."""
    picture = scene.backdrop.copy()
    for sprite in scene.sprites:
        draw_shadow(picture, sprite)
        side = sprite.image.width
        picture.paste(sprite.image, (sprite.x - side // 2, sprite.y - side), sprite.image)
    if scene.weather:
        draw_weather(picture, scene.weather, seed)
    return scene.finished(picture)
