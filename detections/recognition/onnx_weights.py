"""Which files beside it an ONNX model takes weights from, so that these can be verified, too.

Engines open them by the names that stand in the model. A worker has no `onnx` to ask, so that the
few messages that lead to a tensor are walked as protobuf writes them.

Source: https://github.com/onnx/onnx/blob/main/onnx/onnx.proto and
https://protobuf.dev/programming-guides/encoding/
"""

from collections.abc import Iterator, Mapping, Sequence
from mmap import ACCESS_READ, mmap
from pathlib import Path

from detections.recognition.errors import ModelFileError

PARTS: Mapping[str, Mapping[int, str]] = {
    "ModelProto": {7: "GraphProto", 20: "TrainingInfoProto", 25: "FunctionProto"},
    "TrainingInfoProto": {1: "GraphProto", 2: "GraphProto"},
    "FunctionProto": {7: "NodeProto", 11: "AttributeProto"},
    "GraphProto": {1: "NodeProto", 5: "TensorProto", 15: "SparseTensorProto"},
    "NodeProto": {5: "AttributeProto"},
    "AttributeProto": {
        5: "TensorProto", 6: "GraphProto", 10: "TensorProto", 11: "GraphProto",
        22: "SparseTensorProto", 23: "SparseTensorProto",
    },
    "SparseTensorProto": {1: "TensorProto", 2: "TensorProto"},
    "TensorProto": {13: "StringStringEntryProto"},
    "StringStringEntryProto": {},
}  # fmt: skip
"""The fields of a message, by number, through which a tensor's `external_data` is reached."""


def check_weights(model: Path, registered: Sequence[Path]) -> None:
    """Refuse an ONNX model whose weights outside are not exactly the registered files beside it.

    Raises:
        ModelFileError: says which file is too many or too few, or that it is no ONNX model.
    """
    taken = outside_files(model)
    beside = {path.name for path in registered if path.parent == model.parent}
    if unknown := sorted(taken - beside):
        message = (
            f"{model} takes weights from {unknown[0]}, which is not among the registered files "
            f"beside it and so is verified by nobody. Add it to the model's files with its "
            f"SHA-256, or save the model as one file."
        )
        raise ModelFileError(message)
    if idle := sorted({path.name for path in registered} - taken):
        message = (
            f"{idle[0]} is registered as weights of {model}, which takes none from it. "
            f"Remove it from the model's files."
        )
        raise ModelFileError(message)


def outside_files(path: Path) -> set[str]:
    """Where an ONNX model says that its weights lie, as it says it: mostly names beside it.

    Raises:
        ModelFileError: the file cannot be read or is no ONNX model.
    """
    try:
        with path.open("rb") as file:
            return set(_locations(memoryview(mmap(file.fileno(), 0, access=ACCESS_READ))))
    except OSError as error:
        message = f"Cannot read {path}: {error.strerror}. Check its permissions."
        raise ModelFileError(message) from error
    except ValueError as error:
        message = f"{path} is no ONNX model ({error}). Export it again."
        raise ModelFileError(message) from error


def _locations(model: memoryview) -> Iterator[str]:
    waiting = [("ModelProto", model)]
    while waiting:
        kind, content = waiting.pop()
        fields = list(_fields(content))
        if kind == "StringStringEntryProto":
            entry = {number: bytes(value) for number, value in fields}
            if entry.get(1) == b"location":
                yield entry.get(2, b"").decode()
            continue
        inner = PARTS[kind]
        waiting += [(inner[number], value) for number, value in fields if number in inner]


def _fields(message: memoryview) -> Iterator[tuple[int, memoryview]]:
    """Number and content of those fields that have a length; numbers are passed over."""
    at = 0
    while at < len(message):
        key, at = _varint(message, at)
        size = 0
        match key & 7:
            case 0:
                _, at = _varint(message, at)
            case 1:
                size = 8
            case 2:
                size, at = _varint(message, at)
            case 5:
                size = 4
            case other:
                raise ValueError(f"a field of the unknown type {other}")
        if at + size > len(message):
            raise ValueError("it ends too early")
        if key & 7 == 2:  # noqa: PLR2004 - as above
            yield key >> 3, message[at : at + size]
        at += size


def _varint(message: memoryview, at: int) -> tuple[int, int]:
    """A number of seven bits a byte, the lowest first, and where it ends."""
    value = shift = 0
    while True:
        if at >= len(message):
            raise ValueError("it ends too early")
        byte = message[at]
        value |= (byte & 127) << shift
        at, shift = at + 1, shift + 7
        if byte < 128:  # noqa: PLR2004 - the highest bit says that more follow
            return value, at
        if shift > 63:  # noqa: PLR2004 - bits of the longest number that there is
            raise ValueError("a number that does not end")
