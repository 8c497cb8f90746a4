"""Ultralytics answers what the CPU engines answer, for every kind of file that it loads."""

import os
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import numpy as np
import pytest

from detections.recognition.detectors.onnx import OnnxEngine
from detections.recognition.detectors.ultralytics import UltralyticsDetector
from detections.recognition.detectors.yolo import YoloDetector
from detections.recognition.errors import EngineError, FrameError
from detections.recognition.loading import EngineOptions, load_detector
from detections.recognition.registry import SHIPPED_WEIGHTS, ModelRegistry
from detections.recognition.types import Frame, PlateBox, PlateDetector
from tests.recognition.street import draw_street

ultralytics = pytest.importorskip("ultralytics")
torch = pytest.importorskip("torch")
pytestmark = pytest.mark.gpu

SIZE_PX = 320
OVERLAP_IOU = 0.1


@pytest.fixture(scope="module")
def untrained(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A YOLO26n of one class with random weights, as a `.pt` file, that is sure of what it sees."""
    torch.manual_seed(1)
    folder = tmp_path_factory.mktemp("untrained")
    config = folder / "yolo26n.yaml"
    source = Path(ultralytics.__file__).parent / "cfg/models/26/yolo26.yaml"
    config.write_text(source.read_text().replace("nc: 80", "nc: 1"))
    model = ultralytics.YOLO(config, task="detect")
    model.model.names = {0: "plate"}
    # Fresh weights fade out layer by layer to the same answer everywhere: let the normalisation
    # learn their range, and let the last layer speak up.
    model.model.train()
    with torch.no_grad():
        for _ in range(30):
            model.model(torch.rand(4, 3, SIZE_PX, SIZE_PX))
        for branch in model.model.model[-1].one2one_cv3:
            branch[-1].weight *= 20
            branch[-1].bias.zero_()
    model.model.eval()
    path = folder / "untrained.pt"
    model.save(path)
    return path


@pytest.fixture(scope="module")
def exported(untrained: Path) -> Path:
    """The same model as ONNX, with the head that needs no NMS."""
    return Path(
        ultralytics.YOLO(untrained).export(format="onnx", nms=False, dynamic=True, opset=17)
    )


@pytest.fixture(scope="module")
def scenes() -> list[Frame]:
    """Pictures of smooth noise, in which an untrained model sees many things."""
    generator = np.random.default_rng(7)
    small = generator.integers(0, 256, (3, 18, 32, 3), np.uint8)
    return [picture.repeat(20, axis=0).repeat(20, axis=1) for picture in small]


def assert_same_boxes(ours: list[PlateBox], theirs: list[PlateBox]) -> None:
    assert len(ours) == len(theirs) > 0
    for first, second in zip(ours, theirs, strict=True):
        assert first.confidence == pytest.approx(second.confidence, abs=1e-3)
        assert (first.x_min, first.y_min, first.x_max, first.y_max) == pytest.approx(
            (second.x_min, second.y_min, second.x_max, second.y_max), abs=1.0
        )


def test_pt_file_gives_the_boxes_of_its_onnx_export(
    untrained: Path, exported: Path, scenes: list[Frame]
) -> None:
    theirs: PlateDetector = UltralyticsDetector(
        untrained, input_size_px=SIZE_PX, overlap_iou=OVERLAP_IOU
    )
    ours = YoloDetector(engine=OnnxEngine(exported), input_size_px=SIZE_PX, overlap_iou=OVERLAP_IOU)
    for first, second in zip(ours.detect(scenes), theirs.detect(scenes), strict=True):
        assert_same_boxes(first, second)


def test_onnx_file_gives_the_boxes_of_onnx_runtime(exported: Path, scenes: list[Frame]) -> None:
    theirs = UltralyticsDetector(exported, input_size_px=SIZE_PX, overlap_iou=OVERLAP_IOU)
    ours = YoloDetector(engine=OnnxEngine(exported), input_size_px=SIZE_PX, overlap_iou=OVERLAP_IOU)
    [first], [second] = ours.detect(scenes[:1]), theirs.detect(scenes[:1])
    assert_same_boxes(first, second)


def test_shipped_model_runs_on_ultralytics() -> None:
    scene = draw_street()
    registry = ModelRegistry.load(SHIPPED_WEIGHTS)
    name = registry.model_set().detector
    theirs = load_detector(registry, name, EngineOptions(engine="ultralytics"))
    ours = load_detector(registry, name, EngineOptions(engine="onnxruntime"))
    [first], [second] = ours.detect([scene]), theirs.detect([scene])
    assert_same_boxes(first, second)


@pytest.mark.skipif(not torch.cuda.is_available(), reason="this machine has no GPU")
def test_gpu_gives_the_boxes_of_the_cpu(untrained: Path, scenes: list[Frame]) -> None:
    on_cpu, on_gpu = (
        UltralyticsDetector(
            untrained, input_size_px=SIZE_PX, device=device, overlap_iou=OVERLAP_IOU
        )
        for device in ("cpu", "cuda")
    )
    for first, second in zip(on_cpu.detect(scenes), on_gpu.detect(scenes), strict=True):
        assert_same_boxes(first, second)


def test_colours_are_those_of_the_cpu_engines(untrained: Path, scenes: list[Frame]) -> None:
    detector = UltralyticsDetector(untrained, input_size_px=SIZE_PX, overlap_iou=OVERLAP_IOU)
    [as_they_are], [swapped] = (
        detector.detect([frame]) for frame in (scenes[0], np.flip(scenes[0], 2).copy())
    )
    assert [box.confidence for box in as_they_are] != pytest.approx(
        [box.confidence for box in swapped], abs=1e-6
    )


def test_threads_share_a_detector(untrained: Path, scenes: list[Frame]) -> None:
    detector = UltralyticsDetector(untrained, input_size_px=SIZE_PX, overlap_iou=OVERLAP_IOU)
    alone = [detector.detect([frame])[0] for frame in scenes]
    with ThreadPoolExecutor(4) as pool:
        together = list(pool.map(lambda frame: detector.detect([frame])[0], scenes * 3))
    for first, second in zip(alone * 3, together, strict=True):
        assert_same_boxes(first, second)


def test_nothing_is_installed_or_reported_at_run_time(untrained: Path) -> None:
    UltralyticsDetector(untrained)
    assert os.environ["YOLO_OFFLINE"] == "true"
    assert os.environ["YOLO_AUTOINSTALL"] == "false"
    assert ultralytics.settings["sync"] is False


def test_no_frames_give_no_answers(untrained: Path) -> None:
    assert UltralyticsDetector(untrained).detect([]) == []


def test_what_is_no_frame_is_refused(untrained: Path) -> None:
    with pytest.raises(FrameError):
        UltralyticsDetector(untrained).detect([np.zeros((10, 10), np.uint8)])


def test_damaged_model_is_refused(tmp_path: Path) -> None:
    broken = tmp_path / "broken.pt"
    broken.write_bytes(b"not a model")
    with pytest.raises(EngineError, match=r"cannot load broken\.pt"):
        UltralyticsDetector(broken)


def test_model_of_many_classes_is_refused(tmp_path: Path) -> None:
    path = tmp_path / "many.pt"
    ultralytics.YOLO("yolo26n.yaml", task="detect").save(path)
    with pytest.raises(EngineError, match="knows 80 kinds of things"):
        UltralyticsDetector(path)
