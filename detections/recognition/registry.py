"""Which models there are, where their files lie, and whether they are what they should be."""

import tomllib
from collections.abc import Callable, Mapping, Sequence
from dataclasses import MISSING, dataclass, field, fields, replace
from enum import StrEnum
from functools import partial
from hashlib import file_digest
from math import isfinite
from pathlib import Path
from typing import Any, Self, TypeVar

from detections.recognition.calibration import UNCALIBRATED, Calibration, Scaling
from detections.recognition.errors import ConfigError, ModelFileError, UnknownModelError
from detections.recognition.onnx_weights import check_weights

REGISTRY_FILE = Path(__file__).with_name("registry.toml")
SHIPPED_WEIGHTS = Path(__file__).with_name("weights")
DEFAULT_MODELS_DIR = Path(".local/models")
DEFAULT_MODEL_SET = "default"
_MOST_TRIM = 0.3

_Made = TypeVar("_Made")


class ModelKind(StrEnum):
    """What a model does."""

    DETECTOR = "detector"
    READER = "reader"
    VEHICLE_DETECTOR = "vehicle_detector"
    VEHICLE_CLASSIFIER = "vehicle_classifier"


_OUTSIDE = ", and after it the .bin of an .xml, or the files in which an .onnx keeps weights"
_ONE_FILE = f"one file{_OUTSIDE}"
_WHOLE = {
    ModelKind.DETECTOR: _ONE_FILE,
    ModelKind.READER: f"two files, the model and its configuration{_OUTSIDE}",
    ModelKind.VEHICLE_DETECTOR: _ONE_FILE,
    ModelKind.VEHICLE_CLASSIFIER: _ONE_FILE,
}
"""The files that a model of each kind has."""

_PLAIN_FILES = {kind: 2 if kind is ModelKind.READER else 1 for kind in ModelKind}
"""How many of them are no files of weights."""


@dataclass(frozen=True, slots=True, kw_only=True)
class ModelFile:
    """One file of a model. `url` is None where it cannot be pulled: it ships, or is somebody's.

    Raises:
        ValueError: its name leads out of the folder of models, where it is read and written.
    """

    name: str
    sha256: str
    url: str | None = None

    def __post_init__(self) -> None:
        if self.name in {"", ".", ".."} or set(self.name) & set("/\\\0"):
            message = f"{self.name!r} is no plain file name"
            raise ValueError(message)


@dataclass(frozen=True, slots=True, kw_only=True)
class ModelEntry:
    """A model as its registry file describes it.

    `files` holds the model, for a reader after it the plate configuration, and at the end the files
    beside it in which the model keeps weights, if any. `input` says size, colour and type of the
    engine's input; `alphabet` is None for a detector. `accuracy` names what was measured, on which
    pictures. `calibration` corrects the confidences of a reader.
    `trim` is what a detector's boxes have too much left and right, and above and below, as shares
    of their width and height.
    `vehicle` says what a vehicle classifier's outputs mean, as arguments of `VehicleLabels`.
    """

    name: str
    kind: ModelKind
    files: tuple[ModelFile, ...]
    licence: str
    source: str
    training_data: str
    accuracy: str
    input: str
    alphabet: str | None = None
    calibration: Calibration = UNCALIBRATED
    trim: tuple[float, float] = (0.0, 0.0)
    vehicle: Mapping[str, Any] = field(default_factory=dict)


@dataclass(frozen=True, slots=True, kw_only=True)
class ModelSet:
    """The models that a camera is set to, by their names.

    Kind and colour of vehicles are told where the set names both models for it.

    Raises:
        ValueError: it names one of them alone.
    """

    name: str
    detector: str
    reader: str
    vehicle_detector: str | None = None
    vehicle_classifier: str | None = None

    def __post_init__(self) -> None:
        if (self.vehicle_detector is None) != (self.vehicle_classifier is None):
            message = f"{self.name} needs both vehicle_detector and vehicle_classifier, or neither"
            raise ValueError(message)

    @property
    def observes_vehicles(self) -> bool:
        return self.vehicle_detector is not None

    @property
    def members(self) -> tuple[str, ...]:
        """The names of its models."""
        return tuple(name for name, _ in self.roles)

    @property
    def roles(self) -> tuple[tuple[str, ModelKind], ...]:
        """The names of its models, each with the kind that it must be of."""
        roles = (
            (self.detector, ModelKind.DETECTOR),
            (self.reader, ModelKind.READER),
            (self.vehicle_detector, ModelKind.VEHICLE_DETECTOR),
            (self.vehicle_classifier, ModelKind.VEHICLE_CLASSIFIER),
        )
        return tuple((name, kind) for name, kind in roles if name)


@dataclass(frozen=True, slots=True, kw_only=True)
class ModelRegistry:
    """All known models and model sets.

    `models_dir` is where models are pulled to; it is searched before the weights that ship with the
    code. A person's own models are described in a `registry.toml` there.
    """

    models: Mapping[str, ModelEntry]
    sets: Mapping[str, ModelSet]
    models_dir: Path

    @classmethod
    def load(cls, models_dir: Path = DEFAULT_MODELS_DIR) -> Self:
        """Read the registry that ships, and over it the one in `models_dir` where there is one.

        Raises:
            ModelFileError: a registry file is malformed, or is there and cannot be read.
        """
        models: dict[str, ModelEntry] = {}
        sets: dict[str, ModelSet] = {}
        for path in (REGISTRY_FILE, models_dir / "registry.toml"):
            _read_registry(path, models, sets)
        return cls(models=models, sets=sets, models_dir=models_dir)

    def model(self, name: str) -> ModelEntry:
        """Look up a model; raises UnknownModelError."""
        if name not in self.models:
            raise UnknownModelError(_unknown("model", name, self.models))
        return self.models[name]

    def model_of_kind(self, name: str, kind: ModelKind) -> ModelEntry:
        """Look up a model that must be of a kind.

        Raises:
            UnknownModelError: there is no such model.
            ModelFileError: it is of another kind.
        """
        model = self.model(name)
        if model.kind is not kind:
            message = f"The model {name} is a {model.kind}, and a {kind} is needed. Choose another."
            raise ModelFileError(message)
        return model

    def model_set(self, name: str = DEFAULT_MODEL_SET) -> ModelSet:
        """Look up a model set; raises UnknownModelError."""
        if name not in self.sets:
            raise UnknownModelError(_unknown("model set", name, self.sets))
        return self.sets[name]

    def fingerprint(self, set_name: str) -> dict[str, str]:
        """Which models read plates in a set, exactly: `set`, and of both the name and SHA-256.

        Raises:
            UnknownModelError: there is no such set, or it names an unknown model.
        """
        chosen = self.model_set(set_name)
        detector, reader = self.model(chosen.detector), self.model(chosen.reader)
        return {
            "set": set_name,
            "detector": detector.name,
            "detector_sha256": detector.files[0].sha256,
            "reader": reader.name,
            "reader_sha256": reader.files[0].sha256,
        }

    def uncalibrated(self) -> Self:
        """The same models, answering the confidences that they were trained to answer."""
        models = {
            name: replace(model, calibration=UNCALIBRATED) for name, model in self.models.items()
        }
        return replace(self, models=models)

    def locate(self, file: ModelFile) -> Path | None:
        """Where the file lies, or None where it is not installed; its content is not looked at."""
        candidates = (folder / file.name for folder in (self.models_dir, SHIPPED_WEIGHTS))
        return next((path for path in candidates if path.is_file()), None)

    def is_installed(self, model: ModelEntry) -> bool:
        """Whether all files of a model are there; their content is not looked at."""
        return all(self.locate(file) for file in model.files)

    def verified_paths(self, model: ModelEntry) -> list[Path]:
        """Where the files of a model lie, after comparing each with its SHA-256.

        Raises:
            ModelFileError: a file is missing, cannot be read, or is not the registered one, or the
                model takes weights from a file that is not registered.
        """
        paths = [self._verified_path(model, file) for file in model.files]
        if paths[0].suffix == ".onnx":
            check_weights(paths[0], paths[_PLAIN_FILES[model.kind] :])
        return paths

    def _verified_path(self, model: ModelEntry, file: ModelFile) -> Path:
        path = self.locate(file)
        if path is None:
            message = (
                f"The model {model.name} is not installed: {file.name} is missing. "
                f"Run `manage.py models pull {model.name}`."
            )
            raise ModelFileError(message)
        actual = sha256_of(path)
        if actual != file.sha256:
            message = (
                f"{path} is not the registered file of the model {model.name}: its SHA-256 is "
                f"{actual}, and {file.sha256} was expected. Delete it and run "
                f"`manage.py models pull {model.name}`."
            )
            raise ModelFileError(message)
        return path


def sha256_of(path: Path) -> str:
    """SHA-256 of a file's content in hexadecimal.

    Raises:
        ModelFileError: the file cannot be read.
    """
    try:
        with path.open("rb") as file:
            return file_digest(file, "sha256").hexdigest()
    except OSError as error:
        message = f"Cannot read {path}: {error.strerror}. Check its permissions."
        raise ModelFileError(message) from error


def _read_registry(path: Path, models: dict[str, ModelEntry], sets: dict[str, ModelSet]) -> None:
    try:
        content = tomllib.loads(_registry_text(path))
        for name, value in _table("models", content.get("models", {})).items():
            models[name] = _model(name, value)
        for name, value in _table("sets", content.get("sets", {})).items():
            sets[name] = _made(ModelSet, f"sets.{name}", value, name=name)
    except ValueError as error:
        message = f"The model registry {path} is malformed ({error}). Correct it."
        raise ModelFileError(message) from error


def _registry_text(path: Path) -> str:
    """What the registry says; nothing where there is none, as a person needs no own."""
    try:
        return path.read_text("utf-8")
    except OSError as error:
        if isinstance(error, FileNotFoundError | NotADirectoryError) and not path.is_symlink():
            return ""
        message = (
            f"The model registry {path} cannot be read: {error.strerror}. Put a file there that "
            "this account may read, or take it away."
        )
        raise ModelFileError(message) from error


def _model(name: str, value: object) -> ModelEntry:
    entry = _made(ModelEntry, f"models.{name}", value, name=name)
    if not _is_whole(entry.kind, [file.name for file in entry.files]):
        message = f"models.{name}.files must be {_WHOLE[entry.kind]}"
        raise ValueError(message)
    return entry


def _is_whole(kind: ModelKind, names: Sequence[str]) -> bool:
    count = _PLAIN_FILES[kind]
    if len(names) < count or len(set(names)) < len(names):
        return False
    weights = names[count:]
    if names[0].endswith(".xml"):
        # OpenVINO takes the weights that lie beside it, whether they were registered or not.
        return weights == [f"{names[0].removesuffix('.xml')}.bin"]
    return not weights or names[0].endswith(".onnx")


def _made(kind: type[_Made], where: str, value: object, **known: object) -> _Made:
    """Make what a table describes; its keys are the fields of `kind`.

    Raises:
        ValueError: says which key of what is wrong.
    """
    table = _table(where, value)
    keys = {each.name: each for each in fields(kind) if each.name not in known}  # type: ignore[arg-type]  # all of them are dataclasses
    if unknown := sorted(table.keys() - keys.keys()):
        message = f"{where}.{unknown[0]} is no key that there is"
        raise ValueError(message)
    needed = {
        name
        for name, each in keys.items()
        if each.default is MISSING and each.default_factory is MISSING
    }
    if missing := sorted(needed - table.keys()):
        message = f"{where}.{missing[0]} is missing"
        raise ValueError(message)
    values = {
        key: _PARTS.get(key, _text)(f"{where}.{key}", content) for key, content in table.items()
    }
    try:
        return kind(**known, **values)
    except (ValueError, ConfigError) as error:
        message = f"{where}: {error}"
        raise ValueError(message) from error


def _table(where: str, value: object) -> Mapping[str, Any]:
    if not isinstance(value, dict):
        message = f"{where} must be a table"
        raise ValueError(message)  # noqa: TRY004 - one kind of error for all that is malformed
    return value


def _text(where: str, value: object) -> str:
    if not isinstance(value, str):
        message = f"{where} must be a text"
        raise ValueError(message)  # noqa: TRY004 - as above
    return value


def _number(where: str, value: object) -> float:
    if isinstance(value, bool) or not isinstance(value, int | float) or not isfinite(value):
        message = f"{where} must be a number"
        raise ValueError(message)
    return float(value)


def _kind(where: str, value: object) -> ModelKind:
    name = _text(where, value)
    if name not in list(ModelKind):
        message = f"{where} must be one of: {', '.join(ModelKind)}"
        raise ValueError(message)
    return ModelKind(name)


def _files(where: str, value: object) -> tuple[ModelFile, ...]:
    return tuple(_made(ModelFile, where, each) for each in _list(where, value))


def _list(where: str, value: object) -> Sequence[object]:
    if not isinstance(value, list):
        message = f"{where} must be a list"
        raise ValueError(message)  # noqa: TRY004 - as above
    return value


def _trim(where: str, value: object) -> tuple[float, float]:
    shares = [_number(where, share) for share in _list(where, value)]
    match shares:
        case [x, y] if 0 <= x < _MOST_TRIM and 0 <= y < _MOST_TRIM:
            return x, y
    message = f"{where} must be two shares from 0 to {_MOST_TRIM}"
    raise ValueError(message)


_PARTS: Mapping[str, Callable[[str, object], Any]] = {
    "kind": _kind,
    "files": _files,
    "calibration": partial(_made, Calibration),
    "text": partial(_made, Scaling),
    "region": partial(_made, Scaling),
    "temperature": _number,
    "offset": _number,
    "trim": _trim,
    "vehicle": _table,
}
"""What reads the keys of a registry that are no texts."""


def _unknown(what: str, name: str, known: Mapping[str, object]) -> str:
    return f"There is no {what} {name!r}. Choose one of: {', '.join(sorted(known))}."
