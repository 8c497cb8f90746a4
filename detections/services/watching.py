"""The camera task: frames from one camera in, detections out, for as long as it holds the lease.

Three threads: the source's own decodes and keeps the newest frame; the task's thread looks, asks
the recognition workers, follows the vehicles and records; a steward takes up changed settings and
writes how the camera fares, also while the camera is silent.
"""

import socket
import threading
import time
import uuid
from collections import deque
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import UTC, datetime
from uuid import UUID

import structlog
from django.db import Error as DatabaseError
from django.db import connection
from django.utils import timezone
from redis.exceptions import RedisError

from cameras.models import Camera, CameraStatus
from cameras.selectors import source_config, sources_folder
from cameras.services import report_camera_status
from cameras.streams.errors import StreamError
from cameras.streams.frame import StreamFrame
from cameras.streams.reconnect import ReconnectingSource, StreamPhase, StreamState
from detections.errors import (
    DetectionRefusedError,
    PlateIgnoredError,
    RecognitionUnavailableError,
)
from detections.events import CameraSeen, LiveBox, publish_camera
from detections.models import Detection
from detections.recognition.errors import RecognitionError
from detections.recognition.funnel import Funnel
from detections.recognition.images import encode_picture
from detections.recognition.passing import CropRequest, Emission, Passing
from detections.recognition.passing_reader import PassingReader
from detections.services.counts import add_to_funnel
from detections.services.evidence import (
    detection_of_passing,
    recognition_config,
)
from detections.services.frames import is_shown, keep_last_frame
from detections.services.inference import DETECTOR_LONGEST_SIDE_PX, recognition_client
from detections.services.leases import lease_keeper
from detections.services.recording import NewDetection, record_detection

log = structlog.get_logger(__name__)

MOTION_WIDTH_PX = 160
TILE_EVERY_SECONDS = 0.5
# A tile that nobody looks at is only kept for whoever opens the page.
UNSEEN_TILE_EVERY_SECONDS = 5.0
TILE_QUALITY = 75
STEWARD_EVERY_SECONDS = 2.0
# News is written at once; that all goes on as before, as often as this.
REPORT_EVERY_SECONDS = 6.0
REST_SECONDS = 5.0
# While the database is away, so many detections wait in memory; at 200 kB each, 100 MB.
UNRECORDED_MOST = 500
LAST_TRIES = 5

# Set when this process is asked to end: every camera task then flushes and gives its lease back.
shutting_down = threading.Event()

_SOURCE_FIELDS = ("source_kind", "source_url", "source_username", "source_password", "analyse_fps")
_PHASES = {
    StreamPhase.CONNECTING: CameraStatus.State.CONNECTING,
    StreamPhase.ONLINE: CameraStatus.State.ONLINE,
    StreamPhase.WAITING: CameraStatus.State.FAILING,
}


def watch_camera(camera_id: UUID) -> None:
    """Watch a camera until it is switched off, this process ends, or another task has its lease."""
    camera = _load(camera_id)
    if camera is None:
        return
    stop = threading.Event()
    if not lease_keeper().take(camera_id, stop.set):
        return
    try:
        CameraWatch(camera, stop).run()
    except RecognitionError as error:
        log.warning("camera_not_watched", reason=str(error))
        _report_failure(camera_id, str(error))
    finally:
        lease_keeper().give_back(camera_id)


def _report_failure(camera_id: UUID, sentence: str) -> None:
    """Say why a camera cannot be watched at all; its task is started again within seconds."""
    with _database():
        report_camera_status(
            camera_id=camera_id,
            state=CameraStatus.State.FAILING,
            error=sentence[:500],
            node=socket.gethostname(),
        )


@contextmanager
def _database() -> Iterator[None]:
    """A turn with the database, after which the connection goes back to the pool."""
    try:
        yield
    finally:
        connection.close()


def _load(camera_id: UUID) -> Camera | None:
    """The camera if frames should be taken from it now."""
    with _database():
        camera = Camera.objects.select_related("organization").filter(pk=camera_id).first()
    if camera is None or not camera.takes_frames or not camera.organization.is_active:
        return None
    return camera


class CameraWatch:
    """One run of a camera task."""

    def __init__(self, camera: Camera, lost: threading.Event) -> None:
        self._camera = camera
        self._lost = lost
        self._done = threading.Event()
        self._reopen = threading.Event()
        # Distinguishes this run's tracks from those of every other run, in idempotency keys.
        self._run = uuid.uuid4().hex
        self._reader = PassingReader(recognition_config(camera), emission=Emission.DECIDED)
        self._source: ReconnectingSource | None = None
        self._state = CameraStatus.State.CONNECTING
        self._stream_error = ""
        self._recognition_error = ""
        self._settings_error = ""
        self._last_frame_at: datetime | None = None
        self._frame_size = (0, 0)
        self._told: tuple[CameraStatus.State, str] | None = None
        self._told_at = 0.0
        self._told_funnel, self._told_dropped = Funnel(), 0
        self._fps_frames, self._fps_since = 0, time.monotonic()
        self._tile_at = self._looked_at = float("-inf")
        self._unrecorded: deque[NewDetection] = deque()
        self._recording = threading.Lock()

    def run(self) -> None:
        """Watch until told to stop; whatever ends it, open tracks are flushed and recorded."""
        structlog.contextvars.bind_contextvars(camera_id=str(self._camera.pk))
        log.info("camera_watch_started")
        steward = threading.Thread(
            target=self._keep_house, name=f"steward-{self._camera.pk}", daemon=True
        )
        steward.start()
        try:
            while not self._should_stop():
                self._reopen.clear()
                if self._camera.is_active_at(timezone.now()):
                    self._watch_source()
                else:
                    self._rest()
        finally:
            self._keep(self._reader.flush())
            self._done.set()
            steward.join(STEWARD_EVERY_SECONDS * 2)
            self._finish()
            log.info("camera_watch_ended")

    def _should_stop(self) -> bool:
        return shutting_down.is_set() or self._lost.is_set() or self._done.is_set()

    def _rest(self) -> None:
        """Leave the source alone until its active hours begin."""
        self._state, self._stream_error = CameraStatus.State.RESTING, ""
        self._pause().wait(REST_SECONDS)

    def _pause(self) -> "_StopAny":
        return _StopAny(shutting_down, self._lost, self._done, self._reopen)

    def _watch_source(self) -> None:
        """Take frames until the source ends, its settings change, or its active hours are over."""
        pause = self._pause()
        try:
            config = source_config(self._camera)
            self._source = ReconnectingSource(
                config,
                pause,
                self._note_state,
                allowed_root=sources_folder(self._camera.organization),
            )
            for frame in self._source.frames():
                self._see(frame)
        except StreamError as error:
            self._state, self._stream_error = CameraStatus.State.FAILING, str(error)
            # Trying again with these settings is of no use; wait until somebody changes them.
            pause.wait(30)

    def _note_state(self, state: StreamState) -> None:
        self._state = _PHASES.get(state.phase, self._state)
        self._stream_error = str(state.error) if state.error else ""

    def _see(self, frame: StreamFrame) -> None:
        self._last_frame_at = datetime.fromtimestamp(frame.seen_s, tz=UTC)
        self._frame_size = (frame.width, frame.height)
        self._fps_frames += 1
        if self._reader.look(frame.gray(MOTION_WIDTH_PX), frame.seen_s):
            self._recognise(frame)
        self._keep(self._reader.expire(frame.seen_s))
        if self._is_tile_due():
            self._show(frame)

    def _recognise(self, frame: StreamFrame) -> None:
        client, model_set = recognition_client(), self._camera.model_set
        small = frame.scaled_yuv(DETECTOR_LONGEST_SIDE_PX)
        scale = (frame.width / small.width, frame.height / small.height)
        requests: list[CropRequest] = []
        try:
            boxes = client.detect(small, model_set=model_set, scale=scale)
            requests = self._reader.select(
                frame_index=frame.index, seen_s=frame.seen_s, boxes=boxes, frame=frame
            )
            if requests:
                readings = client.read([request.crop for request in requests], model_set=model_set)
                self._reader.accept(requests, readings)
            if self._reader.wants_look(requests):
                looks = client.observe(small, model_set=model_set, scale=scale)
                self._reader.look_at_vehicles(requests, looks)
        except RecognitionUnavailableError as error:
            self._reader.abandon(requests)
            if not self._recognition_error:
                log.warning("recognition_unavailable", reason=error.message)
            self._recognition_error = error.message
        else:
            self._recognition_error = ""

    def _keep(self, passings: list[Passing]) -> None:
        """Record what was accepted; what cannot be recorded now waits and is tried again."""
        for passing in passings:
            if not passing.is_accepted or passing.best is None:
                continue
            if len(self._unrecorded) >= UNRECORDED_MOST:
                log.error("detection_given_up", waiting=len(self._unrecorded))
                continue
            self._unrecorded.append(
                detection_of_passing(
                    passing,
                    camera=self._camera,
                    key=f"{self._run}:{passing.track_id}",
                    captured_at=datetime.fromtimestamp(passing.best.seen_s, tz=UTC),
                    origin=Detection.Origin.CAMERA,
                )
            )
        if self._unrecorded:
            self._record()

    def _record(self) -> bool:
        """Record everything that waits, oldest first; False when the database is away."""
        with self._recording, _database():
            while self._unrecorded:
                try:
                    record_detection(item=self._unrecorded[0])
                except (DatabaseError, OSError):
                    log.warning(
                        "detection_not_recorded_yet", waiting=len(self._unrecorded), exc_info=True
                    )
                    return False
                except PlateIgnoredError:
                    log.debug("plate_ignored")
                except DetectionRefusedError:
                    log.exception("detection_refused")
                self._unrecorded.popleft()
        return True

    def _is_tile_due(self) -> bool:
        now = time.monotonic()
        if now - self._looked_at < TILE_EVERY_SECONDS:
            return False
        self._looked_at = now
        if now - self._tile_at < UNSEEN_TILE_EVERY_SECONDS and not is_shown(self._camera.pk):
            return False
        self._tile_at = now
        return True

    def _show(self, frame: StreamFrame) -> None:
        """Put the frame and the plates in it on the camera's tile."""
        shown: list[LiveBox] = [
            {
                "x": round(plate.box.x_min / frame.width, 4),
                "y": round(plate.box.y_min / frame.height, 4),
                "width": round(plate.box.width / frame.width, 4),
                "height": round(plate.box.height / frame.height, 4),
                "text": plate.text,
            }
            for plate in self._reader.following()
        ]
        picture = encode_picture(
            frame.scaled_yuv(DETECTOR_LONGEST_SIDE_PX).bgr(), codec="jpeg", quality=TILE_QUALITY
        )
        try:
            keep_last_frame(self._camera.pk, picture, shown)
        except (RedisError, OSError):
            return
        publish_camera(self._camera.pk, self._seen(shown))

    def _seen(self, boxes: list[LiveBox]) -> CameraSeen:
        return {
            "type": "live.camera",
            "camera_id": str(self._camera.pk),
            "state": self._state,
            "error": self._error,
            "fps": self._fps(),
            "frame_at": self._last_frame_at.isoformat() if self._last_frame_at else None,
            "boxes": boxes,
        }

    @property
    def _error(self) -> str:
        return self._stream_error or self._recognition_error or self._settings_error

    def _fps(self) -> float:
        return round(self._fps_frames / max(time.monotonic() - self._fps_since, 0.1), 1)

    def _keep_house(self) -> None:
        """Every two seconds: take up settings, record what waited, write how the camera fares."""
        while not self._done.wait(STEWARD_EVERY_SECONDS):
            try:
                self._heed_settings()
                if self._unrecorded:
                    self._record()
                if self._is_report_due():
                    self._report(self._state)
            except DatabaseError:
                log.warning("camera_not_reported", exc_info=True)

    def _heed_settings(self) -> None:
        """Take up settings, or say why that fails; the camera is watched as before meanwhile."""
        try:
            self._take_up_settings()
        except (RecognitionError, StreamError) as error:
            self._settings_error = str(error)
        else:
            self._settings_error = ""

    def _take_up_settings(self) -> None:
        camera = _load(self._camera.pk)
        if camera is None:
            self._done.set()
            return
        if not camera.is_active_at(timezone.now()):
            self._reopen.set()
        if camera.updated_at == self._camera.updated_at:
            return
        changed = any(
            getattr(camera, name) != getattr(self._camera, name) for name in _SOURCE_FIELDS
        )
        self._reader.reconfigure(recognition_config(camera))
        self._camera = camera
        log.info("camera_settings_taken_up", source_changed=changed)
        if changed:
            self._reopen.set()

    def _is_report_due(self) -> bool:
        """Whether there is news of the camera, or nothing was said for a while."""
        news = self._state, self._error
        is_late = time.monotonic() - self._told_at >= REPORT_EVERY_SECONDS
        return news != self._told or is_late

    def _report(self, state: CameraStatus.State) -> None:
        error = self._error
        funnel, dropped = self._reader.funnel, self._source.dropped if self._source else 0
        now = timezone.now()
        with _database():
            report_camera_status(
                camera_id=self._camera.pk,
                state=state,
                error=error,
                last_frame_at=self._last_frame_at,
                fps=self._fps(),
                frame_width_px=self._frame_size[0],
                frame_height_px=self._frame_size[1],
                frames_dropped=dropped,
                reconnects=self._source.reconnects if self._source else 0,
                node=socket.gethostname(),
            )
            add_to_funnel(
                camera_id=self._camera.pk,
                at=now,
                counted=funnel - self._told_funnel,
                dropped=max(dropped - self._told_dropped, 0),
            )
        self._told, self._told_at = (state, error), time.monotonic()
        self._told_funnel, self._told_dropped = funnel, dropped
        self._fps_frames, self._fps_since = 0, time.monotonic()

    def _finish(self) -> None:
        """Record what is left and say that nobody watches; an absent database gets a few tries."""
        for attempt in range(LAST_TRIES):
            try:
                if self._record():
                    self._report(_resting_state(self._camera.pk))
                    return
            except DatabaseError:
                log.warning("camera_not_reported", exc_info=True)
            time.sleep(2**attempt / 4)
        log.error("detections_lost", count=len(self._unrecorded))


def _resting_state(camera_id: UUID) -> CameraStatus.State:
    """What a camera is when nobody watches it: switched off, or waiting for the next task."""
    return CameraStatus.State.WAITING if _load(camera_id) else CameraStatus.State.OFF


class _StopAny(threading.Event):
    """Set when any of several events is."""

    def __init__(self, *events: threading.Event) -> None:
        super().__init__()
        self._events = events

    def is_set(self) -> bool:
        return any(event.is_set() for event in self._events)

    def wait(self, timeout: float | None = None) -> bool:
        until = None if timeout is None else time.monotonic() + timeout
        while not self.is_set() and (until is None or time.monotonic() < until):
            time.sleep(0.1)
        return self.is_set()
