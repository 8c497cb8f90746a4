"""Which Python the project's environment is made from."""

import shutil
import subprocess

CANDIDATES = ("python3.11", "python3.12", "python3.13", "python3")
# The modules of venv are a package of their own on Debian, and a shim of pyenv may lead nowhere.
PROBE = "import ensurepip, sys, venv; sys.exit(sys.version_info < (3, 11))"


def find_interpreter() -> str | None:
    """Find a Python of 3.11 or later that can make environments; None where there is none."""
    for name in CANDIDATES:
        path = shutil.which(name)
        if path and _is_usable(path):
            return path
    return None


def _is_usable(path: str) -> bool:
    return subprocess.run([path, "-c", PROBE], capture_output=True, check=False).returncode == 0
