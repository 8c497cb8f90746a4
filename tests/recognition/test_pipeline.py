"""The pipeline on tiny models: what is seen is read, in its place, once."""

from collections.abc import Sequence
from pathlib import Path

import numpy as np
import pytest

from detections.recognition.config import RecognitionConfig
from detections.recognition.detectors.onnx import OnnxEngine
from detections.recognition.detectors.yolo import YoloDetector
from detections.recognition.errors import EngineError, FrameError
from detections.recognition.passing import Passing
from detections.recognition.pipeline import Recognizer
from detections.recognition.readers.fast_plate_ocr import FastPlateOcrReader
from detections.recognition.types import Frame, PlateBox, Reading, Rejection
from tests.recognition.scenes import passing_by, put_plate, road
from tests.recognition.tiny_models import write_detector, write_reader


@pytest.fixture
def recognizer(tmp_path: Path) -> Recognizer:
    """Tiny models, and no margin, which would move the strips."""
    return Recognizer(
        detector=YoloDetector(
            engine=OnnxEngine(write_detector(tmp_path / "red.onnx", end_to_end=True))
        ),
        reader=FastPlateOcrReader(*write_reader(tmp_path)),
        config=RecognitionConfig(crop_margin_x=0, crop_margin_y=0),
    )


class CropKeeper:
    """A reader that keeps what it is shown."""

    def __init__(self) -> None:
        self.crops: list[Frame] = []

    def read(self, crops: Sequence[Frame]) -> list[Reading]:
        self.crops += crops
        return [Reading(text="ABCD", char_confidences=(0.9,) * 4) for _ in crops]


class OneBox:
    """A detector that always sees the same plate."""

    input_size_px = 640
    box = PlateBox(x_min=200, y_min=100, x_max=300, y_max=140, confidence=0.9)

    def detect(self, frames: Sequence[Frame]) -> list[list[PlateBox]]:
        return [[self.box] for _ in frames]


class Broken:
    """A detector whose engine died."""

    input_size_px = 640

    def detect(self, frames: Sequence[Frame]) -> list[list[PlateBox]]:
        raise EngineError(f"The engine died on {len(frames)} frames. Start it again.")


def test_picture_is_read_where_the_plate_is(recognizer: Recognizer) -> None:
    [passing] = recognizer.read_picture(put_plate(road(), "RGBR", 200, 120))
    assert passing.text == "RGBR"
    assert passing.is_accepted
    box = passing.sightings[0].box
    assert (box.x_min, box.y_min, box.width, box.height) == pytest.approx(
        (200, 120, 80, 24), abs=1.5
    )


def test_given_boxes_are_read_without_the_detector(recognizer: Recognizer) -> None:
    scene = put_plate(put_plate(road(), "RGBR", 100, 60), "RBGR", 400, 200)
    boxes = [
        PlateBox(x_min=x, y_min=y, x_max=x + 80, y_max=y + 24, confidence=1)
        for x, y in ((100, 60), (400, 200))
    ]
    passings = recognizer.read_picture(scene, boxes)
    assert sorted(passing.text for passing in passings) == ["RBGR", "RGBR"]


@pytest.mark.parametrize(
    ("one", "other"),
    [
        (("1กข1234", None), ("1ถข1234", None)),
        (("AB128CD", None), ("A8128CO", None)),
        (("1กข1234", "TH-10"), ("1กข1234", "TH-50")),
    ],
)
def test_two_plates_of_one_picture_that_are_easily_confused_are_two(
    one: tuple[str, str | None], other: tuple[str, str | None]
) -> None:
    passings = read_two(one, other)
    assert [passing.text for passing in passings if passing.is_accepted] == [one[0], other[0]]


@pytest.mark.parametrize("province", [None, "TH-10"])
def test_mirror_image_of_a_plate_is_no_second_vehicle(province: str | None) -> None:
    [first, second] = read_two(("1กข1234", "TH-10"), ("1กข1234", province))
    assert first.is_accepted
    assert second.decision.reasons == (Rejection.DUPLICATE,)


def read_two(*plates: tuple[str, str | None]) -> list[Passing]:
    """Read a picture with two plates, by text and province, in two places."""

    class Told:
        def read(self, crops: Sequence[Frame]) -> list[Reading]:
            assert len(crops) == len(plates)
            return [
                Reading(
                    text=text,
                    char_confidences=(0.9,) * len(text),
                    region=province,
                    region_confidence=0.97 if province else 0.0,
                )
                for text, province in plates
            ]

    boxes = [
        PlateBox(x_min=x, y_min=y, x_max=x + 80, y_max=y + 24, confidence=0.95)
        for x, y in ((100, 60), (400, 200))
    ]
    return Recognizer(detector=OneBox(), reader=Told()).read_picture(road(), boxes)


def test_empty_picture_has_no_plates(recognizer: Recognizer) -> None:
    assert recognizer.read_picture(road()) == []


def test_reader_is_shown_the_configured_margin() -> None:
    keeper = CropKeeper()
    config = RecognitionConfig(crop_margin_x=0.1, crop_margin_y=0.25)
    Recognizer(detector=OneBox(), reader=keeper, config=config).read_picture(road())
    assert keeper.crops[0].shape == (60, 120, 3)


def test_reader_is_shown_a_margin_by_default() -> None:
    keeper = CropKeeper()
    Recognizer(detector=OneBox(), reader=keeper).read_picture(road())
    height, width = keeper.crops[0].shape[:2]
    assert width >= 110
    assert height >= 46


def test_reader_is_shown_full_resolution() -> None:
    """The detector looks at a small picture; the reader must not."""
    keeper = CropKeeper()
    fine = np.indices((360, 640)).sum(0).astype(np.uint8)[..., None].repeat(3, 2)
    Recognizer(detector=OneBox(), reader=keeper).read_picture(fine)
    height, width = keeper.crops[0].shape[:2]
    assert np.ptp(keeper.crops[0][0].astype(int), axis=0).max() >= width - 1
    assert np.array_equal(keeper.crops[0][1:, :-1], keeper.crops[0][: height - 1, 1:])


def test_video_gives_each_vehicle_once(recognizer: Recognizer) -> None:
    [passing] = [item for item in recognizer.read_video(passing_by("RGBR")) if item.is_accepted]
    assert passing.text == "RGBR"
    assert passing.frames_agreed >= 2
    assert (passing.first_seen_s, passing.last_seen_s) == pytest.approx((1.0, 2.9), abs=0.15)


def test_video_without_vehicles_has_none(recognizer: Recognizer) -> None:
    assert not [item for item in recognizer.read_video(passing_by("")) if item.is_accepted]


def test_failing_engine_never_means_an_empty_road(recognizer: Recognizer) -> None:
    broken = Recognizer(detector=Broken(), reader=recognizer.reader)
    with pytest.raises(EngineError):
        broken.read_picture(road())
    with pytest.raises(EngineError):
        list(broken.read_video(passing_by("RGBR")))


def test_what_is_no_frame_is_refused(recognizer: Recognizer) -> None:
    with pytest.raises(FrameError):
        recognizer.read_picture(np.zeros((10, 10), np.uint8))
