"""The asking side of recognition: gathers what all cameras of a process want into micro-batches.

Frames are droppable: an answer that does not come within the limit is given up, and the camera goes
on with its next frame. Nothing is ever asked twice.
"""

import json
import threading
import time
import uuid
from collections import defaultdict, deque
from collections.abc import Callable, Sequence
from concurrent.futures import Future
from dataclasses import dataclass, field
from functools import cache
from typing import TYPE_CHECKING, Any, TypeVar

import structlog
from django.conf import settings
from kombu.exceptions import OperationalError
from redis.exceptions import RedisError

from detections.errors import RecognitionBusyError, RecognitionUnavailableError
from detections.recognition.types import PlateBox, Reading, VehicleLook
from detections.services.batches import (
    Batch,
    Reply,
    Work,
    unpack_box,
    unpack_look,
    unpack_reading,
)
from detections.services.frames import IN_FLIGHT_SECONDS, frames_redis, pack_frame
from lpr_project.common.heartbeat import is_alive

if TYPE_CHECKING:
    from detections.recognition.types import Frame

log = structlog.get_logger(__name__)

Answer = TypeVar("Answer")

DETECTOR_LONGEST_SIDE_PX = 640
ANSWER_WITHIN_SECONDS = 5.0
PATIENCE_SECONDS = 30.0
NO_ANSWER = "No recognition worker answered. Start one, or read its log."
TOO_BUSY = (
    "Recognition is slower than what is asked of it. Start another recognition worker, or analyse "
    "fewer frames a second."
)


@dataclass(slots=True)
class _Request:
    work: Work
    model_set: str
    frame: "Frame"
    answer: "Future[Any]" = field(default_factory=Future)


class RecognitionClient:
    """Asks the recognition workers on behalf of every thread of this process.

    Two threads of its own: one gathers requests and sends them, one takes the answers. Both start
    with the first request, so that nothing runs in a process that never asks or that still forks.
    """

    def __init__(self) -> None:
        self._reply_to = f"lpr:reply:{uuid.uuid4().hex}"
        self._waiting: deque[_Request] = deque()
        self._arrived = threading.Condition()
        self._sent: dict[str, tuple[float, list[_Request]]] = {}
        self._sent_lock = threading.Lock()
        self._threads: list[threading.Thread] = []

    def detect(self, frame: "Frame", *, model_set: str, scale: float) -> list[PlateBox]:
        """Boxes of a frame that was scaled down by `scale`, in pixels of the full frame.

        Raises:
            RecognitionUnavailableError: No answer in time, or the engine failed.
        """
        boxes = self._answers([_Request("detect", model_set, frame)])[0]
        return [unpack_box(box, scale) for box in boxes]

    def observe(self, frame: "Frame", *, model_set: str, scale: float) -> list[VehicleLook]:
        """Vehicles of a frame that was scaled down by `scale`, in pixels of the full frame.

        Raises:
            RecognitionUnavailableError: No answer in time, or the engine failed.
        """
        looks = self._answers([_Request("observe", model_set, frame)])[0]
        return [unpack_look(look, scale) for look in looks]

    def read(self, crops: "Sequence[Frame]", *, model_set: str) -> list[Reading]:
        """One reading for each crop, in order; crops are BGR.

        Raises:
            RecognitionUnavailableError: No answer in time, or the engine failed.
        """
        requests = [_Request("read", model_set, crop) for crop in crops]
        return [unpack_reading(values) for values in self._answers(requests)]

    def _answers(self, requests: list[_Request]) -> list[Any]:
        self._start_threads()
        with self._arrived:
            self._waiting.extend(requests)
            self._arrived.notify()
        deadline = time.monotonic() + ANSWER_WITHIN_SECONDS
        try:
            return [
                request.answer.result(max(0.0, deadline - time.monotonic())) for request in requests
            ]
        except TimeoutError as error:
            for request in requests:
                request.answer.cancel()
            raise _no_answer() from error

    def _start_threads(self) -> None:
        with self._sent_lock:
            if self._threads:
                return
            for target in (self._gather, self._take_answers):
                thread = threading.Thread(
                    target=target, name=f"recognition-{target.__name__}", daemon=True
                )
                self._threads.append(thread)
                thread.start()

    def _gather(self) -> None:
        while True:
            with self._arrived:
                while not self._waiting:
                    self._arrived.wait()
            # The first request waits this long for company: batches cost less per frame.
            time.sleep(settings.RECOGNITION_GATHER_MS / 1000)
            with self._arrived:
                requests = list(self._waiting)
                self._waiting.clear()
            groups: dict[tuple[Work, str], list[_Request]] = defaultdict(list)
            for request in requests:
                if not request.answer.cancelled():
                    groups[request.work, request.model_set].append(request)
            for (work, model_set), group in groups.items():
                for start in range(0, len(group), settings.RECOGNITION_BATCH):
                    self._send(work, model_set, group[start : start + settings.RECOGNITION_BATCH])

    def _send(self, work: Work, model_set: str, requests: list[_Request]) -> None:
        from detections.tasks import recognise_batch  # noqa: PLC0415  # tasks call services

        batch_id = uuid.uuid4().hex
        keys = [f"lpr:frame:{batch_id}:{index}" for index in range(len(requests))]
        batch: Batch = {
            "id": batch_id,
            "work": work,
            "model_set": model_set,
            "keys": keys,
            "reply_to": self._reply_to,
        }
        with self._sent_lock:
            self._forget_old()
            self._sent[batch_id] = (time.monotonic(), requests)
        try:
            pipeline = frames_redis().pipeline(transaction=False)
            for key, request in zip(keys, requests, strict=True):
                pipeline.set(key, pack_frame(request.frame), ex=IN_FLIGHT_SECONDS)
            pipeline.execute()
            recognise_batch.apply_async(args=(batch,), expires=ANSWER_WITHIN_SECONDS, retry=False)
        except (RedisError, OperationalError, OSError):
            log.warning("recognition_not_asked", work=work, frames=len(requests), exc_info=True)
            self._fail(
                batch_id, "Redis does not answer, so nothing can be recognised. It is tried again."
            )

    def _forget_old(self) -> None:
        """Drop what was never answered, so that a dead worker does not cost memory."""
        limit = time.monotonic() - 2 * ANSWER_WITHIN_SECONDS
        for batch_id in [key for key, (sent_at, _) in self._sent.items() if sent_at < limit]:
            del self._sent[batch_id]

    def _take_answers(self) -> None:
        while True:
            try:
                popped = frames_redis().blpop([self._reply_to], timeout=5)
            except (RedisError, OSError):
                time.sleep(0.5)
                continue
            if popped is not None:
                self._resolve(json.loads(popped[1]))

    def _resolve(self, reply: Reply) -> None:
        if reply["error"]:
            self._fail(reply["id"], reply["error"])
            return
        with self._sent_lock:
            _, requests = self._sent.pop(reply["id"], (0.0, []))
        for request, result in zip(requests, reply["results"], strict=False):
            # False when the asker gave up meanwhile.
            if request.answer.set_running_or_notify_cancel():
                if result is None:
                    request.answer.set_exception(_no_answer())
                else:
                    request.answer.set_result(result)

    def _fail(self, batch_id: str, message: str) -> None:
        with self._sent_lock:
            _, requests = self._sent.pop(batch_id, (0.0, []))
        for request in requests:
            if request.answer.set_running_or_notify_cancel():
                request.answer.set_exception(RecognitionUnavailableError(message))


def _no_answer() -> RecognitionUnavailableError:
    """Say whether the workers are away or only slow."""
    try:
        is_busy = is_alive("recognition")
    except (RedisError, OSError):
        is_busy = False
    return RecognitionBusyError(TOO_BUSY) if is_busy else RecognitionUnavailableError(NO_ANSWER)


class PatientDetector:
    """The recognition workers as a PlateDetector, for work in which no frame may be dropped.

    `on_wait` is called again and again while they are slow or away.
    """

    input_size_px = DETECTOR_LONGEST_SIDE_PX

    def __init__(self, model_set: str, on_wait: Callable[[], None]) -> None:
        self._model_set = model_set
        self._on_wait = on_wait

    def detect(self, frames: "Sequence[Frame]") -> list[list[PlateBox]]:
        return [self._detect(frame) for frame in frames]

    def _detect(self, frame: "Frame") -> list[PlateBox]:
        from detections.recognition.images import shrink_to  # noqa: PLC0415  # loads OpenCV

        small = shrink_to(frame, self.input_size_px)
        scale = frame.shape[1] / small.shape[1]
        return _patiently(
            lambda: recognition_client().detect(small, model_set=self._model_set, scale=scale),
            self._on_wait,
        )


class PatientObserver:
    """The recognition workers as a VehicleObserver, for work in which no frame may be dropped.

    `on_wait` is called again and again while they are slow or away.
    """

    def __init__(self, model_set: str, on_wait: Callable[[], None]) -> None:
        self._model_set = model_set
        self._on_wait = on_wait

    def observe(self, frames: "Sequence[Frame]") -> list[list[VehicleLook]]:
        return [self._observe(frame) for frame in frames]

    def _observe(self, frame: "Frame") -> list[VehicleLook]:
        from detections.recognition.images import shrink_to  # noqa: PLC0415  # loads OpenCV

        small = shrink_to(frame, DETECTOR_LONGEST_SIDE_PX)
        scale = frame.shape[1] / small.shape[1]
        return _patiently(
            lambda: recognition_client().observe(small, model_set=self._model_set, scale=scale),
            self._on_wait,
        )


class PatientReader:
    """The recognition workers as a PlateReader, for work in which no crop may be dropped.

    `on_wait` is called again and again while they are slow or away.
    """

    def __init__(self, model_set: str, on_wait: Callable[[], None]) -> None:
        self._model_set = model_set
        self._on_wait = on_wait

    def read(self, crops: "Sequence[Frame]") -> list[Reading]:
        return _patiently(
            lambda: recognition_client().read(crops, model_set=self._model_set), self._on_wait
        )


def _patiently(ask: Callable[[], Answer], on_wait: Callable[[], None]) -> Answer:
    """Ask again while the workers are slow, and for a while when they are away.

    Raises:
        RecognitionUnavailableError: They stayed away for PATIENCE_SECONDS.
    """
    deadline = time.monotonic() + PATIENCE_SECONDS
    while True:
        try:
            return ask()
        except RecognitionBusyError:
            deadline = time.monotonic() + PATIENCE_SECONDS
        except RecognitionUnavailableError:
            if time.monotonic() > deadline:
                raise
        on_wait()
        time.sleep(1)


@cache
def recognition_client() -> RecognitionClient:
    """The client of this process."""
    return RecognitionClient()
