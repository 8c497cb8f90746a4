"""Decoding what strangers send, cutting plates out, fitting frames into engines."""

import io
import struct
import tracemalloc
import zlib
from collections.abc import Callable
from pathlib import Path

import numpy as np
import pytest
from PIL import Image

from detections.recognition.errors import FrameError, PictureError
from detections.recognition.images import (
    MAX_PIXELS,
    MAX_SIDE_PX,
    Codec,
    crop_plates,
    decode_picture,
    encode_picture,
    is_picture,
    letterbox,
    read_picture,
    shrink_to,
)
from detections.recognition.readers.glances import glances
from detections.recognition.types import Frame, PlateBox
from tests.pictures import draw_endless_jpeg

BLUE_BGR = (255, 0, 0)


def blue_left_red_right() -> Image.Image:
    picture = Image.new("RGB", (40, 20), (255, 0, 0))
    picture.paste((0, 0, 255), (0, 0, 20, 20))
    return picture


def encoded(picture: Image.Image, kind: str, **options: object) -> bytes:
    buffer = io.BytesIO()
    picture.save(buffer, kind, **options)
    return buffer.getvalue()


def png_claiming(width: int, height: int) -> bytes:
    """A PNG of a hundred bytes whose header promises a picture of any size."""
    header = struct.pack(">IIBBBBB", width, height, 8, 2, 0, 0, 0)
    chunks = [(b"IHDR", header), (b"IDAT", zlib.compress(b"")), (b"IEND", b"")]
    return b"\x89PNG\r\n\x1a\n" + b"".join(png_chunk(*chunk) for chunk in chunks)


def png_chunk(kind: bytes, content: bytes) -> bytes:
    checksum = zlib.crc32(kind + content)
    return struct.pack(">I", len(content)) + kind + content + struct.pack(">I", checksum)


@pytest.mark.parametrize(
    ("kind", "options"),
    [
        ("PNG", {}),
        ("BMP", {}),
        ("WEBP", {"lossless": True}),
        ("JPEG", {"quality": 100, "subsampling": 0}),
    ],
)
def test_pictures_become_bgr(kind: str, options: dict[str, object]) -> None:
    frame = decode_picture(encoded(blue_left_red_right(), kind, **options))
    assert frame.shape == (20, 40, 3)
    assert frame.dtype == np.uint8
    assert frame[10, 10] == pytest.approx(BLUE_BGR, abs=4)


@pytest.mark.parametrize(
    ("orientation", "blue_at"), [(1, (10, 10)), (3, (10, 30)), (6, (10, 10)), (8, (30, 10))]
)
def test_exif_rotation_is_applied(orientation: int, blue_at: tuple[int, int]) -> None:
    exif = Image.Exif()
    exif[0x0112] = orientation
    frame = decode_picture(encoded(blue_left_red_right(), "JPEG", exif=exif, quality=100))
    assert frame.shape == ((20, 40, 3) if orientation in {1, 3} else (40, 20, 3))
    assert frame[blue_at] == pytest.approx(BLUE_BGR, abs=80)


ORIENTATION, X_RESOLUTION, RESOLUTION_UNIT = 0x0112, 0x011A, 0x0128
ASCII, SHORT = 2, 3


def jpeg_with_exif(*tags: tuple[int, int, bytes]) -> bytes:
    """A JPEG without JFIF's resolution, with tags of one value of at most four bytes each."""
    entries = b"".join(
        struct.pack(">HHI", tag, kind, len(value) if kind == ASCII else 1) + value.ljust(4, b"\0")
        for tag, kind, value in tags
    )
    tiff = b"MM\x00*" + struct.pack(">IH", 8, len(tags)) + entries + bytes(4)
    plain = encoded(blue_left_red_right(), "JPEG", quality=100)
    segment = b"Exif\x00\x00" + tiff
    after_jfif = 4 + struct.unpack(">H", plain[4:6])[0]
    return (plain[:2] + b"\xff\xe1" + struct.pack(">H", len(segment) + 2) + segment) + plain[
        after_jfif:
    ]


@pytest.mark.parametrize(
    "wrong",
    [(X_RESOLUTION, ASCII, b"72\0"), (RESOLUTION_UNIT, ASCII, b"in\0"), (0x8769, ASCII, b"x\0")],
    ids=["resolution", "unit", "exif_folder"],
)
def test_wrong_exif_costs_neither_picture_nor_orientation(wrong: tuple[int, int, bytes]) -> None:
    frame = decode_picture(jpeg_with_exif((ORIENTATION, SHORT, b"\x00\x06"), wrong))
    assert frame.shape == (40, 20, 3)
    assert frame[10, 10] == pytest.approx(BLUE_BGR, abs=80)


@pytest.mark.parametrize("value", [(ASCII, b"6\0"), (SHORT, b"\x00\x09"), (99, b"\x00\x06")])
def test_picture_of_unknown_orientation_stays_as_it_is(value: tuple[int, bytes]) -> None:
    assert decode_picture(jpeg_with_exif((ORIENTATION, *value))).shape == (20, 40, 3)


def test_no_byte_of_exif_costs_a_picture() -> None:
    sound = jpeg_with_exif(
        (ORIENTATION, SHORT, b"\x00\x06"),
        (X_RESOLUTION, SHORT, b"\x00\x48"),
        (RESOLUTION_UNIT, SHORT, b"\x00\x02"),
    )
    start = sound.index(b"MM\x00*")
    for at in range(start, start + 50):
        for value in (0, 1, 2, 5, 12, 0xFF, sound[at] ^ 0x80):
            flipped = sound[:at] + bytes([value]) + sound[at + 1 :]
            assert decode_picture(flipped).size == 40 * 20 * 3, (at, value)


@pytest.mark.parametrize(
    ("picture", "expected"),
    [
        (Image.new("L", (4, 4), 100), (100, 100, 100)),
        (Image.new("1", (4, 4), 1), (255, 255, 255)),
        (Image.new("LA", (4, 4), (100, 50)), (100, 100, 100)),
        (Image.new("RGBA", (4, 4), (255, 0, 10, 128)), (10, 0, 255)),
        (blue_left_red_right().quantize(4).crop((0, 0, 4, 4)), BLUE_BGR),
        (Image.fromarray(np.full((4, 4), 0x8000, np.uint16)), (128, 128, 128)),
    ],
    ids=["gray", "bilevel", "gray_alpha", "alpha", "palette", "16_bit"],
)
def test_every_mode_becomes_plain_bgr(picture: Image.Image, expected: tuple[int, int, int]) -> None:
    frame = decode_picture(encoded(picture, "PNG"))
    assert frame.shape == (4, 4, 3)
    assert frame.dtype == np.uint8
    assert tuple(frame[2, 2]) == expected


@pytest.mark.parametrize(
    ("content", "message"),
    [
        (b"", "empty"),
        (b"plain text, no picture", "not a picture"),
        (b"\xff\xd8\xff\xe0 and nothing more", "not a picture|damaged"),
        (encoded(blue_left_red_right(), "GIF"), "not a picture"),
    ],
)
def test_what_is_no_picture_is_refused(content: bytes, message: str) -> None:
    with pytest.raises(PictureError, match=message):
        decode_picture(content)


@pytest.mark.parametrize("kind", ["JPEG", "PNG", "WEBP", "BMP"])
@pytest.mark.parametrize("kept", [0.3, 0.6, 0.9])
def test_truncated_picture_is_refused(kind: str, kept: float) -> None:
    noise = np.random.default_rng(0).integers(0, 256, (64, 64, 3), np.uint8)
    content = encoded(Image.fromarray(noise), kind)
    with pytest.raises(PictureError, match=r"not a picture|damaged or cut off"):
        decode_picture(content[: int(len(content) * kept)])


@pytest.mark.parametrize("size", [(30_000, 30_000), (10_000, 9_000), (MAX_PIXELS + 1, 1)])
def test_too_many_pixels_are_refused_by_the_header(size: tuple[int, int]) -> None:
    tracemalloc.start()
    with pytest.raises(PictureError, match="over 64 megapixels"):
        decode_picture(png_claiming(*size))
    peak = tracemalloc.get_traced_memory()[1]
    tracemalloc.stop()
    assert peak < 1_000_000


@pytest.mark.parametrize("size", [(1, MAX_SIDE_PX + 1), (MAX_SIDE_PX + 1, 1), (1, MAX_PIXELS)])
def test_a_side_that_is_too_long_is_refused_by_the_header(size: tuple[int, int]) -> None:
    with pytest.raises(PictureError, match="over 32,766 px long"):
        decode_picture(png_claiming(*size))


def test_the_longest_side_can_be_looked_at_again() -> None:
    frame = decode_picture(encoded(Image.new("L", (MAX_SIDE_PX, 2), 100), "PNG"))
    assert {picture.shape for picture in glances(frame)} == {(2, MAX_SIDE_PX, 3)}


def test_file_is_read(tmp_path: Path) -> None:
    path = tmp_path / "picture.png"
    path.write_bytes(encoded(blue_left_red_right(), "PNG"))
    assert read_picture(path).shape == (20, 40, 3)


@pytest.mark.parametrize(
    "make",
    [lambda path: path / "absent.jpg", lambda path: path],
    ids=["absent", "folder"],
)
def test_unreadable_file_is_refused(tmp_path: Path, make: Callable[[Path], Path]) -> None:
    with pytest.raises(PictureError, match="Cannot read the file"):
        read_picture(make(tmp_path))


@pytest.mark.parametrize(
    ("content", "answer"),
    [
        (encoded(blue_left_red_right(), "PNG"), True),
        (encoded(blue_left_red_right(), "JPEG"), True),
        (encoded(blue_left_red_right(), "WEBP"), True),
        (encoded(blue_left_red_right(), "BMP"), True),
        (b"\x00\x00\x00\x18ftypmp42", False),
        (b"RIFF\x00\x00\x00\x00AVI LIST", False),
        (b"", False),
    ],
)
def test_pictures_are_told_by_their_first_bytes(content: bytes, *, answer: bool) -> None:
    assert is_picture(content[:16]) is answer


@pytest.mark.parametrize("codec", ["webp", "jpeg"])
def test_encoded_frames_come_back(codec: Codec) -> None:
    frame = np.full((30, 50, 3), (200, 100, 20), np.uint8)
    assert decode_picture(encode_picture(frame, codec=codec, quality=90)) == pytest.approx(
        frame, abs=8
    )


def test_frame_too_large_for_webp_is_refused() -> None:
    with pytest.raises(PictureError, match="16500 x 2 px cannot be kept as webp"):
        encode_picture(np.zeros((2, 16_500, 3), np.uint8), codec="webp")


def gradient(width: int = 200, height: int = 100) -> Frame:
    """Blue grows by 1 a column, green by 1 a row."""
    frame = np.zeros((height, width, 3), np.uint8)
    frame[..., 0] = np.arange(width)
    frame[..., 1] = np.arange(height)[:, None]
    return frame


def box(x_min: float, y_min: float, x_max: float, y_max: float) -> PlateBox:
    return PlateBox(x_min=x_min, y_min=y_min, x_max=x_max, y_max=y_max, confidence=0.9)


def first_and_last_column(crop: Frame) -> tuple[int, int]:
    return int(crop[0, 0, 0]), int(crop[0, -1, 0])


def test_crop_keeps_the_margin() -> None:
    [crop] = crop_plates(gradient(), [box(100, 40, 140, 60)], margin_x=0.05, margin_y=0.1)
    assert crop.shape == (24, 44, 3)
    assert first_and_last_column(crop) == (98, 141)
    assert (crop[0, 0, 1], crop[-1, 0, 1]) == (38, 61)


def test_crop_has_a_margin_by_default() -> None:
    [crop] = crop_plates(gradient(), [box(100, 25, 200 - 50, 75)])
    assert crop.shape == (58, 56, 3)


@pytest.mark.parametrize(
    ("plate", "shape"),
    [
        (box(-20, -10, 30, 20), (20, 30, 3)),
        (box(190, 90, 260, 140), (10, 10, 3)),
        (box(300, 300, 310, 305), (1, 1, 3)),
        (box(-50, -50, -10, -10), (1, 1, 3)),
        (box(10.2, 10.2, 10.4, 10.4), (1, 1, 3)),
    ],
)
def test_crop_is_clipped_and_never_empty(plate: PlateBox, shape: tuple[int, int, int]) -> None:
    [crop] = crop_plates(gradient(), [plate], margin_x=0, margin_y=0)
    assert crop.shape == shape


def test_crops_are_copies_in_order() -> None:
    frame = gradient()
    first, second = crop_plates(frame, [box(150, 0, 180, 20), box(10, 0, 40, 20)])
    frame[:] = 0
    assert first_and_last_column(first)[0] > first_and_last_column(second)[0] > 0


def test_crops_of_what_is_no_frame_are_refused() -> None:
    with pytest.raises(FrameError, match="shape"):
        crop_plates(np.zeros((5, 5), np.uint8), [])


def test_letterbox_centres_and_pads_with_gray() -> None:
    picture, placement = letterbox(np.full((50, 100, 3), 255, np.uint8), width_px=64, height_px=64)
    assert (placement.scale, placement.left_px, placement.top_px) == (0.64, 0, 16)
    assert picture[15, 0].tolist() == picture[48, 63].tolist() == [114, 114, 114]
    assert picture[16, 0].tolist() == picture[47, 63].tolist() == [255, 255, 255]


def test_letterbox_of_a_fitting_frame_is_the_frame() -> None:
    frame = gradient(64, 32)
    picture, placement = letterbox(frame, width_px=64, height_px=32)
    assert np.array_equal(picture, frame)
    assert (placement.scale, placement.left_px, placement.top_px) == (1, 0, 0)


@pytest.mark.parametrize(
    ("longest", "shape"), [(100, (50, 100, 3)), (200, (100, 200, 3)), (400, (100, 200, 3))]
)
def test_shrink_to_never_enlarges(longest: int, shape: tuple[int, int, int]) -> None:
    assert shrink_to(gradient(), longest).shape == shape


def test_decode_picture_that_takes_for_ever_is_refused() -> None:
    with pytest.raises(PictureError, match="too long to decode"):
        decode_picture(draw_endless_jpeg())
