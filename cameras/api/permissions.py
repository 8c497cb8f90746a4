"""Who may change cameras."""

from rest_framework.permissions import SAFE_METHODS, BasePermission
from rest_framework.request import Request
from rest_framework.views import APIView

from accounts.models import User
from accounts.selectors import MANAGING_ROLES, organizations_of
from cameras.models import Camera
from cameras.selectors import cameras_visible_to


class MayChangeCameras(BasePermission):
    """Managers add cameras; a camera is changed by whom it was granted to."""

    message = "Only who manages cameras may change them."

    def has_permission(self, request: Request, view: APIView) -> bool:
        assert isinstance(request.user, User)
        return request.method != "POST" or organizations_of(request.user, *MANAGING_ROLES).exists()

    def has_object_permission(self, request: Request, view: APIView, camera: Camera) -> bool:
        assert isinstance(request.user, User)
        if request.method in SAFE_METHODS:
            return True
        needed = "delete_camera" if request.method == "DELETE" else "change_camera"
        return cameras_visible_to(request.user, needed).filter(pk=camera.pk).exists()
