"""How recognition is measured: the figures must be those that a person would count."""

import json
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest

from detections.recognition.config import RecognitionConfig
from detections.recognition.detectors.onnx import OnnxEngine
from detections.recognition.detectors.yolo import YoloDetector
from detections.recognition.errors import LabelError, PictureError
from detections.recognition.evaluation.labels import load_labels
from detections.recognition.evaluation.measuring import measure
from detections.recognition.evaluation.tally import Failure, Share, Tally
from detections.recognition.images import encode_picture
from detections.recognition.pipeline import Recognizer
from detections.recognition.readers.fast_plate_ocr import FastPlateOcrReader
from detections.recognition.types import Frame, PlateBox, Rejection
from tests.recognition.scenes import put_plate, road
from tests.recognition.tiny_models import write_detector, write_reader


@pytest.fixture
def recognizer(tmp_path: Path) -> Recognizer:
    return Recognizer(
        detector=YoloDetector(
            engine=OnnxEngine(write_detector(tmp_path / "red.onnx", end_to_end=True))
        ),
        reader=FastPlateOcrReader(*write_reader(tmp_path)),
        config=RecognitionConfig(crop_margin_x=0, crop_margin_y=0),
    )


def labelled(tmp_path: Path, frame: Frame, *plates: dict[str, Any]) -> Path:
    """Write a picture into the folder `road` and its line of labels."""
    (tmp_path / "road").mkdir(exist_ok=True)
    (tmp_path / "road" / "a.jpg").write_bytes(encode_picture(frame, codec="jpeg", quality=100))
    labels = tmp_path / "labels.jsonl"
    labels.write_text(json.dumps({"image": "road/a.jpg", "plates": plates}) + "\n")
    return labels


def measured(recognizer: Recognizer, labels: Path) -> Tally:
    [picture] = load_labels(labels)
    assert picture.folder == "road"
    return measure(recognizer, picture)


@pytest.mark.parametrize(
    ("plate", "expected"),
    [
        ({"bbox": [200, 120, 80, 24], "text": "RGBR"}, (1, 1, 1, 1, 0)),
        ({"bbox": [200, 120, 80, 24], "text": "RGGR"}, (1, 1, 0, 0, 0)),
        ({"bbox": [200, 120, 80, 24]}, (1, 1, 0, 0, 0)),
        ({"bbox": [230, 120, 80, 24], "text": "RGBR"}, (0, 1, 1, 1, 0)),
        ({"bbox": [100, 50, 400, 200], "text": "RGBR"}, (0, 1, 1, 1, 0)),
        ({"bbox": [400, 300, 80, 24], "text": "RGBR"}, (0, 0, 0, 0, 1)),
        ({"bbox": None, "text": "RGBR"}, (0, 0, 1, 1, 0)),
    ],
    ids=["right", "misread", "no_text", "beside", "around", "elsewhere", "no_box"],
)
def test_one_plate_is_compared(
    tmp_path: Path,
    recognizer: Recognizer,
    plate: dict[str, Any],
    expected: tuple[int, int, int, int, int],
) -> None:
    labels = labelled(tmp_path, put_plate(road(), "RGBR", 200, 120), plate)
    tally = measured(recognizer, labels)
    assert expected == (
        tally.found_strict,
        tally.found_loose,
        tally.exact,
        tally.exact_folded,
        tally.false_boxes,
    )
    assert tally.texts == (1 if plate.get("text") else 0)
    assert tally.milliseconds[0] > 0


@pytest.mark.parametrize(
    ("label", "failure"),
    [
        ("RGBR", None),
        ("R-GB R", None),
        ("RGBG", Failure.WRONG_CHARACTER),
        ("RGBRR", Failure.WRONG_LENGTH),
        ("RG8R", Failure.CONFUSABLE_ONLY),
    ],
)
def test_failures_are_told_apart(
    tmp_path: Path, recognizer: Recognizer, label: str, failure: Failure | None
) -> None:
    plate = {"bbox": [200, 120, 80, 24], "text": label}
    tally = measured(recognizer, labelled(tmp_path, put_plate(road(), "RGBR", 200, 120), plate))
    assert tally.failures == ({failure: 1} if failure else {})


def test_right_number_in_the_wrong_province_is_a_failure(
    tmp_path: Path, recognizer: Recognizer
) -> None:
    plate = {"bbox": [200, 120, 80, 24], "text": "RGBR", "province": "เชียงใหม่"}
    tally = measured(recognizer, labelled(tmp_path, put_plate(road(), "RGBR", 200, 120), plate))
    assert tally.failures == {Failure.PROVINCE_WRONG: 1}
    assert (tally.exact, tally.provinces, tally.province_exact) == (1, 1, 0)


def test_what_a_rule_rejected_is_told_with_the_rule(tmp_path: Path, recognizer: Recognizer) -> None:
    strict = replace(recognizer, config=replace(recognizer.config, min_plate_width_px=200))
    plate = {"bbox": [200, 120, 80, 24], "text": "RGBR"}
    tally = measured(strict, labelled(tmp_path, put_plate(road(), "RGBR", 200, 120), plate))
    assert tally.failures == {Failure.REJECTED: 1}
    assert tally.rejections == {Rejection.TOO_SMALL: 1}


def test_labels_are_written_as_the_product_writes_plates(tmp_path: Path) -> None:
    plates: list[dict[str, Any]] = [
        {"bbox": None, "text": "๑กข ๑๒๓๔", "province": "กรุงเทพมหานคร"},
        {"bbox": None, "text": "<?>", "province": "Atlantis"},
        {"bbox": None},
    ]
    [picture] = load_labels(labelled(tmp_path, road(), *plates))
    assert [(plate.text, plate.province) for plate in picture.plates] == [
        ("1กข1234", "TH-10"),
        ("<?>", "Atlantis"),
        (None, None),
    ]


def test_unseen_plate_and_empty_road(tmp_path: Path, recognizer: Recognizer) -> None:
    labels = labelled(tmp_path, road(), {"bbox": [200, 120, 80, 24], "text": "RGBR"})
    tally = measured(recognizer, labels)
    assert (tally.plates, tally.boxed, tally.found_loose, tally.exact) == (1, 1, 0, 0)
    assert tally.failures == {Failure.NOT_FOUND: 1}
    assert tally.false_boxes == 0


def test_crop_is_read_as_it_is_and_not_searched(tmp_path: Path, recognizer: Recognizer) -> None:
    """Its border is that of the plate, which is not cut off."""
    crop = put_plate(road(80, 24), "RGBR", 0, 0)
    tally = measured(recognizer, labelled(tmp_path, crop, {"bbox": [0, 0, 80, 24], "text": "RGBR"}))
    assert (tally.boxed, tally.scenes, tally.exact) == (0, 0, 1)


def test_summary_has_shares_intervals_and_times() -> None:
    tally = Tally(
        pictures=2,
        plates=2,
        boxed=2,
        found_strict=1,
        scenes=2,
        false_boxes=1,
        milliseconds=[10, 30],
    )
    summary = tally.summary()
    assert summary["found_iou_50"]["rate"] == 0.5
    assert summary["found_iou_50"]["interval_95"] == pytest.approx([0.0945, 0.9055], abs=1e-3)
    assert summary["exact"] == {"count": 0, "of": 0, "rate": None, "interval_95": None}
    assert summary["false_boxes_per_picture"] == 0.5
    assert (summary["ms_p50"], summary["ms_p95"]) == (20, 29)
    assert summary["pictures_per_second"] == 50
    json.dumps(summary)


def test_tallies_add_up() -> None:
    total = Tally(plates=1, milliseconds=[1.0])
    total += Tally(plates=2, exact=1, milliseconds=[2.0])
    assert (total.plates, total.exact, total.milliseconds) == (3, 1, [1.0, 2.0])


@pytest.mark.parametrize(("count", "total", "low", "high"), [(0, 10, 0, 0.278), (10, 10, 0.722, 1)])
def test_interval_stays_between_nothing_and_all(
    count: int, total: int, low: float, high: float
) -> None:
    assert Share(count=count, total=total).interval == pytest.approx((low, high), abs=1e-3)


def test_iou_of_boxes() -> None:
    first = PlateBox(x_min=0, y_min=0, x_max=10, y_max=10, confidence=1)
    second = PlateBox(x_min=5, y_min=0, x_max=15, y_max=10, confidence=1)
    apart = PlateBox(x_min=20, y_min=0, x_max=30, y_max=10, confidence=1)
    assert first.iou(second) == pytest.approx(1 / 3)
    assert first.iou(apart) == 0


@pytest.mark.parametrize(
    ("content", "message"),
    [
        ("", "holds no labels"),
        ("not json", "Line 1 of .* is not a label"),
        ('{"image": "a.jpg"}', "Line 1 of .* is not a label"),
        ('{"image": "a.jpg", "plates": []}\n[]', "Line 2 of .* is not a label"),
        ('{"image": "a.jpg", "plates": [{"bbox": [1, 2]}]}', "Line 1 of .* is not a label"),
        ('{"image": 3, "plates": []}', "Line 1 of .* is not a label"),
    ],
)
def test_malformed_labels_are_refused(tmp_path: Path, content: str, message: str) -> None:
    path = tmp_path / "labels.jsonl"
    path.write_text(content)
    with pytest.raises(LabelError, match=message):
        load_labels(path)


def test_missing_labels_are_refused(tmp_path: Path) -> None:
    with pytest.raises(LabelError, match="Cannot read the labels"):
        load_labels(tmp_path / "absent.jsonl")


def test_missing_picture_is_told(tmp_path: Path, recognizer: Recognizer) -> None:
    labels = tmp_path / "labels.jsonl"
    labels.write_text('{"image": "absent.jpg", "plates": []}')
    [picture] = load_labels(labels)
    with pytest.raises(PictureError):
        measure(recognizer, picture)
