"""The worker's side of uploads: a picture or video in, detections out, with its progress."""

import time
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from datetime import timedelta
from pathlib import Path
from uuid import UUID

import structlog

from cameras.streams.config import SourceConfig, SourceKind
from cameras.streams.errors import StreamError
from cameras.streams.frame import StreamFrame
from cameras.streams.source import FrameSource, open_source
from detections.errors import (
    DetectionRefusedError,
    PlateIgnoredError,
    RecognitionUnavailableError,
)
from detections.models import Detection, Upload
from detections.recognition.errors import RecognitionError
from detections.recognition.images import read_picture
from detections.recognition.passing import Passing
from detections.recognition.pipeline import Recognizer
from detections.recognition.types import PlateBox
from detections.services.evidence import (
    detection_of_passing,
    recognition_config,
)
from detections.services.inference import PatientDetector, PatientObserver, PatientReader
from detections.services.recording import record_detection
from detections.services.uploads import (
    claim_upload,
    count_upload_detections,
    fail_upload,
    finish_upload,
    local_copy,
    release_upload,
    report_upload,
)

log = structlog.get_logger(__name__)

REPORT_EVERY_SECONDS = 1.0
# One frame's vehicle in two runs, which may see it a frame earlier or later.
SAME_BOX = 0.3
NEARLY_S = 0.2


def read_upload(upload_id: UUID) -> None:
    """Read an upload to its end, or say in words why it cannot be read.

    A second run of the same upload, whose first worker died, records nothing twice.
    """
    upload = claim_upload(upload_id=upload_id)
    if upload is None:
        return
    structlog.contextvars.bind_contextvars(upload_id=str(upload_id))
    try:
        with local_copy(upload) as path:
            _Reading(upload, _recorded_before(upload)).run(path)
    except RecognitionUnavailableError:
        log.warning("upload_waits_for_recognition")
        release_upload(upload_id=upload_id)
    except (RecognitionError, StreamError, FileNotFoundError) as error:
        log.info("upload_failed", kind=upload.kind, error=type(error).__name__)
        fail_upload(upload_id=upload_id, message=_in_words(error))
    else:
        finish_upload(upload_id=upload_id)


def _in_words(error: Exception) -> str:
    if isinstance(error, FileNotFoundError):
        return "The stored file is gone. Send it again."
    return str(error)


@dataclass(frozen=True, slots=True, kw_only=True)
class _Recorded:
    """Where and when, in seconds of the file, an earlier run of this upload saw a plate."""

    seen_s: float
    box: PlateBox

    def is_of(self, passing: Passing) -> bool:
        """Whether the passing is of the same vehicle.

        Its best frame, its text and its number are not compared: engines round differently from
        run to run, which may make another frame the best one.
        """
        since_s, until_s = passing.first_seen_s - NEARLY_S, passing.last_seen_s + NEARLY_S
        if not since_s <= self.seen_s <= until_s:
            return False
        nearest = min(passing.sightings, key=lambda item: abs(item.seen_s - self.seen_s))
        return nearest.box.iou(self.box) >= SAME_BOX


def _recorded_before(upload: Upload) -> list[_Recorded]:
    rows = Detection.objects.filter(upload=upload, box_x__isnull=False).values_list(
        "captured_at", "box_x", "box_y", "box_width", "box_height"
    )
    recorded = []
    for captured_at, *box in rows:
        x, y, width, height = (side or 0 for side in box)  # all four are there, or none
        recorded.append(
            _Recorded(
                seen_s=(captured_at - upload.captured_at).total_seconds(),
                box=PlateBox(x_min=x, y_min=y, x_max=x + width, y_max=y + height, confidence=1.0),
            )
        )
    return recorded


@dataclass(slots=True)
class _Reading:
    """One upload being read."""

    upload: Upload
    recorded: Sequence[_Recorded]
    reported_at: float = 0.0
    progress: float = 0.0

    def run(self, path: Path) -> None:
        camera = self.upload.camera
        recognizer = Recognizer(
            detector=PatientDetector(camera.model_set, on_wait=self._report),
            reader=PatientReader(camera.model_set, on_wait=self._report),
            observer=PatientObserver(camera.model_set, on_wait=self._report),
            config=recognition_config(camera),
        )
        if self.upload.kind == Upload.Kind.PICTURE:
            for index, passing in enumerate(recognizer.read_picture(read_picture(path))):
                self._record(passing, index)
            return
        config = SourceConfig(kind=SourceKind.FILE, url=str(path), analyse_fps=camera.analyse_fps)
        with open_source(config) as source:
            for passing in recognizer.read_video(self._with_progress(source)):
                self._record(passing, passing.track_id)

    def _with_progress(self, source: FrameSource) -> Iterator[StreamFrame]:
        duration_s = source.info.duration_s
        for frame in source.frames():
            yield frame
            # Without a duration the bar stands still near its beginning and the count moves.
            self.progress = min(frame.seen_s / duration_s, 0.99) if duration_s else 0.01
            self._report()

    def _report(self) -> None:
        """Say how far this is, which also says that this worker lives, though it may wait."""
        if time.monotonic() - self.reported_at >= REPORT_EVERY_SECONDS:
            self.reported_at = time.monotonic()
            report_upload(upload_id=self.upload.pk, progress=self.progress)

    def _record(self, passing: Passing, number: int) -> None:
        if not passing.is_accepted or passing.best is None:
            return
        if any(recorded.is_of(passing) for recorded in self.recorded):
            return
        item = detection_of_passing(
            passing,
            camera=self.upload.camera,
            key=f"upload:{self.upload.pk}:{number}",
            captured_at=self.upload.captured_at + timedelta(seconds=passing.best.seen_s),
            origin=Detection.Origin.UPLOAD,
            upload_id=self.upload.pk,
        )
        try:
            recorded = record_detection(item=item)
        except PlateIgnoredError:
            return
        except DetectionRefusedError:
            # One that cannot be kept does not stop the others.
            log.exception("detection_refused")
            return
        if recorded.is_new:
            count_upload_detections(upload_id=self.upload.pk, count=1)
