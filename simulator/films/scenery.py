"""The set of a film: a painted scene taken apart by distance, so that a camera can move through it."""

import math
from collections.abc import Sequence
from dataclasses import dataclass, replace

from PIL import Image

from simulator.drawing.cast import Actor, cast
from simulator.drawing.colours import Colour
from simulator.drawing.land import planes
from simulator.drawing.plan import Plan
from simulator.drawing.sky import cloud_colour, cloud_veil, paint_sky
from simulator.drawing.stage import Stage
from simulator.films.camera import View

#: how much larger than the frame a set is painted, so that the camera has room
_WIDER, _HIGHER = 1.24, 1.12
#: planes whose distances differ by less than one of these steps move as one
_STEPS = 3
#: clouds are soft, so they are kept this much smaller
_CLOUDS_SHRINK = 4
#: the sky of clouds is this much wider than the set, to drift through
_CLOUDS_WIDER = 1.5
#: actors stand this much higher than in a picture, as a share of the height: the camera comes closer
_LIFT = 0.03
#: rows that stay under the edge of a nearer layer, as a share of the height
_LAP = 0.12


@dataclass(frozen=True, slots=True, kw_only=True)
class Layer:
    picture: Image.Image
    #: row of the set where it begins
    top: int
    #: from 0 far away to 1 where the actors stand
    nearness: float


@dataclass(frozen=True, slots=True, kw_only=True)
class Scenery:
    #: width and height of the frame that is seen at once, and of the whole set, in pixels
    frame: tuple[int, int]
    extent: tuple[int, int]
    #: row of the set where the land begins
    horizon: int
    #: where the sun or moon stands on the set
    light: tuple[int, int]
    sky: Layer
    clouds: Image.Image
    cloud_colour: Colour
    land: tuple[Layer, ...]
    #: placed on the set
    actors: tuple[Actor, ...]
    plan: Plan

    def backdrop(self, view: View, drift: float) -> Image.Image:
        """Show all that lies behind the actors; `drift` from 0 to 1 is how far the clouds have come."""
        picture = Image.new("RGB", self.frame, self.plan.palette.near)
        self._lay(picture, self.sky, view)
        self._lay_clouds(picture, view, drift)
        for layer in self.land:
            self._lay(picture, layer, view)
        return picture

    def place(self, x: float, y: float, nearness: float, view: View) -> tuple[float, float, float]:
        """Say where a point of the set is seen in the frame, and how much larger."""
        left, top, zoom = self._window(nearness, view)
        return (x - left) * zoom, (y - top) * zoom, zoom

    def _window(self, nearness: float, view: View) -> tuple[float, float, float]:
        """Corner of the part of the set that is seen at this distance, and its enlargement."""
        share = view.share(nearness)
        zoom = max(1.0, view.zoom**share)
        corner = [
            min(max((full - seen / zoom) / 2 + shift * share * seen, 0.0), full - seen / zoom)
            for full, seen, shift in zip(self.extent, self.frame, (view.x, view.y), strict=True)
        ]
        return corner[0], corner[1], zoom

    def _lay(self, picture: Image.Image, layer: Layer, view: View) -> None:
        left, top, zoom = self._window(layer.nearness, view)
        width, height = self.frame
        above, below = layer.top - top, layer.top + layer.picture.height - top
        first = max(0, math.ceil(above * zoom - 1e-6))
        last = min(height, math.floor(below * zoom + 1e-6))
        if first >= last:
            return
        box = (
            left,
            max(0.0, first / zoom - above),
            min(left + width / zoom, layer.picture.width),
            min(last / zoom - above, layer.picture.height),
        )
        part = layer.picture.resize((width, last - first), Image.Resampling.BILINEAR, box=box)
        picture.paste(part, (0, first), part if part.mode == "RGBA" else None)

    def _lay_clouds(self, picture: Image.Image, view: View, drift: float) -> None:
        left, top, zoom = self._window(0.1, view)
        width, rows = self.frame[0], min(self.frame[1], math.ceil((self.horizon - top) * zoom))
        if rows <= 0:
            return
        room = self.clouds.width - self.extent[0] / _CLOUDS_SHRINK
        x, y = left / _CLOUDS_SHRINK + drift * room, top / _CLOUDS_SHRINK
        scale = zoom * _CLOUDS_SHRINK
        box = (x, y, min(x + width / scale, self.clouds.width), min(y + rows / scale, self.clouds.height))
        picture.paste(
            self.cloud_colour, (0, 0), self.clouds.resize((width, rows), Image.Resampling.BILINEAR, box=box)
        )


def build_scenery(plan: Plan, frame: tuple[int, int]) -> Scenery:
    extent = (round(frame[0] * _WIDER), round(frame[1] * _HIGHER))
    margin = ((extent[0] - frame[0]) // 2, (extent[1] - frame[1]) // 2)
    horizon = margin[1] + round(frame[1] * plan.horizon)
    sky = paint_sky(extent, horizon, plan.palette, plan.chance, clouded=False)
    stage = Stage(picture=sky.picture.copy(), horizon=horizon, palette=plan.palette, chance=plan.chance)
    land: list[Layer] = []
    for plane in planes(plan.land, sky):
        sheet = Image.new("RGBA", extent)
        plane.paint(replace(stage, picture=sheet, behind=stage.picture))
        sheet = _straight(sheet)
        stage.picture.paste(sheet, (0, 0), sheet)
        nearness = round(plane.nearness * _STEPS) / _STEPS
        if land and land[-1].nearness == nearness:
            land[-1].picture.alpha_composite(sheet)
        else:
            land.append(Layer(picture=sheet, top=0, nearness=nearness))
    width = round(extent[0] / _CLOUDS_SHRINK * _CLOUDS_WIDER)
    on_frame = replace(stage, horizon=horizon - margin[1], chance=plan.steady)
    actors = [
        replace(actor, x=actor.x + margin[0], y=actor.y + margin[1] - round(frame[1] * _LIFT))
        for actor in cast(plan.words, frame, on_frame)
    ]
    layers = _trimmed([Layer(picture=sky.picture, top=0, nearness=0.0), *land])
    return Scenery(
        frame=frame,
        extent=extent,
        horizon=horizon,
        light=(sky.light_x, sky.light_y),
        sky=layers[0],
        clouds=cloud_veil((width, extent[1] // _CLOUDS_SHRINK), horizon // _CLOUDS_SHRINK, plan.chance),
        cloud_colour=cloud_colour(plan.palette),
        land=tuple(layers[1:]),
        actors=tuple(actors),
        plan=plan,
    )


def _straight(sheet: Image.Image) -> Image.Image:
    """Undo what pasting on transparent ground does to the colours of soft edges: it darkens them."""
    return Image.frombytes("RGBa", sheet.size, sheet.tobytes()).convert("RGBA")


def _trimmed(layers: Sequence[Layer]) -> list[Layer]:
    """Cut off the rows that are empty, or that nearer layers always hide."""
    found: list[Layer] = []
    hidden_from = layers[0].picture.height
    for layer in reversed(layers):
        picture = layer.picture
        bottom = min(picture.height, hidden_from + round(picture.height * _LAP))
        top = 0
        if picture.mode == "RGBA":
            alpha = picture.getchannel("A")
            box = alpha.getbbox() or (0, 0, 1, 1)
            top, bottom = max(0, box[1] - 1), max(box[1], min(bottom, box[3]))
            solid = alpha.resize((1, picture.height), Image.Resampling.BOX).tobytes().find(b"\xff")
            if solid >= 0:
                hidden_from = min(hidden_from, solid)
        found.append(
            replace(layer, picture=picture.crop((0, top, picture.width, max(bottom, top + 1))), top=top)
        )
    return found[::-1]
