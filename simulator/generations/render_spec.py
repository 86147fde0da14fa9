"""What to draw or render for a generation, read from its row."""

import json
from dataclasses import replace

from simulator.drawing.spec import PictureSpec, Placement, ReferenceImage
from simulator.file_store import FileStore
from simulator.formats import FPS, AspectRatio
from simulator.generations.generation import Generation
from simulator.video.spec import (
    AddAudio,
    FramePosition,
    GenerateVideo,
    Keyframe,
    ModifyVideo,
    ReframeVideo,
    UpscaleVideo,
    VideoSpec,
)

#: longer side in pixels, length and drawn frames per second of a preview
_PREVIEW_SIDE, _PREVIEW_S, _PREVIEW_FPS = 320, 2, 8
#: how much each mode changes a video, from 0 to 1; each degree adds a tenth
_STRENGTHS = {"adhere": 0.1, "flex": 0.35, "reimagine": 0.65}


def picture_spec(generation: Generation, files: FileStore) -> PictureSpec:
    request = json.loads(generation.request)
    return PictureSpec(
        id=generation.id,
        prompt=generation.prompt,
        model=generation.model,
        aspect_ratio=AspectRatio(request["aspect_ratio"]),
        references=tuple(
            ReferenceImage(
                path=files.reference(generation.id, index), role=reference.role, weight=reference.weight
            )
            for index, reference in enumerate(generation.references)
        ),
        placement=Placement.from_request(request),
    )


def video_spec(generation: Generation, files: FileStore, *, drawn_fps: int = FPS) -> VideoSpec:
    request = json.loads(generation.request)
    shape = generation.video_shape
    paths = {
        reference.role: files.reference(generation.id, index)
        for index, reference in enumerate(generation.references)
    }
    first_frame = Keyframe(path=paths["first_frame"]) if "first_frame" in paths else None
    match request["generation_type"]:
        case "reframe_video":
            return ReframeVideo(
                source=paths["media"],
                size=shape.size,
                placement=Placement.from_request(request),
                first_frame=first_frame,
                frames=shape.frames,
                drawn_fps=drawn_fps,
            )
        case "modify_video":
            return ModifyVideo(
                source=paths["media"],
                size=shape.size,
                prompt=generation.prompt,
                strength=_strength(request["mode"]),
                first_frame=first_frame,
                frames=shape.frames,
                drawn_fps=drawn_fps,
            )
        case "upscale_video":
            return UpscaleVideo(source=paths["source"], size=shape.size)
        case "add_audio":
            texts = (request["prompt"], request["negative_prompt"], generation.prompt)
            return AddAudio(source=paths["source"], prompt=" / ".join(text or "" for text in texts))
        case _:
            # An extension starts with the last frame of its source, or ends with the first one.
            return GenerateVideo(
                id=generation.id,
                prompt=generation.prompt,
                model=generation.model,
                size=shape.size,
                frames=shape.frames,
                drawn_fps=drawn_fps,
                loop=bool(request["loop"]),
                concepts=tuple(concept["key"] for concept in request["concepts"] or ()),
                start=_keyframe(generation, files, "frame0", FramePosition.LAST),
                end=_keyframe(generation, files, "frame1", FramePosition.FIRST),
            )


def preview_of(spec: VideoSpec) -> VideoSpec:
    """A small film of the first seconds, as the API shows one while a video is dreaming."""
    if not isinstance(spec, GenerateVideo):
        return spec
    scale = _PREVIEW_SIDE / max(spec.size)
    width, height = (max(2, round(side * scale / 2) * 2) for side in spec.size)
    frames = min(spec.frames, _PREVIEW_S * FPS)
    return replace(spec, size=(width, height), frames=frames, drawn_fps=_PREVIEW_FPS)


def _keyframe(
    generation: Generation, files: FileStore, role: str, position: FramePosition
) -> Keyframe | None:
    for index, reference in enumerate(generation.references):
        if reference.role == role:
            path = files.reference(generation.id, index)
            return Keyframe(path=path, position=position if reference.generation else None)
    return None


def _strength(mode: str) -> float:
    name, _, degree = mode.partition("_")
    return _STRENGTHS[name] + 0.1 * (int(degree) - 1)
