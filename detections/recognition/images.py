"""Pictures in and out of memory: decode what strangers send, cut plates out, scale for an engine.

Pillow decodes: it gives format and size from the header before it allocates a pixel, and raises on
a truncated file, where OpenCV returns a half-grey picture. OpenCV scales and encodes, being faster.
"""

import io
from collections.abc import Sequence
from dataclasses import dataclass
from math import ceil, floor
from pathlib import Path
from typing import Literal

import cv2
import numpy as np
from PIL import ExifTags, Image

from detections.recognition.errors import FrameError, PictureError
from detections.recognition.scans import has_too_many_scans
from detections.recognition.types import AnyFrame, Frame, PlateBox

MAX_PIXELS = 64_000_000
"""Largest picture that is decoded; as BGR it takes 192 MB."""

MAX_SIDE_PX = 32_766
"""Longest side of a picture that is decoded: OpenCV cuts and moves none that is longer."""

MAX_BYTES = 64 * 2**20
"""Largest file that is read."""

_FORMATS = ("JPEG", "PNG", "WEBP", "BMP")
_PADDING_LUMA = 114

_JPEG = b"\xff\xd8"
_EXIF = b"Exif\x00\x00"
_UPRIGHT = {
    2: Image.Transpose.FLIP_LEFT_RIGHT,
    3: Image.Transpose.ROTATE_180,
    4: Image.Transpose.FLIP_TOP_BOTTOM,
    5: Image.Transpose.TRANSPOSE,
    6: Image.Transpose.ROTATE_270,
    7: Image.Transpose.TRANSVERSE,
    8: Image.Transpose.ROTATE_90,
}
"""What puts a picture of each orientation upright.

Source: CIPA DC-008 (Exif 2.32), 4.6.4, tag 274.
"""

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
        PictureError: empty, truncated, not a picture, over `MAX_BYTES`, or over `MAX_PIXELS` or
            `MAX_SIDE_PX`, which its header tells before any memory is taken.
    """
    if not content:
        raise PictureError("The file is empty. Send it again.")
    if len(content) > MAX_BYTES:
        message = f"The file is over {MAX_BYTES // 2**20} MB. Send a smaller picture."
        raise PictureError(message)
    picture = _open(content)
    try:
        picture.load()
        rgb = _to_eight_bits(_upright(picture)).convert("RGB")
    except Exception as error:  # Pillow's readers raise what the damage makes them stumble over
        raise PictureError("The picture is damaged or cut off. Send it again.") from error
    return cv2.cvtColor(np.asarray(rgb), cv2.COLOR_RGB2BGR).astype(np.uint8, copy=False)


def _open(content: bytes) -> Image.Image:
    too_large = f"The picture has over {MAX_PIXELS // 1_000_000} megapixels. Send a smaller one."
    try:
        picture = _identified(content)
    except (Image.DecompressionBombError, Image.DecompressionBombWarning) as error:
        raise PictureError(too_large) from error
    except Exception as error:  # as above
        message = "The file is not a picture. Send a JPEG, PNG, WebP or BMP."
        raise PictureError(message) from error
    if picture.width * picture.height > MAX_PIXELS:
        raise PictureError(too_large)
    if max(picture.size) > MAX_SIDE_PX:
        message = f"A side of the picture is over {MAX_SIDE_PX:,} px long. Send a smaller one."
        raise PictureError(message)
    if has_too_many_scans(content):
        raise PictureError("The picture would take too long to decode. Send a plain JPEG.")
    return picture


def _identified(content: bytes) -> Image.Image:
    """Read the header, without the EXIF of a JPEG where Pillow stumbles over it."""
    try:
        return Image.open(io.BytesIO(content), formats=_FORMATS)
    except (Image.DecompressionBombError, Image.DecompressionBombWarning):
        raise
    except Exception:  # as above
        if not (content.startswith(_JPEG) and _EXIF in content):
            raise
    hidden = content.replace(_EXIF, bytes(len(_EXIF)))
    return Image.open(io.BytesIO(hidden), formats=_FORMATS)


def _upright(picture: Image.Image) -> Image.Image:
    """Turn a picture by its orientation; what its EXIF says else is not looked at.

    Pillow's own `exif_transpose` writes the EXIF anew, and fails on what cameras wrote wrongly.
    """
    try:
        method = _UPRIGHT.get(picture.getexif().get(ExifTags.Base.Orientation, 1))
    except Exception:  # noqa: BLE001 - damaged EXIF, in any way, is no damage to the picture
        return picture
    return picture if method is None else picture.transpose(method)


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
