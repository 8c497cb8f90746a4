"""Cameras for tests, made by the services that make the real ones."""

from collections.abc import Iterable
from itertools import count

from accounts.models import Organization
from cameras.models import Camera, CameraGroup
from cameras.services import create_camera

_numbers = count(1)


def make_camera_group(
    organization: Organization, cameras: Iterable[Camera] = (), **fields: object
) -> CameraGroup:
    group = CameraGroup.objects.create(
        organization=organization, **{"name": f"Group {next(_numbers)}", **fields}
    )
    group.cameras.set(cameras)
    return group


def make_camera(organization: Organization, **fields: object) -> Camera:
    """A camera that devices push plates to, so that nothing tries to open it."""
    number = next(_numbers)
    defaults = {"name": f"Camera {number}", "source_kind": Camera.SourceKind.PUSH}
    return create_camera(organization=organization, actor=None, **{**defaults, **fields})  # type: ignore[arg-type]  # a table of keywords
