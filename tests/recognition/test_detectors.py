"""Every detector engine: colours, letterbox, both output contracts, threads, failures."""

from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace
from pathlib import Path

import numpy as np
import onnx
import pytest

from detections.recognition.detectors.onnx import OnnxEngine
from detections.recognition.detectors.openvino import OpenVinoEngine
from detections.recognition.detectors.yolo import (
    DetectorEngine,
    YoloDetector,
    joined,
    rows_from_output,
)
from detections.recognition.errors import ConfigError, EngineError, FrameError
from detections.recognition.registry import SHIPPED_WEIGHTS
from detections.recognition.types import Frame, PlateBox, Tensor
from tests.recognition.tiny_models import BLUE, RED, write_detector

EngineMaker = Callable[[Path], DetectorEngine]


@pytest.fixture(params=[OnnxEngine, OpenVinoEngine], ids=["onnxruntime", "openvino"])
def make_engine(request: pytest.FixtureRequest) -> EngineMaker:
    maker: EngineMaker = request.param
    return maker


def scene(
    width: int, height: int, rectangle: tuple[int, int, int, int], color: tuple[int, int, int] = RED
) -> Frame:
    frame = np.zeros((height, width, 3), np.uint8)
    left, top, right, bottom = rectangle
    frame[top:bottom, left:right] = color
    return frame


def corners(box: PlateBox) -> tuple[float, float, float, float]:
    return box.x_min, box.y_min, box.x_max, box.y_max


@pytest.fixture(params=["end_to_end", "raw", "end_to_end_320", "raw_320"])
def model(request: pytest.FixtureRequest, tmp_path: Path) -> Path:
    fixed_size = 320 if request.param.endswith("320") else None
    return write_detector(
        tmp_path / "red.onnx", end_to_end=request.param.startswith("end"), size=fixed_size
    )


@pytest.mark.parametrize(
    ("shape", "rectangle"),
    [
        ((640, 640), (100, 200, 180, 240)),
        ((1280, 720), (900, 100, 1000, 140)),
        ((1920, 1080), (0, 0, 300, 120)),
        ((480, 1000), (380, 900, 480, 1000)),
        ((160, 90), (40, 30, 80, 50)),
    ],
)
def test_box_lies_where_the_plate_is(
    model: Path,
    make_engine: EngineMaker,
    shape: tuple[int, int],
    rectangle: tuple[int, int, int, int],
) -> None:
    [[box]] = YoloDetector(engine=make_engine(model)).detect([scene(*shape, rectangle)])
    one_pixel_of_the_input = max(1, max(shape) / 320)
    assert corners(box) == pytest.approx(rectangle, abs=one_pixel_of_the_input)
    assert box.confidence == pytest.approx(1, abs=0.01)


def test_colours_reach_the_model_as_rgb(tmp_path: Path, make_engine: EngineMaker) -> None:
    detector = YoloDetector(
        engine=make_engine(write_detector(tmp_path / "red.onnx", end_to_end=True)),
        min_confidence=0.9,
    )
    blue = scene(320, 320, (0, 0, 320, 320), BLUE)
    assert detector.detect([blue]) == [[]]


def test_frames_of_different_shapes_keep_their_order(
    tmp_path: Path, make_engine: EngineMaker
) -> None:
    detector = YoloDetector(
        engine=make_engine(write_detector(tmp_path / "red.onnx", end_to_end=True))
    )
    wide, tall = scene(640, 320, (0, 0, 64, 32)), scene(320, 640, (256, 608, 320, 640))
    [[first], [second]] = detector.detect([wide, tall])
    assert corners(first) == pytest.approx((0, 0, 64, 32), abs=1)
    assert corners(second) == pytest.approx((256, 608, 320, 640), abs=1)


def test_no_frames_give_no_answers(tmp_path: Path, make_engine: EngineMaker) -> None:
    model = write_detector(tmp_path / "red.onnx", end_to_end=True)
    assert YoloDetector(engine=make_engine(model)).detect([]) == []


def test_threads_share_a_detector(tmp_path: Path, make_engine: EngineMaker) -> None:
    detector = YoloDetector(
        engine=make_engine(write_detector(tmp_path / "red.onnx", end_to_end=True))
    )
    frames = [scene(320, 320, (i * 10, 0, i * 10 + 10, 20)) for i in range(30)]
    with ThreadPoolExecutor(8) as pool:
        answers = list(pool.map(lambda frame: detector.detect([frame])[0][0], frames * 4))
    assert [round(box.x_min) for box in answers] == [i * 10 for i in range(30)] * 4


def test_size_that_is_looked_at_often_gets_a_model_of_its_own_that_answers_alike(
    tmp_path: Path,
) -> None:
    engine = OpenVinoEngine(write_detector(tmp_path / "red.onnx", end_to_end=True))
    sizes = [(96, 160), (128, 128), (160, 96), (128, 160)]
    for left, (height, width) in enumerate(sizes, 7):
        detector = YoloDetector(engine=engine, input_size_px=max(height, width))
        frame = scene(width, height, (left, 3, 30, 20))
        assert {corners(detector.detect([frame])[0][0]) for _ in range(30)} == {(left, 3, 30, 20)}
        blue = scene(width, height, (0, 0, 30, 20), BLUE)
        assert replace(detector, min_confidence=0.9).detect([blue]) == [[]]
    assert engine.sizes_px == sizes[:3]


def test_rare_and_fixed_sizes_are_not_compiled_for(tmp_path: Path) -> None:
    any_size = OpenVinoEngine(write_detector(tmp_path / "any.onnx", end_to_end=True))
    fixed = OpenVinoEngine(write_detector(tmp_path / "fixed.onnx", end_to_end=True, size=64))
    for engine, looks in ((any_size, 15), (fixed, 30)):
        for _ in range(looks):
            engine.infer(np.zeros((64, 64, 3), np.uint8))
        assert engine.sizes_px == []


def test_at_size_looks_at_another_size(tmp_path: Path, make_engine: EngineMaker) -> None:
    detector = YoloDetector(
        engine=make_engine(write_detector(tmp_path / "red.onnx", end_to_end=True))
    )
    small = detector.at_size(64)
    [[box]] = small.detect([scene(640, 640, (101, 0, 209, 640))])
    assert small.input_size_px == 64
    assert corners(box)[0] % 10 == pytest.approx(0, abs=0.01)


class ScriptedEngine:
    """Answers one box for each width of input, (x_min, y_min, x_max, y_max, confidence)."""

    fixed_size_px = None

    def __init__(self, answers: dict[int, tuple[float, ...]]) -> None:
        self.answers = answers
        self.widths: list[int] = []

    def infer(self, picture: Frame) -> Tensor:
        width = picture.shape[1]
        self.widths.append(width)
        return np.array([[[*self.answers[width], 0]]], np.float32)


def test_frame_without_a_plain_plate_is_searched_for_large_ones() -> None:
    frame = scene(640, 640, (0, 0, 1, 1))
    small = (10.0, 10.0, 50.0, 30.0)
    large = (100.0, 100.0, 200.0, 150.0)
    engine = ScriptedEngine({640: (*small, 0.3), 320: (*large, 0.8)})
    [boxes] = YoloDetector(engine=engine).detect([frame])
    assert engine.widths == [640, 320]
    assert [corners(box) for box in boxes] == [(200, 200, 400, 300), small]
    tiny = ScriptedEngine({640: (*small, 0.3), 320: (*small, 0.8)})
    assert [corners(box) for box in YoloDetector(engine=tiny).detect([frame])[0]] == [small]


def test_plate_of_both_looks_is_one_box_the_surer() -> None:
    engine = ScriptedEngine(
        {640: (200.0, 200.0, 400.0, 300.0, 0.3), 320: (102.0, 100.0, 202.0, 150.0, 0.8)}
    )
    [boxes] = YoloDetector(engine=engine).detect([scene(640, 640, (0, 0, 1, 1))])
    assert [(corners(box), round(box.confidence, 2)) for box in boxes] == [
        ((200, 200, 400, 300), 0.8)
    ]
    nothing = ScriptedEngine({640: (0.0, 0.0, 9.0, 9.0, 0.0), 320: (0.0, 0.0, 9.0, 9.0, 0.0)})
    assert YoloDetector(engine=nothing).detect([scene(640, 640, (0, 0, 1, 1))]) == [[]]


def test_box_of_a_large_plate_reaches_as_far_as_half_the_size_shows() -> None:
    frame = scene(640, 640, (0, 0, 1, 1))
    # The second look sees 160 to 400 across; the first lost the left end, and a piece beside it.
    engine = ScriptedEngine(
        {640: (260.0, 100.0, 396.0, 180.0, 0.7), 320: (80.0, 47.0, 200.0, 92.0, 0.6)}
    )
    [[box]] = YoloDetector(engine=engine).detect([frame])
    assert engine.widths == [640, 320]
    assert corners(box) == (160, 100, 396, 180)
    assert box.confidence == pytest.approx(0.7)


def test_plate_that_fills_the_picture_is_looked_at_a_third_time() -> None:
    engine = ScriptedEngine(
        {
            640: (300.0, 100.0, 460.0, 180.0, 0.2),
            320: (100.0, 40.0, 290.0, 100.0, 0.4),
            160: (5.0, 20.0, 145.0, 50.0, 0.9),
        }
    )
    [[box]] = YoloDetector(engine=engine).detect([scene(640, 640, (0, 0, 1, 1))])
    assert engine.widths == [640, 320, 160]
    assert corners(box) == (20, 100, 580, 180)
    assert box.confidence == pytest.approx(0.9)


@pytest.mark.parametrize(("width", "height"), [(1280, 300), (200, 1280), (900, 60)])
def test_long_picture_filled_by_a_plate_has_cells_enough_for_every_look(
    make_engine: EngineMaker, width: int, height: int
) -> None:
    """The shipped model sorts 300 answers, which a strip of 64 x 160 px has not."""
    detector = YoloDetector(engine=make_engine(SHIPPED_WEIGHTS / "plate_detector_v1.onnx"))
    for size_px in (320, 160, 128):
        detector.at_size(size_px).detect([np.zeros((height, width, 3), np.uint8)])


def test_two_large_plates_stay_two() -> None:
    large = PlateBox(x_min=0, y_min=0, x_max=200, y_max=80, confidence=0.8)
    beside = PlateBox(x_min=190, y_min=0, x_max=390, y_max=80, confidence=0.9)
    assert joined([large], [beside]) == [beside, large]


def test_frame_with_a_plain_plate_is_looked_at_once() -> None:
    engine = ScriptedEngine({640: (10.0, 10.0, 50.0, 30.0, 0.7)})
    YoloDetector(engine=engine).detect([scene(640, 640, (0, 0, 1, 1))])
    assert engine.widths == [640]


def test_boxes_are_trimmed_but_where_the_frame_cuts_them() -> None:
    frame = scene(640, 640, (0, 0, 1, 1))
    inside = ScriptedEngine({640: (100.0, 100.0, 200.0, 150.0, 0.7)})
    at_border = ScriptedEngine({640: (0.0, 590.0, 100.0, 640.0, 0.7)})
    answers = [
        corners(YoloDetector(engine=engine, trim=(0.02, 0.06)).detect([frame])[0][0])
        for engine in (inside, at_border)
    ]
    assert answers[0] == pytest.approx((102, 103, 198, 147))
    assert answers[1] == pytest.approx((0, 593, 98, 640))


@pytest.mark.parametrize("size", [0, -32, 100])
def test_odd_input_size_is_refused(tmp_path: Path, make_engine: EngineMaker, size: int) -> None:
    model = write_detector(tmp_path / "red.onnx", end_to_end=True)
    with pytest.raises(ConfigError, match="multiple of 32"):
        YoloDetector(engine=make_engine(model), input_size_px=size)


def test_damaged_model_is_refused(tmp_path: Path, make_engine: EngineMaker) -> None:
    model = tmp_path / "broken.onnx"
    model.write_bytes(b"not a model")
    with pytest.raises(EngineError, match=r"cannot load broken\.onnx"):
        make_engine(model)


def test_failing_engine_raises(tmp_path: Path, make_engine: EngineMaker) -> None:
    engine = make_engine(write_detector(tmp_path / "red.onnx", end_to_end=True, size=320))
    with pytest.raises(EngineError, match="failed on a frame"):
        engine.infer(np.zeros((64, 64, 3), np.uint8))


@pytest.mark.parametrize(
    "frame",
    [
        np.zeros((10, 10), np.uint8),
        np.zeros((10, 10, 4), np.uint8),
        np.zeros((0, 10, 3), np.uint8),
        np.zeros((10, 10, 3), np.float32),
    ],
)
def test_what_is_no_frame_is_refused(
    tmp_path: Path, make_engine: EngineMaker, frame: Frame
) -> None:
    model = write_detector(tmp_path / "red.onnx", end_to_end=True)
    with pytest.raises(FrameError):
        YoloDetector(engine=make_engine(model)).detect([frame])


@pytest.mark.parametrize("shape", [(1, 1000), (2, 300, 6), (1, 4, 8400), (1, 8400, 84)])
def test_output_of_another_model_is_refused(shape: tuple[int, ...]) -> None:
    with pytest.raises(EngineError, match="not that of a YOLO detector"):
        rows_from_output(np.zeros(shape, np.float32))


def test_values_that_are_no_numbers_are_refused() -> None:
    with pytest.raises(EngineError, match="no numbers"):
        rows_from_output(np.full((1, 300, 6), np.nan, np.float32))


def with_names(path: Path, names: str) -> Path:
    """The model, saying of its classes what Ultralytics' exports say."""
    model = onnx.load(path)
    entry = model.metadata_props.add()
    entry.key, entry.value = "names", names
    onnx.save(model, path)
    return path


@pytest.mark.parametrize("names", ["{0: 'car', 1: 'plate'}", "['car', 'plate']", "{}"])
def test_model_of_other_things_than_plates_is_refused(
    tmp_path: Path, make_engine: EngineMaker, names: str
) -> None:
    path = with_names(write_detector(tmp_path / "cars.onnx", end_to_end=True), names)
    with pytest.raises(EngineError, match=r"cars\.onnx knows [02] kinds of things"):
        make_engine(path)


@pytest.mark.parametrize("names", ["{0: 'plate'}", "plate", "3", "{0: 'pla"])
def test_model_of_plates_or_of_nobody_knows_what_is_taken(
    tmp_path: Path, make_engine: EngineMaker, names: str
) -> None:
    make_engine(with_names(write_detector(tmp_path / "red.onnx", end_to_end=True), names))


@pytest.mark.parametrize("labels", [["plate"], ["car", "plate"]])
def test_xml_of_other_things_than_plates_is_refused(tmp_path: Path, labels: list[str]) -> None:
    openvino = pytest.importorskip("openvino")
    model = openvino.Core().read_model(write_detector(tmp_path / "red.onnx", end_to_end=True))
    model.set_rt_info(labels, ["model_info", "labels"])
    path = tmp_path / "red.xml"
    openvino.save_model(model, path)
    if len(labels) == 1:
        OpenVinoEngine(path)
        return
    with pytest.raises(EngineError, match=r"red\.xml knows 2 kinds of things"):
        OpenVinoEngine(path)


def test_raw_output_of_several_classes_is_refused() -> None:
    with pytest.raises(EngineError, match="knows 2 kinds of things"):
        rows_from_output(np.zeros((1, 6, 300), np.float32))
