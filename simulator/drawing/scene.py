"""A picture from words: sky, land, the subject that the prompt names, and light over all of it."""

from dataclasses import replace

from PIL import Image, ImageChops, ImageDraw, ImageFilter, ImageOps

from simulator.drawing.cast import cast
from simulator.drawing.colours import mix
from simulator.drawing.commission import PictureSpec, Source
from simulator.drawing.land import paint_land
from simulator.drawing.plan import plan_scene
from simulator.drawing.sky import paint_sky, radial
from simulator.drawing.sources import open_picture
from simulator.drawing.stage import Stage

_FACES_MAX = 4
_VERY_SOFT = 0.03


def paint_scene(commission: PictureSpec) -> Image.Image:
    guides = [(source, open_picture(source.path)) for source in commission.sources]
    tone = next((guide for source, guide in guides if source.weight > 0 and not _is_face(source)), None)
    plan = plan_scene(commission.prompt, commission.id, tone)
    horizon = round(commission.size[1] * plan.horizon)
    sky = paint_sky(commission.size, horizon, plan.palette, plan.chance)
    stage = Stage(picture=sky.picture, horizon=horizon, palette=plan.palette, chance=plan.chance)
    paint_land(stage, plan.land, sky)
    # Subjects stand where the prompt puts them, so that a variation's cover its reference's.
    stage = replace(stage, picture=_follow(stage.picture, guides), chance=plan.steady)
    for actor in cast(plan.words, commission.size, stage):
        actor.enter(stage.picture)
    faces = [guide for source, guide in guides if _is_face(source)]
    for at, face in enumerate(faces[:_FACES_MAX]):
        _medallion(stage, face, at)
    return ImageChops.multiply(stage.picture, lens(commission.size))


def _is_face(source: Source) -> bool:
    return source.role == "character_ref"


def _follow(picture: Image.Image, guides: list[tuple[Source, Image.Image]]) -> Image.Image:
    """Let composition and light of the references shine through, each as strongly as it weighs."""
    for source, guide in guides:
        match source.role:
            case "image_ref":
                strength, softness = 0.9 * source.weight, 0.004 + 0.02 * (1 - source.weight)
            case "style_ref":
                strength, softness = 0.35 * source.weight, 0.06
            case "modify_image_ref":
                strength, softness = source.weight, 0.0
            case _:
                continue
        picture = Image.blend(picture, _as_backdrop(guide, picture.size, softness), strength)
    return picture


def _as_backdrop(guide: Image.Image, size: tuple[int, int], softness: float) -> Image.Image:
    if not softness:
        return ImageOps.fit(guide, size, Image.Resampling.BICUBIC)
    # The softer, the smaller it may be while it is blurred.
    shrink = 4 if softness < _VERY_SOFT else 16
    small = ImageOps.fit(guide, (size[0] // shrink, size[1] // shrink), Image.Resampling.BOX)
    blurred = small.filter(ImageFilter.GaussianBlur(softness * small.width))
    return blurred.resize(size, Image.Resampling.BICUBIC)


def _medallion(stage: Stage, face: Image.Image, at: int) -> None:
    """Hang a character's portrait into the scene."""
    picture, palette = stage.picture, stage.palette
    side = round(min(picture.size) * 0.2)
    ring, gap = side // 24, side // 8
    mask = Image.new("L", (side * 2, side * 2))
    ImageDraw.Draw(mask).ellipse((0, 0, side * 2 - 1, side * 2 - 1), fill=255)
    mask = mask.reduce(2)
    corner = (gap + at * (side + gap), gap)
    picture.paste(mix(palette.light, (255, 255, 255), 0.5), corner, mask)
    inner = side - 2 * ring
    portrait = ImageOps.fit(face, (inner, inner), Image.Resampling.BICUBIC, centering=(0.5, 0.35))
    picture.paste(portrait, (corner[0] + ring, corner[1] + ring), mask.resize((inner, inner)))


def lens(size: tuple[int, int]) -> Image.Image:
    """Make the light of a picture, which darkens its corners a little; to be multiplied."""
    dim = [255 - round(46 * (value / 255) ** 2.6) for value in range(256)]
    # Larger than the picture, so that only the corners lie outside of the circle.
    width, height = size
    veil = radial().point(dim).resize((width * 5 // 4, height * 5 // 4), Image.Resampling.BILINEAR)
    veil = veil.crop((width // 8, height // 8, width // 8 + width, height // 8 + height))
    return Image.merge("RGB", (veil, veil, veil))
