"""The recognition worker's side: one micro-batch of frames or crops in, boxes or readings out.

A batch travels as a Celery message that names keys in Redis; the answer goes to the list of the
process that asked. The worker owns the models and nothing else, so any number of workers may
share the queue and any of them may die: what it had not answered is asked again with a later frame.
"""

import time
from collections.abc import Callable, Mapping, Sequence
from dataclasses import asdict, replace
from functools import cache, wraps
from pathlib import Path
from typing import Any, Literal, NamedTuple, TypedDict, TypeVar, cast

import orjson
import structlog
from django.conf import settings

from detections.recognition.errors import RecognitionError
from detections.recognition.loading import EngineOptions, load_models, load_observer
from detections.recognition.registry import ModelRegistry
from detections.recognition.types import (
    Frame,
    PlateBox,
    PlateDetector,
    PlateReader,
    Reading,
    VehicleColor,
    VehicleKind,
    VehicleLook,
    VehicleObserver,
)
from detections.services.frames import IN_FLIGHT_SECONDS, frames_redis, unpack_frame

log = structlog.get_logger(__name__)

FAILED = "Recognition failed, which it should not. The log of the recognition worker says why."
FAILED_SECONDS = 10.0
"""How long a set that could not be loaded is not tried again: each try costs as much as a second of
a camera, and its frames come all the time."""

Loaded = TypeVar("Loaded")

Work = Literal["detect", "read", "observe"]
Scale = tuple[float, float]
"""How many times a frame is as wide and as high as the picture of it that was sent."""


class Batch(TypedDict):
    """A micro-batch: `keys` hold its frames or crops, `reply_to` is the list for the answer."""

    id: str
    work: Work
    model_set: str
    keys: list[str]
    reply_to: str


class Reply(TypedDict):
    """The answer to a batch: one result per key, None where the key had expired, or an error."""

    id: str
    results: list[Any]
    error: str


def _engine_options() -> EngineOptions:
    return EngineOptions(device=settings.RECOGNITION_DEVICE, threads=settings.RECOGNITION_THREADS)


class _StillFailingError(RecognitionError):
    """What failed a moment ago, when it was logged, was not tried again."""


def _sentence(failure: Exception) -> str:
    """What may be told of a failure to whoever asked."""
    return str(failure) if isinstance(failure, RecognitionError) else FAILED


def _once(load: Callable[[str], Loaded]) -> Callable[[str], Loaded]:
    """Load each model set once, and after a failure not again for `FAILED_SECONDS`."""
    kept = cache(load)
    failures: dict[str, tuple[float, str]] = {}

    @wraps(load)
    def loaded(model_set: str) -> Loaded:
        if model_set in failures:
            failed_at, sentence = failures[model_set]
            if time.monotonic() < failed_at + FAILED_SECONDS:
                raise _StillFailingError(sentence)
            del failures[model_set]
        try:
            return kept(model_set)
        except Exception as failure:
            failures[model_set] = time.monotonic(), _sentence(failure)
            raise

    return loaded


class _Readers(NamedTuple):
    """The models of a set; `fingerprint` stays theirs, though the registry be edited meanwhile."""

    detector: PlateDetector
    reader: PlateReader
    fingerprint: dict[str, str]


@_once
def _models(model_set: str) -> _Readers:
    registry = ModelRegistry.load(Path(settings.MODELS_DIR))
    detector, reader = load_models(registry, model_set, _engine_options())
    log.info("models_loaded", model_set=model_set, device=settings.RECOGNITION_DEVICE)
    return _Readers(detector, reader, registry.fingerprint(model_set))


@_once
def _observer(model_set: str) -> VehicleObserver | None:
    return load_observer(
        ModelRegistry.load(Path(settings.MODELS_DIR)), model_set, _engine_options()
    )


def warm_up(model_set: str = "default") -> None:
    """Load a model set before the first frame waits for it.

    Raises:
        RecognitionError: The models are missing, altered, or refused by their engine.
    """
    _models(model_set)


def recognise(batch: Batch) -> None:
    """Work a batch off and send its answer; a failure is answered with a sentence."""
    redis = frames_redis()
    packed = cast("list[bytes | None]", redis.mget(batch["keys"]))
    present = {index: content for index, content in enumerate(packed) if content is not None}
    results: list[Any] = [None] * len(packed)
    error = ""
    try:
        answers = (
            _run(batch, [unpack_frame(content) for content in present.values()]) if present else []
        )
    except _StillFailingError as failure:
        error, answers = str(failure), []
    except Exception as failure:  # whoever asked waits for an answer, whatever went wrong
        log.exception("recognition_failed", work=batch["work"], model_set=batch["model_set"])
        error, answers = _sentence(failure), []
    for index, answer in zip(present, answers, strict=False):
        results[index] = answer
    reply: Reply = {"id": batch["id"], "results": results, "error": error}
    pipeline = redis.pipeline(transaction=False)
    pipeline.rpush(batch["reply_to"], orjson.dumps(reply))
    pipeline.expire(batch["reply_to"], IN_FLIGHT_SECONDS)
    pipeline.execute()


def _run(batch: Batch, frames: Sequence[Frame]) -> list[Any]:
    if batch["work"] == "observe":
        observer = _observer(batch["model_set"])
        seen = observer.observe(frames) if observer else [[] for _ in frames]
        return [[_pack_look(look) for look in looks] for looks in seen]
    loaded = _models(batch["model_set"])
    if batch["work"] == "detect":
        return [[_pack_box(box) for box in boxes] for boxes in loaded.detector.detect(frames)]
    return [
        pack_reading(replace(reading, models=loaded.fingerprint))
        for reading in loaded.reader.read(frames)
    ]


def _pack_box(box: PlateBox) -> list[float]:
    return [box.x_min, box.y_min, box.x_max, box.y_max, box.confidence]


def unpack_box(values: Sequence[float], scale: Scale) -> PlateBox:
    """A box of an answer, in pixels of a frame that is `scale` times as large as the one sent."""
    x_min, y_min, x_max, y_max, confidence = values
    across, down = scale
    return PlateBox(
        x_min=x_min * across,
        y_min=y_min * down,
        x_max=x_max * across,
        y_max=y_max * down,
        confidence=confidence,
    )


def _pack_look(look: VehicleLook) -> list[Any]:
    return [_pack_box(look.box), dict(look.kinds), dict(look.colors)]


def unpack_look(values: Sequence[Any], scale: Scale) -> VehicleLook:
    """A vehicle of an answer, in pixels of a frame `scale` times as large as the one sent."""
    box, kinds, colors = values
    return VehicleLook(
        box=unpack_box(box, scale),
        kinds={VehicleKind(name): value for name, value in kinds.items()},
        colors={VehicleColor(name): value for name, value in colors.items()},
    )


def pack_reading(reading: Reading) -> dict[str, Any]:
    """A reading as JSON can write it."""
    return asdict(reading)


def unpack_reading(values: Mapping[str, Any]) -> Reading:
    """A reading of an answer."""
    lists = ("char_confidences", "char_alternatives")
    return Reading(**{**values, **{name: tuple(values[name]) for name in lists}})
