"""Writes of cameras: making, changing, granting, and the lease that one task holds on each."""

from collections.abc import Iterable
from typing import Any

import structlog
from django.db import transaction
from django.utils import timezone
from guardian.shortcuts import assign_perm, remove_perm

from accounts.models import AuditEvent, Organization, Role, User
from accounts.selectors import role_group
from accounts.services import record_audit_event
from cameras.models import Camera, CameraGroup, CameraStatus

log = structlog.get_logger(__name__)

_ALL = ("view_camera", "operate_camera", "change_camera", "delete_camera")
# A viewer sees only what was granted to it.
ROLE_CAMERA_PERMISSIONS: dict[Role, tuple[str, ...]] = {
    Role.OWNER: _ALL,
    Role.MANAGER: _ALL,
    Role.OPERATOR: ("view_camera", "operate_camera"),
    Role.ANALYST: ("view_camera",),
    Role.AUDITOR: ("view_camera",),
    Role.VIEWER: (),
}
# What the audit trail must never show.
_SECRET_FIELDS = frozenset({"source_password"})


@transaction.atomic
def create_camera(
    *,
    organization: Organization,
    actor: User | None,
    groups: Iterable[CameraGroup] = (),
    **fields: Any,
) -> Camera:
    """Add a camera and give the organization's roles their permissions on it."""
    camera = Camera(organization=organization, **fields)
    camera.full_clean()
    camera.save()
    camera.groups.set(groups)
    finish_new_camera(camera=camera, actor=actor)
    return camera


@transaction.atomic
def finish_new_camera(*, camera: Camera, actor: User | None) -> None:
    """What every new camera needs, whether a service or an admin form saved its row."""
    CameraStatus.objects.get_or_create(camera=camera, defaults={"since": timezone.now()})
    for role, permissions in ROLE_CAMERA_PERMISSIONS.items():
        group = role_group(camera.organization, role)
        for permission in permissions:
            assign_perm(permission, group, camera)
    record_audit_event(action=AuditEvent.Action.CREATED, actor=actor, target=camera)


@transaction.atomic
def update_camera(
    *,
    camera: Camera,
    actor: User | None,
    groups: Iterable[CameraGroup] | None = None,
    **fields: Any,
) -> Camera:
    """Change a camera; its running task takes the change up within seconds."""
    changed = [name for name, value in fields.items() if getattr(camera, name) != value]
    for name in changed:
        setattr(camera, name, fields[name])
    camera.full_clean()
    camera.save()
    if groups is not None:
        camera.groups.set(groups)
    audit_camera_change(camera=camera, actor=actor, changed=changed)
    return camera


def audit_camera_change(*, camera: Camera, actor: User | None, changed: Iterable[str]) -> None:
    """Note which fields changed and to what, secrets by name only."""
    detail = {
        name: "[secret]" if name in _SECRET_FIELDS else str(getattr(camera, name))
        for name in changed
    }
    record_audit_event(action=AuditEvent.Action.CHANGED, actor=actor, target=camera, detail=detail)


@transaction.atomic
def grant_camera(*, camera: Camera, user: User, permission: str, actor: User | None) -> None:
    """Let one account see or operate one camera, whatever its role."""
    assign_perm(permission, user, camera)
    record_audit_event(
        action=AuditEvent.Action.GRANTED,
        actor=actor,
        target=camera,
        detail={"to": user.email, "permission": permission},
    )


@transaction.atomic
def revoke_camera(*, camera: Camera, user: User, permission: str, actor: User | None) -> None:
    """Take back what `grant_camera` gave."""
    remove_perm(permission, user, camera)
    record_audit_event(
        action=AuditEvent.Action.REVOKED,
        actor=actor,
        target=camera,
        detail={"from": user.email, "permission": permission},
    )


def report_camera_status(*, camera_id: Any, **fields: Any) -> None:
    """Write how a camera fares; `since` moves only when the state changes."""
    now = timezone.now()
    fields["updated_at"] = now
    if "state" in fields:
        CameraStatus.objects.filter(camera_id=camera_id).exclude(state=fields["state"]).update(
            since=now
        )
    CameraStatus.objects.filter(camera_id=camera_id).update(**fields)
