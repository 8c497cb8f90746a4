"""Which recognition models there are."""

from pathlib import Path

from django.conf import settings

from detections.errors import ModelsUnknownError
from detections.recognition.errors import ModelFileError
from detections.recognition.registry import ModelRegistry


def model_registry() -> ModelRegistry:
    """The models and model sets that cameras choose from.

    Raises:
        ModelsUnknownError: A registry file is malformed; the message says which and why.
    """
    try:
        return ModelRegistry.load(Path(settings.MODELS_DIR))
    except ModelFileError as error:
        raise ModelsUnknownError(str(error)) from error
