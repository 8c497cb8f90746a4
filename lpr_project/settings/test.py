"""Settings under pytest: as everywhere, with fast hashing, and files and Redis of the run's own."""

import os
import tempfile
from pathlib import Path

from lpr_project.settings.base import *
from lpr_project.settings.base import CACHES, CHANNEL_LAYERS, REDIS_URL

PASSWORD_HASHERS = ["django.contrib.auth.hashers.MD5PasswordHasher"]
EMAIL_BACKEND = "django.core.mail.backends.locmem.EmailBackend"

DATA_DIR = Path(tempfile.mkdtemp(prefix="lpr-test-"))
SIGNING_KEY_DIR = DATA_DIR / "keys"
STORAGES = {
    **{
        alias: {
            "BACKEND": "django.core.files.storage.FileSystemStorage",
            "OPTIONS": {"location": DATA_DIR / alias},
        }
        for alias in ("default", "pictures", "uploads", "exports")
    },
    "staticfiles": {"BACKEND": "django.contrib.staticfiles.storage.StaticFilesStorage"},
}

# A client of a test is a server of its own, and WhiteNoise would look through all files for each.
WHITENOISE_AUTOREFRESH = True

# Four Redis databases for each process of pytest-xdist, above those of a running server.
_worker = os.environ.get("PYTEST_XDIST_WORKER", "gw0")
_first = 4 * (1 + int(_worker.removeprefix("gw")))
REDIS_TEST_URLS = [f"{REDIS_URL}/{number}" for number in range(_first, _first + 4)]
CELERY_BROKER_URL, _cache_url, _channels_url, _ = REDIS_TEST_URLS
FRAMES_REDIS_URL = CELERY_BROKER_URL
CACHES["default"]["LOCATION"] = LIMITS_REDIS_URL = _cache_url
# Redis shares its channels between all databases.
CHANNEL_LAYERS["default"] = {
    **CHANNEL_LAYERS["default"],
    "CONFIG": {"hosts": [_channels_url], "prefix": f"lpr-test-{_worker}"},
}
