"""Videos that the simulator renders: length, size, keyframes, camera, edits and audio."""

import io
from collections.abc import Callable
from itertools import pairwise
from pathlib import Path
from typing import Any

import av
import pytest
from PIL import Image, ImageStat

from simulator.drawing.spec import Placement
from simulator.video.camera import MOVES, View, moves_of, view_at
from simulator.video.decode import check_video, open_frame, read_frames
from simulator.video.generate import generated
from simulator.video.render import frames_of, render_thumbnail, render_video
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
from tests.simulator.videos import SMALL, DecodedVideo, decode, difference, write_source

#: what encoding may change of a picture
LOSS = 4.0


def generate(prompt: str = "a cat in a meadow", **more: Any) -> GenerateVideo:
    plain: dict[str, Any] = {
        "id": "5e9d0a33-5f0d-4d0e-9d8c-2d8f4f2f2b11",
        "prompt": prompt,
        "model": "ray-2",
        "size": SMALL,
        "frames": 16,
        "loop": False,
        "concepts": (),
        "start": None,
        "end": None,
    }
    return GenerateVideo(**plain | more)


def made(spec: VideoSpec, path: Path) -> DecodedVideo:
    render_video(spec, path)
    return decode(path)


@pytest.fixture(scope="module")
def source(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A video of one second."""
    return write_source(tmp_path_factory.mktemp("source") / "source.mp4")


@pytest.fixture(scope="module")
def picture(tmp_path_factory: pytest.TempPathFactory) -> Path:
    path = tmp_path_factory.mktemp("picture") / "picture.png"
    Image.linear_gradient("L").resize((400, 225)).convert("RGB").save(path)
    return path


def test_a_video_is_h264_that_plays_at_once(tmp_path: Path) -> None:
    shown = made(generate(frames=24), tmp_path / "video.mp4")
    assert (shown.codec, shown.pixels, shown.size) == ("h264", "yuv420p", SMALL)
    assert shown.rate == 24
    assert len(shown.frames) == 24
    content = (tmp_path / "video.mp4").read_bytes()
    assert content.index(b"moov") < content.index(b"mdat")
    with av.open(str(tmp_path / "video.mp4"), "r") as container:
        assert container.duration == pytest.approx(1_000_000, abs=1_000_000 / 24)


def test_a_large_video_has_all_its_pixels(tmp_path: Path) -> None:
    shown = made(generate(size=(3840, 2160), frames=2), tmp_path / "video.mp4")
    assert (shown.size, len(shown.frames)) == ((3840, 2160), 2)


def test_the_scene_moves_and_shows_what_the_words_say(tmp_path: Path) -> None:
    cat = made(generate("a cat in a meadow at noon"), tmp_path / "cat.mp4")
    again = made(generate("a cat in a meadow at noon"), tmp_path / "again.mp4")
    car = made(generate("a car in a meadow at noon"), tmp_path / "car.mp4")
    assert (tmp_path / "cat.mp4").read_bytes() == (tmp_path / "again.mp4").read_bytes()
    assert difference(cat.frames[0], again.frames[0]) == 0
    assert difference(cat.frames[0], car.frames[0]) > 5
    assert difference(cat.frames[0], cat.frames[-1]) > 2


@pytest.fixture(scope="module")
def photo(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A picture in which every part is recognised: tiles of many colours."""
    path = tmp_path_factory.mktemp("photo") / "photo.png"
    tiles = Image.effect_noise((16, 9), 120)
    Image.merge("RGB", (tiles, tiles.rotate(180), tiles.transpose(Image.Transpose.FLIP_LEFT_RIGHT))).resize(
        (1280, 720), Image.Resampling.BICUBIC
    ).save(path)
    return path


def test_a_picture_is_the_first_and_the_last_frame(tmp_path: Path, picture: Path) -> None:
    given = Image.open(picture)
    with given:
        for prompt in ("a boat at sea", ""):
            still = Keyframe(path=picture)
            shown = made(generate(prompt, start=still, end=still), tmp_path / f"video{len(prompt)}.mp4")
            assert difference(shown.frames[0], given) < LOSS
            assert difference(shown.frames[-1], given) < LOSS


@pytest.mark.parametrize("concept", ["zoom_in", "pan_left", "pan_right", "pedestal_up", "truck_right"])
def test_the_camera_moves_over_the_picture_that_was_given(photo: Path, concept: str) -> None:
    """Every frame is a part of it: no other scene shines through, and nothing of it is drawn over."""
    frames = list(generated(generate("", frames=25, start=Keyframe(path=photo), concepts=(concept,))))
    whole = frames[0]
    with Image.open(photo) as given:
        assert difference(whole, given) < 1
    moves = moves_of((concept,), "")
    upper = (0, 0, SMALL[0], SMALL[1] * 3 // 4)
    for at in (8, 16, 24):
        view = view_at(moves, at / 24, at / 25)
        width, height = SMALL[0] / view.zoom, SMALL[1] / view.zoom
        left, top = (SMALL[0] - width) / 2 + view.x * SMALL[0], (SMALL[1] - height) / 2 + view.y * SMALL[1]
        assert left >= -0.01
        assert top >= -0.01
        part = whole.resize(
            SMALL, Image.Resampling.BILINEAR, box=(max(0, left), max(0, top), left + width, top + height)
        )
        assert difference(frames[at].crop(upper), part.crop(upper)) < LOSS
        assert difference(frames[at].crop(upper), whole.crop(upper)) > 2 * LOSS


@pytest.mark.parametrize(("start", "end"), [(True, False), (False, True), (True, True)])
def test_a_video_from_pictures_begins_or_ends_with_exactly_them(
    photo: Path, *, start: bool, end: bool
) -> None:
    """Also where the prompt brings weather, a caption and a camera that draws back."""
    still = Keyframe(path=photo)
    prompt = "snow in the mountains, camera zoom out"
    frames = list(
        generated(generate(prompt, frames=48, start=still if start else None, end=still if end else None))
    )
    with Image.open(photo) as given:
        fitted = given.resize(SMALL, Image.Resampling.BICUBIC)
        for frame in [frames[0]] * start + [frames[-1]] * end:
            assert difference(frame, fitted) < 1
        assert difference(frames[24], fitted) > LOSS


def test_two_pictures_are_never_seen_through_each_other(tmp_path: Path) -> None:
    """One gives way to the other behind an edge; only the edge itself is soft."""
    colours = ((200, 30, 30), (30, 30, 200))
    paths = [tmp_path / f"{at}.png" for at in (0, 1)]
    for path, colour in zip(paths, colours, strict=True):
        Image.new("RGB", SMALL, colour).save(path)
    start, end = (Keyframe(path=path) for path in paths)
    for frame in generated(generate("", frames=48, start=start, end=end)):
        row = [frame.getpixel((x, 40)) for x in range(SMALL[0])]
        assert sum(pixel not in colours for pixel in row) < SMALL[0] * 0.15
    assert row == [colours[1]] * SMALL[0]


def test_videos_are_continued_led_into_and_joined(tmp_path: Path, source: Path) -> None:
    before, after = (open_frame(Keyframe(path=source, position=position)) for position in FramePosition)
    assert difference(before, after) > 2 * LOSS
    played = decode(source).frames
    assert difference(before, played[0]) < 1
    assert difference(after, played[-1]) < 1
    shown = made(
        generate(
            start=Keyframe(path=source, position=FramePosition.LAST),
            end=Keyframe(path=source, position=FramePosition.FIRST),
        ),
        tmp_path / "video.mp4",
    )
    assert difference(shown.frames[0], after) < LOSS
    assert difference(shown.frames[-1], before) < LOSS


@pytest.mark.parametrize("opened", [False, True])
def test_a_loop_closes(tmp_path: Path, picture: Path, *, opened: bool) -> None:
    """From the last frame to the first is no further than from one frame to the next."""
    opening = Keyframe(path=picture) if opened else None
    shown = made(
        generate("snow in the mountains", loop=True, frames=48, start=opening, concepts=("pan_left",)),
        tmp_path / "video.mp4",
    )
    steps = [difference(one, other) for one, other in zip(shown.frames, shown.frames[1:], strict=False)]
    assert difference(shown.frames[-1], shown.frames[0]) <= max(steps) + 0.5
    assert difference(shown.frames[24], shown.frames[0]) > 2


def test_every_concept_moves_the_camera_its_own_way() -> None:
    ways = {
        key: (view_at(moves_of([key], ""), 0.0, 0.1), view_at(moves_of([key], ""), 1.0, 0.3)) for key in MOVES
    }
    assert all(start == View() for start, _ in ways.values())
    assert all(end != View() for key, (_, end) in ways.items() if key != "static")
    assert ways["zoom_in"][1].zoom > ways["zoom_in"][0].zoom
    assert ways["zoom_out"][1].zoom < ways["zoom_out"][0].zoom
    assert ways["pan_left"][1].x < ways["pan_left"][0].x
    assert ways["static"][0] == ways["static"][1]
    assert len(set(ways.values())) > len(MOVES) - 3


@pytest.mark.parametrize(
    ("prompt", "key"),
    [
        ("a car, camera orbit left", "orbit_left"),
        ("Camera pans slowly to the right over a lake", "pan_right"),
        ("the camera is zooming in on a cat", "zoom_in"),
        ("camera static", "static"),
        ("camera tilts up", "tilt_up"),
    ],
)
def test_words_move_the_camera_too(prompt: str, key: str) -> None:
    assert moves_of((), prompt) == [MOVES[key]]


def test_coming_closer_makes_things_larger(tmp_path: Path) -> None:
    """The middle of the first frame is all that the last frame shows."""
    shown = made(generate("a red house at noon", concepts=("zoom_in",)), tmp_path / "video.mp4")
    first, last = shown.frames[0], shown.frames[-1]
    width, height = SMALL
    zoomed = first.crop(
        (round(width * 0.155), round(height * 0.155), round(width * 0.845), round(height * 0.845))
    )
    upper = (0, 0, width, height * 3 // 4)
    closer = zoomed.resize(SMALL).crop(upper)
    assert difference(last.crop(upper), closer) < difference(last.crop(upper), first.crop(upper)) * 0.8


def test_a_reframed_video_plays_on_inside(tmp_path: Path, source: Path) -> None:
    size = (576, 1024)
    spec = ReframeVideo(source=source, size=size, placement=Placement(), first_frame=None, frames=24)
    shown, played = made(spec, tmp_path / "video.mp4"), decode(source)
    assert (shown.size, len(shown.frames)) == (size, 24)
    inside = (0, (1024 - 324) // 2, 576, (1024 + 324) // 2)
    for at in (0, 12, 23):
        assert difference(shown.frames[at].crop(inside), played.frames[at]) < LOSS
    outside = shown.frames[0].crop((0, 0, 576, 200))
    assert ImageStat.Stat(outside).mean[0] > 60


def test_a_modified_video_keeps_more_the_closer_it_adheres(
    tmp_path: Path, source: Path, picture: Path
) -> None:
    played = decode(source).frames
    strengths = (0.1, 0.45, 0.85)
    videos = [
        made(
            ModifyVideo(
                source=source, size=SMALL, prompt="neon city", strength=s, first_frame=None, frames=24
            ),
            tmp_path / f"{s}.mp4",
        )
        for s in strengths
    ]
    changes = [difference(shown.frames[12], played[12]) for shown in videos]
    assert changes == sorted(changes)
    assert changes[0] > 1
    assert changes[2] > 3 * changes[0]
    assert [len(shown.frames) for shown in videos] == [24] * 3
    opening = Keyframe(path=picture)
    led = ModifyVideo(source=source, size=SMALL, prompt="", strength=0.1, first_frame=opening, frames=24)
    with Image.open(picture) as given:
        assert difference(made(led, tmp_path / "led.mp4").frames[0], given) < LOSS


def test_fewer_pictures_are_drawn_where_a_machine_is_small(source: Path) -> None:
    plain = Placement()
    for drawn in (
        generated(generate(frames=24, drawn_fps=4)),
        frames_of(
            ReframeVideo(source=source, size=SMALL, placement=plain, first_frame=None, frames=24, drawn_fps=4)
        ),
        frames_of(
            ModifyVideo(
                source=source, size=SMALL, prompt="", strength=0.1, first_frame=None, frames=24, drawn_fps=4
            )
        ),
    ):
        changes = [one is not other for one, other in pairwise(drawn)]
        assert [at for at, changed in enumerate(changes, 1) if changed] == [6, 12, 18, 23]
        assert len(changes) == 23


def test_an_enlarged_video_is_the_same_with_more_pixels(tmp_path: Path, source: Path) -> None:
    shown = made(UpscaleVideo(source=source, size=(1280, 720)), tmp_path / "video.mp4")
    played = decode(source)
    assert (shown.size, len(shown.frames)) == ((1280, 720), 24)
    assert all(difference(played.frames[at], shown.frames[at]) < LOSS for at in (0, 12, 23))


def test_music_is_added_and_the_pictures_stay(tmp_path: Path, source: Path) -> None:
    shown = made(AddAudio(source=source, prompt="wind in the trees"), tmp_path / "video.mp4")
    made(AddAudio(source=source, prompt="a party"), tmp_path / "other.mp4")
    assert (shown.codec, shown.sound) == ("h264", "aac")
    assert shown.sound_s == pytest.approx(1.0, abs=0.06)
    assert [frame.tobytes() for frame in shown.frames] == [frame.tobytes() for frame in decode(source).frames]
    assert (tmp_path / "video.mp4").read_bytes() != (tmp_path / "other.mp4").read_bytes()
    assert _loudness(tmp_path / "video.mp4") > 300
    louder = made(UpscaleVideo(source=tmp_path / "video.mp4", size=(640, 360)), tmp_path / "large.mp4")
    assert louder.sound == "aac"


def _loudness(path: Path) -> float:
    with av.open(str(path), "r") as container:
        resampler = av.AudioResampler(format="s16", layout="mono")
        samples: list[int] = []
        for frame in container.decode(audio=0):
            for plain in resampler.resample(frame):
                samples += memoryview(bytes(plain.planes[0])).cast("h")
    return sum(abs(value) for value in samples) / len(samples)


def test_a_poster_is_the_first_frame(tmp_path: Path, source: Path) -> None:
    specs: list[VideoSpec] = [
        generate(),
        AddAudio(source=source, prompt=""),
        UpscaleVideo(source=source, size=(640, 360)),
    ]
    for at, spec in enumerate(specs):
        shown = made(spec, tmp_path / f"{at}.mp4")
        render_thumbnail(spec, tmp_path / f"{at}.jpg")
        with Image.open(tmp_path / f"{at}.jpg") as poster:
            assert poster.format == "JPEG"
            assert difference(shown.frames[0], poster) < LOSS


def test_the_length_of_a_source_is_its_own(source: Path) -> None:
    width, height = SMALL
    assert check_video(source, 10) == {"width": width, "height": height, "duration_ms": 1000}
    assert check_video(source, 0.2) == "The video is 1.0 s long; 0.2 s are accepted."
    assert len(list(read_frames(source, 10))) == 10


@pytest.mark.parametrize("pace", [12, 30])
def test_a_source_of_another_pace_keeps_its_length(tmp_path: Path, pace: int) -> None:
    path = tmp_path / "odd.mp4"
    with av.open(str(path), "w") as container:
        stream = container.add_stream("libx264", rate=pace)
        stream.width, stream.height, stream.pix_fmt = 64, 36, "yuv420p"
        for _ in range(pace):
            container.mux(stream.encode(av.VideoFrame(64, 36, "yuv420p")))
        container.mux(stream.encode(None))
    found = check_video(path, 2)
    assert isinstance(found, dict)
    assert found["duration_ms"] == pytest.approx(1000, abs=2)
    assert len(list(read_frames(path, 99))) == 24


def _playlist() -> bytes:
    return b"#EXTM3U\n#EXT-X-TARGETDURATION:1\n#EXTINF:1,\nfile:///etc/passwd\n#EXT-X-ENDLIST\n"


def _png() -> bytes:
    buffer = io.BytesIO()
    Image.new("RGB", (64, 64)).save(buffer, "PNG")
    return buffer.getvalue()


@pytest.mark.parametrize(
    "content",
    [
        lambda: b"",
        _playlist,
        _png,
        lambda: b"\0\0\0\x18ftypmp42" + b"\0" * 400,
        lambda: b"ffconcat version 1.0",
    ],
)
def test_what_is_no_video_is_refused(tmp_path: Path, content: Callable[[], bytes]) -> None:
    path = tmp_path / "broken"
    path.write_bytes(content())
    assert isinstance(check_video(path, 10), str)
