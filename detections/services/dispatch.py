"""Sends micro-batches to the recognition workers: pictures and message in one round trip.

`recognise_batch.apply_async` would do the same in five times the processor time, which a camera
pays ten times a second: it checks, formats and logs each message anew. So the message is made by
Celery once, and of its later ones only what differs is filled in.
"""

import base64
import uuid
from collections.abc import Mapping, Sequence
from datetime import UTC, datetime, timedelta
from functools import cache
from typing import Any

import orjson
from celery import current_app

from detections.services.batches import Batch
from detections.services.frames import IN_FLIGHT_SECONDS, frames_redis

QUEUE = "recognition"
TASK = "detections.tasks.recognise_batch"


def send_batch(batch: Batch, frames: Sequence[bytes], *, expires_s: float) -> None:
    """Put packed pictures under the batch's keys, and the batch into the workers' queue.

    Raises:
        redis.exceptions.RedisError, OSError: Redis does not answer.
    """
    pipeline = frames_redis().pipeline(transaction=False)
    for key, frame in zip(batch["keys"], frames, strict=True):
        pipeline.set(key, frame, ex=IN_FLIGHT_SECONDS)
    pipeline.lpush(QUEUE, celery_message(batch, expires_s=expires_s))
    pipeline.execute()


def celery_message(batch: Batch, *, expires_s: float) -> bytes:
    """The batch as Celery's Redis transport writes it.

    Source: Celery documentation, "Message Protocol", version 2; kombu, `virtual.Channel`.
    """
    headers, embedded = _template()
    expires_at = datetime.now(UTC) + timedelta(seconds=expires_s)
    task_id = batch["id"]
    named = {"id": task_id, "root_id": task_id, "expires": expires_at.isoformat()}
    message = {
        "body": base64.b64encode(orjson.dumps([[batch], {}, embedded])).decode(),
        "content-encoding": "utf-8",
        "content-type": "application/json",
        "headers": {**headers, **named},
        "properties": {
            "correlation_id": task_id,
            "reply_to": "",
            "delivery_mode": 2,
            "delivery_info": {"exchange": "", "routing_key": QUEUE},
            "priority": 0,
            "body_encoding": "base64",
            "delivery_tag": uuid.uuid4().hex,
        },
    }
    return orjson.dumps(message)


@cache
def _template() -> tuple[Mapping[str, Any], Mapping[str, Any]]:
    """Headers of a message and what its body holds beside arguments, from Celery itself."""
    message = current_app.amqp.as_task_v2("", TASK, args=(), argsrepr="(batch)", ignore_result=True)
    return message.headers, message.body[2]
