"""What can be known to fail before anything is changed."""

import os
import shutil

from lpr_project.local.errors import LocalError
from lpr_project.local.paths import LOCAL, ROOT
from lpr_project.local.ports import is_free

NEEDED_GIB = 2
GIB = 1024**3


def check_folder() -> None:
    """Make sure that the checkout can be written to and has room.

    Raises:
        LocalError: It cannot, or the disk is too full.
    """
    for folder in (ROOT, LOCAL):
        if folder.exists() and not os.access(folder, os.W_OK | os.X_OK):
            raise LocalError(
                f"You may not write to {folder}: run this as its owner, "
                "or take a copy of the checkout that is yours."
            )
    free = shutil.disk_usage(ROOT).free
    if free < NEEDED_GIB * GIB:
        raise LocalError(
            f"The disk under {ROOT} has {free / GIB:.1f} GiB left and {NEEDED_GIB} GiB are needed: "
            "make room, or move the folder to another disk."
        )


def check_port(host: str, port: int) -> None:
    """Make sure that the web process can listen where it is told to.

    Raises:
        LocalError: Somebody else listens there, only root may, or the address is not ours.
    """
    try:
        is_usable = is_free(host, port)
    except PermissionError as error:
        raise LocalError(
            f"You may not listen on port {port}: choose one from 1024 on, "
            "for example `LPR_PORT=8001 make run`."
        ) from error
    except OSError as error:
        raise LocalError(f"LPR_HOST is {host!r}, no address of this machine: {error}.") from error
    if not is_usable:
        raise LocalError(
            f"Port {port} of {host} is taken by another program: stop that program, "
            f"or choose another port, for example `LPR_PORT={port + 1} make run`."
        )
