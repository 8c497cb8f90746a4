"""Micro-batches as the workers' queue takes them, and who sends them."""

import base64
import json
import threading
from typing import Any

import numpy as np
import pytest
from redis.exceptions import RedisError

from cameras.streams.yuv import YuvPicture
from detections.errors import RecognitionUnavailableError
from detections.services import inference
from detections.services.batches import Batch
from detections.services.dispatch import celery_message, send_batch
from detections.services.frames import frames_redis, pack_frame, unpack_frame
from detections.services.inference import RecognitionClient
from detections.tasks import recognise_batch

BATCH: Batch = {
    "id": "b" * 32,
    "work": "detect",
    "model_set": "default",
    "keys": ["lpr:frame:b:0"],
    "reply_to": "lpr:reply:a",
}


def shape_of(message: bytes) -> dict[str, Any]:
    """A message of Celery's, without what differs from one to the next."""
    shape: dict[str, Any] = json.loads(message)
    shape["body"] = json.loads(base64.b64decode(shape["body"]))
    for name in ("id", "root_id", "expires", "argsrepr", "origin"):
        assert shape["headers"].pop(name)
    for name in ("correlation_id", "delivery_tag"):
        assert shape["properties"].pop(name)
    # Celery's own says who is to be answered and logs it; a batch names its list itself.
    for name in ("__django_structlog__", "timelimit"):
        shape["headers"].pop(name, None)
    for name in ("reply_to", "expiration"):
        shape["properties"].pop(name, None)
    return shape


def test_a_batch_is_queued_as_celery_itself_would() -> None:
    recognise_batch.apply_async(args=(BATCH,), expires=5, retry=False)
    theirs = frames_redis().rpop("recognition")

    send_batch(BATCH, [b"packed"], expires_s=5)
    ours = frames_redis().rpop("recognition")

    assert isinstance(theirs, bytes)
    assert isinstance(ours, bytes)
    assert shape_of(ours) == shape_of(theirs)
    assert frames_redis().get("lpr:frame:b:0") == b"packed"
    assert 0 < frames_redis().ttl("lpr:frame:b:0") <= 10


def test_two_messages_are_told_apart() -> None:
    first, second = (json.loads(celery_message(BATCH, expires_s=5)) for _ in range(2))
    assert first["properties"]["delivery_tag"] != second["properties"]["delivery_tag"]


def test_a_frame_survives_its_way_to_the_worker() -> None:
    frame = np.random.default_rng(1).integers(0, 255, (6, 10, 3), np.uint8)
    assert np.array_equal(unpack_frame(pack_frame(frame)), frame)


@pytest.mark.parametrize(
    ("luma", "is_full_range", "expected"), [(16, False, 0), (235, False, 255), (235, True, 235)]
)
def test_planes_arrive_as_the_colours_they_mean(
    luma: int, *, is_full_range: bool, expected: int
) -> None:
    picture = YuvPicture(
        y=np.full((4, 6), luma, np.uint8),
        u=np.full((2, 3), 128, np.uint8),
        v=np.full((2, 3), 128, np.uint8),
        colorspace=1,
        is_full_range=is_full_range,
    )
    bgr = unpack_frame(pack_frame(picture))
    assert bgr.shape == (4, 6, 3)
    assert np.abs(bgr.astype(int) - expected).max() <= 1


def test_threads_that_ask_at_once_share_a_batch(
    monkeypatch: pytest.MonkeyPatch, settings: Any
) -> None:
    settings.RECOGNITION_GATHER_MS = 2_000
    sent: list[int] = []

    def note(batch: Batch, frames: list[bytes], *, expires_s: float) -> None:
        sent.append(len(frames))
        assert len(batch["keys"]) == len(frames)
        assert expires_s > 0
        # So that nobody waits for an answer.
        raise RedisError

    monkeypatch.setattr(inference, "send_batch", note)
    monkeypatch.setattr(inference, "ANSWER_WITHIN_SECONDS", 60.0)
    monkeypatch.setattr(inference, "COMPANY_SECONDS", 60.0)
    client, frame = RecognitionClient(), np.zeros((4, 4, 3), np.uint8)

    def ask() -> None:
        with pytest.raises(RecognitionUnavailableError):
            client.detect(frame, model_set="default", scale=(1, 1))

    ask()
    threads = [threading.Thread(target=ask) for _ in range(3)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    # The first one had no company and went at once.
    assert sent == [1, 3]
