"""Files that are small on disk and dear to decode."""

import struct
import zlib
from fractions import Fraction
from io import BytesIO
from pathlib import Path

import av
from av.video.frame import VideoFrame
from av.video.stream import VideoStream
from PIL import Image


def many_scans(scans: int, size: tuple[int, int] = (640, 480)) -> bytes:
    """A progressive JPEG whose last scan is there again and again."""
    file = BytesIO()
    Image.new("L", size, 128).save(file, "JPEG", progressive=True)
    content = file.getvalue()
    last = content.rindex(b"\xff\xda")
    return content[:-2] + content[last:-2] * scans + content[-2:]


def many_segments(segments: int) -> bytes:
    """A JPEG with very many empty comments."""
    file = BytesIO()
    Image.new("L", (8, 8)).save(file, "JPEG")
    content = file.getvalue()
    return content[:2] + b"\xff\xfe\x00\x02" * segments + content[2:]


def many_chunks(chunks: int) -> bytes:
    """A PNG with very many empty chunks that every reader passes over."""
    file = BytesIO()
    Image.new("L", (8, 8)).save(file, "PNG")
    content = file.getvalue()
    empty = b"\0\0\0\0" + b"xxXx" + struct.pack(">I", zlib.crc32(b"xxXx"))
    return content[:33] + empty * chunks + content[33:]


def many_frames(frames: int, junk: bytes = b"") -> bytes:
    """A GIF of one pixel and many frames; `junk` between them is what readers pass over."""
    head = b"GIF89a" + struct.pack("<HH", 1, 1) + b"\x80\x00\x00" + b"\0\0\0\xff\xff\xff"
    frame = (
        b"\x21\xf9\x04\x00\x01\x00\x00\x00\x2c"
        + struct.pack("<HHHH", 0, 0, 1, 1)
        + b"\x00\x02\x02\x44\x01\x00"
    )
    return head + (junk + frame) * frames + b"\x3b"


def still_video(path: Path, *, size: tuple[int, int], frames: int, rate: int) -> Path:
    """A video whose frames hardly differ: the last packet of a few is there again and again."""
    with av.open(path, "w", format="mp4") as out:
        options = {"preset": "ultrafast", "crf": "51", "bf": "0", "refs": "1", "g": "100000"}
        track = out.add_stream("libx264", rate=rate, options=options)
        assert isinstance(track, VideoStream)
        track.width, track.height, track.pix_fmt = *size, "yuv420p"
        packets = []
        for number in range(4):
            frame = VideoFrame(*size, "yuv420p")
            for index, plane in enumerate(frame.planes):
                plane.update(bytes([128 if index else 16]) * plane.buffer_size)
            frame.pts = number
            packets += track.encode(frame)
        packets += track.encode(None)
        again = bytes(packets[-1])
        packets += [av.Packet(again) for _ in range(frames - len(packets))]
        for number, packet in enumerate(packets):
            packet.pts = packet.dts = number
            packet.time_base, packet.duration, packet.stream = Fraction(1, rate), 1, track
            out.mux(packet)
    return path
