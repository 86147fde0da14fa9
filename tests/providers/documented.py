"""The documents' examples of what is asked of the API, each with a command that asks for the same.

What they describe without an example follows behind.
"""

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

Body = dict[str, Any]

PICTURES, VIDEOS = "/generations/image", "/generations/video"
REFRAMED_PICTURES, REFRAMED_VIDEOS = "/generations/image/reframe", "/generations/video/reframe"
MODIFIED_VIDEOS = "/generations/video/modify"
UPSCALED_VIDEOS, HEARD_VIDEOS = "/generations/{id}/upscale", "/generations/{id}/audio"

#: jobs whose videos are built on, and the generations that made them
FIRST, SECOND, THIRD = (f"{number:024}" for number in (1, 2, 3))
GENERATIONS = {
    FIRST: "123e4567-e89b-12d3-a456-426614174000",
    SECOND: "d312d37a-7ff4-49f2-94f8-218f3fe2a4bd",
    THIRD: "d1968551-6113-4b46-b567-09210c2e79b0",
}

#: a job whose picture is built on
DRAWN = f"{9:024}"
#: where the results of jobs lie
ADDRESSES = {job: f"https://bot.example/media/{job}" for job in (*GENERATIONS, DRAWN)}

_CDN = "storage.cdn-luma.com/dream_machine"
THUMB = f"https://{_CDN}/7e4fe07f-1dfd-4921-bc97-4bcf5adea39a/video_0_thumb.jpg"
LATER_THUMB = f"https://{_CDN}/12d17326-a7b6-4538-b9b7-4a2e146d4488/video_0_thumb.jpg"
PORTRAIT = (
    f"https://staging.{_CDN}/400460d3-cc24-47ae-a015-d4d1c6296aba/"
    "38cc78d7-95aa-4e6e-b1ac-4123ce24725e_image0c73fa8a463114bf89e30892a301c532e.jpg"
)
IMAGE = "https://example.com/image.jpg"
GIRL = "https://storage.googleapis.com/imagesai.appypie.com/testing/00034_00.jpg"

BEAR = "A teddy bear in sunglasses playing electric guitar and dancing"
LADY = "an old lady laughing underwater, wearing a scuba diving suit"
TIGER = "A tiger walking in snow"
ROLLING = "The tiger rolls around"
PROWLING = (
    "Low-angle shot of a majestic tiger prowling through a snowy landscape, "
    "leaving paw prints on the white blanket"
)
LAKE = "A serene lake surrounded by mountains at sunset"
DIRECTING = "you can direct how to modify the video by providing a text prompt here"
VIDEO, FRAME = "https://example.com/video.mp4", "https://example.com/image.png"
_WIDE: Body = {"aspect_ratio": "16:9"}
_CALLBACK: Body = {"callback_url": "<your_api_endpoint_here>"}
_RAY: Body = {"model": "ray-2"}


@dataclass(frozen=True, slots=True, kw_only=True)
class Example:
    #: as typed
    command: str
    #: what it is posted to
    path: str
    #: what is posted, as documented
    body: Body
    #: why we do not ask for it, where the documents forbid it elsewhere
    refusal: str | None = None


def _picture(command: str, prompt: str, **more: Any) -> Example:
    return Example(command=f"/imagine {prompt} {command}", path=PICTURES, body={"prompt": prompt, **more})


def _video(command: str, prompt: str, *, refusal: str | None = None, **more: Any) -> Example:
    """The name and what follows it up to a bar stand before the prompt, the rest behind it."""
    before, _, behind = command.partition("|")
    return Example(
        command=f"/{before} {prompt} {behind}",
        path=VIDEOS,
        body={"prompt": prompt, **more},
        refusal=refusal,
    )


def still(url: str) -> Body:
    return {"type": "image", "url": url}


def film(job: str) -> Body:
    return {"type": "generation", "id": GENERATIONS[job]}


def frames(first: Body | None, last: Body | None) -> Body:
    both = {"frame0": first, "frame1": last}
    return {"keyframes": {name: frame for name, frame in both.items() if frame is not None}}


def _pictures() -> Iterator[Example]:
    yield _picture("", BEAR)
    yield _picture("--ar 3:4", BEAR, aspect_ratio="3:4")
    yield _picture("--model photon-flash-1", BEAR, model="photon-flash-1")
    yield _picture("--ar 3:4 --model photon-1", BEAR, aspect_ratio="3:4", model="photon-1")
    yield _picture(f"--image {THUMB}@0.85", "sunglasses", image_ref=[{"url": THUMB, "weight": 0.85}])
    yield _picture(f"--style {PORTRAIT}@0.8", "dog", style_ref=[{"url": PORTRAIT, "weight": 0.8}])
    yield _picture(
        f"--character {PORTRAIT}",
        "man as a warrior",
        character_ref={"identity0": {"images": [PORTRAIT]}},
    )
    yield _picture(
        f"--modify {PORTRAIT}@1.0",
        "transform all the flowers to sunflowers",
        modify_image_ref={"url": PORTRAIT, "weight": 1.0},
    )
    yield _picture("", LADY, **_CALLBACK)
    yield _picture("", BEAR, **_CALLBACK)


def _videos_of_words() -> Iterator[Example]:
    sized: Body = {"resolution": "720p", "duration": "5s"}
    sizes = "--resolution 720p --duration 5s"
    yield _video("animate |", BEAR)
    yield _video("animate |", BEAR, **_CALLBACK)
    yield _video("animate |", LADY, **_CALLBACK)
    for prompt in (BEAR, LADY):
        yield _video("animate | --model ray-2", prompt, **_RAY)
        yield _video(f"animate | --model ray-2 {sizes}", prompt, **_RAY, **sized)
    yield _video("animate | --model ray-2 --loop", LADY, **_RAY, **_WIDE, loop=True)
    yield _video("animate | --model ray-2 --loop --ar 3:4", BEAR, **_RAY, aspect_ratio="3:4", loop=True)
    yield _video("animate | --loop", LAKE, **_WIDE, loop=True)
    for concept in ("dolly_zoom", "handheld"):
        yield _video(
            f"animate | --model ray-2 {sizes} --concepts {concept}",
            "a car",
            **_RAY,
            **sized,
            concepts=[{"key": concept}],
        )


def _videos_of_pictures() -> Iterator[Example]:
    begun, ended = frames(still(THUMB), None), frames(None, still(THUMB))
    plain: Body = {**_WIDE, "loop": False}
    start, end = f"animate {THUMB} | --model ray-2", f"animate | --end {THUMB} --model ray-2"
    yield _video(start, TIGER, **_RAY, **begun)
    yield _video(f"{start} --ar 16:9", TIGER, **_RAY, **begun, **plain)
    yield _video(start, PROWLING, **_RAY, **begun)
    yield _video(f"{start} --loop", PROWLING, **_RAY, **begun, loop=True)
    yield _video(end, TIGER, **_RAY, **ended, **plain)
    yield _video(end, PROWLING, **_RAY, **ended)
    yield _video(f"{start} --end {THUMB}", TIGER, **_RAY, **frames(still(THUMB), still(THUMB)), **plain)
    yield _video(f"{start} --end {LATER_THUMB}", PROWLING, **_RAY, **frames(still(THUMB), still(LATER_THUMB)))
    yield _video(f"animate {IMAGE} |", LAKE, **frames(still(IMAGE), None), **plain)
    yield _video(f"animate | --end {IMAGE}", LAKE, **frames(None, still(IMAGE)), **plain)
    yield _video(f"animate {IMAGE} | --end {IMAGE}", LAKE, **frames(still(IMAGE), still(IMAGE)), **_WIDE)
    # The gateway's example: the same is asked for in its own words.
    yield _video(f"animate {GIRL} |", "leaning girl", **frames(still(GIRL), None))


def _videos_of_videos() -> Iterator[Example]:
    for job, moving, posing, url in (
        (FIRST, ROLLING, ROLLING, THUMB),
        (THIRD, BEAR, PROWLING, LATER_THUMB),
    ):
        on, up = f"extend {job} | --model ray-2", f"extend {job} | --model ray-2 --direction reverse"
        yield _video(on, moving, **_RAY, **frames(film(job), None))
        yield _video(up, moving, **_RAY, **frames(None, film(job)))
        yield _video(f"{on} --image {url}", posing, **_RAY, **frames(film(job), still(url)))
        yield _video(f"{up} --image {url}", posing, **_RAY, **frames(still(url), film(job)))
    for one, other, prompt in ((FIRST, FIRST, ROLLING), (SECOND, THIRD, BEAR)):
        yield _video(
            f"extend {one} {other} | --model ray-2", prompt, **_RAY, **frames(film(one), film(other))
        )
    on, up = f"extend {FIRST} |", f"extend {FIRST} | --direction reverse --image {IMAGE}"
    joined = frames(still(IMAGE), film(FIRST))
    yield _video(f"{on} --loop", LAKE, **_WIDE, loop=True, **frames(film(FIRST), None))
    yield _video(f"{on} --direction reverse", LAKE, **_WIDE, **frames(None, film(FIRST)))
    yield _video(up, LAKE, **_WIDE, **joined)
    yield _video(
        f"{up} --loop",
        LAKE,
        refusal="Loop is not supported for interpolate image to video",
        **_WIDE,
        loop=True,
        **joined,
    )
    yield _video(
        f"{on} --image https://example.com/video.mp4",
        LAKE,
        refusal="image needs a picture",
        **_WIDE,
        **frames(film(FIRST), still("https://example.com/video.mp4")),
    )


def _modified() -> Iterator[Example]:
    yield Example(
        command=f"/modify {VIDEO} {DIRECTING} --first_frame {FRAME} --mode flex_1 --model ray-2",
        path=MODIFIED_VIDEOS,
        body={
            "prompt": DIRECTING,
            "media": {"url": VIDEO},
            "first_frame": {"url": FRAME},
            "mode": "flex_1",
            **_RAY,
        },
    )


EXAMPLES = (
    *_pictures(),
    *_videos_of_words(),
    *_videos_of_pictures(),
    *_videos_of_videos(),
    *_modified(),
)

_PICTURE, _OTHER, _VIDEO = "https://a.example/1.png", "https://a.example/2", "https://a.example/v.mp4"
_PLACING = {
    "grid_position_x": 0,
    "grid_position_y": 128,
    "x_start": 1,
    "x_end": 2,
    "y_start": 3,
    "y_end": 4,
    "resized_width": 768,
    "resized_height": 512,
}
_PLACED = " ".join(f"--{name} {pixels}" for name, pixels in _PLACING.items())

#: what the documents describe without an example
DESCRIBED = [
    Example(
        command=f"/imagine two of them --image {_PICTURE}@0 --image {DRAWN} --character {_PICTURE}"
        f" --character {_OTHER} --style {_OTHER} --style {DRAWN}@0.3 --modify {DRAWN}@.1 --format png",
        path=PICTURES,
        body={
            "prompt": "two of them",
            "format": "png",
            "image_ref": [{"url": _PICTURE, "weight": 0.0}, {"url": ADDRESSES[DRAWN]}],
            "style_ref": [{"url": _OTHER}, {"url": ADDRESSES[DRAWN], "weight": 0.3}],
            "character_ref": {"identity0": {"images": [_PICTURE, _OTHER]}},
            "modify_image_ref": {"url": ADDRESSES[DRAWN], "weight": 0.1},
        },
    ),
    Example(
        command=f"/animate {DRAWN} --resolution 1080 --duration 9",
        path=VIDEOS,
        body={"resolution": "1080p", "duration": "9s", **frames(still(ADDRESSES[DRAWN]), None)},
    ),
    Example(
        command='/animate a car --res 4k --concepts "dolly_zoom, pan_left"'
        ' --camera_motion "camera orbit left"',
        path=VIDEOS,
        body={
            "prompt": "a car, camera orbit left",
            "resolution": "4k",
            "concepts": [{"key": "dolly_zoom"}, {"key": "pan_left"}],
        },
    ),
    Example(
        command=f"/reframe 21:9 {_PICTURE} a meadow --model photon-flash-1 --format png {_PLACED}",
        path=REFRAMED_PICTURES,
        body={
            "media": {"url": _PICTURE},
            "model": "photon-flash-1",
            "aspect_ratio": "21:9",
            "format": "png",
            "prompt": "a meadow",
            **_PLACING,
        },
    ),
    Example(
        command=f"/reframe 1:1 {DRAWN}",
        path=REFRAMED_PICTURES,
        body={"media": {"url": ADDRESSES[DRAWN]}, "aspect_ratio": "1:1"},
    ),
    Example(
        command=f"/reframe 9:16 {_VIDEO} with more sky --model ray-2 --first_frame {_PICTURE} {_PLACED}",
        path=REFRAMED_VIDEOS,
        body={
            "media": {"url": _VIDEO},
            "model": "ray-2",
            "aspect_ratio": "9:16",
            "prompt": "with more sky",
            "first_frame": {"url": _PICTURE},
            **_PLACING,
        },
    ),
    Example(
        command=f"/reframe 1:1 {FIRST}",
        path=REFRAMED_VIDEOS,
        body={"media": {"url": ADDRESSES[FIRST]}, "aspect_ratio": "1:1"},
    ),
    Example(
        command=f"/modify {DRAWN} in autumn --weight 0.05",
        path=PICTURES,
        body={"prompt": "in autumn", "modify_image_ref": {"url": ADDRESSES[DRAWN], "weight": 0.05}},
    ),
    *(
        Example(
            command=f"/modify {FIRST} in autumn --mode {mode}_{degree}",
            path=MODIFIED_VIDEOS,
            body={
                "prompt": "in autumn",
                "media": {"url": ADDRESSES[FIRST]},
                "mode": f"{mode}_{degree}",
            },
        )
        for mode in ("adhere", "flex", "reimagine")
        for degree in (1, 2, 3)
    ),
    *(
        Example(
            command=f"/upscale {FIRST} {resolution}",
            path=UPSCALED_VIDEOS,
            body={"resolution": resolution},
        )
        for resolution in ("1080p", "4k")
    ),
    Example(command=f"/audio {FIRST}", path=HEARD_VIDEOS, body={}),
    Example(
        command=f"/audio {FIRST} rain on a roof --negative_prompt voices",
        path=HEARD_VIDEOS,
        body={"prompt": "rain on a roof", "negative_prompt": "voices"},
    ),
    Example(
        command=f"/extend {FIRST} it lies down --ar 9:16 --concepts pan_left"
        ' --camera_motion "camera orbit left"',
        path=VIDEOS,
        body={
            "prompt": "it lies down, camera orbit left",
            "aspect_ratio": "9:16",
            "concepts": [{"key": "pan_left"}],
            **frames(film(FIRST), None),
        },
    ),
]
#: every pair of ends, and why it cannot loop
ENDS: list[tuple[str, Body, str | None]] = [
    (f"/animate it moves --start {_PICTURE}", frames(still(_PICTURE), None), None),
    (f"/animate it moves --end {_PICTURE}", frames(None, still(_PICTURE)), None),
    (
        f"/animate it moves --start {_PICTURE} --end {_OTHER}",
        frames(still(_PICTURE), still(_OTHER)),
        "keyframes",
    ),
    (f"/extend {FIRST} it moves", frames(film(FIRST), None), None),
    (f"/extend {FIRST} it moves --direction reverse", frames(None, film(FIRST)), "extend reverse"),
    (
        f"/extend {FIRST} it moves --image {_PICTURE}",
        frames(film(FIRST), still(_PICTURE)),
        "interpolate video to image",
    ),
    (
        f"/extend {FIRST} it moves --direction reverse --image {_PICTURE}",
        frames(still(_PICTURE), film(FIRST)),
        "interpolate image to video",
    ),
    (
        f"/extend {FIRST} {SECOND} it moves",
        frames(film(FIRST), film(SECOND)),
        "interpolate between two videos",
    ),
]
