"""Weights that an ONNX model keeps in files beside it: verified with it, or it is refused."""

from hashlib import sha256
from pathlib import Path

import numpy as np
import onnx
import pytest
from onnx import TensorProto, helper, numpy_helper
from onnx.external_data_helper import set_external_data

from detections.recognition.errors import ModelFileError
from detections.recognition.loading import EngineOptions, load_detector, load_reader
from detections.recognition.onnx_weights import PARTS, outside_files
from detections.recognition.registry import ModelRegistry
from tests.recognition.test_registry import ENTRY
from tests.recognition.tiny_models import RED, write_detector, write_reader

ENGINES = ["openvino", "onnxruntime"]


def move_weights_out(path: Path, location: str) -> Path:
    """Save the model anew with its weights in one file; ONNX Runtime wants shapes in the model."""
    model = onnx.load(path)
    for tensor in model.graph.initializer:
        if tensor.data_type == TensorProto.FLOAT:
            set_external_data(tensor, location)
    onnx.save(model, path)
    return path.parent / location


def write_registry(folder: Path, kind: str, *names: str) -> ModelRegistry:
    files = ", ".join(
        f'{{ name = "{name}", sha256 = "{sha256((folder / name).read_bytes()).hexdigest()}" }}'
        for name in names
    )
    (folder / "registry.toml").write_text(
        f'[models.own]\nkind = "{kind}"\nfiles = [{files}]\n{ENTRY}'
    )
    return ModelRegistry.load(folder)


@pytest.mark.parametrize("engine", ENGINES)
def test_detector_whose_weights_nobody_registered_is_refused(tmp_path: Path, engine: str) -> None:
    model = write_detector(tmp_path / "red.onnx", end_to_end=True)
    move_weights_out(model, "red.onnx.data")
    registry = write_registry(tmp_path, "detector", "red.onnx")
    options = EngineOptions(engine=engine)  # type: ignore[arg-type]  # the parameter is a str
    with pytest.raises(
        ModelFileError, match=r"red\.onnx takes weights from red\.onnx\.data, which is not among"
    ):
        load_detector(registry, "own", options)


@pytest.mark.parametrize("engine", ENGINES)
def test_detector_whose_weights_are_registered_finds_with_them(tmp_path: Path, engine: str) -> None:
    model = write_detector(tmp_path / "red.onnx", end_to_end=True)
    weights = move_weights_out(model, "red.onnx.data")
    registry = write_registry(tmp_path, "detector", model.name, weights.name)
    options = EngineOptions(engine=engine, input_size_px=320)  # type: ignore[arg-type]  # as above
    frame = np.full((320, 320, 3), 127, np.uint8)
    frame[100:140, 60:160] = RED
    [[box]] = load_detector(registry, "own", options).detect([frame])
    assert (box.x_min, box.y_min, box.x_max, box.y_max) == pytest.approx((60, 100, 160, 140), abs=2)
    weights.write_bytes(weights.read_bytes()[:-1] + b"\x7f")
    with pytest.raises(ModelFileError, match=r"red\.onnx\.data is not the registered file"):
        load_detector(registry, "own", options)
    weights.unlink()
    assert not registry.is_installed(registry.model("own"))


@pytest.mark.parametrize("engine", ENGINES)
def test_weights_of_a_reader_stand_after_its_configuration(tmp_path: Path, engine: str) -> None:
    model, config = write_reader(tmp_path)
    strip = np.zeros((64, 128, 3), np.uint8)
    strip[:] = RED
    weights = move_weights_out(model, "strips.weights")
    options = EngineOptions(engine=engine)  # type: ignore[arg-type]  # as above
    registry = write_registry(tmp_path, "reader", model.name, config.name)
    with pytest.raises(ModelFileError, match=r"takes weights from strips\.weights"):
        load_reader(registry, "own", options)
    registry = write_registry(tmp_path, "reader", model.name, config.name, weights.name)
    [reading] = load_reader(registry, "own", options).read([strip])
    assert reading.text == "RRRR"


@pytest.mark.parametrize("kind", ["vehicle_detector", "vehicle_classifier"])
def test_vehicle_model_whose_weights_nobody_registered_is_refused(
    tmp_path: Path, kind: str
) -> None:
    move_weights_out(write_detector(tmp_path / "red.onnx", end_to_end=True), "red.onnx.data")
    registry = write_registry(tmp_path, kind, "red.onnx")
    with pytest.raises(ModelFileError, match=r"takes weights from red\.onnx\.data"):
        registry.verified_paths(registry.model("own"))


def test_file_from_which_no_weights_are_taken_is_refused(tmp_path: Path) -> None:
    model = write_detector(tmp_path / "red.onnx", end_to_end=True)
    (tmp_path / "other.data").write_bytes(b"weights of another model")
    registry = write_registry(tmp_path, "detector", model.name, "other.data")
    with pytest.raises(
        ModelFileError, match=r"other\.data is registered as weights of .*red\.onnx"
    ):
        registry.verified_paths(registry.model("own"))


@pytest.mark.parametrize("location", ["../red.data", "deep/red.data", "/etc/hostname"])
def test_weights_that_lie_elsewhere_are_refused(tmp_path: Path, location: str) -> None:
    models = tmp_path / "models"
    models.mkdir()
    tensor = outside(numpy_helper.from_array(np.ones(4, np.float32), "weights"), location)
    save_graph(models / "red.onnx", [helper.make_node("Neg", ["weights"], ["answer"])], [tensor])
    registry = write_registry(models, "detector", "red.onnx")
    with pytest.raises(ModelFileError, match=f"takes weights from {location}"):
        registry.verified_paths(registry.model("own"))


def outside(tensor: TensorProto, location: str) -> TensorProto:
    """The tensor, its content in a file."""
    set_external_data(tensor, location)
    tensor.ClearField("raw_data")
    return tensor


def save_graph(
    path: Path, nodes: list[onnx.NodeProto], tensors: list[TensorProto]
) -> onnx.ModelProto:
    answer = helper.make_tensor_value_info("answer", TensorProto.FLOAT, [4])
    graph = helper.make_graph(nodes, "graph", [], [answer], tensors)
    model = helper.make_model(graph, opset_imports=[helper.make_opsetid("", 18)], ir_version=9)
    path.write_bytes(model.SerializeToString())
    return model


def nested(path: Path) -> onnx.ModelProto:
    """A model whose weights lie in five files: initializer, constants, sparse ones, branches."""

    def weights(location: str) -> TensorProto:
        return outside(numpy_helper.from_array(np.ones(4, np.float32), location), location)

    def branch(location: str) -> onnx.GraphProto:
        constant = helper.make_node("Constant", [], ["out"], value=weights(location))
        out = helper.make_tensor_value_info("out", TensorProto.FLOAT, [4])
        return helper.make_graph([constant], location, [], [out])

    indices = numpy_helper.from_array(np.arange(4), "indices")
    sparse = helper.make_sparse_tensor(weights("sparse"), indices, [4])
    nodes = [
        helper.make_node("Constant", [], ["spread"], sparse_value=sparse),
        helper.make_node(
            "If", ["chosen"], ["answer"], then_branch=branch("then"), else_branch=branch("else")
        ),
        helper.make_node("Constant", [], ["plain"], value=weights("constant")),
    ]
    chosen = numpy_helper.from_array(np.array(True), "chosen")  # noqa: FBT003 - a value
    return save_graph(path, nodes, [weights("initializer"), chosen])


def test_weights_are_found_wherever_a_tensor_can_stand(tmp_path: Path) -> None:
    nested(tmp_path / "nested.onnx")
    assert outside_files(tmp_path / "nested.onnx") == {
        "initializer", "constant", "sparse", "then", "else",
    }  # fmt: skip


def test_ways_to_a_tensor_are_those_of_onnx() -> None:
    messages = onnx.onnx_ml_pb2.DESCRIPTOR.message_types_by_name
    leading = {"TensorProto"}
    while (
        more := {
            name
            for name, message in messages.items()
            if any(
                each.message_type and each.message_type.name in leading for each in message.fields
            )
        }
        - leading
    ):
        leading |= more
    for name in leading:
        ways = {
            each.number: each.message_type.name
            for each in messages[name].fields
            if each.name == "external_data"
            or (each.message_type and each.message_type.name in leading)
        }
        assert PARTS[name] == ways, name


def test_file_that_is_no_onnx_model_is_refused_wherever_it_breaks(tmp_path: Path) -> None:
    path = tmp_path / "nested.onnx"
    nested(path)
    whole = path.read_bytes()
    refused = 0
    for length in range(len(whole)):
        path.write_bytes(whole[:length])
        try:
            outside_files(path)
        except ModelFileError as error:
            assert "is no ONNX model" in str(error)  # noqa: PT017 - some lengths are whole
            refused += 1
    assert refused > len(whole) * 0.9
    for content in (b"", b"\xff" * 12, b"\x3b\x3c"):
        path.write_bytes(content)
        with pytest.raises(ModelFileError, match="is no ONNX model"):
            outside_files(path)
    path.unlink()
    with pytest.raises(ModelFileError, match="Cannot read"):
        outside_files(path)
