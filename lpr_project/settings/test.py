"""Settings under pytest: as everywhere, with fast hashing and files in a folder of the run."""

import tempfile
from pathlib import Path

from lpr_project.settings.base import *
from lpr_project.settings.base import STORAGES

PASSWORD_HASHERS = ["django.contrib.auth.hashers.MD5PasswordHasher"]
DATA_DIR = Path(tempfile.mkdtemp(prefix="lpr-test-"))
for _alias in ("default", "pictures", "uploads"):
    STORAGES[_alias]["OPTIONS"] = {"location": DATA_DIR / _alias}
STORAGES["staticfiles"] = {"BACKEND": "django.contrib.staticfiles.storage.StaticFilesStorage"}
EMAIL_BACKEND = "django.core.mail.backends.locmem.EmailBackend"
