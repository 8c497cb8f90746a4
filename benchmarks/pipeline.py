"""Time of the whole recognition pipeline beside its two engines alone, on the same frames.

The limit runs the detector's and the reader's inferences on pictures that were scaled before: those
that the product asks for, with second looks at faint frames and doubtful crops. The product takes
the decoded frame and answers texts. Both run on one thread, frame by frame in turn; each frame
counts with the least processor time of several rounds, so that it matters little what else the
machine does.
"""

from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from statistics import fmean
from time import process_time
from typing import Any

import cv2
import numpy as np

from benchmarks.result import Result
from detections.recognition.detectors.yolo import DetectorEngine, YoloDetector
from detections.recognition.evaluation.labels import load_labels
from detections.recognition.images import read_picture
from detections.recognition.loading import load_models
from detections.recognition.pipeline import Recognizer
from detections.recognition.readers.fast_plate_ocr import FastPlateOcrReader
from detections.recognition.registry import SHIPPED_WEIGHTS, ModelRegistry
from detections.recognition.types import Frame, Tensor

_REAL_LABELS = Path("../shared/data/recognition/labels.jsonl")
_FRAMES = 20
_ROUNDS = 5
_GOAL = 1.15


@dataclass(frozen=True, slots=True, kw_only=True)
class _Pair:
    """The two ways to treat one frame."""

    engines: Callable[[], object]
    product: Callable[[], object]


def run() -> Result:
    """Measure with the models that ship."""
    cv2.setNumThreads(1)
    detector, reader = load_models(ModelRegistry.load(SHIPPED_WEIGHTS))
    if not isinstance(detector, YoloDetector) or not isinstance(reader, FastPlateOcrReader):
        raise TypeError("The bare engines are known of models on a CPU only.")
    frames, origin = _frames()
    pairs = [_pair(detector, reader, frame) for frame in frames]
    engines_ms, product_ms = _fastest(pairs)
    return Result(
        name="pipeline",
        figures={
            "pipeline_ms_per_frame": product_ms,
            "pipeline_frames_per_second": 1_000 / product_ms,
            "overhead_ms_per_frame": product_ms - engines_ms,
        },
        limit={"engines_ms_per_frame": engines_ms, "engines_frames_per_second": 1_000 / engines_ms},
        reached=product_ms / engines_ms,
        goal=_GOAL,
        better="lower",
        unit="times the bare engines' time",
        conditions=(
            f"{len(frames)} {origin}, one thread, {detector.input_size_px} px, "
            f"processor time, best of {_ROUNDS} rounds of each frame."
        ),
    )


def _frames() -> tuple[list[Frame], str]:
    """Real street scenes where they are at hand, else drawn ones."""
    if not _REAL_LABELS.is_file():
        return [_draw_scene(number) for number in range(_FRAMES)], "drawn frames of 1280 x 720 px"
    pictures = [item for item in load_labels(_REAL_LABELS) if item.folder == "us"]
    return [read_picture(item.path) for item in pictures[:_FRAMES]], "real street scenes"


def _draw_scene(number: int) -> Frame:
    """A dark car with a light plate on a gray road."""
    frame = np.full((720, 1280, 3), (120, 122, 118), np.uint8)
    frame += np.random.default_rng(number).integers(0, 12, frame.shape, np.uint8)
    left, top = 200 + 15 * number, 250 + 5 * number
    cv2.rectangle(frame, (left, top), (left + 420, top + 260), (60, 40, 30), -1)
    cv2.rectangle(frame, (left + 140, top + 180), (left + 280, top + 212), (235, 240, 238), -1)
    text = f"{number:02}AB{number * 37 % 1000:03}"
    font, black = cv2.FONT_HERSHEY_DUPLEX, (20, 20, 20)
    cv2.putText(frame, text, (left + 146, top + 206), font, 0.95, black, 2, cv2.LINE_AA)
    return frame


def _pair(detector: YoloDetector, reader: FastPlateOcrReader, frame: Frame) -> _Pair:
    recognizer = Recognizer(detector=detector, reader=reader)
    finding, reading = _FindingSeen(detector.engine), _ReadingSeen(reader.recognizer.model)
    watched = replace(recognizer, detector=replace(detector, engine=finding))
    reader.recognizer.model = reading
    try:
        watched.read_picture(frame)
    finally:
        reader.recognizer.model = reading.session

    def engines() -> None:
        for picture in finding.pictures:
            detector.engine.infer(picture)
        for names, feed in reading.calls:
            reading.session.run(names, feed)

    return _Pair(engines=engines, product=lambda: recognizer.read_picture(frame))


class _FindingSeen:
    """A detector's engine that remembers what it was asked."""

    def __init__(self, engine: DetectorEngine) -> None:
        self.engine = engine
        self.fixed_size_px = engine.fixed_size_px
        self.pictures: list[Frame] = []

    def infer(self, picture: Frame) -> Tensor:
        self.pictures.append(picture)
        return self.engine.infer(picture)


class _ReadingSeen:
    """A reader's session that remembers what it was asked."""

    def __init__(self, session: Any) -> None:
        self.session = session
        self.calls: list[tuple[list[str], dict[str, Any]]] = []

    def run(self, names: list[str], feed: dict[str, Any]) -> Any:
        self.calls.append((names, feed))
        return self.session.run(names, feed)


def _fastest(pairs: Sequence[_Pair]) -> tuple[float, float]:
    """Mean over the frames of each way's best round, in milliseconds of processor time."""
    engines, product = [], []
    for pair in pairs:
        rounds = [(_timed(pair.engines), _timed(pair.product)) for _ in range(_ROUNDS)]
        engines.append(min(bare for bare, _ in rounds))
        product.append(min(ours for _, ours in rounds))
    return fmean(engines), fmean(product)


def _timed(work: Callable[[], object]) -> float:
    start = process_time()
    work()
    return (process_time() - start) * 1_000
