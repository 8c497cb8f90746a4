"""Reads a reader's weights back out of its exported file, so that training can go on from it.

The exporter folds each normalisation of the stem into the convolution before it and turns the
weights of linear layers round; both are undone. What only training needs, naming the character in
each cell, is not in the file and is learnt anew.
"""

from pathlib import Path

import numpy as np
import onnx
from numpy.typing import NDArray
from onnx import numpy_helper

from training.errors import TrainingError

NORM_EPSILON = 1e-5
_FOLDED = "onnx::"
_HALF = ".half"
_NET = "net."

Weights = dict[str, NDArray[np.float32]]


def weights_in(path: Path) -> Weights:
    """The weights of an exported reader, named as the network's own.

    Normalisations come back as such that change nothing but add the offset that was folded in:
    the network answers alike only while they are settled.

    Raises:
        TrainingError: The file is no reader that `training.export` wrote.
    """
    graph = onnx.load(str(path)).graph
    values = {
        weight.name.removesuffix(_HALF): numpy_helper.to_array(weight).astype(np.float32)
        for weight in graph.initializer
    }
    weights = {
        name.removeprefix(_NET): value for name, value in values.items() if name.startswith(_NET)
    }
    if "positions" not in weights:
        raise TrainingError(f"{path} is no reader that training.export wrote.")
    for node in graph.node:
        folded = [values[name] for name in node.input if name in values and _FOLDED in name]
        layer = _layer(node.name)
        if node.op_type == "Conv" and folded:
            weights |= _convolution(layer, *folded)
        elif folded:
            weights[f"{layer}.weight"] = np.ascontiguousarray(folded[0].T)
    return weights


def _layer(node: str) -> str:
    """The layer that a node of the graph belongs to.

    >>> _layer("/net/encoder/encoder.0/perceptron/perceptron.1/MatMul")
    'encoder.0.perceptron.1'
    """
    path: list[str] = []
    for part in node.split("/")[2:-1]:
        if path and part.startswith(f"{path[-1]}."):
            path.pop()
        path.append(part)
    return ".".join(path)


def _convolution(layer: str, filters: NDArray[np.float32], offset: NDArray[np.float32]) -> Weights:
    """A convolution of the stem and the normalisation after it, `stem.0.0` and `stem.0.1`."""
    norm = f"{layer.rpartition('.')[0]}.1"
    ones = np.ones_like(offset)
    return {
        f"{layer}.weight": filters,
        f"{norm}.weight": ones * np.float32(np.sqrt(1 + NORM_EPSILON)),
        f"{norm}.bias": offset,
        f"{norm}.running_mean": ones * 0,
        f"{norm}.running_var": ones,
        f"{norm}.num_batches_tracked": np.zeros((), np.float32),
    }
