"""The asking side of recognition: gathers what all cameras of a process want into micro-batches.

Frames are droppable: an answer that does not come within the limit is given up, and the camera goes
on with its next frame. Nothing is ever asked twice.
"""

import threading
import time
import uuid
from collections import defaultdict
from collections.abc import Callable, Sequence
from concurrent.futures import Future
from dataclasses import dataclass, field
from functools import cache
from typing import TYPE_CHECKING, Any, TypeVar

import orjson
import structlog
from django.conf import settings
from redis.exceptions import RedisError

from detections.errors import RecognitionBusyError, RecognitionUnavailableError
from detections.recognition.types import PlateBox, Reading, VehicleLook
from detections.services.batches import (
    Batch,
    Reply,
    Scale,
    Work,
    unpack_box,
    unpack_look,
    unpack_reading,
)
from detections.services.dispatch import send_batch
from detections.services.frames import frames_redis, pack_frame
from lpr_project.common.heartbeat import is_alive

if TYPE_CHECKING:
    from cameras.streams.yuv import YuvPicture
    from detections.recognition.types import Frame

    Picture = Frame | YuvPicture

log = structlog.get_logger(__name__)

Answer = TypeVar("Answer")

DETECTOR_LONGEST_SIDE_PX = 640
ANSWER_WITHIN_SECONDS = 5.0
PATIENCE_SECONDS = 30.0
# A thread that has asked within this time will ask again.
COMPANY_SECONDS = 2.0
NO_ANSWER = "No recognition worker answered. Start one, or read its log."
TOO_BUSY = (
    "Recognition is slower than what is asked of it. Start another recognition worker, or analyse "
    "fewer frames a second."
)


@dataclass(slots=True)
class _Request:
    work: Work
    model_set: str
    frame: "Picture"
    answer: "Future[Any]" = field(default_factory=Future)


class RecognitionClient:
    """Asks the recognition workers on behalf of every thread of this process.

    Whoever asks first gathers what others ask in the next few milliseconds, and sends it. A thread
    of its own takes the answers; it starts with the first request, so that nothing runs in a
    process that never asks or that still forks.
    """

    def __init__(self) -> None:
        self._reply_to = f"lpr:reply:{uuid.uuid4().hex}"
        self._waiting: list[_Request] = []
        self._is_gathering = False
        self._gather_lock = threading.Lock()
        self._askers: dict[int, float] = {}
        self._sent: dict[str, tuple[float, list[_Request]]] = {}
        self._sent_lock = threading.Lock()
        self._listener: threading.Thread | None = None

    def detect(self, frame: "Picture", *, model_set: str, scale: Scale) -> list[PlateBox]:
        """Boxes of a frame that was scaled down by `scale`, in pixels of the full frame.

        Raises:
            RecognitionUnavailableError: No answer in time, or the engine failed.
        """
        boxes = self._answers([_Request("detect", model_set, frame)])[0]
        return [unpack_box(box, scale) for box in boxes]

    def observe(self, frame: "Picture", *, model_set: str, scale: Scale) -> list[VehicleLook]:
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
        self._listen()
        self._ask(requests)
        deadline = time.monotonic() + ANSWER_WITHIN_SECONDS
        try:
            return [
                request.answer.result(max(0.0, deadline - time.monotonic())) for request in requests
            ]
        except TimeoutError as error:
            for request in requests:
                request.answer.cancel()
            raise _no_answer() from error

    def _listen(self) -> None:
        with self._sent_lock:
            if self._listener is None:
                self._listener = threading.Thread(
                    target=self._take_answers, name="recognition-answers", daemon=True
                )
                self._listener.start()

    def _ask(self, requests: list[_Request]) -> None:
        """Send requests, with those of other threads, or leave them to the thread that gathers."""
        with self._gather_lock:
            self._waiting += requests
            has_company = self._has_company()
            if self._is_gathering:
                return
            self._is_gathering = True
        if has_company:
            # Batches cost less per frame, so the first one waits this long for others.
            time.sleep(settings.RECOGNITION_GATHER_MS / 1000)
        with self._gather_lock:
            gathered, self._waiting = self._waiting, []
            self._is_gathering = False
        groups: dict[tuple[Work, str], list[_Request]] = defaultdict(list)
        for request in gathered:
            if not request.answer.cancelled():
                groups[request.work, request.model_set].append(request)
        for (work, model_set), group in groups.items():
            for start in range(0, len(group), settings.RECOGNITION_BATCH):
                self._send(work, model_set, group[start : start + settings.RECOGNITION_BATCH])

    def _has_company(self) -> bool:
        """Whether another thread has asked lately, so that waiting for it may be worth while."""
        now, asker = time.monotonic(), threading.get_ident()
        self._askers[asker] = now
        if len(self._askers) == 1:
            return False
        latest = {who: when for who, when in self._askers.items() if now - when < COMPANY_SECONDS}
        self._askers = latest
        return len(latest) > 1

    def _send(self, work: Work, model_set: str, requests: list[_Request]) -> None:
        batch_id = uuid.uuid4().hex
        batch: Batch = {
            "id": batch_id,
            "work": work,
            "model_set": model_set,
            "keys": [f"lpr:frame:{batch_id}:{index}" for index in range(len(requests))],
            "reply_to": self._reply_to,
        }
        with self._sent_lock:
            self._forget_old()
            self._sent[batch_id] = (time.monotonic(), requests)
        try:
            packed = [pack_frame(request.frame) for request in requests]
            send_batch(batch, packed, expires_s=ANSWER_WITHIN_SECONDS)
        except (RedisError, OSError):
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
                self._resolve(orjson.loads(popped[1]))

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
        scale = (frame.shape[1] / small.shape[1], frame.shape[0] / small.shape[0])
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
        scale = (frame.shape[1] / small.shape[1], frame.shape[0] / small.shape[0])
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
