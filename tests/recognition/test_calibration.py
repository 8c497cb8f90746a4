"""Confidence means what it says: of what is called 0.9, some 90 % are right."""

import json
from io import StringIO
from pathlib import Path
from random import Random
from xml.etree import ElementTree as ET

import pytest
from django.core.management import CommandError, call_command
from pytest_django import Settings

from detections.recognition.calibration import Calibration, Scaling, log_odds
from detections.recognition.detectors.onnx import OnnxEngine
from detections.recognition.detectors.yolo import YoloDetector
from detections.recognition.errors import ConfigError, ModelFileError
from detections.recognition.evaluation.calibrating import (
    Sample,
    Samples,
    at_threshold,
    calibrate,
    collect_samples,
    expected_calibration_error,
    fit,
    reliability,
)
from detections.recognition.evaluation.labels import load_labels
from detections.recognition.images import encode_picture
from detections.recognition.loading import load_reader
from detections.recognition.pipeline import Recognizer
from detections.recognition.readers.fast_plate_ocr import FastPlateOcrReader
from detections.recognition.registry import ModelRegistry, sha256_of
from tests.recognition.scenes import put_plate, road
from tests.recognition.test_readers import strips
from tests.recognition.test_registry import ENTRY
from tests.recognition.tiny_models import BLACK, BLUE, RED, write_detector, write_reader

OVERSURE = Scaling(temperature=0.5, offset=2.0)


def said_too_surely(count: int, seed: int = 7) -> list[Sample]:
    """What a network says that is surer than it should be, by a known line."""
    random = Random(seed)  # noqa: S311 - a simulation
    samples = []
    for index in range(count):
        true = random.uniform(0.05, 0.98)
        samples.append(
            Sample(confidence=OVERSURE.apply(true), is_right=random.random() < true, fold=index % 2)
        )
    return samples


def test_line_keeps_the_order_and_stays_a_probability() -> None:
    scaling = Scaling(temperature=0.4, offset=-3.0)
    values = [scaling.apply(step / 100) for step in range(101)]
    assert values == sorted(values)
    assert 0 <= values[0] < values[-1] <= 1
    assert Scaling(temperature=2).apply(0.9) == pytest.approx(0.75)


@pytest.mark.parametrize("temperature", [0, -1, float("nan")])
def test_impossible_temperature_is_refused(temperature: float) -> None:
    with pytest.raises(ConfigError, match="must be above 0"):
        Scaling(temperature=temperature)


@pytest.mark.parametrize(
    "line", [{"offset": -1000}, {"offset": float("nan")}, {"temperature": 1e-9}]
)
def test_line_beyond_all_measure_is_refused(line: dict[str, float]) -> None:
    with pytest.raises(ConfigError, match=r"must be .* and is"):
        Scaling(**line)


@pytest.mark.parametrize("temperature", [1e-3, 1e6])
@pytest.mark.parametrize("offset", [-100, 100])
def test_every_line_that_is_allowed_answers_probabilities(
    temperature: float, offset: float
) -> None:
    scaling = Scaling(temperature=temperature, offset=offset)
    values = [scaling.apply(step / 10) for step in range(11)]
    assert values == sorted(values)
    assert 0 <= values[0] <= values[-1] <= 1


def test_fit_finds_the_line_back() -> None:
    scaling = fit(said_too_surely(4_000), has_offset=True)
    for confidence in (0.6, 0.9, 0.99):
        meant = 1 / (1 + 2.718281828 ** -((log_odds(confidence) - 2.0) * 0.5))
        assert scaling.apply(confidence) == pytest.approx(meant, abs=0.03)


def test_calibration_is_judged_on_what_it_was_not_fitted_to() -> None:
    result = calibrate(said_too_surely(2_000))
    assert result is not None
    assert result["ece_before"] > 0.2
    assert result["ece_after"] < 0.04
    assert result["ece_after"] < result["ece_temperature_only"]
    [called_nine] = [row for row in result["reliability_after"] if row["from"] == 0.9]
    low, high = called_nine["right"]["interval_95"]
    assert low <= called_nine["said"] <= high
    json.dumps(result)


def test_all_right_does_not_make_everything_certain() -> None:
    samples = [Sample(confidence=0.9, is_right=True, fold=index % 2) for index in range(60)]
    assert 0.9 < fit(samples, has_offset=True).apply(0.9) < 0.999


@pytest.mark.parametrize(
    "samples",
    [[], said_too_surely(30), [Sample(confidence=0.5, is_right=True, fold=0)] * 100],
    ids=["none", "few", "one_half"],
)
def test_too_few_samples_say_nothing(samples: list[Sample]) -> None:
    assert calibrate(samples) is None


def test_error_reliability_and_thresholds_are_those_that_a_person_would_count() -> None:
    samples = [
        Sample(confidence=confidence, is_right=right, fold=0)
        for confidence, right in ((0.95, True), (0.95, False), (0.15, False), (1.0, True))
    ]
    assert expected_calibration_error(samples) == pytest.approx(0.75 * 0.3 + 0.25 * 0.15)
    assert [(row["from"], row["right"]["count"]) for row in reliability(samples)] == [
        (0.1, 0),
        (0.9, 2),
    ]
    row = at_threshold(samples, 0.5, labelled=10)
    assert row["accepted"] == 3
    assert row["false_accepts"]["count"] == 1
    assert (row["missed"]["count"], row["missed"]["of"]) == (8, 10)


def test_reader_answers_calibrated_confidences(tmp_path: Path) -> None:
    calibration = Calibration(text=Scaling(offset=-1), region=Scaling(temperature=2))
    files = write_reader(tmp_path, regions=("Redland", "Blueland"))
    raw, calibrated = (
        reader.read([strips(RED, (0, 153, 0), BLUE, BLACK)])[0]
        for reader in (
            FastPlateOcrReader(*files),
            FastPlateOcrReader(*files, calibration=calibration),
        )
    )
    assert calibrated.text == raw.text
    assert calibrated.confidence == pytest.approx(Scaling(offset=-1).apply(raw.confidence))
    assert calibrated.region_confidence == pytest.approx(
        Scaling(temperature=2).apply(raw.region_confidence)
    )


@pytest.fixture
def models_dir(tmp_path: Path, settings: Settings) -> Path:
    """The tiny models in a set called `tiny`, whose reader has a calibration."""
    folder = tmp_path / "models"
    folder.mkdir()
    detector, model, config = (
        f'{{ name = "{path.name}", sha256 = "{sha256_of(path)}" }}'
        for path in (
            write_detector(folder / "red.onnx", end_to_end=True),
            *write_reader(folder, regions=("EU", "Blueland")),
        )
    )
    (folder / "registry.toml").write_text(
        f'[models.red]\nkind = "detector"\nfiles = [{detector}]\n{ENTRY}'
        f'[models.strips]\nkind = "reader"\nfiles = [{model}, {config}]\n{ENTRY}'
        "calibration = { text = { temperature = 1.0, offset = -1.0 } }\n"
        '[sets.tiny]\ndetector = "red"\nreader = "strips"\n'
    )
    settings.MODELS_DIR = folder
    return folder


def test_registry_hands_the_calibration_to_the_reader(models_dir: Path) -> None:
    registry = ModelRegistry.load(models_dir)
    crop = strips(RED, (0, 153, 0), BLUE, BLACK)
    raw, calibrated = (
        load_reader(one, "strips").read([crop])[0].confidence
        for one in (registry.uncalibrated(), registry)
    )
    assert calibrated == pytest.approx(Scaling(offset=-1).apply(raw))


@pytest.mark.parametrize(
    "line", ["text = { temperature = 0 }", "plate = { offset = 1 }", "text = { tilt = 1 }"]
)
def test_malformed_calibration_is_refused(models_dir: Path, line: str) -> None:
    path = models_dir / "registry.toml"
    path.write_text(path.read_text().replace("text = { temperature = 1.0, offset = -1.0 }", line))
    with pytest.raises(ModelFileError, match="malformed"):
        ModelRegistry.load(models_dir)


def dim_plates(folder: Path, count: int) -> Path:
    """Crops of `RGBR`, sure and unsure; of the unsure ones every other label is another text.

    What the tiny reader takes for European is, but for one in six.
    """
    (folder / "crops").mkdir()
    lines = []
    for index in range(count):
        crop = put_plate(road(80, 24), "RGBR", 0, 0)
        is_unsure = index % 4 < 2
        if is_unsure:
            crop[:, 20:40] = (0, 160 + index, 0)
        text = "RGGR" if index % 4 == 0 else "RGBR"
        country = "TH" if index % 6 == 0 else ("DE", "FR")[index % 2]
        plate = {"bbox": [0, 0, 80, 24], "text": text, "country": country}
        (folder / "crops" / f"{index}.png").write_bytes(
            encode_picture(crop, codec="jpeg", quality=100)
        )
        lines.append(json.dumps({"image": f"crops/{index}.png", "plates": [plate]}))
    path = folder / "labels.jsonl"
    path.write_text("\n".join(lines))
    return path


@pytest.mark.parametrize(
    ("label", "region", "is_right"),
    [
        ({"country": "DE"}, "EU", True),
        ({"country": "US"}, "EU", False),
        ({"region": "eu"}, "FR", True),
        ({"country": "TH"}, "TH-10", True),
        ({"country": "TH", "province": "TH-10"}, "TH-10", True),
        ({"country": "TH", "province": "TH-10"}, "TH-50", False),
        ({"country": "KZ"}, "KZ", True),
        ({"country": "US"}, "BR", False),
    ],
)
def test_region_is_right_where_it_holds_the_country_of_the_label(
    tmp_path: Path, label: dict[str, str], region: str, *, is_right: bool
) -> None:
    scene = put_plate(road(), "RGBR", 100, 60)
    picture = tmp_path / "one.jpeg"
    picture.write_bytes(encode_picture(scene, codec="jpeg", quality=100))
    plate = {"bbox": [100, 60, 80, 24], "text": "RGBR", **label}
    labels = tmp_path / "labels.jsonl"
    labels.write_text(json.dumps({"image": "one.jpeg", "plates": [plate]}))
    recognizer = Recognizer(
        detector=YoloDetector(
            engine=OnnxEngine(write_detector(tmp_path / "red.onnx", end_to_end=True))
        ),
        reader=FastPlateOcrReader(*write_reader(tmp_path, regions=(region, "Blueland"))),
    )
    samples = Samples(texts=[], regions=[])
    collect_samples(recognizer, load_labels(labels)[0], samples)
    assert [sample.is_right for sample in samples.regions] == [is_right]


def test_command_fits_draws_and_ignores_an_earlier_calibration(
    tmp_path: Path, models_dir: Path
) -> None:
    labels, plot = dim_plates(tmp_path, 60), tmp_path / "reliability.svg"
    arguments = ["calibrate_recognition", str(labels), "--model-set", "tiny"]
    out = StringIO()
    call_command(*arguments, "--json", "--plot", str(plot), stdout=out)
    result = json.loads(out.getvalue())
    assert result["reader_sha256"] == sha256_of(models_dir / "strips.onnx")
    assert (result["text"]["samples"], result["region"]["samples"]) == (60, 60)
    assert result["text"]["right"]["count"] == 45
    assert result["region"]["right"]["count"] == 50
    assert result["text"]["ece_after"] < result["text"]["ece_before"]
    assert ET.fromstring(plot.read_text()).tag.endswith("svg")  # noqa: S314 - our own
    path = models_dir / "registry.toml"
    path.write_text(path.read_text().replace("offset = -1.0", "offset = -3.0"))
    again = StringIO()
    call_command(*arguments, stdout=again)
    assert f"temperature = {result['text']['temperature']}" in again.getvalue()


def test_command_wants_enough_labels(tmp_path: Path, models_dir: Path) -> None:
    assert models_dir.is_dir()
    labels = dim_plates(tmp_path, 8)
    with pytest.raises(CommandError, match="8 of the labelled texts were read, and at least 40"):
        call_command("calibrate_recognition", str(labels), "--model-set", "tiny")
