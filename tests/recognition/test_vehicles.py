"""Kind and colour of vehicles: named where models are sure of them, and never invented."""

from collections.abc import Mapping
from dataclasses import replace
from pathlib import Path

import numpy as np
import onnx
import pytest
from onnx import TensorProto, helper, numpy_helper

from detections.recognition.config import RecognitionConfig
from detections.recognition.errors import EngineError, ModelFileError
from detections.recognition.loading import load_observer
from detections.recognition.passing import Emission
from detections.recognition.passing_reader import PassingReader
from detections.recognition.registry import ModelRegistry, sha256_of
from detections.recognition.types import (
    Frame,
    PlateBox,
    Reading,
    VehicleColor,
    VehicleKind,
    VehicleLook,
)
from detections.recognition.vehicles.engines import OnnxModel, OpenVinoModel, to_tensor
from detections.recognition.vehicles.looks import vehicle_of_plate, vote_looks
from detections.recognition.vehicles.observer import (
    VehicleClassifier,
    VehicleFinder,
    VehicleLabels,
)
from tests.recognition.test_registry import ENTRY
from tests.recognition.tiny_models import BLUE, GREEN, RED

COLORS = VehicleLabels(kinds=("car", "bus"), colors=("blue", "green", "red"))


def box(x_min: float, y_min: float, x_max: float, y_max: float) -> PlateBox:
    return PlateBox(x_min=x_min, y_min=y_min, x_max=x_max, y_max=y_max, confidence=0.9)


def look(
    place: PlateBox,
    kinds: Mapping[VehicleKind, float] | None = None,
    colors: Mapping[VehicleColor, float] | None = None,
) -> VehicleLook:
    return VehicleLook(box=place, kinds=kinds or {}, colors=colors or {})


def write_classifier(path: Path) -> Path:
    """It names the colour of most pixels, and calls what is green a bus, all else a car."""
    nodes = [
        helper.make_node("ReduceMean", ["input", "rows_and_columns"], ["mean"], keepdims=0),
        helper.make_node("Div", ["mean", "white"], ["color"]),
        helper.make_node("Gather", ["color", "green"], ["bus"], axis=1),
        helper.make_node("Sub", ["one", "bus"], ["car"]),
        helper.make_node("Concat", ["car", "bus"], ["type"], axis=1),
    ]
    constants: dict[str, np.ndarray] = {
        "rows_and_columns": np.array([2, 3], np.int64),
        "white": np.array(255, np.float32),
        "green": np.array([1], np.int64),
        "one": np.array(1, np.float32),
    }
    outputs = [("color", [1, 3]), ("type", [1, 2])]
    return _save(path, nodes, constants, [1, 3, 16, 16], outputs)


def write_finder(path: Path, rows: list[list[float]]) -> Path:
    """It answers the same rows for every picture, as surely as the picture is red."""
    nodes = [
        helper.make_node("Gather", ["input", "red"], ["redness"], axis=1),
        helper.make_node("ReduceMax", ["redness", "all"], ["reddest"], keepdims=0),
        helper.make_node("Div", ["reddest", "white"], ["share"]),
        helper.make_node("Mul", ["rows", "share"], ["boxes"]),
    ]
    constants: dict[str, np.ndarray] = {
        "red": np.array([2], np.int64),
        "all": np.array([0, 1, 2, 3], np.int64),
        "white": np.array(255, np.float32),
        "rows": np.array(rows, np.float32).reshape(1, 1, -1, 7),
    }
    return _save(path, nodes, constants, [1, 3, 32, 32], [("boxes", [1, 1, len(rows), 7])])


def _save(
    path: Path,
    nodes: list[onnx.NodeProto],
    constants: dict[str, np.ndarray],
    shape: list[int],
    outputs: list[tuple[str, list[int]]],
) -> Path:
    graph = helper.make_graph(
        nodes,
        path.stem,
        [helper.make_tensor_value_info("input", TensorProto.FLOAT, shape)],
        [helper.make_tensor_value_info(name, TensorProto.FLOAT, dims) for name, dims in outputs],
        [numpy_helper.from_array(value, name) for name, value in constants.items()],
    )
    model = helper.make_model(graph, opset_imports=[helper.make_opsetid("", 18)], ir_version=9)
    onnx.checker.check_model(model)
    onnx.save(model, path)
    return path


def painted(color: tuple[int, int, int]) -> Frame:
    frame = np.zeros((60, 100, 3), np.uint8)
    frame[:] = color
    return frame


@pytest.mark.parametrize("engine", [OnnxModel, OpenVinoModel])
@pytest.mark.parametrize(
    ("color", "kind", "name"), [(RED, "car", "red"), (BLUE, "car", "blue"), (GREEN, "bus", "green")]
)
def test_colours_reach_the_model_in_their_order(
    tmp_path: Path,
    engine: type[OnnxModel] | type[OpenVinoModel],
    color: tuple[int, int, int],
    kind: str,
    name: str,
) -> None:
    """Swapped, red would be blue."""
    path = write_classifier(tmp_path / "colors.onnx")
    classifier = VehicleClassifier(engine=engine(path), labels=COLORS)
    kinds, colors = classifier.classify(painted(color))
    assert max(kinds, key=lambda label: kinds[label]) == kind
    assert colors[name] == pytest.approx(1, abs=0.01)
    swapped = VehicleClassifier(engine=engine(path), labels=replace(COLORS, channels="rgb"))
    if name != "green":
        assert swapped.classify(painted(color))[1][name] == pytest.approx(0, abs=0.01)


def test_picture_is_resized_to_the_model_and_not_turned() -> None:
    frame = np.zeros((60, 100, 3), np.uint8)
    frame[:30] = 255
    tensor = to_tensor(frame, (16, 24), "bgr")
    assert tensor.shape == (1, 3, 16, 24)
    assert tensor[0, :, 0].min() == 255
    assert tensor[0, :, -1].max() == 0


def test_boxes_are_in_pixels_and_weak_ones_go(tmp_path: Path) -> None:
    rows: list[list[float]] = [
        [0, 1, 0.9, 0.1, 0.2, 0.5, 0.6],
        [0, 1, 0.3, 0, 0, 1, 1],
        [-1, 0, 0, 0, 0, 0, 0],
    ]
    finder = VehicleFinder(engine=OnnxModel(write_finder(tmp_path / "boxes.onnx", rows)))
    [found] = finder.find(painted(RED).repeat(4, 1)[:50].repeat(4, 0))
    assert (found.x_min, found.y_min, found.x_max, found.y_max) == pytest.approx((40, 40, 200, 120))


@pytest.mark.parametrize("engine", [OnnxModel, OpenVinoModel])
def test_finder_is_shown_colours_in_its_models_order(
    tmp_path: Path, engine: type[OnnxModel] | type[OpenVinoModel]
) -> None:
    path = write_finder(tmp_path / "boxes.onnx", [[0, 1, 0.9, 0.1, 0.2, 0.5, 0.6]])
    finder = VehicleFinder(engine=engine(path))
    swapped = replace(finder, channels="rgb")
    assert [len(finder.find(painted(color))) for color in (RED, BLUE)] == [1, 0]
    assert [len(swapped.find(painted(color))) for color in (RED, BLUE)] == [0, 1]


def test_model_of_another_kind_is_refused(tmp_path: Path) -> None:
    engine = OnnxModel(write_classifier(tmp_path / "colors.onnx"))
    with pytest.raises(EngineError, match=r"\(1, 1, N, 7\) is needed"):
        VehicleFinder(engine=engine).find(painted(RED))


@pytest.mark.parametrize(
    "labels",
    [replace(COLORS, colors=("red", "blue")), replace(COLORS, kind_output="shape")],
    ids=["label_cut", "no_such_output"],
)
def test_labels_that_do_not_fit_are_refused(tmp_path: Path, labels: VehicleLabels) -> None:
    engine = OnnxModel(write_classifier(tmp_path / "colors.onnx"))
    with pytest.raises(EngineError, match="Correct its labels"):
        VehicleClassifier(engine=engine, labels=labels)


def test_vehicle_of_a_plate_is_the_smallest_that_holds_it() -> None:
    plate = box(100, 200, 140, 212)
    car, lorry, other = box(60, 100, 180, 230), box(0, 0, 400, 300), box(300, 100, 400, 230)
    looks = [look(lorry), look(other), look(car)]
    assert vehicle_of_plate(plate, looks) == look(car)
    assert vehicle_of_plate(box(250, 280, 290, 292), looks) == look(lorry)
    assert vehicle_of_plate(box(450, 10, 490, 22), looks) is None


def test_looks_that_disagree_name_nothing() -> None:
    place = box(0, 0, 10, 10)
    car = look(place, {VehicleKind.CAR: 0.9, VehicleKind.VAN: 0.1}, {VehicleColor.RED: 0.9})
    van = look(place, {VehicleKind.CAR: 0.1, VehicleKind.VAN: 0.9}, {VehicleColor.RED: 0.8})
    assert vote_looks([car, van]) == (None, VehicleColor.RED)
    assert vote_looks([car, car]) == (VehicleKind.CAR, VehicleColor.RED)
    assert vote_looks([]) == (None, None)


def test_passing_tells_of_its_vehicle_after_so_many_looks() -> None:
    config = RecognitionConfig(vehicle_looks=2)
    passings = PassingReader(config, emission=Emission.ENDED)
    noise = np.random.default_rng(1).integers(0, 255, (400, 640, 3)).astype(np.uint8)
    reading = Reading(text="34A36837", char_confidences=(0.95,) * 8)
    looked = 0
    for index in range(8):
        plate = box(200 + 10 * index, 200, 280 + 10 * index, 224)
        requests = passings.select(frame_index=index, seen_s=index / 4, boxes=[plate], frame=noise)
        passings.accept(requests, [reading] * len(requests))
        if passings.wants_look(requests):
            looked += 1
            held = box(plate.x_min - 80, 60, plate.x_max + 80, 260)
            looks = [look(held, {VehicleKind.TRUCK: 0.8}, {VehicleColor.WHITE: 0.4})]
            passings.look_at_vehicles(requests, looks)
    [passing] = passings.flush()
    assert looked == 2
    assert (passing.vehicle_kind, passing.vehicle_color) == (VehicleKind.TRUCK, None)


def test_nobody_looks_unless_asked_to() -> None:
    passings = PassingReader(RecognitionConfig())
    requests = passings.select(
        frame_index=0, seen_s=0, boxes=[box(200, 200, 280, 224)], frame=painted(RED).repeat(8, 0)
    )
    assert not passings.wants_look(requests)


def write_registry(folder: Path, vehicle: str = "") -> ModelRegistry:
    finder = write_finder(folder / "boxes.onnx", [[0, 1, 0.9, 0, 0, 1, 1]])
    classifier = write_classifier(folder / "colors.onnx")
    labels = 'vehicle = { kinds = ["car", "bus"], colors = ["blue", "green", "red"] }'
    (folder / "registry.toml").write_text(
        f'[models.boxes]\nkind = "vehicle_detector"\n{ENTRY}'
        f'files = [{{ name = "boxes.onnx", sha256 = "{sha256_of(finder)}" }}]\n'
        f'[models.colors]\nkind = "vehicle_classifier"\n{ENTRY}{vehicle or labels}\n'
        f'files = [{{ name = "colors.onnx", sha256 = "{sha256_of(classifier)}" }}]\n'
        '[sets.full]\ndetector = "plate-detector-v1"\nreader = "plate-reader-v1"\n'
        'vehicle_detector = "boxes"\nvehicle_classifier = "colors"\n'
    )
    return ModelRegistry.load(folder)


def test_observer_is_loaded_where_the_set_names_it(tmp_path: Path) -> None:
    registry = write_registry(tmp_path)
    observer = load_observer(registry, "full")
    assert observer is not None
    [[seen]] = observer.observe([painted(RED)])
    assert vote_looks([seen]) == (VehicleKind.CAR, VehicleColor.RED)
    assert load_observer(registry, "default") is None
    assert registry.model_set("full").members[2:] == ("boxes", "colors")


def test_unknown_label_in_the_registry_is_refused(tmp_path: Path) -> None:
    registry = write_registry(tmp_path, 'vehicle = { kinds = ["car", "tank"] }')
    with pytest.raises(ModelFileError, match="tank is none of: car"):
        load_observer(registry, "full")


def test_half_a_pair_in_a_set_is_refused(tmp_path: Path) -> None:
    write_registry(tmp_path)
    path = tmp_path / "registry.toml"
    path.write_text(path.read_text().replace('vehicle_classifier = "colors"\n', ""))
    with pytest.raises(ModelFileError, match="needs both"):
        ModelRegistry.load(tmp_path)
