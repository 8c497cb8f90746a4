"""System checks: mistakes of the surroundings that need the app loaded to be seen."""

import os
from typing import Any

from django.conf import settings
from django.core.checks import CheckMessage, Error, Tags, register
from django.core.checks import Warning as Caution
from django.core.exceptions import ImproperlyConfigured

from lpr_project.common.models import encrypt


@register(Tags.security)
def check_encryption_keys(**_kwargs: Any) -> list[CheckMessage]:
    """lpr.E001: a key that cannot encrypt would lose every stream password."""
    try:
        encrypt("probe")
    except ImproperlyConfigured as error:
        return [
            Error(
                str(error),
                hint="`make run` writes good ones into .local/services.env.",
                id="lpr.E001",
            )
        ]
    return []


@register()
def check_data_folder(**_kwargs: Any) -> list[CheckMessage]:
    """lpr.E002: pictures must have a folder that can be written."""
    folder = settings.DATA_DIR
    existing = next((path for path in (folder, *folder.parents) if path.exists()), folder)
    if not os.access(existing, os.W_OK):
        return [
            Error(
                f"{folder} cannot be written.",
                hint="Set LPR_DATA_DIR to a folder of this account.",
                id="lpr.E002",
            )
        ]
    return []


@register(Tags.staticfiles)
def check_front_end_packages(**_kwargs: Any) -> list[CheckMessage]:
    """lpr.W001: without the npm packages the pages have no style and no maps."""
    if (settings.NODE_MODULES / "bootstrap").is_dir() or (
        settings.STATIC_ROOT / "vendor" / "bootstrap"
    ).is_dir():
        return []
    return [
        Caution("Front-end packages are not installed.", hint="Run `make setup`.", id="lpr.W001")
    ]
