"""Reads of cameras and groups, each from what a user may see."""

from collections.abc import Iterable
from dataclasses import dataclass
from pathlib import Path
from typing import Literal, NotRequired, TypedDict
from uuid import UUID

from django.conf import settings
from django.core.cache import cache
from django.db.models import Q, QuerySet
from django.db.models.expressions import RawSQL

from accounts.models import Organization, User
from accounts.selectors import MANAGING_ROLES, organizations_of
from cameras.models import Camera, CameraGroup, PurposeRetention
from cameras.streams.config import SourceConfig, SourceKind

# By hand: it stands in nearly every request, and the ORM takes 3 ms to write the same. The grants
# are found once; left to itself the planner looks for them again at each camera.
_VISIBLE = """
    WITH belonging AS MATERIALIZED (
        SELECT group_id FROM accounts_user_groups WHERE user_id = %s
    ), of_cameras AS MATERIALIZED (
        SELECT id FROM auth_permission WHERE codename = %s
    ), of_groups AS MATERIALIZED (
        SELECT id FROM auth_permission WHERE codename = %s
    ), granted AS MATERIALIZED (
        SELECT content_object_id AS camera_id
        FROM cameras_camerauserobjectpermission
        WHERE user_id = %s AND permission_id IN (SELECT id FROM of_cameras)
        UNION
        SELECT content_object_id
        FROM cameras_cameragroupobjectpermission
        WHERE group_id IN (SELECT group_id FROM belonging)
            AND permission_id IN (SELECT id FROM of_cameras)
        UNION
        SELECT camera_id
        FROM cameras_camera_groups
        WHERE cameragroup_id IN (
            SELECT content_object_id
            FROM cameras_cameragroupuserobjectpermission
            WHERE user_id = %s AND permission_id IN (SELECT id FROM of_groups)
            UNION
            SELECT content_object_id
            FROM cameras_cameragroupgroupobjectpermission
            WHERE group_id IN (SELECT group_id FROM belonging)
                AND permission_id IN (SELECT id FROM of_groups)
        )
    ), organizations AS MATERIALIZED (
        SELECT organization.id
        FROM accounts_membership AS member
        JOIN accounts_organization AS organization
            ON organization.id = member.organization_id AND organization.is_active
        WHERE member.user_id = %s
    )
    SELECT camera.id
    FROM cameras_camera AS camera
    WHERE camera.id IN (SELECT camera_id FROM granted)
        AND camera.organization_id IN (SELECT id FROM organizations)
"""


def cameras_visible_to(user: User, permission: str = "view_camera") -> QuerySet[Camera]:
    """Cameras on which the user or its role holds `permission`, by itself or through a group.

    A grant counts only while the user is a member of the camera's organization.
    """
    cameras = Camera.objects.select_related("organization", "status")
    if not user.is_active:
        return cameras.none()
    if user.is_superuser:
        return cameras.filter(organization__is_active=True)
    # On a camera group, "view_cameragroup" stands for "view_camera" of its cameras, and so on.
    of_group = permission.replace("_camera", "_cameragroup")
    values = (user.pk, permission, of_group, user.pk, user.pk, user.pk)
    return cameras.filter(pk__in=RawSQL(_VISIBLE, values))  # noqa: S611  # values are parameters


def camera_ids_visible_to(user: User, permission: str = "view_camera") -> list[UUID]:
    """Ids for `camera_id IN (...)`, which the detections' indexes serve best."""
    return list(cameras_visible_to(user, permission).order_by().values_list("pk", flat=True))


def camera_groups_visible_to(user: User) -> QuerySet[CameraGroup]:
    """All groups of managed organizations, and those that hold a camera the user sees."""
    seen = cameras_visible_to(user).order_by().values("pk")
    holding = Camera.groups.through.objects.filter(camera__in=seen)
    return CameraGroup.objects.filter(
        Q(organization__in=organizations_of(user, *MANAGING_ROLES))
        | Q(pk__in=holding.values("cameragroup_id"))
    ).select_related("organization")


def cameras_to_watch() -> QuerySet[Camera]:
    """Cameras from which the server itself should be taking frames."""
    return Camera.objects.filter(
        is_enabled=True, is_archived=False, organization__is_active=True
    ).exclude(source_kind=Camera.SourceKind.PUSH)


def sources_folder(organization: Organization) -> Path:
    """Where files and folders lie that an organization's cameras may play, and no other's."""
    return Path(settings.SOURCES_DIR) / "cameras" / organization.slug


def source_config(camera: Camera, *, is_watched: bool = True) -> SourceConfig:
    """A camera's source as the streams take it; files and folders lie in its organization's folder.

    Args:
        is_watched: Files play at their own speed, again and again; else they are only looked into.

    Raises:
        InvalidAddressError: The address does not fit the kind.
    """
    kind = SourceKind(camera.source_kind)
    url = camera.source_url
    if kind in {SourceKind.FILE, SourceKind.FOLDER}:
        url = str(sources_folder(camera.organization) / url)
    return SourceConfig(
        kind=kind,
        url=url,
        username=camera.source_username,
        password=camera.source_password or "",
        loop=is_watched,
        realtime=is_watched,
        analyse_fps=camera.analyse_fps if is_watched else None,
        outside_only=not settings.ALLOW_LOOPBACK_SOURCES,
    )


class ConnectionTest(TypedDict):
    """News of one test of a connection, as it waits in the cache; `sentence` says why it failed."""

    state: Literal["waiting", "trying", "done", "failed"]
    actor_id: int
    camera_id: str
    sentence: NotRequired[str]
    width: NotRequired[int]
    height: NotRequired[int]
    codec: NotRequired[str]
    fps: NotRequired[float | None]
    took_s: NotRequired[float]


def connection_test_key(test_id: UUID, part: str = "news") -> str:
    """Where a test's `news`, `source` or `picture` lies in the cache."""
    return f"camera-test:{test_id.hex}:{part}"


def camera_picture_key(camera_id: UUID) -> str:
    """Where the picture of a camera's last good test lies in the cache."""
    return f"camera-picture:{camera_id.hex}"


def connection_test_of(user: User, test_id: UUID) -> ConnectionTest | None:
    """News of a test that the user started within the last minutes."""
    news: ConnectionTest | None = cache.get(connection_test_key(test_id))
    return news if news is not None and news["actor_id"] == user.pk else None


def connection_test_picture(user: User, test_id: UUID) -> bytes | None:
    """The picture, as JPEG, that a test of the user brought."""
    if connection_test_of(user, test_id) is None:
        return None
    picture: bytes | None = cache.get(connection_test_key(test_id, "picture"))
    return picture


def camera_picture(camera: Camera) -> bytes | None:
    """The picture, as JPEG, of the camera's last good test within a day."""
    picture: bytes | None = cache.get(camera_picture_key(camera.pk))
    return picture


@dataclass(frozen=True, slots=True, kw_only=True)
class Retention:
    """How long one camera's detections are kept, and who says so.

    `hit_hours` is never less than `hours`. The rules are "camera", "purpose" or "organization".
    """

    camera_id: UUID
    hours: int
    hit_hours: int
    rule: str
    hit_rule: str


def retentions_of(cameras: Iterable[Camera]) -> list[Retention]:
    """The rule that holds for each camera: its own, else its purpose's, else the organization's.

    Args:
        cameras: With their organizations.
    """
    chosen = list(cameras)
    purposes = {
        (row.organization_id, row.purpose): row
        for row in PurposeRetention.objects.filter(
            organization__in={camera.organization_id for camera in chosen}
        )
    }
    return [
        _retention(camera, purposes.get((camera.organization_id, camera.purpose)))
        for camera in chosen
    ]


def _retention(camera: Camera, purpose: PurposeRetention | None) -> Retention:
    rules = (("camera", camera), ("purpose", purpose), ("organization", camera.organization))
    given = [(rule, row) for rule, row in rules if row is not None]
    hours, rule = next(
        (row.retention_hours, rule) for rule, row in given if row.retention_hours is not None
    )
    hit_hours, hit_rule = next(
        (
            (row.hit_retention_hours, rule)
            for rule, row in given
            if row.hit_retention_hours is not None
        ),
        (hours, rule),
    )
    if hit_hours < hours:
        hit_hours, hit_rule = hours, rule
    return Retention(
        camera_id=camera.pk, hours=hours, hit_hours=hit_hours, rule=rule, hit_rule=hit_rule
    )
