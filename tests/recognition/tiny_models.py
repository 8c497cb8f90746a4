"""Real ONNX models of a few operators whose right answer is plain to see.

The detector finds the red rectangle, in both of YOLO's output contracts. The reader names the
colour of each of four strips from left to right. Swapped colours, a lost margin, a wrong mapping or
a missing slot change their answers.
"""

from pathlib import Path

import numpy as np
import onnx
from onnx import TensorProto, helper, numpy_helper

SLOTS = 4
RED, GREEN, BLUE, BLACK = (0, 0, 255), (0, 255, 0), (255, 0, 0), (0, 0, 0)
PLATE_CONFIG = """
max_plate_slots: 4
alphabet: "RGB_"
pad_char: "_"
img_height: 64
img_width: 128
keep_aspect_ratio: false
interpolation: nearest
image_color_mode: rgb
"""


def write_detector(path: Path, *, end_to_end: bool, size: int | None = None) -> Path:
    """A detector of the red rectangle; its confidence is 1 for pure red and below 0 for gray."""
    nodes = [
        helper.make_node("Gather", ["images", "red_channel"], ["red"], axis=1),
        helper.make_node("ReduceMax", ["red", "rows"], ["by_column"], keepdims=0),
        helper.make_node("ReduceMax", ["red", "columns"], ["by_row"], keepdims=0),
        helper.make_node("ReduceMax", ["red", "both"], ["brightest"], keepdims=0),
        helper.make_node("Reshape", ["brightest", "one_by_one"], ["brightest_red"]),
        helper.make_node("Sub", ["brightest_red", "half"], ["above_gray"]),
        helper.make_node("Add", ["above_gray", "above_gray"], ["confidence"]),
        helper.make_node("Mul", ["confidence", "zero"], ["class"]),
    ]
    for axis, line in (("x", "by_column"), ("y", "by_row")):
        nodes += _edges(axis, line)
    nodes += _end_to_end_head() if end_to_end else _raw_head()
    height, width = (size, size) if size else ("height", "width")
    answer = [1, 1, 6] if end_to_end else [1, 5, 8]
    _save(
        path,
        nodes,
        inputs=[helper.make_tensor_value_info("images", TensorProto.FLOAT, [1, 3, height, width])],
        outputs=[helper.make_tensor_value_info("output0", TensorProto.FLOAT, answer)],
        constants={
            "red_channel": np.array(0, np.int64),
            "rows": np.array([1], np.int64),
            "columns": np.array([2], np.int64),
            "both": np.array([1, 2], np.int64),
            "one_by_one": np.array([1, 1], np.int64),
            "zero": np.array(0, np.float32),
            "one": np.array(1, np.float32),
            "half": np.array(0.5, np.float32),
            "rows_of_answer": np.array([1, 1, 6], np.int64),
            "columns_of_answer": np.array([1, 5, 1], np.int64),
            "repeats": np.array([1, 1, 8], np.int64),
        },
    )
    return path


def _edges(axis: str, line: str) -> list[onnx.NodeProto]:
    """First and last bright place of a line, the last one exclusive, as (1, 1) floats."""
    return [
        helper.make_node("ArgMax", [line], [f"{axis}_first"], axis=1, keepdims=1),
        helper.make_node(
            "ArgMax", [line], [f"{axis}_last"], axis=1, keepdims=1, select_last_index=1
        ),
        helper.make_node("Cast", [f"{axis}_first"], [f"{axis}_min"], to=TensorProto.FLOAT),
        helper.make_node("Cast", [f"{axis}_last"], [f"{axis}_inside"], to=TensorProto.FLOAT),
        helper.make_node("Add", [f"{axis}_inside", "one"], [f"{axis}_max"]),
    ]


def _end_to_end_head() -> list[onnx.NodeProto]:
    values = ["x_min", "y_min", "x_max", "y_max", "confidence", "class"]
    return [
        helper.make_node("Concat", values, ["row"], axis=1),
        helper.make_node("Reshape", ["row", "rows_of_answer"], ["output0"]),
    ]


def _raw_head() -> list[onnx.NodeProto]:
    """The same box eight times, as cells that agree; a detector must make one of them."""
    nodes = []
    for axis in ("x", "y"):
        nodes += [
            helper.make_node("Sub", [f"{axis}_max", f"{axis}_min"], [f"{axis}_side"]),
            helper.make_node("Mul", [f"{axis}_side", "half"], [f"{axis}_half"]),
            helper.make_node("Add", [f"{axis}_min", f"{axis}_half"], [f"{axis}_center"]),
        ]
    values = ["x_center", "y_center", "x_side", "y_side", "confidence"]
    return [
        *nodes,
        helper.make_node("Concat", values, ["column"], axis=1),
        helper.make_node("Reshape", ["column", "columns_of_answer"], ["cell"]),
        helper.make_node("Tile", ["cell", "repeats"], ["output0"]),
    ]


def write_reader(
    folder: Path, *, regions: tuple[str, ...] = (), slots: int = SLOTS
) -> tuple[Path, Path]:
    """A reader that names the colour of each strip, and its plate configuration.

    With two `regions` it answers the first for red crops and the second for blue ones.
    """
    model, config = folder / "strips.onnx", folder / "strips.yaml"
    config.write_text(PLATE_CONFIG + (f"plate_regions: {list(regions)}\n" if regions else ""))
    nodes = [
        helper.make_node("Cast", ["input"], ["values"], to=TensorProto.FLOAT),
        helper.make_node("Div", ["values", "white"], ["scaled"]),
        helper.make_node("Reshape", ["scaled", "in_strips"], ["strips"]),
        helper.make_node("ReduceMean", ["strips", "within"], ["colors"], keepdims=0),
        helper.make_node("Slice", ["colors", "first", "second", "last_axis"], ["one_color"]),
        helper.make_node("Mul", ["one_color", "zero"], ["zeros"]),
        helper.make_node("Add", ["zeros", "pad_value"], ["pads"]),
        helper.make_node("Concat", ["colors", "pads"], ["plate"], axis=2),
        helper.make_node("ReduceMean", ["colors", "over_strips"], ["mean_color"], keepdims=0),
        helper.make_node("Gather", ["mean_color", "red_and_blue"], ["region"], axis=1),
    ]
    outputs = [helper.make_tensor_value_info("plate", TensorProto.FLOAT, ["n", slots, 4])]
    if regions:
        outputs.append(helper.make_tensor_value_info("region", TensorProto.FLOAT, ["n", 2]))
    else:
        nodes = nodes[:-2]
    _save(
        model,
        nodes,
        inputs=[helper.make_tensor_value_info("input", TensorProto.UINT8, ["n", 64, 128, 3])],
        outputs=outputs,
        constants={
            "white": np.array(255, np.float32),
            "in_strips": np.array([0, 64, slots, 128 // slots, 3], np.int64),
            "within": np.array([1, 3], np.int64),
            "over_strips": np.array([1], np.int64),
            "first": np.array([0], np.int64),
            "second": np.array([1], np.int64),
            "last_axis": np.array([2], np.int64),
            "zero": np.array(0, np.float32),
            "pad_value": np.array(0.25, np.float32),
            "red_and_blue": np.array([0, 2], np.int64),
        },
    )
    return model, config


def write_gray_reader(folder: Path) -> tuple[Path, Path]:
    """A reader of gray crops, of one slot: `W`, as surely as the crop is bright."""
    model, config = folder / "gray.onnx", folder / "gray.yaml"
    gray = PLATE_CONFIG.replace("slots: 4", "slots: 1").replace("RGB_", "W_")
    config.write_text(gray.replace("mode: rgb", "mode: grayscale"))
    nodes = [
        helper.make_node("Cast", ["input"], ["values"], to=TensorProto.FLOAT),
        helper.make_node("Div", ["values", "white"], ["scaled"]),
        helper.make_node("ReduceMean", ["scaled", "rows_and_columns"], ["bright"], keepdims=0),
        helper.make_node("Sub", ["one", "bright"], ["dark"]),
        helper.make_node("Concat", ["bright", "dark"], ["both"], axis=1),
        helper.make_node("Reshape", ["both", "slots"], ["plate"]),
    ]
    _save(
        model,
        nodes,
        inputs=[helper.make_tensor_value_info("input", TensorProto.UINT8, ["n", 64, 128, 1])],
        outputs=[helper.make_tensor_value_info("plate", TensorProto.FLOAT, ["n", 1, 2])],
        constants={
            "white": np.array(255, np.float32),
            "rows_and_columns": np.array([1, 2], np.int64),
            "one": np.array(1, np.float32),
            "slots": np.array([-1, 1, 2], np.int64),
        },
    )
    return model, config


def _save(
    path: Path,
    nodes: list[onnx.NodeProto],
    *,
    inputs: list[onnx.ValueInfoProto],
    outputs: list[onnx.ValueInfoProto],
    constants: dict[str, np.ndarray],
) -> None:
    used = {name for node in nodes for name in node.input}
    graph = helper.make_graph(
        nodes,
        path.stem,
        inputs,
        outputs,
        [numpy_helper.from_array(value, name) for name, value in constants.items() if name in used],
    )
    model = helper.make_model(graph, opset_imports=[helper.make_opsetid("", 18)], ir_version=9)
    onnx.checker.check_model(model)
    onnx.save(model, path)
