"""Pictures of detections as files: looked at without OpenCV, written whole or not at all."""

import io
from collections.abc import Sequence

import structlog
from django.core.files.base import ContentFile
from django.core.files.storage import Storage
from PIL import Image

from detections.errors import DetectionRefusedError
from detections.recognition.scans import has_too_many_scans

log = structlog.get_logger(__name__)

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


def write_picture(storage: Storage, stem: str, content: bytes) -> str:
    """Store an encoded picture under a name that begins with `stem`; returns the name.

    Raises:
        OSError: It could not be written, of a full disk for example; nothing is left of it.
    """
    name = f"{stem}.{'webp' if content[8:12] == b'WEBP' else 'jpg'}"
    try:
        return storage.save(name, ContentFile(content))
    except OSError:
        _delete_stub(storage, name, len(content))
        raise


def _delete_stub(storage: Storage, name: str, size_bytes: int) -> None:
    """Take away what a full disk left of a picture; a whole one of this name is another's."""
    try:
        if storage.exists(name) and storage.size(name) < size_bytes:
            storage.delete(name)
    except OSError:
        log.warning("picture_left_behind", name=name, exc_info=True)


def delete_pictures(storage: Storage, names: Sequence[str]) -> None:
    """Take pictures away again."""
    for name in names:
        try:
            storage.delete(name)
        except OSError:
            log.warning("picture_left_behind", name=name, exc_info=True)
