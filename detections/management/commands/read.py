"""`manage.py read FILE...`: reads the plates in pictures and videos."""

import json
from argparse import ArgumentParser
from pathlib import Path
from typing import Any

from django.conf import settings
from django.core.management.base import BaseCommand, CommandError

from cameras.streams.config import SourceConfig, SourceKind
from cameras.streams.errors import StreamError
from cameras.streams.source import open_source
from detections.recognition.errors import PictureError, RecognitionError
from detections.recognition.images import is_picture, read_picture
from detections.recognition.loading import EngineOptions, load_models
from detections.recognition.passing import Outcome, Passing
from detections.recognition.pipeline import Recognizer
from detections.recognition.registry import DEFAULT_MODEL_SET, ModelRegistry

_HEAD_BYTES = 16


class Command(BaseCommand):
    """Reads files given by a person, one after the other; needs no database."""

    help = "Read the plates in pictures and videos."
    requires_system_checks = []

    def add_arguments(self, parser: ArgumentParser) -> None:
        parser.add_argument("files", nargs="+", type=Path, metavar="FILE")
        parser.add_argument("--json", action="store_true", help="Print one JSON object a line.")
        parser.add_argument("--model-set", default=DEFAULT_MODEL_SET, help="See `models list`.")
        parser.add_argument("--fps", type=float, help="Most frames a second that are looked at.")

    def handle(self, *args: Any, **options: Any) -> None:
        recognizer = self._load(options["model_set"])
        failures = 0
        for path in options["files"]:
            try:
                answer = _read(recognizer, path, options["fps"])
            except (RecognitionError, StreamError) as error:
                self.stderr.write(f"{path}: {error}")
                failures += 1
                continue
            self.stdout.write(
                json.dumps(answer, ensure_ascii=False) if options["json"] else _as_text(answer)
            )
        if failures:
            raise CommandError(f"{failures} of {len(options['files'])} files could not be read.")

    def _load(self, model_set: str) -> Recognizer:
        try:
            registry = ModelRegistry.load(Path(settings.MODELS_DIR))
            options = EngineOptions(
                device=settings.RECOGNITION_DEVICE, threads=settings.RECOGNITION_THREADS
            )
            detector, reader = load_models(registry, model_set, options)
        except RecognitionError as error:
            raise CommandError(str(error)) from error
        return Recognizer(detector=detector, reader=reader)


def _read(recognizer: Recognizer, path: Path, fps: float | None) -> dict[str, Any]:
    if _is_picture(path):
        passings = recognizer.read_picture(read_picture(path))
        return {"file": str(path), "plates": [_plate(p) for p in passings if p.is_accepted]}
    config = SourceConfig(kind=SourceKind.FILE, url=str(path), analyse_fps=fps)
    with open_source(config) as source:
        passings = list(recognizer.read_video(source.frames()))
    return {"file": str(path), "detections": [_detection(p) for p in passings if p.is_accepted]}


def _is_picture(path: Path) -> bool:
    try:
        with path.open("rb") as file:
            head = file.read(_HEAD_BYTES)
    except OSError as error:
        message = f"Cannot read the file: {error.strerror}. Check its name and permissions."
        raise PictureError(message) from error
    if not head:
        raise PictureError("The file is empty. Send it again.")
    return is_picture(head)


def _plate(passing: Passing) -> dict[str, Any]:
    box = passing.sightings[0].box
    corner_and_sides = (box.x_min, box.y_min, box.width, box.height)
    return {**_text(passing), "box": [round(value, 1) for value in corner_and_sides]}


def _detection(passing: Passing) -> dict[str, Any]:
    return {
        **_text(passing),
        "frames_agreed": passing.frames_agreed,
        "first_seen_s": round(passing.first_seen_s, 3),
        "last_seen_s": round(passing.last_seen_s, 3),
    }


def _text(passing: Passing) -> dict[str, Any]:
    return {
        "text": passing.text,
        "country": passing.country,
        "province": passing.province,
        "confidence": round(passing.confidence, 4),
        "outcome": str(passing.decision.outcome),
    }


def _as_text(answer: dict[str, Any]) -> str:
    plates = answer["plates"] if "plates" in answer else answer["detections"]
    lines = [answer["file"] + ("" if plates else ": no plates")]
    for plate in plates:
        place = plate["province"] or plate["country"] or ""
        when = ""
        if "first_seen_s" in plate:
            when = f"{plate['first_seen_s']:8.1f} s to {plate['last_seen_s']:.1f} s"
        left = ", to be reviewed" if plate["outcome"] == Outcome.REVIEW else ""
        lines.append(f"  {plate['text']:12} {place:8} {plate['confidence']:.0%}{when}{left}")
    return "\n".join(lines)
