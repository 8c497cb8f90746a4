"""How well plates are found and read, measured on labelled pictures.

Labels are one JSON object a line, `{"image": "us/a.jpg", "plates": [PLATE, ...]}` with
`PLATE = {"bbox": [x, y, width, height], "text": "AB123", "province": null}`; paths beside the file
of labels, pixels of the upright picture. `bbox` is null where the place is not known; a box that is
the whole picture marks a crop, which is only read.
"""

import json
import math
import statistics
from collections.abc import Sequence
from dataclasses import dataclass, field
from pathlib import Path
from time import process_time
from typing import Any

from detections.recognition.config import RecognitionConfig
from detections.recognition.errors import LabelError
from detections.recognition.images import read_picture
from detections.recognition.passing import Passing
from detections.recognition.pipeline import Recognizer
from detections.recognition.types import Frame, PlateBox, Rejection

STRICT_IOU = 0.5
LOOSE_IOU = 0.3
_WHOLE_PICTURE = 0.98
_FOLDED = str.maketrans("OQI", "001")


@dataclass(frozen=True, slots=True, kw_only=True)
class LabelledPlate:
    """A plate that a person marked; `box` and the texts are None where they are not known."""

    box: PlateBox | None
    text: str | None
    province: str | None


@dataclass(frozen=True, slots=True, kw_only=True)
class LabelledPicture:
    """A picture and all that is labelled in it."""

    path: Path
    folder: str
    plates: tuple[LabelledPlate, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class Share:
    """So many of so many, with the interval in which the true share lies at 95 %."""

    count: int
    total: int

    @property
    def rate(self) -> float | None:
        return self.count / self.total if self.total else None

    @property
    def interval(self) -> tuple[float, float] | None:
        """Wilson score interval.

        Source: E. B. Wilson, "Probable inference", JASA 22 (1927), eq. 4; z = 1.96.

        >>> [round(end, 3) for end in Share(count=94, total=100).interval]
        [0.875, 0.972]
        """
        if not self.total:
            return None
        z, n, rate = 1.96, self.total, self.count / self.total
        center = (rate + z * z / (2 * n)) / (1 + z * z / n)
        half = z / (1 + z * z / n) * math.sqrt(rate * (1 - rate) / n + z * z / (4 * n * n))
        return max(center - half, 0.0), min(center + half, 1.0)


@dataclass(slots=True, kw_only=True)
class Tally:
    """Counts of one folder."""

    pictures: int = 0
    plates: int = 0
    boxed: int = 0
    found_strict: int = 0
    found_loose: int = 0
    texts: int = 0
    exact: int = 0
    exact_folded: int = 0
    provinces: int = 0
    province_exact: int = 0
    scenes: int = 0
    false_boxes: int = 0
    milliseconds: list[float] = field(default_factory=list)

    def __iadd__(self, other: "Tally") -> "Tally":
        for name in self.__slots__:
            setattr(self, name, getattr(self, name) + getattr(other, name))
        return self

    def summary(self) -> dict[str, Any]:
        """What the folder shows, as JSON values; a share is None where nothing was labelled."""
        shares = {
            "found_iou_50": Share(count=self.found_strict, total=self.boxed),
            "found_iou_30_or_center": Share(count=self.found_loose, total=self.boxed),
            "exact": Share(count=self.exact, total=self.texts),
            "exact_folded": Share(count=self.exact_folded, total=self.texts),
            "province_exact": Share(count=self.province_exact, total=self.provinces),
        }
        p50, p95 = _percentiles(self.milliseconds)
        return {
            "pictures": self.pictures,
            "plates": self.plates,
            **{name: _described(share) for name, share in shares.items()},
            "false_boxes_per_picture": (
                round(self.false_boxes / self.scenes, 3) if self.scenes else None
            ),
            "ms_p50": round(p50, 2),
            "ms_p95": round(p95, 2),
            "pictures_per_second": round(1_000 / statistics.fmean(self.milliseconds), 2),
        }


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


def measure(recognizer: Recognizer, picture: LabelledPicture) -> Tally:
    """Read one labelled picture and compare.

    What counts as the product's answer are the passings that it accepts or leaves to a person.
    Time is from the decoded frame to the texts, in processor time: on one core that is what an idle
    machine would take.

    Raises:
        RecognitionError: the picture cannot be read, or an engine failed.
    """
    frame = read_picture(picture.path)
    is_crop = any(plate.box and _is_whole(plate.box, frame) for plate in picture.plates)
    boxes = [_box_within_margins(frame, recognizer.config)] if is_crop else None
    start = process_time()
    passings = recognizer.read_picture(frame, boxes)
    tally = Tally(pictures=1, milliseconds=[(process_time() - start) * 1_000])
    seen = [
        (passing.sightings[0].box, passing)
        for passing in passings
        if passing.sightings[0].box.confidence >= recognizer.config.detector_confidence
        and Rejection.NOT_A_PLATE not in passing.decision.reasons
    ]
    for plate in picture.plates:
        tally += _compared(plate, seen, is_crop=is_crop)
    if not is_crop and all(plate.box for plate in picture.plates):
        labelled = [plate.box for plate in picture.plates if plate.box]
        tally.scenes = 1
        tally.false_boxes = sum(
            not any(_is_near(box, truth) for truth in labelled) for box, _ in seen
        )
    return tally


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
        box=box, text=plate.get("text") or None, province=plate.get("province") or None
    )


def _compared(
    plate: LabelledPlate, seen: Sequence[tuple[PlateBox, Passing]], *, is_crop: bool
) -> Tally:
    tally = Tally(plates=1)
    answers = [passing for _, passing in seen]
    if plate.box is not None and not is_crop:
        near = [(iou(box, plate.box), passing) for box, passing in seen if _is_near(box, plate.box)]
        near.sort(key=lambda pair: pair[0], reverse=True)
        tally.boxed = 1
        tally.found_loose = bool(near)
        tally.found_strict = bool(near) and near[0][0] >= STRICT_IOU
        answers = [passing for _, passing in near[:1]]
    answers = [passing for passing in answers if passing.is_accepted]
    if plate.text:
        texts = {passing.text for passing in answers}
        tally.texts = 1
        tally.exact = plate.text in texts
        tally.exact_folded = fold(plate.text) in {fold(text) for text in texts}
    if plate.province:
        tally.provinces = 1
        tally.province_exact = plate.province in {passing.province for passing in answers}
    return tally


def fold(text: str) -> str:
    """Write alike what many plates print alike: O, Q and 0; I and 1.

    >>> fold("QI0")
    '010'
    """
    return text.translate(_FOLDED)


def iou(first: PlateBox, second: PlateBox) -> float:
    """Intersection over union of two boxes, 0 to 1."""
    width = min(first.x_max, second.x_max) - max(first.x_min, second.x_min)
    height = min(first.y_max, second.y_max) - max(first.y_min, second.y_min)
    if width <= 0 or height <= 0:
        return 0.0
    both = width * height
    return both / (first.width * first.height + second.width * second.height - both)


def _is_near(box: PlateBox, truth: PlateBox) -> bool:
    x, y = box.center
    is_inside = truth.x_min <= x <= truth.x_max and truth.y_min <= y <= truth.y_max
    return is_inside or iou(box, truth) >= LOOSE_IOU


def _box_within_margins(crop: Frame, config: RecognitionConfig) -> PlateBox:
    """The box for which the reader is shown the whole crop."""
    height, width = crop.shape[:2]
    left = width * config.crop_margin_x / (1 + 2 * config.crop_margin_x)
    top = height * config.crop_margin_y / (1 + 2 * config.crop_margin_y)
    return PlateBox(x_min=left, y_min=top, x_max=width - left, y_max=height - top, confidence=1.0)


def _is_whole(box: PlateBox, frame: Frame) -> bool:
    return box.width * box.height >= _WHOLE_PICTURE * (frame.size // 3)


def _described(share: Share) -> dict[str, Any]:
    interval = share.interval
    return {
        "count": share.count,
        "of": share.total,
        "rate": None if share.rate is None else round(share.rate, 4),
        "interval_95": interval and [round(end, 4) for end in interval],
    }


def _percentiles(values: Sequence[float]) -> tuple[float, float]:
    if len(values) == 1:
        return values[0], values[0]
    cuts = statistics.quantiles(values, n=20, method="inclusive")
    return cuts[9], cuts[18]
