"""Lets what was read of ignored plates go before anything of it is written."""

from collections import Counter
from collections.abc import Sequence
from datetime import datetime
from typing import Any
from uuid import UUID

from django.utils import timezone

from detections.errors import PlateIgnoredError
from detections.models import Detection
from detections.recognition.funnel import Funnel
from detections.recognition.types import Rejection
from detections.services.counts import add_to_funnel
from detections.services.registrations import registrations_of
from vehicles.selectors import ignored_among, ignores_any

Row = dict[str, Any]
"""The columns of one detection that is being recorded."""


def ignored_rows(rows: Sequence[Row]) -> dict[UUID, PlateIgnoredError]:
    """Rows of which nothing may be kept, each with what its sender is told.

    Whether as read or as a rule of the camera corrects it. Where an organization ignores nothing,
    it costs one look into an index.
    """
    now = timezone.now()
    ignoring = ignores_any({row["organization_id"] for row in rows}, now=now)
    asked = [row for row in rows if row["organization_id"] in ignoring]
    if not asked:
        return {}
    corrected = registrations_of(asked)
    keys = {
        row["id"]: {
            (row["organization_id"], row["read_number"], row["read_country"], row["read_province"]),
            (row["organization_id"], *corrected[row["id"]]),
        }
        for row in asked
    }
    ignored = ignored_among(set().union(*keys.values()), now=now)
    dropped = [row for row in asked if keys[row["id"]] & ignored]
    _count(dropped)
    # The message is logged where the sender is a camera: it names no plate.
    message = "This plate is ignored: nothing of it is kept."
    return {row["id"]: PlateIgnoredError(message, field="text") for row in dropped}


def _count(rows: Sequence[Row]) -> None:
    """Note them in the funnel; a camera counted its own as accepted, not knowing better."""
    hours: Counter[tuple[UUID, datetime, bool]] = Counter(
        (
            row["camera_id"],
            row["captured_at"].replace(minute=0, second=0, microsecond=0),
            row["origin"] == Detection.Origin.CAMERA,
        )
        for row in rows
    )
    for (camera_id, hour, was_accepted), count in sorted(hours.items(), key=str):
        add_to_funnel(
            camera_id=camera_id,
            at=hour,
            counted=Funnel(
                accepted=-count if was_accepted else 0, rejections={Rejection.IGNORED: count}
            ),
            dropped=0,
        )
