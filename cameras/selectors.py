"""Reads of cameras and groups, each from what a user may see."""

from uuid import UUID

from django.db.models import Q, QuerySet

from accounts.models import User
from accounts.selectors import MANAGING_ROLES, organizations_of
from cameras.models import (
    Camera,
    CameraGroup,
    CameraGroupGroupObjectPermission,
    CameraGroupObjectPermission,
    CameraGroupUserObjectPermission,
    CameraUserObjectPermission,
)


def cameras_visible_to(user: User, permission: str = "view_camera") -> QuerySet[Camera]:
    """Cameras on which the user holds `permission`: granted to it or to its role, on the camera or a group of it.

    A grant counts only while the user is a member of the camera's organization.
    """
    cameras = Camera.objects.filter(organization__in=organizations_of(user)).select_related(
        "organization", "status"
    )
    if user.is_superuser:
        return cameras
    groups = user.groups.values("pk")
    wanted = Q(permission__codename=permission)
    on_camera = (
        CameraUserObjectPermission.objects.filter(wanted, user=user),
        CameraGroupObjectPermission.objects.filter(wanted, group__in=groups),
    )
    # On a camera group, "view_cameragroup" stands for "view_camera" of its cameras, and so on.
    on_group = Q(permission__codename=permission.replace("_camera", "_cameragroup"))
    granted_groups = (
        CameraGroupUserObjectPermission.objects.filter(on_group, user=user),
        CameraGroupGroupObjectPermission.objects.filter(on_group, group__in=groups),
    )
    visible = Q()
    for grants in on_camera:
        visible |= Q(pk__in=grants.values("content_object_id"))
    through = Camera.groups.through.objects
    for grants in granted_groups:
        visible |= Q(
            pk__in=through.filter(cameragroup__in=grants.values("content_object_id")).values(
                "camera_id"
            )
        )
    return cameras.filter(visible)


def camera_ids_visible_to(user: User, permission: str = "view_camera") -> list[UUID]:
    """Ids for `camera_id IN (...)`, which the detections' indexes serve best."""
    return list(cameras_visible_to(user, permission).order_by().values_list("pk", flat=True))


def camera_groups_visible_to(user: User) -> QuerySet[CameraGroup]:
    """All groups of managed organizations, and those that hold a camera the user sees."""
    return (
        CameraGroup.objects.filter(
            Q(organization__in=organizations_of(user, *MANAGING_ROLES))
            | Q(cameras__in=cameras_visible_to(user).values("pk"))
        )
        .distinct()
        .select_related("organization")
    )


def cameras_to_watch() -> QuerySet[Camera]:
    """Cameras from which the server itself should be taking frames."""
    return Camera.objects.filter(
        is_enabled=True, is_archived=False, organization__is_active=True
    ).exclude(source_kind=Camera.SourceKind.PUSH)
