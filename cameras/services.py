"""Writes of cameras: making, changing, granting, and how each fares."""

import json
from collections.abc import Iterable
from datetime import timedelta
from functools import partial
from io import BytesIO
from typing import TYPE_CHECKING, Any
from uuid import UUID

import structlog
from django.contrib.auth.models import Permission
from django.core.cache import cache
from django.db import transaction
from django.db.models import Case, F, ProtectedError, Q, QuerySet, Value, When
from django.utils import timezone
from guardian.shortcuts import assign_perm, remove_perm

from accounts.models import AuditEvent, Organization, Role, User
from accounts.services import record_audit_event
from cameras.errors import CameraInUseError, ConnectionTestError
from cameras.models import (
    Camera,
    CameraGroup,
    CameraGroupObjectPermission,
    CameraGroupUserObjectPermission,
    CameraStatus,
    CameraUserObjectPermission,
)
from cameras.selectors import (
    ConnectionTest,
    camera_picture_key,
    cameras_to_watch,
    connection_test_key,
    source_config,
    sources_folder,
)
from cameras.signals import model_set_choosing
from cameras.streams.config import mask_url
from cameras.streams.errors import StreamError
from lpr_project.common.models import decrypt, encrypt, uuid7

if TYPE_CHECKING:
    from cameras.streams.yuv import Pixels

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
NEVER_TAKEN = "No worker has taken this camera yet. Is a “streams” worker running?"
WORKER_GONE = (
    "The worker that read this camera is gone and no other has taken it over. "
    "Is a “streams” worker running?"
)
# A camera task writes every two seconds; another takes a dead node's camera over within twelve.
SILENT_SECONDS = 15
SOURCE_FIELDS = ("source_kind", "source_url", "source_username", "source_password", "analyse_fps")
TEST_PICTURE_PX = 1280
TEST_PICTURE_QUALITY = 85
TEST_PAUSE_SECONDS = 2
TEST_KEPT_SECONDS = 600
CAMERA_PICTURE_SECONDS = 24 * 3600
# A test that no worker took by then is not run any more.
TEST_EXPIRES_SECONDS = 30
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
    """Add a camera and give the organization's roles their permissions on it.

    Raises:
        LprError: Its models cannot work.
    """
    camera = Camera(organization=organization, **fields)
    if camera.model_set != Camera.model_set.field.default:
        check_model_set(camera.model_set)
    camera.full_clean()
    camera.save()
    camera.groups.set(groups)
    finish_new_camera(camera=camera, actor=actor)
    return camera


@transaction.atomic
def finish_new_camera(*, camera: Camera, actor: User | None) -> None:
    """What every new camera needs, whether a service or an admin form saved its row."""
    CameraStatus.objects.get_or_create(camera=camera, defaults={"since": timezone.now()})
    groups = {row.role: row.group_id for row in camera.organization.role_groups.all()}
    rights = Permission.objects.filter(content_type__app_label="cameras", codename__in=_ALL)
    permissions = {right.codename: right for right in rights}
    CameraGroupObjectPermission.objects.bulk_create(
        [
            CameraGroupObjectPermission(
                content_object=camera, group_id=groups[role], permission=permissions[name]
            )
            for role, names in ROLE_CAMERA_PERMISSIONS.items()
            for name in names
        ],
        ignore_conflicts=True,
    )
    record_audit_event(action=AuditEvent.Action.CREATED, actor=actor, target=camera)


@transaction.atomic
def update_camera(
    *,
    camera: Camera,
    actor: User | None,
    groups: Iterable[CameraGroup] | None = None,
    **fields: Any,
) -> Camera:
    """Change a camera; its running task takes the change up within seconds.

    Raises:
        LprError: It is set to other models, and these cannot work.
    """
    changed = [name for name, value in fields.items() if getattr(camera, name) != value]
    if "model_set" in changed:
        check_model_set(fields["model_set"])
        camera.previous_model_set = camera.model_set
    for name in changed:
        setattr(camera, name, fields[name])
    camera.full_clean()
    camera.save()
    if groups is not None:
        camera.groups.set(groups)
    audit_camera_change(camera=camera, actor=actor, changed=changed)
    return camera


def check_model_set(name: str) -> None:
    """Refuse models that cannot work: each frame of such a camera would cost a try to load them.

    Raises:
        LprError: There is no such set, or a model of it is missing.
    """
    model_set_choosing.send(sender=Camera, model_set=name)


def audit_camera_change(*, camera: Camera, actor: User | None, changed: Iterable[str]) -> None:
    """Note which fields changed and to what, secrets by name only."""
    detail = {name: _audited(camera, name) for name in changed}
    record_audit_event(action=AuditEvent.Action.CHANGED, actor=actor, target=camera, detail=detail)


def _audited(camera: Camera, name: str) -> str:
    if name in _SECRET_FIELDS:
        return "[secret]"
    if name == "groups":
        return ", ".join(camera.groups.values_list("name", flat=True))
    return str(getattr(camera, name))


@transaction.atomic
def delete_camera(*, camera: Camera, actor: User | None) -> None:
    """Remove a camera that never recorded anything.

    Raises:
        CameraInUseError: Detections or uploads hang on it.
    """
    record_audit_event(action=AuditEvent.Action.DELETED, actor=actor, target=camera)
    try:
        camera.delete()
    except ProtectedError as error:
        message = "Detections or uploads hang on this camera. Archive it instead."
        raise CameraInUseError(message) from error


@transaction.atomic
def grant_camera(
    *, camera: Camera | CameraGroup, user: User, permission: str, actor: User | None
) -> None:
    """Let one account see or operate one camera, or all cameras of a group, whatever its role."""
    assign_perm(permission, user, camera)
    record_audit_event(
        action=AuditEvent.Action.GRANTED,
        actor=actor,
        target=camera,
        detail={"to": user.email, "permission": permission},
    )


@transaction.atomic
def revoke_camera(
    *, camera: Camera | CameraGroup, user: User, permission: str, actor: User | None
) -> None:
    """Take back what `grant_camera` gave."""
    remove_perm(permission, user, camera)
    record_audit_event(
        action=AuditEvent.Action.REVOKED,
        actor=actor,
        target=camera,
        detail={"from": user.email, "permission": permission},
    )


def forget_grants(*, user: User, organization: Organization) -> None:
    """Take away what somebody was granted by name on an organization's cameras and groups."""
    for grants in (CameraUserObjectPermission, CameraGroupUserObjectPermission):
        grants.objects.filter(user=user, content_object__organization=organization).delete()


def report_camera_status(*, camera_id: Any, **fields: Any) -> None:
    """Write how a camera fares; `since` moves only when the state changes."""
    now = timezone.now()
    fields["updated_at"] = now
    if "state" in fields:
        as_before = When(state=fields["state"], then=F("since"))
        fields["since"] = Case(as_before, default=Value(now))
    CameraStatus.objects.filter(camera_id=camera_id).update(**fields)


def refresh_camera_health() -> int:
    """Say of every camera that nobody reports on what that means; gives how many rows changed.

    `updated_at` stays as the camera task left it: it says since when nothing is known.
    """
    now = timezone.now()
    silent = Q(updated_at__isnull=True) | Q(updated_at__lt=now - timedelta(seconds=SILENT_SECONDS))
    statuses = CameraStatus.objects.filter(silent)
    watched = statuses.filter(camera__in=cameras_to_watch())
    off, waiting = CameraStatus.State.OFF, CameraStatus.State.WAITING
    return sum(
        (
            _restate(statuses.exclude(camera__in=cameras_to_watch()), off, ""),
            _restate(watched.filter(node=""), waiting, NEVER_TAKEN),
            _restate(watched.exclude(node=""), waiting, WORKER_GONE),
        )
    )


def _restate(statuses: QuerySet[CameraStatus], state: CameraStatus.State, error: str) -> int:
    now = timezone.now()
    moved = statuses.exclude(state=state).update(state=state, error=error, fps=0.0, since=now)
    return moved + statuses.filter(state=state).exclude(error=error).update(error=error, fps=0.0)


def start_connection_test(*, camera: Camera, actor: User) -> UUID:
    """Have a worker try a camera's source, saved or not; gives the name to ask for news by.

    Args:
        camera: Its source fields as they stand in the form; its organization for the audit trail.

    Raises:
        ConnectionTestError: The person asked for another test a moment ago.
    """
    if not cache.add(f"camera-test-by:{actor.pk}", 1, timeout=TEST_PAUSE_SECONDS):
        message = "A test was started a moment ago. Wait for it."
        raise ConnectionTestError(message)
    test_id = uuid7()
    source = {name: getattr(camera, name) for name in (*SOURCE_FIELDS, "organization_id")}
    # The password goes through Redis encrypted, and only for as long as a worker may take.
    secret = encrypt(json.dumps(source))
    cache.set(connection_test_key(test_id, "source"), secret, TEST_EXPIRES_SECONDS)
    is_saved = not camera._state.adding  # noqa: SLF001  # Django's public name
    news = ConnectionTest(
        state="waiting", actor_id=actor.pk, camera_id=str(camera.pk) if is_saved else ""
    )
    cache.set(connection_test_key(test_id), news, TEST_KEPT_SECONDS)
    record_audit_event(
        action=AuditEvent.Action.TESTED,
        actor=actor,
        organization=camera.organization,
        target=camera if is_saved else None,
        target_label=camera.name or mask_url(camera.source_url),
        detail={"source_kind": camera.source_kind, "source_url": mask_url(camera.source_url)},
    )
    transaction.on_commit(partial(_queue_connection_test, test_id))
    return test_id


def _queue_connection_test(test_id: UUID) -> None:
    from cameras.tasks import test_connection  # noqa: PLC0415  # tasks call services

    test_connection.apply_async(args=(str(test_id),), expires=TEST_EXPIRES_SECONDS)


def run_connection_test(*, test_id: UUID) -> None:
    """Try the source of a waiting test; keeps the picture, or the sentence that says why not."""
    from cameras.streams.probe import probe_source  # noqa: PLC0415  # loads PyAV

    news: ConnectionTest | None = cache.get(connection_test_key(test_id))
    secret: str | None = cache.get(connection_test_key(test_id, "source"))
    if news is None or secret is None:
        return
    cache.delete(connection_test_key(test_id, "source"))
    news["state"] = "trying"
    cache.set(connection_test_key(test_id), news, TEST_KEPT_SECONDS)
    try:
        camera = Camera(**json.loads(decrypt(secret)))
        config = source_config(camera, is_watched=False)
        found = probe_source(config, allowed_root=sources_folder(camera.organization))
        picture = _jpeg(found.frame.scaled_bgr(TEST_PICTURE_PX))
    except StreamError as error:
        news |= {"state": "failed", "sentence": str(error)}
    else:
        news |= {
            "state": "done",
            "width": found.info.width,
            "height": found.info.height,
            "codec": found.info.codec,
            "fps": found.info.fps,
            "took_s": found.took_s,
        }
        cache.set(connection_test_key(test_id, "picture"), picture, TEST_KEPT_SECONDS)
        if camera_id := news["camera_id"]:
            cache.set(camera_picture_key(UUID(camera_id)), picture, CAMERA_PICTURE_SECONDS)
    cache.set(connection_test_key(test_id), news, TEST_KEPT_SECONDS)


def _jpeg(pixels: "Pixels") -> bytes:
    from PIL import Image  # noqa: PLC0415  # only workers encode pictures

    kept = BytesIO()
    Image.fromarray(pixels[..., ::-1]).save(kept, "JPEG", quality=TEST_PICTURE_QUALITY)
    return kept.getvalue()
