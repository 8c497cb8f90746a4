"""Pictures in and out of memory: decode what strangers send, cut plates out, scale for an engine.

Pillow decodes: it gives format and size from the header before it allocates a pixel, and raises on
a truncated file, where OpenCV returns a half-grey picture. OpenCV scales and encodes, being faster.
"""

import io
import struct
from collections.abc import Sequence
from dataclasses import dataclass
from math import ceil, floor
from pathlib import Path
from typing import Literal

import cv2
import numpy as np
from PIL import Image, ImageOps

from detections.recognition.errors import FrameError, PictureError
from detections.recognition.scans import has_too_many_scans
from detections.recognition.types import AnyFrame, Frame, PlateBox

MAX_PIXELS = 64_000_000
"""Largest picture that is decoded; as BGR it takes 192 MB."""

MAX_BYTES = 64 * 2**20
"""Largest file that is read."""

_FORMATS = ("JPEG", "PNG", "WEBP", "BMP")
_PADDING_LUMA = 114
_BROKEN = (OSError, SyntaxError, ValueError, EOFError, IndexError, struct.error)
"""What Pillow's readers raise on damaged files, seen by cutting and flipping bytes."""

Codec = Literal["webp", "jpeg"]
_QUALITY_FLAGS = {"webp": cv2.IMWRITE_WEBP_QUALITY, "jpeg": cv2.IMWRITE_JPEG_QUALITY}


@dataclass(frozen=True, slots=True, kw_only=True)
class Letterbox:
    """How a frame was fitted into an engine's input: scaled, then moved right and down."""

    scale: float
    left_px: int
    top_px: int


def is_picture(head: bytes) -> bool:
    r"""Tell by the first 16 bytes of a file whether it is of a kind that `decode_picture` takes.

    >>> is_picture(b"\xff\xd8\xff\xe0"), is_picture(b"RIFF....AVI ")
    (True, False)
    """
    is_webp = head[:4] == b"RIFF" and head[8:12] == b"WEBP"
    return is_webp or head.startswith((b"\xff\xd8\xff", b"\x89PNG\r\n\x1a\n", b"BM"))


def read_picture(path: Path) -> Frame:
    """Read a picture file of at most `MAX_BYTES`.

    Returns:
        Shape (H, W, 3), uint8, BGR, upright by its EXIF orientation.

    Raises:
        PictureError: the file cannot be read, or is not a sound picture of allowed size.
    """
    try:
        with path.open("rb") as file:
            content = file.read(MAX_BYTES + 1)
    except OSError as error:
        message = f"Cannot read the file: {error.strerror}. Check its name and permissions."
        raise PictureError(message) from error
    return decode_picture(content)


def decode_picture(content: bytes) -> Frame:
    """Decode JPEG, PNG, WebP or BMP; 16 bit, gray, palette and alpha become plain BGR.

    Returns:
        Shape (H, W, 3), uint8, BGR, upright by its EXIF orientation; the first frame of several.

    Raises:
        PictureError: empty, truncated, not a picture, over `MAX_BYTES`, or over `MAX_PIXELS`, which
            its header tells before any memory is taken.
    """
    if not content:
        raise PictureError("The file is empty. Send it again.")
    if len(content) > MAX_BYTES:
        message = f"The file is over {MAX_BYTES // 2**20} MB. Send a smaller picture."
        raise PictureError(message)
    picture = _open(content)
    try:
        picture.load()
        upright = ImageOps.exif_transpose(picture)
        rgb = _to_eight_bits(upright).convert("RGB")
    except _BROKEN as error:
        raise PictureError("The picture is damaged or cut off. Send it again.") from error
    return cv2.cvtColor(np.asarray(rgb), cv2.COLOR_RGB2BGR).astype(np.uint8, copy=False)


def _open(content: bytes) -> Image.Image:
    too_large = f"The picture has over {MAX_PIXELS // 1_000_000} megapixels. Send a smaller one."
    try:
        picture = Image.open(io.BytesIO(content), formats=_FORMATS)
    except (Image.DecompressionBombError, Image.DecompressionBombWarning) as error:
        raise PictureError(too_large) from error
    except _BROKEN as error:
        message = "The file is not a picture. Send a JPEG, PNG, WebP or BMP."
        raise PictureError(message) from error
    if picture.width * picture.height > MAX_PIXELS:
        raise PictureError(too_large)
    if has_too_many_scans(content):
        raise PictureError("The picture would take too long to decode. Send a plain JPEG.")
    return picture


def _to_eight_bits(picture: Image.Image) -> Image.Image:
    """Keep the high byte of 16-bit gray, which Pillow would clip to white."""
    if not picture.mode.startswith("I"):
        return picture
    values = np.clip(np.asarray(picture), 0, 65_535).astype(np.uint16)
    return Image.fromarray((values >> 8).astype(np.uint8))


def encode_picture(frame: Frame, *, codec: Codec, quality: int = 80) -> bytes:
    """Encode a BGR frame of shape (H, W, 3); `quality` is 1 to 100.

    WebP takes two thirds of JPEG's space and some 30 times its time (1920 x 1080 px: 6 ms).

    Raises:
        FrameError: the array is not such a frame.
        PictureError: the codec refuses it, as WebP does above 16,383 px a side.
    """
    check_frame(frame)
    is_encoded, content = cv2.imencode(f".{codec}", frame, [_QUALITY_FLAGS[codec], quality])
    if not is_encoded:
        height, width = frame.shape[:2]
        message = f"A picture of {width} x {height} px cannot be kept as {codec}. Use JPEG."
        raise PictureError(message)
    return content.tobytes()


def check_frame(frame: Frame) -> None:
    """Raise FrameError unless this is a frame of shape (H, W, 3), uint8, with pixels in it."""
    channels = 3
    if frame.ndim == channels and frame.shape[2] == channels and frame.size:
        if frame.dtype == np.uint8:
            return
        raise FrameError(f"A frame must hold uint8 values, and this one holds {frame.dtype}.")
    raise FrameError(f"A frame must have shape (H, W, 3), and this one has {frame.shape}.")


def crop_plates(
    frame: AnyFrame, boxes: Sequence[PlateBox], *, margin_x: float = 0.05, margin_y: float = 0.08
) -> list[Frame]:
    """Cut each plate out of a frame with some of its surroundings, which readers need.

    Args:
        frame: Shape (H, W, 3), uint8, BGR; of a deferred one nothing else is converted.
        boxes: In pixels of the frame; they may reach over its border.
        margin_x: Added left and right, as a fraction of the box's width.
        margin_y: Added above and below, as a fraction of the box's height.

    Returns:
        Copies in the order of boxes, clipped to the frame, at least 1 px wide and high.
    """
    if isinstance(frame, np.ndarray):
        check_frame(frame)
    return [_crop(frame, box, margin_x * box.width, margin_y * box.height) for box in boxes]


def _crop(frame: AnyFrame, box: PlateBox, extra_x: float, extra_y: float) -> Frame:
    height, width = frame.shape[:2]
    left = min(max(floor(box.x_min - extra_x), 0), width - 1)
    top = min(max(floor(box.y_min - extra_y), 0), height - 1)
    right = max(min(ceil(box.x_max + extra_x), width), left + 1)
    bottom = max(min(ceil(box.y_max + extra_y), height), top + 1)
    if isinstance(frame, np.ndarray):
        return frame[top:bottom, left:right].copy()
    return frame.cut(left, top, right, bottom)


def letterbox(frame: Frame, *, width_px: int, height_px: int) -> tuple[Frame, Letterbox]:
    """Fit a frame into an engine's input, keeping its proportions, gray where nothing is left.

    Returns:
        A picture of shape (height_px, width_px, 3), uint8, BGR, and how the frame lies in it.

    Source: the padding, rounding and gray of Ultralytics' `LetterBox`, which models are trained on.
    """
    height, width = frame.shape[:2]
    scale = min(width_px / width, height_px / height)
    inner_width, inner_height = max(round(width * scale), 1), max(round(height * scale), 1)
    if (inner_width, inner_height) != (width, height):
        frame = _resize(frame, inner_width, inner_height)
    left, top = (width_px - inner_width) // 2, (height_px - inner_height) // 2
    if (inner_width, inner_height) == (width_px, height_px):
        return frame, Letterbox(scale=scale, left_px=0, top_px=0)
    bottom, right = height_px - inner_height - top, width_px - inner_width - left
    gray = (_PADDING_LUMA,) * 3
    padded = cv2.copyMakeBorder(frame, top, bottom, left, right, cv2.BORDER_CONSTANT, value=gray)
    return padded.astype(np.uint8, copy=False), Letterbox(scale=scale, left_px=left, top_px=top)


def shrink_to(frame: Frame, longest_side_px: int) -> Frame:
    """Scale a frame down so that its longest side fits; a smaller frame comes back as it is."""
    height, width = frame.shape[:2]
    scale = longest_side_px / max(height, width)
    if scale >= 1:
        return frame
    return _resize(frame, max(round(width * scale), 1), max(round(height * scale), 1))


def _resize(frame: Frame, width_px: int, height_px: int) -> Frame:
    resized = cv2.resize(frame, (width_px, height_px), interpolation=cv2.INTER_LINEAR)
    return resized.astype(np.uint8, copy=False)
