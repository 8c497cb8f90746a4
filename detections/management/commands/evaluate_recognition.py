"""`manage.py evaluate_recognition LABELS.jsonl`: how well and how fast model sets read plates."""

import json
from argparse import ArgumentParser
from collections import defaultdict
from pathlib import Path
from typing import Any

from django.conf import settings
from django.core.management.base import BaseCommand, CommandError

from detections.recognition.config import RecognitionConfig
from detections.recognition.errors import RecognitionError
from detections.recognition.evaluation.hardware import describe_hardware, one_core
from detections.recognition.evaluation.labels import LabelledPicture, load_labels
from detections.recognition.evaluation.measuring import measure
from detections.recognition.evaluation.report import as_markdown, as_text
from detections.recognition.evaluation.tally import Tally
from detections.recognition.loading import EngineOptions, load_models
from detections.recognition.pipeline import Recognizer
from detections.recognition.registry import DEFAULT_MODEL_SET, ModelRegistry


class Command(BaseCommand):
    """Reads labelled pictures on one core and compares; needs no database."""

    help = "Measure recognition on labelled pictures, with one model set or several beside another."
    requires_system_checks = []

    def add_arguments(self, parser: ArgumentParser) -> None:
        parser.add_argument("labels", type=Path, metavar="LABELS.jsonl")
        parser.add_argument("--json", action="store_true", help="Print one JSON object.")
        parser.add_argument("--write", type=Path, metavar="FILE.md", help="Write a page as well.")
        parser.add_argument(
            "--model-set", action="append", metavar="NAME", help="See `models list`; repeat it."
        )
        parser.add_argument(
            "--folder", action="append", help="Only the pictures of this folder; repeat it."
        )
        parser.add_argument("--input-size", type=int, default=640, help="Of the detector, px.")
        parser.add_argument("--confidence", type=float, help="Least confidence of a box.")

    def handle(self, *args: Any, **options: Any) -> None:
        names = options["model_set"] or [DEFAULT_MODEL_SET]
        with one_core():
            try:
                pictures = _chosen(load_labels(options["labels"]), options["folder"])
                sets = [_load(name, options) for name in names]
            except RecognitionError as error:
                raise CommandError(str(error)) from error
            measured = [self._measure(recognizer, pictures) for recognizer, _ in sets]
        result = {
            "labels": str(options["labels"]),
            "hardware": describe_hardware(),
            "input_size_px": options["input_size"],
            "detector_confidence": sets[0][0].config.detector_confidence,
            "sets": [
                {
                    "model_set": name,
                    "models": hashes,
                    "folders": {folder: tally.summary() for folder, tally in tallies.items()},
                    "unmeasured_pictures": len(failed),
                }
                for name, (_, hashes), (tallies, failed) in zip(names, sets, measured, strict=True)
            ],
            "unreadable_pictures": len(set().union(*(failed for _, failed in measured))),
        }
        self._tell(result, options)

    def _tell(self, result: dict[str, Any], options: dict[str, Any]) -> None:
        as_json = options["json"]
        self.stdout.write(json.dumps(result, ensure_ascii=False) if as_json else as_text(result))
        if options["write"]:
            try:
                options["write"].write_text(as_markdown(result), "utf-8")
            except OSError as error:
                raise CommandError(f"Cannot write the page: {error}.") from error
        if result["unreadable_pictures"]:
            by_set = ", ".join(
                f"{each['model_set']} {each['unmeasured_pictures']}" for each in result["sets"]
            )
            message = f"{result['unreadable_pictures']} pictures could not be measured ({by_set})."
            raise CommandError(message)

    def _measure(
        self, recognizer: Recognizer, pictures: list[LabelledPicture]
    ) -> tuple[dict[str, Tally], set[Path]]:
        """The tally of each folder of which anything could be measured, and what could not."""
        tallies: dict[str, Tally] = defaultdict(Tally)
        failed = set()
        for picture in pictures:
            try:
                tally = measure(recognizer, picture)
            except RecognitionError as error:
                self.stderr.write(f"{picture.path}: {error}")
                failed.add(picture.path)
            else:
                tallies[picture.folder] += tally
        return dict(sorted(tallies.items())), failed


def _chosen(pictures: list[LabelledPicture], folders: list[str] | None) -> list[LabelledPicture]:
    chosen = [picture for picture in pictures if not folders or picture.folder in folders]
    if not chosen:
        known = ", ".join(sorted({picture.folder for picture in pictures}))
        raise CommandError(f"There are no labels in that folder. Choose one of: {known}.")
    return chosen


def _load(name: str, options: dict[str, Any]) -> tuple[Recognizer, dict[str, str]]:
    """A set ready to read, and the SHA-256 of its models."""
    registry = ModelRegistry.load(Path(settings.MODELS_DIR))
    engine = EngineOptions(threads=1, input_size_px=options["input_size"])
    detector, reader = load_models(registry, name, engine)
    config = RecognitionConfig()
    if options["confidence"] is not None:
        config = RecognitionConfig(detector_confidence=options["confidence"])
    models = registry.model_set(name)
    hashes = {member: registry.model(member).files[0].sha256 for member in models.members}
    return Recognizer(detector=detector, reader=reader, config=config), hashes
