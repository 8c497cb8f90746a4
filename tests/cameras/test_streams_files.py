import os
import struct
import subprocess
import sys
import threading
import time
import zlib
from pathlib import Path
from typing import Any

import av
import numpy as np
import pytest

from cameras.streams.config import SourceConfig, SourceKind
from cameras.streams.errors import (
    AccessDeniedError,
    AddressNotFoundError,
    EmptyFolderError,
    NotAVideoError,
)
from cameras.streams.frame import StreamFrame
from cameras.streams.source import open_source
from cameras.streams.yuv import Pixels
from tests.cameras.clips import QUARTERS, jpeg, numbered, quarters, write_clip


def read(path: Path, **settings: object) -> list[StreamFrame]:
    kind = SourceKind.FOLDER if path.is_dir() else SourceKind.FILE
    config = SourceConfig(kind=kind, url=str(path), **settings)  # type: ignore[arg-type]
    with open_source(config) as source:
        return list(source.frames())


def corners(pixels: Pixels) -> Any:
    """Colour, or brightness, in the middle of each quarter."""
    height, width = pixels.shape[:2]
    places = ((1, 1), (1, 3), (3, 1), (3, 3))
    return [pixels[height * y // 4, width * x // 4].tolist() for y, x in places]


def brightness(frame: StreamFrame) -> float:
    return float(frame.scaled_bgr(32).mean())


def png_header(width: int, height: int) -> bytes:
    """A PNG that claims a size and holds nearly nothing."""

    def chunk(name: bytes, data: bytes) -> bytes:
        return (
            struct.pack(">I", len(data)) + name + data + struct.pack(">I", zlib.crc32(name + data))
        )

    size = struct.pack(">IIBBBBB", width, height, 8, 2, 0, 0, 0)
    return (
        b"\x89PNG\r\n\x1a\n"
        + chunk(b"IHDR", size)
        + chunk(b"IDAT", zlib.compress(bytes(1_000)))
        + chunk(b"IEND", b"")
    )


def display_matrix(a: int, b: int, c: int, d: int) -> bytes:
    one = 1 << 16
    return struct.pack(">9i", a * one, b * one, 0, c * one, d * one, 0, 0, 0, 1 << 30)


@pytest.mark.parametrize(
    ("name", "settings"),
    [
        ("bt601.mp4", {}),
        ("bt709.mp4", {"colorspace": "ITU709"}),
        ("full_range.mp4", {"pixel_format": "yuvj420p", "full_range": True}),
        ("chroma_444.mp4", {"pixel_format": "yuv444p"}),
        ("ten_bit.mp4", {"pixel_format": "yuv420p10le"}),
        ("mjpeg.avi", {"codec": "mjpeg", "pixel_format": "yuvj420p", "full_range": True}),
    ],
)
def test_file_source_colours_are_those_that_were_coded(
    tmp_path: Path, name: str, settings: dict[str, object]
) -> None:
    # 322 x 242: neither divides by what decoders pad to.
    clip = write_clip(tmp_path / name, [quarters(322, 242)] * 2, **settings)  # type: ignore[arg-type]
    frame = read(clip)[0]
    assert frame.bgr().shape == (242, 322, 3)
    assert np.allclose(corners(frame.bgr()), QUARTERS, atol=5)
    assert frame.scaled_bgr(161).shape == (121, 161, 3)
    assert np.allclose(corners(frame.scaled_bgr(161)), QUARTERS, atol=5)
    small = frame.scaled_yuv(160)
    assert (small.width, small.height) == (160, 120)
    assert np.allclose(corners(small.bgr()), QUARTERS, atol=5)
    whole, box = frame.bgr(), (101, 61, 322, 242)
    cut = read(clip)[0].cut(*box)
    assert np.abs(cut.astype(int) - whole[box[1] : box[3], box[0] : box[2]]).max() <= 1
    gray = frame.gray(80)
    assert gray.shape == (60, 80)
    white, blue = corners(gray)[3], corners(gray)[2]
    assert 210 < white < 240
    assert 60 < blue < 100


def test_file_source_hd_without_colour_tag_counts_as_bt709(tmp_path: Path) -> None:
    clip = write_clip(
        tmp_path / "hd.mp4", [quarters(1280, 720)] * 2, colorspace="ITU709", tag=False
    )
    assert np.allclose(corners(read(clip)[0].bgr()), QUARTERS, atol=5)


@pytest.mark.parametrize(
    ("matrix", "turns"), [((0, 1, -1, 0), -1), ((-1, 0, 0, -1), 2), ((0, -1, 1, 0), 1)]
)
def test_file_source_rotated_phone_video_is_upright(
    tmp_path: Path, matrix: tuple[int, int, int, int], turns: int
) -> None:
    clip = write_clip(tmp_path / "phone.mp4", [quarters()] * 2)
    content = clip.read_bytes()
    # The track's display matrix, ISO/IEC 14496-12 section 8.3.2; the movie has one before it.
    head, identity, tail = content.rpartition(display_matrix(1, 0, 0, 1))
    assert identity
    clip.write_bytes(head + display_matrix(*matrix) + tail)
    frame = read(clip)[0]
    expected = np.rot90(quarters(), turns)
    assert (frame.height, frame.width) == expected.shape[:2]
    assert np.allclose(corners(frame.bgr()), corners(expected), atol=6)
    assert frame.scaled_bgr(80).shape[:2] == (expected.shape[0] // 4, expected.shape[1] // 4)
    assert np.allclose(corners(frame.scaled_yuv(160).bgr()), corners(expected), atol=6)
    assert np.array_equal(read(clip)[0].cut(8, 8, 40, 30), frame.bgr()[8:30, 8:40])


def test_file_source_hands_out_every_frame_with_its_time(tmp_path: Path) -> None:
    frames = read(write_clip(tmp_path / "clip.mp4", numbered(30)))
    assert [frame.index for frame in frames] == list(range(30))
    assert [frame.seen_s for frame in frames] == pytest.approx([n / 25 for n in range(30)])
    assert brightness(frames[20]) == pytest.approx(110, abs=3)


def test_file_source_limit_keeps_the_index_of_decoded_frames(tmp_path: Path) -> None:
    frames = read(write_clip(tmp_path / "clip.mp4", numbered(25)), analyse_fps=5)
    assert [frame.index for frame in frames] == [0, 5, 10, 15, 20]


def test_file_source_slow_consumer_loses_nothing(tmp_path: Path) -> None:
    clip = write_clip(tmp_path / "clip.mp4", numbered(10), fps=100)
    with open_source(SourceConfig(kind=SourceKind.FILE, url=str(clip))) as source:
        taken = []
        for frame in source.frames():
            time.sleep(0.03)
            taken.append(frame.index)
    assert taken == list(range(10))
    assert source.dropped == 0


def test_file_source_loop_goes_on_in_time(tmp_path: Path) -> None:
    clip = write_clip(tmp_path / "clip.mp4", numbered(5))
    config = SourceConfig(kind=SourceKind.FILE, url=str(clip), loop=True)
    with open_source(config) as source:
        frames = [frame for frame, _ in zip(source.frames(), range(12), strict=False)]
    assert [frame.seen_s for frame in frames] == pytest.approx([n / 25 for n in range(12)])
    assert brightness(frames[10]) == pytest.approx(brightness(frames[0]), abs=2)


def test_file_source_realtime_plays_at_its_own_speed_and_drops_the_oldest(tmp_path: Path) -> None:
    clip = write_clip(tmp_path / "clip.mp4", numbered(30))
    config = SourceConfig(kind=SourceKind.FILE, url=str(clip), realtime=True)
    started_s, began_s = time.time(), time.monotonic()
    taken = []
    with open_source(config) as source:
        for frame in source.frames():
            taken.append(frame)
            time.sleep(0.2)
    # As fast as it can is at once.
    assert time.monotonic() - began_s > 1.0
    assert taken[0].seen_s == pytest.approx(started_s, abs=30)
    assert source.dropped == 30 - len(taken) > 10
    assert taken[-1].index == 29


def test_file_source_close_from_another_thread_ends_it(tmp_path: Path) -> None:
    clip = write_clip(tmp_path / "clip.mp4", numbered(45) * 2, fps=1)
    config = SourceConfig(kind=SourceKind.FILE, url=str(clip), realtime=True)
    source = open_source(config)
    threading.Timer(0.5, source.close).start()
    started_s = time.monotonic()
    assert len(list(source.frames())) < 60
    assert time.monotonic() - started_s < 60


def test_file_source_cut_short_gives_what_is_there(tmp_path: Path) -> None:
    clip = write_clip(tmp_path / "clip.mkv", numbered(40, 640, 480))
    whole = clip.read_bytes()
    clip.write_bytes(whole[: len(whole) * 2 // 3])
    assert 5 < len(read(clip)) < 40


@pytest.mark.parametrize(
    "content",
    [
        b"",
        b"not a video\n" * 500,
        b"#EXTM3U\n#EXTINF:1,\nfile:///etc/passwd\n#EXT-X-ENDLIST\n",
        b"ffconcat version 1.0\nfile '/etc/passwd'\n",
        png_header(30_000, 30_000),
        np.random.default_rng(1).bytes(100_000),
    ],
    ids=["empty", "text", "playlist", "concat", "huge picture", "noise"],
)
def test_file_source_other_content_is_refused(tmp_path: Path, content: bytes) -> None:
    path = tmp_path / "upload.mp4"
    path.write_bytes(content)
    with pytest.raises(NotAVideoError, match=r"upload\.mp4"):
        read(path)


def test_file_source_huge_frames_are_refused(tmp_path: Path) -> None:
    picture = jpeg(quarters())
    # Height and width in the frame header, ITU-T T.81 section B.2.2.
    size = b"\x08" + struct.pack(">HH", 240, 320)
    assert size in picture
    huge = tmp_path / "huge.mjpeg"
    huge.write_bytes(picture.replace(size, b"\x08" + struct.pack(">HH", 30_000, 30_000)) * 3)
    with pytest.raises(NotAVideoError):
        read(huge)


def test_file_source_without_picture_is_refused(tmp_path: Path) -> None:
    path = tmp_path / "sound.m4a"
    with av.open(path, "w", format="mp4") as container:
        stream = container.add_stream("aac", rate=44_100)
        silence = av.AudioFrame.from_ndarray(np.zeros((1, 1024), np.float32), "fltp", "mono")
        silence.sample_rate = 44_100
        container.mux([*stream.encode(silence), *stream.encode(None)])
    with pytest.raises(NotAVideoError, match="no video in it"):
        read(path)


def test_file_source_outside_the_allowed_root_is_refused(tmp_path: Path) -> None:
    root = tmp_path / "media"
    root.mkdir()
    clip = write_clip(tmp_path / "clip.mp4", numbered(2))
    (root / "link.mp4").symlink_to(clip)
    hidden = root / ".." / "not-even-there.mp4"
    for url in (clip, root / "link.mp4", root / ".." / "clip.mp4", hidden):
        with pytest.raises(AccessDeniedError, match="outside"):
            open_source(SourceConfig(kind=SourceKind.FILE, url=str(url)), allowed_root=root)


def test_file_source_missing_or_of_another_kind_is_refused(tmp_path: Path) -> None:
    os.mkfifo(tmp_path / "pipe.mp4")
    for url in (tmp_path / "missing.mp4", tmp_path, tmp_path / "pipe.mp4"):
        with pytest.raises(AddressNotFoundError):
            open_source(SourceConfig(kind=SourceKind.FILE, url=str(url)))


@pytest.mark.skipif(os.geteuid() == 0, reason="root may read everything")
def test_file_source_without_permission_is_refused(tmp_path: Path) -> None:
    clip = write_clip(tmp_path / "clip.mp4", numbered(2))
    clip.chmod(0)
    with pytest.raises(AccessDeniedError):
        read(clip)


def test_folder_source_reads_by_name_and_skips_what_is_broken(tmp_path: Path) -> None:
    (tmp_path / "1.jpg").write_bytes(jpeg(np.full((240, 320, 3), 50, np.uint8)))
    (tmp_path / "2.jpg").write_bytes(jpeg(quarters())[:800])
    (tmp_path / "3.png").write_bytes(png_header(30_000, 30_000))
    (tmp_path / "4.jpg").write_bytes(b"")
    (tmp_path / "5.JPG").write_bytes(jpeg(np.full((120, 160, 3), 200, np.uint8)))
    (tmp_path / "%03d.jpg").write_bytes(jpeg(np.full((240, 320, 3), 20, np.uint8)))
    (tmp_path / "notes.txt").write_text("no picture")
    frames = read(tmp_path, analyse_fps=2)
    assert [round(brightness(frame), -1) for frame in frames] == [20, 50, 200]
    assert [frame.seen_s for frame in frames] == [0, 0.5, 1]


def test_folder_source_exif_rotation_is_undone(tmp_path: Path) -> None:
    # A minimal EXIF block with orientation 6: the camera was turned, show it turned clockwise.
    exif = b"Exif\0\0II*\0\x08\0\0\0\x01\0\x12\x01\x03\0\x01\0\0\0\x06\0\0\0\0\0\0\0"
    picture = jpeg(quarters())
    block = b"\xff\xe1" + struct.pack(">H", len(exif) + 2) + exif
    (tmp_path / "a.jpg").write_bytes(picture[:2] + block + picture[2:])
    frame = read(tmp_path)[0]
    assert (frame.width, frame.height) == (240, 320)
    assert np.allclose(corners(frame.bgr()), corners(np.rot90(quarters(), -1)), atol=8)


def test_folder_source_without_pictures_is_refused(tmp_path: Path) -> None:
    with pytest.raises(EmptyFolderError):
        read(tmp_path)


def test_usb_source_missing_device_is_refused() -> None:
    with pytest.raises(AddressNotFoundError, match="/dev/video987"):
        open_source(SourceConfig(kind=SourceKind.USB, url="/dev/video987"))


def test_source_module_loads_no_decoder() -> None:
    code = (
        "import sys, cameras.streams.source, cameras.streams.config;"
        "assert not {'av', 'cv2', 'numpy'} & set(sys.modules)"
    )
    subprocess.run([sys.executable, "-c", code], check=True)
