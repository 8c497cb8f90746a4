"""Sets cameras to other models, and back."""

from django.db import transaction
from django.utils.translation import gettext as _

from accounts.models import User
from cameras.models import Camera
from cameras.selectors import cameras_visible_to
from cameras.services import update_camera
from detections.errors import ModelSetRefusedError
from detections.recognition.errors import RecognitionError
from detections.selectors.models import model_registry
from lpr_project.common.errors import NotAllowedError


@transaction.atomic
def switch_model_set(*, camera: Camera, model_set: str, actor: User) -> Camera:
    """Let a camera read with another model set; `previous_model_set` is the way back.

    Raises:
        ModelSetRefusedError: There is no such set, or one of its models is unknown, of another
            kind, or not installed.
        ModelsUnknownError: The model registry is malformed.
        NotAllowedError: The actor may not change the camera.
    """
    if not cameras_visible_to(actor, "change_camera").filter(pk=camera.pk).exists():
        raise NotAllowedError(_("Only who manages cameras may change them."))
    return update_camera(camera=camera, actor=actor, model_set=model_set)


def check_model_set(model_set: str) -> None:
    """Refuse a model set that cannot work; `cameras.services` asks this whoever sets a camera.

    Raises:
        ModelSetRefusedError: There is no such set, or one of its models is unknown, of another
            kind, or not installed.
        ModelsUnknownError: The model registry is malformed.
    """
    registry = model_registry()
    try:
        for name, kind in registry.model_set(model_set).roles:
            if not registry.is_installed(registry.model_of_kind(name, kind)):
                message = _(
                    "%(model)s is not installed. Run “manage.py models pull %(model)s” first."
                )
                raise ModelSetRefusedError(message % {"model": name})
    except RecognitionError as error:
        raise ModelSetRefusedError(str(error)) from error
