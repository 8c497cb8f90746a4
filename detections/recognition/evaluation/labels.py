"""Labelled pictures, against which recognition is measured.

One JSON object a line, `{"image": "us/a.jpg", "plates": [PLATE, ...]}` with
`PLATE = {"bbox": [x, y, width, height], "text": "AB123", "province": null}`, if known with
`"country": "US"` or `"region": "us-ak"`; paths beside the file of labels, pixels of the upright
picture. `bbox` is null where the place is not known; a box that is the whole picture marks a crop,
which is only read.
"""

import json
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from detections.recognition.errors import LabelError
from detections.recognition.types import PlateBox
from vehicles.plates.provinces import find_province
from vehicles.plates.text import PlateTextError, normalise


@dataclass(frozen=True, slots=True, kw_only=True)
class LabelledPlate:
    """A plate that a person marked; `box` and the texts are None where they are not known.

    `text` has no separators; `province` is a code where the label names a known one; `country` is
    ISO 3166-1 alpha-2.
    """

    box: PlateBox | None
    text: str | None
    province: str | None
    country: str | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class LabelledPicture:
    """A picture and all that is labelled in it."""

    path: Path
    folder: str
    plates: tuple[LabelledPlate, ...]


def load_labels(path: Path) -> list[LabelledPicture]:
    """Read a file of labels.

    Raises:
        LabelError: it cannot be read, or a line is not a label; the message names the line.
    """
    try:
        lines = path.read_text("utf-8").splitlines()
    except (OSError, UnicodeDecodeError) as error:
        raise LabelError(f"Cannot read the labels {path}: {error}.") from error
    pictures = []
    for number, line in enumerate(lines, start=1):
        try:
            pictures.append(_labelled_picture(path.parent, json.loads(line)))
        except (ValueError, TypeError, KeyError, AttributeError) as error:
            message = f"Line {number} of {path} is not a label ({error!r}). Correct or delete it."
            raise LabelError(message) from error
    if not pictures:
        raise LabelError(f"{path} holds no labels.")
    return pictures


def _labelled_picture(folder: Path, label: Any) -> LabelledPicture:
    image = Path(label["image"])
    return LabelledPicture(
        path=folder / image,
        folder=image.parent.as_posix(),
        plates=tuple(_labelled_plate(plate) for plate in label["plates"]),
    )


def _labelled_plate(plate: Any) -> LabelledPlate:
    box = None
    if plate.get("bbox") is not None:
        x, y, width, height = map(float, plate["bbox"])
        box = PlateBox(x_min=x, y_min=y, x_max=x + width, y_max=y + height, confidence=1.0)
    return LabelledPlate(
        box=box,
        text=_without_separators(plate.get("text") or ""),
        province=_code_of_province(plate.get("province") or ""),
        country=(plate.get("country") or plate.get("region") or "").upper()[:2] or None,
    )


def _without_separators(text: str) -> str | None:
    """Write a label as the product writes plates; what is no plate at all stays as it is."""
    try:
        return normalise(text) if text else None
    except PlateTextError:
        return text


def _code_of_province(label: str) -> str | None:
    known = find_province(label) if label else None
    return known.code if known else label or None
