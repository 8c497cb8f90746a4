"""Which models there are, where their files lie, and whether they are what they should be."""

import tomllib
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field, replace
from enum import StrEnum
from hashlib import file_digest
from pathlib import Path
from typing import Any, Self

from detections.recognition.calibration import UNCALIBRATED, Calibration, Scaling
from detections.recognition.errors import ConfigError, ModelFileError, UnknownModelError

REGISTRY_FILE = Path(__file__).with_name("registry.toml")
SHIPPED_WEIGHTS = Path(__file__).with_name("weights")
DEFAULT_MODELS_DIR = Path(".local/models")
DEFAULT_MODEL_SET = "default"
_MOST_TRIM = 0.3


class ModelKind(StrEnum):
    """What a model does."""

    DETECTOR = "detector"
    READER = "reader"
    VEHICLE_DETECTOR = "vehicle_detector"
    VEHICLE_CLASSIFIER = "vehicle_classifier"


@dataclass(frozen=True, slots=True, kw_only=True)
class ModelFile:
    """One file of a model. `url` is None where it cannot be pulled: it ships, or is somebody's."""

    name: str
    sha256: str
    url: str | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class ModelEntry:
    """A model as its registry file describes it.

    `files` holds the model, and for a reader after it the plate configuration. `input` says size,
    colour and type of the engine's input; `alphabet` is None for a detector. `accuracy` names what
    was measured, on which pictures. `calibration` corrects the confidences of a reader.
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
            ModelFileError: a registry file is malformed.
        """
        models: dict[str, ModelEntry] = {}
        sets: dict[str, ModelSet] = {}
        for path in (REGISTRY_FILE, models_dir / "registry.toml"):
            if path.is_file():
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
            ModelFileError: a file is missing, cannot be read, or is not the registered one.
        """
        return [self._verified_path(model, file) for file in model.files]

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
        content = tomllib.loads(path.read_text("utf-8"))
        models.update({model.name: model for model in _models(content)})
        for name, members in content.get("sets", {}).items():
            sets[name] = ModelSet(name=name, **members)
    except (OSError, AttributeError, KeyError, TypeError, ValueError, ConfigError) as error:
        message = f"The model registry {path} is malformed ({error}). Correct it."
        raise ModelFileError(message) from error


def _models(content: Mapping[str, Any]) -> Iterator[ModelEntry]:
    for name, fields in content.get("models", {}).items():
        files = tuple(ModelFile(**file) for file in fields.pop("files"))
        lines = {part: Scaling(**line) for part, line in fields.pop("calibration", {}).items()}
        yield ModelEntry(
            name=name,
            kind=ModelKind(fields.pop("kind")),
            files=files,
            calibration=Calibration(**lines),
            trim=_trim(name, fields.pop("trim", (0.0, 0.0))),
            **fields,
        )


def _trim(name: str, shares: Sequence[float]) -> tuple[float, float]:
    x, y = map(float, shares)
    if not (0 <= x < _MOST_TRIM and 0 <= y < _MOST_TRIM):
        message = f"trim of {name} must be two shares from 0 to {_MOST_TRIM}"
        raise ValueError(message)
    return x, y


def _unknown(what: str, name: str, known: Mapping[str, object]) -> str:
    return f"There is no {what} {name!r}. Choose one of: {', '.join(sorted(known))}."
