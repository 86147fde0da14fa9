"""What is to be painted or filmed for a generation, read from its row."""

import json

from simulator.drawing.commission import PictureSpec, Placement, Source
from simulator.file_store import FileStore
from simulator.films.script import (
    Enlargement,
    Moment,
    Reframing,
    Restyling,
    Scoring,
    Script,
    Still,
    Take,
)
from simulator.formats import FPS, AspectRatio
from simulator.generations.generation import Generation

#: how much of a film each way to modify it changes, from 0 to 1; the number behind it adds a tenth
_STRENGTHS = {"adhere": 0.1, "flex": 0.35, "reimagine": 0.65}


def picture_spec(generation: Generation, files: FileStore) -> PictureSpec:
    request = json.loads(generation.request)
    return PictureSpec(
        id=generation.id,
        prompt=generation.prompt,
        model=generation.model,
        aspect_ratio=AspectRatio(request["aspect_ratio"]),
        sources=tuple(
            Source(path=files.reference(generation.id, index), role=reference.role, weight=reference.weight)
            for index, reference in enumerate(generation.references)
        ),
        placement=Placement.read(request),
    )


def video_spec(generation: Generation, files: FileStore, *, drawn_fps: int = FPS) -> Script:
    request = json.loads(generation.request)
    shape = generation.video_shape
    paths = {
        reference.role: files.reference(generation.id, index)
        for index, reference in enumerate(generation.references)
    }
    first_frame = Still(path=paths["first_frame"]) if "first_frame" in paths else None
    match request["generation_type"]:
        case "reframe_video":
            return Reframing(
                source=paths["media"],
                size=shape.size,
                placement=Placement.read(request),
                opening=first_frame,
                frames=shape.frames,
                drawn_fps=drawn_fps,
            )
        case "modify_video":
            return Restyling(
                source=paths["media"],
                size=shape.size,
                prompt=generation.prompt,
                strength=_strength(request["mode"]),
                opening=first_frame,
                frames=shape.frames,
                drawn_fps=drawn_fps,
            )
        case "upscale_video":
            return Enlargement(source=paths["source"], size=shape.size)
        case "add_audio":
            words = (request["prompt"], request["negative_prompt"], generation.prompt)
            return Scoring(source=paths["source"], mood=" / ".join(word or "" for word in words))
        case _:
            own = {reference.role: reference.generation is not None for reference in generation.references}
            return Take(
                id=generation.id,
                prompt=generation.prompt,
                model=generation.model,
                size=shape.size,
                frames=shape.frames,
                drawn_fps=drawn_fps,
                loop=bool(request["loop"]),
                concepts=tuple(concept["key"] for concept in request["concepts"] or ()),
                # What is added to a film begins where that one ends, or ends where it begins.
                opening=Still(path=paths["frame0"], moment=Moment.LAST if own["frame0"] else None)
                if "frame0" in paths
                else None,
                closing=Still(path=paths["frame1"], moment=Moment.FIRST if own["frame1"] else None)
                if "frame1" in paths
                else None,
            )


def _strength(mode: str) -> float:
    name, _, degree = mode.partition("_")
    return _STRENGTHS[name] + 0.1 * (int(degree) - 1)
