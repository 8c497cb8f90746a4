"""`manage.py calibrate_recognition LABELS.jsonl`: make a reader's confidence mean what it says."""

import json
from argparse import ArgumentParser
from pathlib import Path
from typing import Any

from django.conf import settings
from django.core.management.base import BaseCommand, CommandError

from detections.recognition.config import RecognitionConfig
from detections.recognition.errors import RecognitionError
from detections.recognition.evaluation.calibrating import (
    LEAST_SAMPLES,
    Samples,
    calibrate,
    collect_samples,
)
from detections.recognition.evaluation.hardware import describe_hardware
from detections.recognition.evaluation.labels import LabelledPicture, load_labels
from detections.recognition.evaluation.plot import reliability_plot
from detections.recognition.loading import load_models
from detections.recognition.pipeline import Recognizer
from detections.recognition.registry import DEFAULT_MODEL_SET, ModelRegistry

_EVERYTHING = RecognitionConfig(
    review_confidence=0, accept_confidence=0, min_text_length=1, plate_evidence=0
)


class Command(BaseCommand):
    """Reads labelled pictures, fits a calibration and prints it; needs no database."""

    help = "Fit the calibration of a reader's confidences to labelled pictures."
    requires_system_checks = []

    def add_arguments(self, parser: ArgumentParser) -> None:
        parser.add_argument("labels", type=Path, nargs="+", metavar="LABELS.jsonl")
        parser.add_argument("--json", action="store_true", help="Print one JSON object.")
        parser.add_argument("--model-set", default=DEFAULT_MODEL_SET, help="See `models list`.")
        parser.add_argument(
            "--folder", action="append", help="Only the pictures of this folder; repeat it."
        )
        parser.add_argument("--plot", type=Path, metavar="FILE.svg", help="Draw the reliability.")

    def handle(self, *args: Any, **options: Any) -> None:
        try:
            registry = ModelRegistry.load(Path(settings.MODELS_DIR)).uncalibrated()
            reader = registry.model(registry.model_set(options["model_set"]).reader)
            models = load_models(registry, options["model_set"])
            pictures = [one for path in options["labels"] for one in load_labels(path)]
        except RecognitionError as error:
            raise CommandError(str(error)) from error
        folders = options["folder"]
        samples = self._collect(
            Recognizer(detector=models[0], reader=models[1], config=_EVERYTHING),
            [picture for picture in pictures if not folders or picture.folder in folders],
        )
        text = calibrate(samples.texts, samples.labelled)
        if text is None:
            message = (
                f"{len(samples.texts)} of the labelled texts were read, and at least "
                f"{LEAST_SAMPLES} are needed, in both halves. Label more pictures."
            )
            raise CommandError(message)
        result = {
            "labels": [str(path) for path in options["labels"]],
            "folders": folders,
            "hardware": describe_hardware(),
            "model_set": options["model_set"],
            "reader": reader.name,
            "reader_sha256": reader.files[0].sha256,
            "text": text,
            "region": calibrate(samples.regions),
        }
        if options["plot"]:
            _draw(options["plot"], reader.name, text)
        self.stdout.write(
            json.dumps(result, ensure_ascii=False) if options["json"] else _as_text(result)
        )

    def _collect(self, recognizer: Recognizer, pictures: list[LabelledPicture]) -> Samples:
        samples = Samples(texts=[], regions=[])
        for picture in pictures:
            try:
                collect_samples(recognizer, picture, samples)
            except RecognitionError as error:
                self.stderr.write(f"{picture.path}: {error}")
        return samples


def _draw(path: Path, reader: str, text: dict[str, Any]) -> None:
    title = f"{reader}: {text['samples']} texts"
    try:
        path.write_text(
            reliability_plot(title, text["reliability_before"], text["reliability_after"]), "utf-8"
        )
    except OSError as error:
        raise CommandError(f"Cannot write the plot: {error}.") from error


def _as_text(result: dict[str, Any]) -> str:
    parts = {name: result[name] for name in ("text", "region") if result[name]}
    lines = ", ".join(
        f"{name} = {{ temperature = {part['temperature']}, offset = {part['offset']} }}"
        for name, part in parts.items()
    )
    tables = [line for name, part in parts.items() for line in _tables(name, part)]
    if not result["region"]:
        tables.append("\nregion: too few labelled regions to calibrate.")
    head = f"[models.{result['reader']}]  # for the registry\ncalibration = {{ {lines} }}"
    return "\n".join([head, *tables, "", result["hardware"]])


def _tables(name: str, part: dict[str, Any]) -> list[str]:
    error = (
        f"\n{name}: expected calibration error {part['ece_before']:.3f} before, "
        f"{part['ece_after']:.3f} after (out of fold; {part['ece_temperature_only']:.3f} by "
        f"temperature alone), {part['samples']} samples"
    )
    reliability = [
        f"{row['from']:.1f} to {row['until']:.1f}    {row['said']:.3f}  "
        f"{_share(row['right']):15}{row['right']['of']:>5}"
        for row in part["reliability_after"]
    ]
    thresholds = [
        f"{row['threshold']:<11.2f}{row['accepted']:<10}{_share(row['false_accepts']):17}"
        f"{_share(row['missed'])}"
        for row in part["thresholds"]
    ]
    return [
        error,
        "\nconfidence      said   right            of",
        *reliability,
        "\nthreshold  accepted  of them wrong    missed",
        *thresholds,
    ]


def _share(share: dict[str, Any]) -> str:
    if share["rate"] is None:
        return "-"
    low, high = share["interval_95"]
    return f"{share['rate']:.1%} ({low:.0%}-{high:.0%})"
