"""Sets cameras to other models, and back."""

from django.conf import settings
from django.db import transaction
from django.utils.translation import gettext as _

from accounts.models import User
from cameras.models import Camera
from cameras.selectors import cameras_visible_to
from cameras.services import update_camera
from detections.errors import ModelSetRefusedError
from detections.recognition.errors import UnknownModelError
from detections.recognition.registry import ModelRegistry
from lpr_project.common.errors import NotAllowedError


@transaction.atomic
def switch_model_set(*, camera: Camera, model_set: str, actor: User) -> Camera:
    """Let a camera read with another model set; `previous_model_set` is the way back.

    Raises:
        ModelSetRefusedError: There is no such set, or one of its models is not installed.
        NotAllowedError: The actor may not change the camera.
    """
    if not cameras_visible_to(actor, "change_camera").filter(pk=camera.pk).exists():
        raise NotAllowedError(_("Only who manages cameras may change them."))
    registry = ModelRegistry.load(settings.MODELS_DIR)
    try:
        chosen = registry.model_set(model_set)
    except UnknownModelError as error:
        raise ModelSetRefusedError(str(error)) from error
    for name in (chosen.detector, chosen.reader):
        if not registry.is_installed(registry.model(name)):
            message = _("%(model)s is not installed. Run “manage.py models pull %(model)s” first.")
            raise ModelSetRefusedError(message % {"model": name})
    return update_camera(camera=camera, actor=actor, model_set=model_set)
