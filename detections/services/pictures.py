"""Pictures that programs send with their detections, looked at without OpenCV."""

import io

from PIL import Image

from detections.errors import DetectionRefusedError
from detections.recognition.scans import has_too_many_scans

MOST_BYTES = 4 * 2**20
MOST_PIXELS = 64_000_000
_FORMATS = ("JPEG", "WEBP")


def check_picture(content: bytes, *, field: str) -> tuple[int, int]:
    """Refuse what is not a whole JPEG or WebP of allowed size; returns its width and height.

    A JPEG is decoded at an eighth of its size, which is cheap and still finds one that is cut off.

    Raises:
        DetectionRefusedError: Names `field`.
    """
    if len(content) > MOST_BYTES:
        raise DetectionRefusedError(
            f"Send a picture of at most {MOST_BYTES >> 20} MiB.", field=field
        )
    if has_too_many_scans(content):
        message = "Send a JPEG that is not progressive, or one of fewer scans."
        raise DetectionRefusedError(message, field=field)
    try:
        with Image.open(io.BytesIO(content), formats=_FORMATS) as picture:
            size = picture.size
            if size[0] * size[1] <= MOST_PIXELS:
                picture.draft("L", (1, 1))
                picture.load()
    except (OSError, SyntaxError, ValueError, EOFError, Image.DecompressionBombError) as error:
        message = "This is not a whole JPEG or WebP picture. Encode and send it again."
        raise DetectionRefusedError(message, field=field) from error
    if size[0] * size[1] > MOST_PIXELS:
        raise DetectionRefusedError("Send a picture of at most 64 megapixels.", field=field)
    return size
