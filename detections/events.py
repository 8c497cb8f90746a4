"""What goes over the live WebSocket: payloads and one publish function each.

One channel-layer group per camera, `camera_group(id)`; one message per camera and transaction. The
layer may lose messages at any time: pages catch up from the database by `recorded_at`.
"""

from collections.abc import Sequence
from typing import Literal, TypedDict
from uuid import UUID

from lpr_project.common.sockets import publish

CHANGES_MOST = 200


class LiveMark(TypedDict):
    """What an app above says of a detection, such as that a watchlist names it.

    `of` is what says it: who may not see that, does not see the mark. `path` leads to more.
    """

    of: str
    label: str
    color: str
    path: str


class MarkedDetection(TypedDict):
    """All marks of a detection as they now stand."""

    id: str
    marks: list[LiveMark]


class LiveDetection(TypedDict):
    """A detection as live pages show it. Times are ISO 8601 in UTC; confidence is 0 to 1."""

    id: str
    organization_id: int
    camera_id: str
    camera: str
    plate_id: str
    number: str
    country: str
    province: str
    confidence: float
    char_confidences: list[float]
    review: str
    captured_at: str
    recorded_at: str
    has_crop: bool
    has_frame: bool


class DetectionsRecorded(TypedDict):
    """New detections of one camera, oldest first."""

    type: Literal["live.detections"]
    detections: list[LiveDetection]


class DetectionsChanged(TypedDict):
    """Detections of one camera that were reviewed; a page redraws those that it shows."""

    type: Literal["live.changes"]
    detections: list[LiveDetection]


class DetectionsMarked(TypedDict):
    """Detections of one camera that apps above have marked, or mark no more."""

    type: Literal["live.marks"]
    detections: list[MarkedDetection]


class LiveBox(TypedDict):
    """A plate in a camera's last frame, in fractions of its width and height, and its text."""

    x: float
    y: float
    width: float
    height: float
    text: str


class CameraSeen(TypedDict):
    """How a camera fares and what its last analysed frame shows; at most twice a second."""

    type: Literal["live.camera"]
    camera_id: str
    state: str
    error: str
    fps: float
    frame_at: str | None
    boxes: list[LiveBox]


def camera_group(camera_id: UUID) -> str:
    """Name of a camera's channel-layer group."""
    return f"camera.{camera_id.hex}"


def publish_detections(camera_id: UUID, detections: Sequence[LiveDetection]) -> None:
    """Tell the pages that watch a camera of its new detections."""
    event: DetectionsRecorded = {"type": "live.detections", "detections": list(detections)}
    publish(camera_group(camera_id), {**event})


def publish_changes(camera_id: UUID, detections: Sequence[LiveDetection]) -> None:
    """Tell the pages that watch a camera which of its detections were reviewed."""
    # A batch is many: a page that shows few of them needs no large message at once.
    for start in range(0, len(detections), CHANGES_MOST):
        part = list(detections[start : start + CHANGES_MOST])
        event: DetectionsChanged = {"type": "live.changes", "detections": part}
        publish(camera_group(camera_id), {**event})


def publish_marks(camera_id: UUID, detections: Sequence[MarkedDetection]) -> None:
    """Tell the pages that watch a camera what is now said of its detections."""
    for start in range(0, len(detections), CHANGES_MOST):
        part = list(detections[start : start + CHANGES_MOST])
        event: DetectionsMarked = {"type": "live.marks", "detections": part}
        publish(camera_group(camera_id), {**event})


def publish_camera(camera_id: UUID, event: CameraSeen) -> None:
    """Tell the pages that watch a camera how it fares."""
    publish(camera_group(camera_id), {**event})
