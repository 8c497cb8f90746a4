"""From names in the model registry to detectors and readers that are ready to work."""

from dataclasses import dataclass
from importlib.util import find_spec
from pathlib import Path
from typing import Literal

from detections.recognition.errors import ModelFileError
from detections.recognition.registry import (
    DEFAULT_MODEL_SET,
    ModelKind,
    ModelRegistry,
)
from detections.recognition.types import PlateDetector, PlateReader, VehicleObserver

Engine = Literal["auto", "openvino", "onnxruntime", "ultralytics"]

_ULTRALYTICS_FILES = {".pt", ".engine"}


@dataclass(frozen=True, slots=True, kw_only=True)
class EngineOptions:
    """What runs the models, and on what."""

    engine: Engine = "auto"
    """Of the detector; "auto" is Ultralytics for its own file types and on a GPU, else OpenVINO, or
    ONNX Runtime where OpenVINO is not installed. The reader runs on "auto" unless this names one of
    those two."""

    device: str = "cpu"
    """Of the detector: "cpu", or a GPU as PyTorch names it, such as "cuda"."""

    threads: int = 1
    """Of one inference on a CPU; engines left alone would take every core."""

    input_size_px: int = 640
    """Longest side that the detector looks at, a multiple of 32."""


CPU = EngineOptions()


def load_models(
    registry: ModelRegistry, set_name: str = DEFAULT_MODEL_SET, options: EngineOptions = CPU
) -> tuple[PlateDetector, PlateReader]:
    """Load the detector and the reader of a model set; see `load_detector`.

    Raises:
        UnknownModelError: the registry has no such set, or the set names an unknown model.
        ModelFileError: a file is missing or altered.
        EngineError: an engine is not installed or refuses its model.
    """
    models = registry.model_set(set_name)
    # A detector takes long to compile, which is in vain where the reader turns out to be missing.
    registry.verified_paths(registry.model_of_kind(models.reader, ModelKind.READER))
    detector = load_detector(registry, models.detector, options)
    return detector, load_reader(registry, models.reader, options)


def load_detector(
    registry: ModelRegistry, name: str, options: EngineOptions = CPU
) -> PlateDetector:
    """Load a detector after checking its file's SHA-256.

    Raises:
        UnknownModelError: the registry has no such model.
        ModelFileError: it is no detector, or its file is missing or altered.
        EngineError: the engine is not installed or refuses the file.
    """
    model = registry.model_of_kind(name, ModelKind.DETECTOR)
    path = registry.verified_paths(model)[0]
    engine = _engine_for(path, options)
    if engine == "ultralytics":
        from detections.recognition.detectors.ultralytics import (  # noqa: PLC0415 - loads PyTorch
            UltralyticsDetector,
        )

        return UltralyticsDetector(
            path,
            input_size_px=options.input_size_px,
            device=options.device,
            trim=model.trim,
        )
    return _load_on_cpu(path, engine, options, model.trim)


def load_reader(registry: ModelRegistry, name: str, options: EngineOptions = CPU) -> PlateReader:
    """Load a reader, always on the CPU, after checking the SHA-256 of its files.

    Raises:
        UnknownModelError: the registry has no such model.
        ModelFileError: it is no reader, or a file of it is missing or altered.
        EngineError: the engine is not installed or refuses the files.
    """
    from detections.recognition.readers import (  # noqa: PLC0415 - loads OpenCV
        fast_plate_ocr,
        openvino,
    )

    model = registry.model_of_kind(name, ModelKind.READER)
    model_path, config_path = registry.verified_paths(model)[:2]
    is_named = options.engine in ("openvino", "onnxruntime")
    session = None
    if (options.engine if is_named else _best_on_cpu()) == "openvino":
        session = openvino.OpenVinoSession(model_path, threads=options.threads)
    return fast_plate_ocr.FastPlateOcrReader(
        model_path,
        config_path,
        threads=options.threads,
        session=session,
        calibration=model.calibration,
    )


def load_observer(
    registry: ModelRegistry, set_name: str, options: EngineOptions = CPU
) -> VehicleObserver | None:
    """Load what tells kind and colour of vehicles, on the CPU; None where a set has no such models.

    Raises:
        UnknownModelError: the registry has no such set, or the set names an unknown model.
        ModelFileError: a model is of another kind, or a file is missing or altered.
        EngineError: an engine is not installed or refuses its model.
    """
    models = registry.model_set(set_name)
    if models.vehicle_detector is None or models.vehicle_classifier is None:
        return None
    from detections.recognition.vehicles import (  # noqa: PLC0415 - loads OpenCV
        engines,
        observer,
    )

    finder, classifier = (
        registry.model_of_kind(name, kind)
        for name, kind in (
            (models.vehicle_detector, ModelKind.VEHICLE_DETECTOR),
            (models.vehicle_classifier, ModelKind.VEHICLE_CLASSIFIER),
        )
    )
    finding, classifying = (
        engines.load_engine(registry.verified_paths(model)[0], threads=options.threads)
        for model in (finder, classifier)
    )
    try:
        labels = observer.VehicleLabels(**classifier.vehicle)
    except (TypeError, ValueError) as error:
        message = f"The labels of {classifier.name} are malformed ({error}). Correct its registry."
        raise ModelFileError(message) from error
    return observer.ModelVehicleObserver(
        finder=observer.VehicleFinder(engine=finding),
        classifier=observer.VehicleClassifier(engine=classifying, labels=labels),
    )


def _engine_for(path: Path, options: EngineOptions) -> Engine:
    if options.engine != "auto":
        return options.engine
    if path.suffix in _ULTRALYTICS_FILES or options.device != "cpu":
        return "ultralytics"
    return _best_on_cpu()


def _best_on_cpu() -> Engine:
    return "openvino" if find_spec("openvino") else "onnxruntime"


def _load_on_cpu(
    path: Path, engine: Engine, options: EngineOptions, trim: tuple[float, float]
) -> PlateDetector:
    from detections.recognition.detectors import (  # noqa: PLC0415 - loads OpenCV
        onnx,
        openvino,
        yolo,
    )

    make = openvino.OpenVinoEngine if engine == "openvino" else onnx.OnnxEngine
    return yolo.YoloDetector(
        engine=make(path, threads=options.threads),
        input_size_px=options.input_size_px,
        trim=trim,
    )
