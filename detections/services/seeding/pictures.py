"""Small pictures of seeded passings: a plate on a grey vehicle, enough to see a list at work."""

import hashlib
import io
from pathlib import Path
from uuid import UUID

from django.core.files.base import ContentFile
from django.core.files.storage import storages
from PIL import Image, ImageDraw, ImageFont

from accounts.models import Organization
from detections.errors import SeedRefusedError

# frame_name, frame_sha256, crop_name, crop_sha256, as COPY writes them.
NO_PICTURES = "\t\t\t"
_FONT = Path("/usr/share/fonts/truetype/tlwg/Loma-Bold.ttf")
_SIZE = (320, 180)
_PLATE = (112, 90, 208, 126)
_QUALITY = 70


class SeededPictures:
    """Draws the pictures of all passings after the first `skipped`."""

    def __init__(self, organization: Organization, skipped: int) -> None:
        self._organization = organization
        self._left = skipped
        self._storage = storages["pictures"]
        self._written: list[str] = []

    def is_due(self) -> bool:
        """Whether the next passing gets pictures; to be asked once for each."""
        self._left -= 1
        return self._left < 0

    def draw(self, pk: str, camera_id: UUID, captured_at: str, number: str) -> str:
        """Write frame and crop; returns their names and hashes for a line of COPY."""
        day = captured_at[:10].replace("-", "/")
        folder = f"{self._organization.pk}/{day}/{camera_id}"
        frame = _draw_frame(number)
        shown = []
        for kind, image in (("frame", frame), ("crop", frame.crop(_PLATE))):
            encoded = io.BytesIO()
            image.save(encoded, "WEBP", quality=_QUALITY)
            content = encoded.getvalue()
            name = self._storage.save(f"{folder}/{UUID(pk)}-{kind}.webp", ContentFile(content))
            self._written.append(name)
            shown += [name, hashlib.sha256(content).hexdigest()]
        return "\t".join(shown)

    def discard(self) -> None:
        """Take away what was written."""
        for name in self._written:
            self._storage.delete(name)


def _draw_frame(number: str) -> Image.Image:
    try:
        font = ImageFont.truetype(str(_FONT), 20)
    except OSError as error:
        raise SeedRefusedError(
            "Pictures need Thai letters: apt-get install fonts-thai-tlwg, or leave --pictures out."
        ) from error
    image = Image.new("RGB", _SIZE, (46, 50, 58))
    draw = ImageDraw.Draw(image)
    draw.rounded_rectangle((70, 30, 250, 160), radius=18, fill=(120, 124, 130))
    draw.rectangle(_PLATE, fill=(240, 240, 236), outline=(20, 20, 20))
    middle = ((_PLATE[0] + _PLATE[2]) / 2, (_PLATE[1] + _PLATE[3]) / 2)
    draw.text(middle, number, font=font, fill=(10, 10, 10), anchor="mm")
    return image
