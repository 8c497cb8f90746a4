"""Measures a reader or a detector on labelled pictures, without the server.

    python -m training.measure reader plate_reader_v1.onnx labels.jsonl
    python -m training.measure detector plate_detector_v1.onnx labels.jsonl

Labels are one JSON object a line with `image`, `plates`, and in each plate `bbox` (x, y, width,
height) and `text`. Pictures lie beside the labels. A picture without a box is itself a crop.
Figures carry the 95 % interval of Wilson's score, since the folders are small.
"""

import argparse
import json
import math
import time
from collections import defaultdict
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import cv2
import numpy as np
import onnxruntime
from numpy.typing import NDArray

from detections.recognition.evaluation.measuring import fold
from detections.recognition.evaluation.tally import Share
from training.errors import TrainingError
from training.layouts import REGIONS
from training.lines import ALPHABET, SEPARATORS
from training.photos import MARGIN_X, MARGIN_Y
from vehicles.plates.provinces import find_province

Frame = NDArray[np.uint8]
Boxes = NDArray[np.float32]
UNPRINTED = str.maketrans("", "", SEPARATORS)


@dataclass(slots=True)
class Score:
    """Counts of one folder."""

    plates: int = 0
    exact: int = 0
    folded: int = 0
    provinces: int = 0
    placed: int = 0
    found: int = 0
    pictures: int = 0
    extra: int = 0
    seconds: list[float] = field(default_factory=list)


def session(path: Path) -> onnxruntime.InferenceSession:
    """The model on one thread, so that figures can be compared."""
    options = onnxruntime.SessionOptions()
    options.intra_op_num_threads = 1
    return onnxruntime.InferenceSession(str(path), options, providers=["CPUExecutionProvider"])


def read(model: onnxruntime.InferenceSession, crop: Frame) -> tuple[str, str]:
    """Text and region of a BGR crop."""
    _, height, width, _ = model.get_inputs()[0].shape
    picture = cv2.resize(crop, (width, height))[None, :, :, ::-1]
    characters, region = model.run(["plate", "region"], {model.get_inputs()[0].name: picture})
    text = "".join(ALPHABET[index] for index in np.asarray(characters)[0].argmax(-1)).rstrip("_")
    return text, (*REGIONS, "none")[int(np.asarray(region)[0].argmax())]


def detect(
    model: onnxruntime.InferenceSession, frame: Frame, side_px: int, confidence: float
) -> Boxes:
    """Boxes of a BGR frame: shape (N, 5), rows (x_min, y_min, x_max, y_max, confidence)."""
    height, width = frame.shape[:2]
    scale = side_px / max(height, width)
    small = cv2.resize(frame, (round(width * scale), round(height * scale)))
    square = np.full((side_px, side_px, 3), 114, np.uint8)
    top, left = (side_px - small.shape[0]) // 2, (side_px - small.shape[1]) // 2
    square[top : top + small.shape[0], left : left + small.shape[1]] = small
    tensor = np.ascontiguousarray(square[..., ::-1].transpose(2, 0, 1)[None], np.float32) / 255
    rows = np.asarray(model.run(None, {model.get_inputs()[0].name: tensor})[0])[0]
    rows = rows[rows[:, 4] >= confidence]
    rows[:, :4] = (rows[:, :4] - (left, top, left, top)) / scale
    return np.asarray(rows[:, :5], np.float32)


def iou(box: NDArray[np.float32], truth: NDArray[np.float32]) -> float:
    """Intersection over union of two (x_min, y_min, x_max, y_max)."""
    low, high = np.maximum(box[:2], truth[:2]), np.minimum(box[2:4], truth[2:])
    shared = float(np.prod(np.clip(high - low, 0, None)))
    both = float(np.prod(box[2:4] - box[:2])) + float(np.prod(truth[2:] - truth[:2])) - shared
    return shared / both if both > 0 else 0.0


def labelled(
    labels: Path, folders: Sequence[str] = ()
) -> Iterator[tuple[str, Frame, list[dict[str, Any]]]]:
    """Folder, picture (BGR) and plates of each line, of these folders or of all.

    Raises:
        TrainingError: A picture that the labels name cannot be read.
    """
    for line in labels.read_text().splitlines():
        row = json.loads(line)
        folder = row["image"].split("/")[0]
        if folders and folder not in folders:
            continue
        picture = cv2.imread(str(labels.parent / row["image"]))
        if picture is None:
            raise TrainingError(f"{row['image']} is named in {labels} and cannot be read.")
        yield folder, np.asarray(picture, np.uint8), row["plates"]


def cut(picture: Frame, box: Sequence[float] | None) -> Frame:
    """The plate with the pipeline's margin, or the whole picture where there is no box."""
    if box is None:
        return picture
    x, y, width, height = box
    left, top = int(max(0, x - width * MARGIN_X)), int(max(0, y - height * MARGIN_Y))
    right, bottom = math.ceil(x + width * (1 + MARGIN_X)), math.ceil(y + height * (1 + MARGIN_Y))
    return picture[top:bottom, left:right]


def measure_reader(model: Path, labels: Path, folders: Sequence[str] = ()) -> dict[str, Score]:
    """Exact readings of true boxes in each folder, and provinces where labels give one."""
    engine, scores = session(model), defaultdict[str, Score](Score)
    for folder, picture, plates in labelled(labels, folders):
        for plate in plates:
            text = (plate.get("text") or "").translate(UNPRINTED)
            if not text or not set(text) <= set(ALPHABET):
                continue
            started = time.perf_counter()
            answer, region = read(engine, cut(picture, plate.get("bbox")))
            score = scores[folder]
            score.seconds.append(time.perf_counter() - started)
            score.plates += 1
            score.exact += answer == text
            score.folded += fold(answer) == fold(text)
            named = plate.get("province")
            if province := find_province(named) if named else None:
                score.provinces += 1
                score.placed += region == province.code
    return scores


def measure_detector(
    model: Path,
    labels: Path,
    folders: Sequence[str] = (),
    *,
    side_px: int = 640,
    confidence: float = 0.25,
) -> dict[str, Score]:
    """Plates found at IoU 0.5 and boxes that hit no labelled plate, in each folder of scenes."""
    engine, scores = session(model), defaultdict[str, Score](Score)
    for folder, picture, plates in labelled(labels, folders):
        truths = [np.array(plate["bbox"], np.float32) for plate in plates if plate.get("bbox")]
        if not truths:
            continue
        corners = [np.concatenate((box[:2], box[:2] + box[2:])) for box in truths]
        started = time.perf_counter()
        boxes = detect(engine, picture, side_px, confidence)
        score = scores[folder]
        score.seconds.append(time.perf_counter() - started)
        score.pictures += 1
        score.plates += len(corners)
        score.found += sum(any(iou(box, truth) >= 0.5 for box in boxes) for truth in corners)
        score.extra += sum(all(iou(box, truth) < 0.5 for truth in corners) for box in boxes)
    return scores


def main() -> None:
    """Print one line of figures for each folder."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("kind", choices=("reader", "detector"))
    parser.add_argument("model", type=Path)
    parser.add_argument("labels", type=Path)
    parser.add_argument("--folders", nargs="*", default=(), help="all when none is named")
    parser.add_argument("--side", type=int, default=640, help="detector's input side in pixels")
    parser.add_argument("--confidence", type=float, default=0.25)
    arguments = parser.parse_args()
    if arguments.kind == "reader":
        scores = measure_reader(arguments.model, arguments.labels, arguments.folders)
    else:
        scores = measure_detector(
            arguments.model,
            arguments.labels,
            arguments.folders,
            side_px=arguments.side,
            confidence=arguments.confidence,
        )
    for folder, score in scores.items():
        figures: dict[str, object] = {"folder": folder, "plates": score.plates}
        counts = {"exact": (score.exact, score.plates), "folded": (score.folded, score.plates)}
        if score.provinces:
            counts["province"] = (score.placed, score.provinces)
        if arguments.kind == "detector":
            counts = {"found": (score.found, score.plates)}
            figures["extra_boxes_per_picture"] = round(score.extra / score.pictures, 2)
        for name, (hits, tries) in counts.items():
            low, high = Share(count=hits, total=tries).interval or (0.0, 1.0)
            figures[name] = f"{hits / tries:.3f} ({low:.3f}-{high:.3f})"
        figures["ms_p50"] = round(float(np.median(score.seconds)) * 1e3, 2)
        print(json.dumps(figures))


if __name__ == "__main__":
    main()
