"""The project's own environment: Python packages, front-end packages, collected files."""

import hashlib
import os
import shutil
import subprocess
from collections.abc import Sequence
from pathlib import Path

from lpr_project.local.errors import LocalError
from lpr_project.local.interpreter import find_interpreter
from lpr_project.local.paths import LOCAL, ROOT, VENV
from lpr_project.local.preflight import check_folder
from lpr_project.local.say import say

PYTHON = VENV / "bin" / "python"
MADE_IN = VENV / ".made-in"
NODE_PACKAGES = ROOT / "node_modules"


def install_python_packages(requirements: str) -> None:
    """Bring the virtual environment to what a compiled requirements file says.

    Args:
        requirements: A name in `requirements/`, such as "recognition".

    Raises:
        LocalError: There is no Python for it, or pip failed.
    """
    lock = ROOT / "requirements" / f"{requirements}.txt"
    stamp = VENV / f".installed-{requirements}"
    digest = _digest([lock])
    if not _is_environment_usable():
        _make_environment()
    if _is_current(stamp, digest):
        return
    say(f"Installing Python packages from requirements/{lock.name}; the first time takes minutes.")
    options = ["--disable-pip-version-check", "--no-input", "-qq", "--no-deps", "--require-hashes"]
    _run([PYTHON, "-m", "pip", "install", *options, "--requirement", lock], "pip")
    stamp.write_text(digest, encoding="ascii")


def install_front_end_packages() -> None:
    """Bring `node_modules` to what package-lock.json says.

    Raises:
        LocalError: npm failed.
    """
    stamp = NODE_PACKAGES / ".installed"
    digest = _digest([ROOT / "package-lock.json"])
    if _is_current(stamp, digest):
        return
    say("Installing front-end packages.")
    _run(["npm", "ci", "--ignore-scripts", "--no-audit", "--no-fund", "--loglevel=error"], "npm")
    stamp.write_text(digest, encoding="ascii")


def collect_static_files() -> None:
    """Put scripts, styles and pictures of the pages where the server serves them from.

    Raises:
        LocalError: Django failed to collect them.
    """
    target = LOCAL / "static"
    stamp = LOCAL / "static.collected"
    origins = [VENV / ".installed-recognition", NODE_PACKAGES / ".installed"]
    origins.append(ROOT / "lpr_project" / "settings" / "base.py")
    digest = _digest(origins, ROOT / "static")
    if _is_current(stamp, digest):
        return
    say("Collecting static files.")
    shutil.rmtree(target, ignore_errors=True)
    # htmx's package holds extensions of its version 1, which import a file that it has not.
    collect = ["collectstatic", "--no-input", "--verbosity=0", "--ignore=ext"]
    _run([PYTHON, "manage.py", *collect], "collectstatic")
    stamp.write_text(digest, encoding="ascii")


def _is_environment_usable() -> bool:
    # A folder that was moved holds programs that look for Python in the old place.
    return PYTHON.exists() and _is_current(MADE_IN, str(VENV))


def _make_environment() -> None:
    interpreter = find_interpreter()
    if interpreter is None:
        raise LocalError("There is no Python 3.11 or later with its module venv: run `make setup`.")
    _run([interpreter, "-m", "venv", "--clear", VENV], "venv")
    MADE_IN.write_text(str(VENV), encoding="utf-8")


def _digest(files: Sequence[Path], folder: Path | None = None) -> str:
    """Hash the files' content, and the names, sizes and times of all that lies in a folder."""
    digest = hashlib.sha256()
    for file in files:
        digest.update(file.read_bytes())
    for path in sorted(folder.rglob("*")) if folder else ():
        state = path.stat()
        digest.update(f"{path} {state.st_size} {state.st_mtime_ns}\n".encode())
    return digest.hexdigest()


def _is_current(stamp: Path, digest: str) -> bool:
    return stamp.exists() and stamp.read_text(encoding="utf-8") == digest


def _run(command: Sequence[str | Path], name: str) -> None:
    environment = os.environ | {"PYTHONUTF8": "1"}
    if subprocess.run(command, cwd=ROOT, env=environment, check=False).returncode != 0:
        check_folder()
        raise LocalError(f"{name} failed; the lines above say why. Mend it and run this again.")
