"""Cameras that nobody reports on are noticed."""

from datetime import timedelta

import pytest
from django.utils import timezone

from accounts.models import Organization
from cameras.models import Camera, CameraStatus
from cameras.services import NEVER_TAKEN, WORKER_GONE, refresh_camera_health
from tests.cameras.factories import make_camera

State = CameraStatus.State


@pytest.mark.parametrize(
    ("fields", "silent_seconds", "node", "before", "after", "sentence"),
    [
        ({}, None, "", State.OFF, State.WAITING, NEVER_TAKEN),
        ({}, 30, "node1", State.ONLINE, State.WAITING, WORKER_GONE),
        ({}, 5, "node1", State.ONLINE, State.ONLINE, "as it was"),
        ({"is_enabled": False}, 30, "node1", State.ONLINE, State.OFF, ""),
        ({"is_archived": True}, 30, "node1", State.FAILING, State.OFF, ""),
    ],
)
def test_silent_camera_is_restated(
    fields: dict[str, bool],
    silent_seconds: int | None,
    node: str,
    before: State,
    after: State,
    sentence: str,
    organization: Organization,
) -> None:
    camera = make_camera(
        organization,
        source_kind=Camera.SourceKind.RTSP,
        source_url="rtsp://10.0.0.7/stream",
        **fields,
    )
    heard = silent_seconds and timezone.now() - timedelta(seconds=silent_seconds)
    CameraStatus.objects.filter(camera=camera).update(
        state=before, error="as it was", node=node, updated_at=heard
    )
    refresh_camera_health()
    status = CameraStatus.objects.get(camera=camera)
    assert (status.state, status.error) == (after, sentence)
    assert status.updated_at == heard
    assert refresh_camera_health() == 0
