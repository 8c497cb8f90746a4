"""Detections from programs that read plates themselves: many at once, each answered by itself."""

from collections.abc import Mapping, Sequence
from typing import Any, Literal
from uuid import UUID

from drf_spectacular.utils import OpenApiExample, extend_schema
from pydantic import (
    AwareDatetime,
    Base64Bytes,
    BaseModel,
    ConfigDict,
    Field,
    ValidationError,
)
from rest_framework.exceptions import ValidationError as InvalidRequest
from rest_framework.request import Request
from rest_framework.response import Response
from rest_framework.views import APIView

from accounts.models import Scope, User
from cameras.models import Camera
from cameras.selectors import cameras_visible_to
from detections.api import examples
from detections.errors import DetectionRefusedError
from detections.models import Detection
from detections.services.pictures import MOST_BYTES, check_picture
from detections.services.recording import NewDetection, Recorded, record_detections
from lpr_project.common.disk import require_room

ITEMS_MOST = 1000
_WORD = r"^[a-z][a-z0-9 _-]*$"
_BASE64_MOST = MOST_BYTES * 4 // 3 + 4


class IngestBox(BaseModel):
    """Where the plate is, in pixels of the frame."""

    model_config = ConfigDict(extra="forbid")

    x: int = Field(ge=-10_000, le=100_000)
    y: int = Field(ge=-10_000, le=100_000)
    width: int = Field(ge=1, le=100_000)
    height: int = Field(ge=1, le=100_000)


class IngestItem(BaseModel):
    """One vehicle passing one camera, as a device or program read it."""

    model_config = ConfigDict(extra="forbid", allow_inf_nan=False)

    key: str = Field(
        min_length=1,
        max_length=200,
        description="The sender's own name of this event. The same camera, key and captured_at is "
        "the same event, however often it is sent.",
    )
    camera: UUID
    captured_at: AwareDatetime = Field(
        description="With an offset; at most five years ago and five minutes ahead."
    )
    text: str = Field(min_length=1, max_length=32, description="The plate as it was read.")
    confidence: float = Field(
        ge=0, le=1, description="Smallest probability of any character, not the mean."
    )
    country: str = Field("", pattern=r"^([A-Z]{2})?$", description="ISO 3166-1 alpha-2.")
    province: str = Field("", pattern=r"^([A-Z0-9-]{1,6})?$", description="ISO 3166-2.")
    direction: str = Field("", pattern=rf"^$|{_WORD}", max_length=12)
    vehicle_kind: str = Field("", pattern=rf"^$|{_WORD}", max_length=20)
    vehicle_color: str = Field("", pattern=rf"^$|{_WORD}", max_length=20)
    frames_agreed: int = Field(1, ge=1, le=10_000)
    frames_read: int = Field(1, ge=1, le=10_000)
    box: IngestBox | None = None
    frame_width_px: int = Field(0, ge=0, le=100_000)
    frame_height_px: int = Field(0, ge=0, le=100_000)
    frame: Base64Bytes | None = Field(
        None, max_length=_BASE64_MOST, description="The frame that was read: JPEG or WebP, base64."
    )
    crop: Base64Bytes | None = Field(
        None, max_length=_BASE64_MOST, description="The plate cut out: JPEG or WebP, base64."
    )


class IngestBatch(BaseModel):
    """At most 1,000 events of any cameras that the caller may operate."""

    items: list[IngestItem] = Field(min_length=1, max_length=ITEMS_MOST)


class IngestError(BaseModel):
    """Why one item was refused; `detail` names the fields."""

    code: str
    message: str
    detail: dict[str, Any]


class IngestResult(BaseModel):
    """What became of one item."""

    index: int
    status: Literal["created", "repeated", "refused"]
    id: UUID | None
    error: IngestError | None


class IngestResults(BaseModel):
    """One result per item, in order, and how many there are of each."""

    results: list[IngestResult]
    created: int
    repeated: int
    refused: int


class IngestView(APIView):
    """Takes batches of detections."""

    read_scope = None
    write_scope = Scope.DETECTIONS_WRITE
    throttle_scope = "ingest"
    body_most_bytes = 32 * 2**20

    @extend_schema(
        tags=["detections"],
        summary="Send detections",
        description="Each item is answered by itself: one that is refused does not lose the "
        "others, and what is not refused is recorded in one transaction. The answer is 200 even "
        "where all items are refused: what counts is the `status` of each. Anything but 200 means "
        "that nothing is known to be recorded: send the same body again, as often as needed.",
        request=IngestBatch,
        responses=IngestResults,
        examples=[
            OpenApiExample("Two events", examples.INGEST, request_only=True),
            OpenApiExample("One kept, one refused", examples.INGEST_RESULT, response_only=True),
        ],
    )
    def post(self, request: Request) -> Response:
        assert isinstance(request.user, User)
        answers = ingest(request.user, _items(request.data))
        results = [_result(index, answer) for index, answer in enumerate(answers)]
        counts = {
            status: sum(result["status"] == status for result in results)
            for status in ("created", "repeated", "refused")
        }
        return Response({"results": results, **counts})


Answer = Recorded | DetectionRefusedError


def _items(body: Any) -> list[Any]:
    items = body.get("items") if isinstance(body, Mapping) else None
    if not isinstance(items, list) or not 1 <= len(items) <= ITEMS_MOST:
        raise InvalidRequest({"items": [f"Send a list of 1 to {ITEMS_MOST:,} items."]})
    return items


def ingest(user: User, items: Sequence[Any]) -> list[Answer]:
    """Check and record items, which are plain data from outside.

    Returns:
        One answer per item, in order.

    Raises:
        StorageFullError: There is no room for the pictures; nothing is recorded.
    """
    cameras = cameras_visible_to(user, "operate_camera").in_bulk()
    answers: dict[int, Answer] = {}
    accepted: dict[int, NewDetection] = {}
    for index, item in enumerate(items):
        try:
            accepted[index] = _new_detection(item, cameras)
        except DetectionRefusedError as error:
            answers[index] = error
    pictures = [item.frame or b"" for item in accepted.values()]
    pictures += [item.crop or b"" for item in accepted.values()]
    if any(pictures):
        # The sender keeps what it has until there is room; without pictures it is not refused.
        require_room("pictures", sum(map(len, pictures)))
    recorded = record_detections(items=list(accepted.values()))
    answers.update(zip(accepted, recorded, strict=True))
    return [answers[index] for index in range(len(items))]


def _new_detection(item: Any, cameras: Mapping[UUID, Camera]) -> NewDetection:
    try:
        sent = IngestItem.model_validate(item)
    except ValidationError as error:
        raise _refusal(error) from error
    camera = cameras.get(sent.camera)
    if camera is None:
        message = "There is no such camera, or you may not send detections to it."
        raise DetectionRefusedError(message, field="camera")
    frame_size = (sent.frame_width_px, sent.frame_height_px)
    if sent.frame is not None:
        frame_size = check_picture(sent.frame, field="frame")
    if sent.crop is not None:
        check_picture(sent.crop, field="crop")
    box = sent.box
    return NewDetection(
        camera=camera,
        origin=Detection.Origin.INGEST,
        box=(box.x, box.y, box.width, box.height) if box else None,
        frame_size=frame_size,
        frame=sent.frame,
        crop=sent.crop,
        **sent.model_dump(
            exclude={"camera", "box", "frame_width_px", "frame_height_px", "frame", "crop"}
        ),
    )


def _refusal(error: ValidationError) -> DetectionRefusedError:
    problems = error.errors(include_url=False, include_context=False, include_input=False)
    fields = {".".join(map(str, problem["loc"])) or "item": problem["msg"] for problem in problems}
    message = "; ".join(f"{name}: {problem}" for name, problem in fields.items())
    return DetectionRefusedError(f"{message}.", field=next(iter(fields)), fields=fields)


def _result(index: int, answer: Answer) -> dict[str, Any]:
    if isinstance(answer, DetectionRefusedError):
        error = {"code": answer.code, "message": answer.message, "detail": answer.detail}
        return {"index": index, "status": "refused", "id": None, "error": error}
    status = "created" if answer.is_new else "repeated"
    return {"index": index, "status": status, "id": answer.id, "error": None}
