"""`manage.py evaluate_recognition LABELS.jsonl`: how well and how fast plates are read."""

import json
import os
from argparse import ArgumentParser
from collections import defaultdict
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import cv2
from django.conf import settings
from django.core.management.base import BaseCommand, CommandError

from detections.recognition.config import RecognitionConfig
from detections.recognition.errors import RecognitionError
from detections.recognition.evaluation import LabelledPicture, Tally, load_labels, measure
from detections.recognition.loading import EngineOptions, load_models
from detections.recognition.pipeline import Recognizer
from detections.recognition.registry import DEFAULT_MODEL_SET, ModelRegistry

_COLUMNS = (
    ("found_iou_50", "found"),
    ("found_iou_30_or_center", "loosely"),
    ("exact", "exact"),
    ("exact_folded", "folded"),
    ("province_exact", "province"),
)


class Command(BaseCommand):
    """Reads labelled pictures on one core and compares; needs no database."""

    help = "Measure recognition on labelled pictures."
    requires_system_checks = []

    def add_arguments(self, parser: ArgumentParser) -> None:
        parser.add_argument("labels", type=Path, metavar="LABELS.jsonl")
        parser.add_argument("--json", action="store_true", help="Print one JSON object.")
        parser.add_argument("--model-set", default=DEFAULT_MODEL_SET, help="See `models list`.")
        parser.add_argument("--input-size", type=int, default=640, help="Of the detector, px.")
        parser.add_argument("--confidence", type=float, help="Least confidence of a box.")

    def handle(self, *args: Any, **options: Any) -> None:
        with _one_core():
            try:
                recognizer, models = _load(options)
                pictures = load_labels(options["labels"])
            except RecognitionError as error:
                raise CommandError(str(error)) from error
            tallies, failures = self._measure(recognizer, pictures)
        result = {
            "labels": str(options["labels"]),
            "model_set": options["model_set"],
            "models": models,
            "input_size_px": options["input_size"],
            "detector_confidence": recognizer.config.detector_confidence,
            "folders": {folder: tally.summary() for folder, tally in sorted(tallies.items())},
            "unreadable_pictures": failures,
        }
        self.stdout.write(
            json.dumps(result, ensure_ascii=False) if options["json"] else _as_table(result)
        )
        if failures:
            raise CommandError(f"{failures} of {len(pictures)} pictures could not be measured.")

    def _measure(
        self, recognizer: Recognizer, pictures: list[LabelledPicture]
    ) -> tuple[dict[str, Tally], int]:
        tallies: dict[str, Tally] = defaultdict(Tally)
        failures = 0
        for picture in pictures:
            try:
                tallies[picture.folder] += measure(recognizer, picture)
            except RecognitionError as error:
                self.stderr.write(f"{picture.path}: {error}")
                failures += 1
        return tallies, failures


@contextmanager
def _one_core() -> Iterator[None]:
    """Times on one core can be compared; a second helps by as much as it happens to be idle."""
    cores, threads = os.sched_getaffinity(0), cv2.getNumThreads()
    os.sched_setaffinity(0, {min(cores)})
    cv2.setNumThreads(1)
    try:
        yield
    finally:
        os.sched_setaffinity(0, cores)
        cv2.setNumThreads(threads)


def _load(options: dict[str, Any]) -> tuple[Recognizer, dict[str, str]]:
    registry = ModelRegistry.load(Path(settings.MODELS_DIR))
    engine = EngineOptions(threads=1, input_size_px=options["input_size"])
    detector, reader = load_models(registry, options["model_set"], engine)
    config = RecognitionConfig()
    if options["confidence"] is not None:
        config = RecognitionConfig(detector_confidence=options["confidence"])
    model_set = registry.model_set(options["model_set"])
    hashes = {
        name: registry.model(name).files[0].sha256
        for name in (model_set.detector, model_set.reader)
    }
    return Recognizer(detector=detector, reader=reader, config=config), hashes


def _as_table(result: dict[str, Any]) -> str:
    heads = "".join(f"{title:>16}" for _, title in _COLUMNS)
    lines = [
        f"{'folder':12}{'plates':>7}{heads}{'false/pic':>11}{'ms p50':>8}{'p95':>7}{'pic/s':>7}"
    ]
    for folder, summary in result["folders"].items():
        shares = "".join(f"{_share(summary[key]):>16}" for key, _ in _COLUMNS)
        false_boxes = summary["false_boxes_per_picture"]
        lines.append(
            f"{folder:12}{summary['plates']:>7}{shares}"
            f"{'-' if false_boxes is None else false_boxes:>11}"
            f"{summary['ms_p50']:>8.1f}{summary['ms_p95']:>7.1f}{summary['pictures_per_second']:>7.1f}"
        )
    return "\n".join(lines)


def _share(share: dict[str, Any]) -> str:
    if share["rate"] is None:
        return "-"
    low, high = share["interval_95"]
    return f"{share['rate']:.1%} {low:.0%}-{high:.0%}"
