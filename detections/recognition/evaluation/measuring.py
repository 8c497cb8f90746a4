"""One labelled picture read and compared with its labels."""

from collections.abc import Sequence
from dataclasses import dataclass
from time import process_time

import cv2
import numpy as np

from detections.recognition.config import RecognitionConfig
from detections.recognition.evaluation.labels import LabelledPicture, LabelledPlate
from detections.recognition.evaluation.tally import Failure, Tally
from detections.recognition.images import read_picture
from detections.recognition.passing import Passing
from detections.recognition.pipeline import Recognizer
from detections.recognition.types import Frame, PlateBox, Rejection
from vehicles.plates.confusables import fold as fold_confusables
from vehicles.plates.confusables import similarity

STRICT_IOU = 0.5
LOOSE_IOU = 0.3
_WHOLE_PICTURE = 0.98
_AROUND_CROP_PX = 8
_FOLDED = str.maketrans("OQI", "001")


@dataclass(frozen=True, slots=True, kw_only=True)
class Answers:
    """What was seen in one picture, boxes with passings, and how long it took.

    `is_crop`: the picture is one plate, which was read and not searched.
    """

    seen: tuple[tuple[PlateBox, Passing], ...]
    is_crop: bool
    milliseconds: float

    def about(self, plate: LabelledPlate) -> list[Passing]:
        """The passings that may be of a labelled plate: the nearest one where its box is known."""
        truth = plate.box
        if truth is None or self.is_crop:
            return [passing for _, passing in self.seen]
        near = [pair for pair in self.seen if _is_near(pair[0], truth)]
        return [max(near, key=lambda pair: pair[0].iou(truth))[1]] if near else []


def read_labelled(recognizer: Recognizer, picture: LabelledPicture) -> Answers:
    """Read one labelled picture.

    Time is from the decoded frame to the texts, in processor time: on one core that is what an idle
    machine would take.

    Raises:
        RecognitionError: the picture cannot be read, or an engine failed.
    """
    frame = read_picture(picture.path)
    is_crop = any(plate.box and _is_whole(plate.box, frame) for plate in picture.plates)
    boxes = None
    if is_crop:
        frame, box = _surrounded(frame, recognizer.config)
        boxes = [box]
    start = process_time()
    passings = recognizer.read_picture(frame, boxes)
    milliseconds = (process_time() - start) * 1_000
    seen = tuple(
        (passing.sightings[0].box, passing)
        for passing in passings
        if passing.sightings[0].box.confidence >= recognizer.config.detector_confidence
        and Rejection.NOT_A_PLATE not in passing.decision.reasons
    )
    return Answers(seen=seen, is_crop=is_crop, milliseconds=milliseconds)


def measure(recognizer: Recognizer, picture: LabelledPicture) -> Tally:
    """Read one labelled picture and compare.

    What counts as the product's answer are the passings that it accepts or leaves to a person.

    Raises:
        RecognitionError: the picture cannot be read, or an engine failed.
    """
    answers = read_labelled(recognizer, picture)
    tally = Tally(pictures=1, milliseconds=[answers.milliseconds])
    for plate in picture.plates:
        tally += _compared(plate, answers)
    if not answers.is_crop and all(plate.box for plate in picture.plates):
        labelled = [plate.box for plate in picture.plates if plate.box]
        tally.scenes = 1
        tally.false_boxes = sum(
            not any(_is_near(box, truth) for truth in labelled) for box, _ in answers.seen
        )
    return tally


def _compared(plate: LabelledPlate, answers: Answers) -> Tally:
    tally = Tally(plates=1)
    if plate.box is not None and not answers.is_crop:
        overlaps = [box.iou(plate.box) for box, _ in answers.seen if _is_near(box, plate.box)]
        tally.boxed = 1
        tally.found_loose = bool(overlaps)
        tally.found_strict = max(overlaps, default=0.0) >= STRICT_IOU
    about = answers.about(plate)
    accepted = [passing for passing in about if passing.is_accepted]
    if plate.text:
        texts = {passing.text for passing in accepted}
        tally.texts = 1
        tally.exact = plate.text in texts
        tally.exact_folded = fold(plate.text) in {fold(text) for text in texts}
        _note_failure(tally, plate, about, accepted)
    if plate.province:
        tally.provinces = 1
        tally.province_exact = plate.province in {passing.province for passing in accepted}
    return tally


def _note_failure(
    tally: Tally, plate: LabelledPlate, about: Sequence[Passing], accepted: Sequence[Passing]
) -> None:
    failure = _failure(plate, about, accepted)
    if failure is None:
        return
    tally.failures[failure] = 1
    if failure is Failure.REJECTED:
        tally.rejections[about[0].decision.reasons[0]] = 1


def _failure(
    plate: LabelledPlate, about: Sequence[Passing], accepted: Sequence[Passing]
) -> Failure | None:
    label = plate.text or ""
    if not about:
        return Failure.NOT_FOUND
    if not accepted:
        return Failure.REJECTED
    nearest = max(accepted, key=lambda passing: similarity(passing.text, label))
    if nearest.text == label:
        is_placed = plate.province is None or plate.province == nearest.province
        return None if is_placed else Failure.PROVINCE_WRONG
    if len(nearest.text) != len(label):
        return Failure.WRONG_LENGTH
    is_confusable = fold_confusables(nearest.text) == fold_confusables(label)
    return Failure.CONFUSABLE_ONLY if is_confusable else Failure.WRONG_CHARACTER


def fold(text: str) -> str:
    """Write alike what many plates print alike: O, Q and 0; I and 1.

    >>> fold("QI0")
    '010'
    """
    return text.translate(_FOLDED)


def _is_near(box: PlateBox, truth: PlateBox) -> bool:
    x, y = box.center
    is_inside = truth.x_min <= x <= truth.x_max and truth.y_min <= y <= truth.y_max
    return is_inside or box.iou(truth) >= LOOSE_IOU


def _surrounded(crop: Frame, config: RecognitionConfig) -> tuple[Frame, PlateBox]:
    """A frame around a crop, which is not cut off by its border, and the box that yields it."""
    height, width = crop.shape[:2]
    left = width * config.crop_margin_x / (1 + 2 * config.crop_margin_x)
    top = height * config.crop_margin_y / (1 + 2 * config.crop_margin_y)
    around = _AROUND_CROP_PX
    frame = cv2.copyMakeBorder(crop, around, around, around, around, cv2.BORDER_REPLICATE)
    box = PlateBox(
        x_min=around + left,
        y_min=around + top,
        x_max=around + width - left,
        y_max=around + height - top,
        confidence=1.0,
    )
    return frame.astype(np.uint8, copy=False), box


def _is_whole(box: PlateBox, frame: Frame) -> bool:
    return box.width * box.height >= _WHOLE_PICTURE * (frame.size // 3)
