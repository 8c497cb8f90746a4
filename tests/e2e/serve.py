"""Serves the tests' database and files with Daphne, static files collected as on a real server.

python -m tests.e2e.serve FD DATA_DIR STATIC_DIR

FD is the number of a socket that listens already.
"""

import os
import sys
from pathlib import Path
from typing import Any

os.environ["DJANGO_SETTINGS_MODULE"] = "lpr_project.settings.test"

from daphne.cli import CommandLineInterface
from django.conf import settings
from django.core.management import call_command

# Large, and on no page that a browser opens here.
NOT_LOOKED_AT = ["drf_spectacular_sidecar", "rest_framework", "gis"]


def serve(fd: str, data_dir: Path, static_dir: Path) -> None:
    """Serve until the process is ended."""
    storages: dict[str, Any] = settings.STORAGES
    for alias in ("default", "pictures", "uploads", "exports"):
        storages[alias]["OPTIONS"] = {"location": data_dir / alias}
    storages["staticfiles"]["BACKEND"] = "lpr_project.staticfiles.ModuleAwareStorage"
    settings.STATIC_ROOT = static_dir
    settings.WHITENOISE_AUTOREFRESH = False
    import django  # noqa: PLC0415  # reads the settings that were just changed

    django.setup()
    from django.contrib.contenttypes.models import ContentType  # noqa: PLC0415  # needs the apps
    from django.core.signals import request_started  # noqa: PLC0415  # together with what it is for

    # Between two tests the tables are emptied and content types made anew with other numbers, which
    # no real server sees; one that remembers the old ones cannot write to the admin's log.
    request_started.connect(lambda **_: ContentType.objects.clear_cache(), weak=False)
    call_command("collectstatic", interactive=False, verbosity=0, ignore_patterns=NOT_LOOKED_AT)
    CommandLineInterface().run(["--fd", fd, "lpr_project.asgi:application"])


if __name__ == "__main__":
    serve(sys.argv[1], Path(sys.argv[2]), Path(sys.argv[3]))
