"""Room for files from outside: a full disk would stop everybody, PostgreSQL too."""

import shutil
from pathlib import Path

from django.conf import settings
from django.core.files.storage import storages

from lpr_project.common.errors import StorageFullError


def require_room(alias: str, size_bytes: int) -> None:
    """Refuse what would leave less free than `LPR_STORAGE_RESERVE_MIB` on a storage's disk.

    A storage that is no folder here has limits of its own.

    Raises:
        StorageFullError: There is too little room.
    """
    location = getattr(storages[alias], "location", None)
    if location is None:
        return
    folder = Path(location)
    existing = next(path for path in (folder, *folder.parents) if path.exists())
    if shutil.disk_usage(existing).free - size_bytes < settings.STORAGE_RESERVE_BYTES:
        raise StorageFullError(
            "The server's disk is nearly full, so nothing more can be taken. Make room, shorten "
            "the retention, or lower LPR_STORAGE_RESERVE_MIB, and send this again."
        )
