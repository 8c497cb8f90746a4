"""Pictures on their way through Redis: frames and crops to be read, and each camera's last frame.

Everything here expires by itself and may be lost at any moment without losing a detection.
"""

import json
import struct
from collections.abc import Mapping, Sequence
from functools import cache
from typing import TYPE_CHECKING, Any, cast
from uuid import UUID

from django.conf import settings
from redis import Redis
from redis.backoff import NoBackoff
from redis.exceptions import RedisError
from redis.retry import Retry

from detections.events import LiveBox, camera_group

if TYPE_CHECKING:
    from cameras.streams.yuv import YuvPicture
    from detections.recognition.types import Frame

_HEADER = struct.Struct("!BBBxII")
_BGR, _YUV = 0, 1
# Longer than any camera waits for its answer, short enough that a burst cannot fill Redis.
IN_FLIGHT_SECONDS = 10
LAST_FRAME_SECONDS = 60


@cache
def frames_redis() -> Redis:
    """The connection pool of this process to the Redis that carries frames.

    It is the broker's database: a batch and the message about it go there in one round trip.
    """
    return Redis.from_url(
        settings.FRAMES_REDIS_URL,
        socket_connect_timeout=2,
        socket_timeout=10,
        # A frame that cannot be sent now is not worth a second try.
        retry=Retry(NoBackoff(), 1),
    )


def pack_frame(frame: "Frame | YuvPicture") -> bytes:
    """A picture as bytes: what it is, height, width, then its pixels.

    Uncompressed, because on one machine a copy costs a tenth of encoding and decoding a JPEG, and
    the reader sees exactly what the camera task cut out.
    """
    import numpy as np  # noqa: PLC0415  # the web process has no business with arrays

    if isinstance(frame, np.ndarray):
        return _HEADER.pack(_BGR, 0, 0, *frame.shape[:2]) + frame.tobytes()
    header = _HEADER.pack(_YUV, frame.colorspace, frame.is_full_range, frame.height, frame.width)
    return header + frame.packed().tobytes()


def unpack_frame(packed: bytes) -> "Frame":
    """The picture that `pack_frame` packed, as BGR, read-only."""
    import numpy as np  # noqa: PLC0415

    kind, colorspace, is_full_range, height, width = _HEADER.unpack_from(packed)
    pixels = np.frombuffer(packed, np.uint8, offset=_HEADER.size)
    if kind == _BGR:
        return pixels.reshape(height, width, 3)
    from cameras.streams.yuv import YuvPicture  # noqa: PLC0415  # loads libav

    planes = pixels.reshape(height * 3 // 2, width)
    return YuvPicture.unpacked(
        planes, colorspace=colorspace, is_full_range=bool(is_full_range)
    ).bgr()


def keep_last_frame(camera_id: UUID, jpeg: bytes, boxes: Sequence[LiveBox]) -> None:
    """Keep what a camera's tile shows: its last analysed frame and the plates in it."""
    redis = frames_redis()
    pipeline = redis.pipeline(transaction=False)
    pipeline.set(_last_frame_key(camera_id), jpeg, ex=LAST_FRAME_SECONDS)
    pipeline.set(_last_boxes_key(camera_id), json.dumps(boxes), ex=LAST_FRAME_SECONDS)
    pipeline.execute()


def is_shown(camera_id: UUID) -> bool:
    """Whether a live page hears this camera at the moment.

    Asked of Redis itself, which knows each subscriber; True where it does not answer.

    Source: `channels_redis.pubsub`, which gives each group one Redis channel of this name.
    """
    layer: Mapping[str, Any] = settings.CHANNEL_LAYERS["default"]
    prefix = layer["CONFIG"].get("prefix", "asgi")
    channel = f"{prefix}__group__{camera_group(camera_id)}"
    try:
        [(_, listeners)] = frames_redis().pubsub_numsub(channel)
    except (RedisError, OSError):
        return True
    return bool(listeners)


def last_frame(camera_id: UUID) -> bytes | None:
    """The camera's last analysed frame as JPEG; None where there is none of the last minute.

    Raises:
        redis.exceptions.RedisError: Redis does not answer.
    """
    return cast("bytes | None", frames_redis().get(_last_frame_key(camera_id)))


def last_boxes(camera_id: UUID) -> list[LiveBox]:
    """The plates in the camera's last analysed frame.

    Raises:
        redis.exceptions.RedisError: Redis does not answer.
    """
    boxes: list[LiveBox] = json.loads(frames_redis().get(_last_boxes_key(camera_id)) or b"[]")
    return boxes


def _last_frame_key(camera_id: UUID) -> str:
    return f"lpr:camera:{camera_id.hex}:frame"


def _last_boxes_key(camera_id: UUID) -> str:
    return f"lpr:camera:{camera_id.hex}:boxes"
