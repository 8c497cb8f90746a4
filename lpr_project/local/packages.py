"""What comes from the distribution: found where it is there, installed with apt where not."""

import ctypes.util
import os
import shutil
import subprocess
import sys
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from functools import partial
from pathlib import Path

from lpr_project.local.errors import LocalError
from lpr_project.local.installation import PYTHON
from lpr_project.local.interpreter import find_interpreter
from lpr_project.local.postgres import newest_binaries
from lpr_project.local.redis_server import SAME_PROGRAM
from lpr_project.local.say import say

OLDEST_PYTHON = (3, 11)
# Installing PostgreSQL makes and starts a cluster of the system's own unless it is told not to.
CLUSTER_POLICY = Path("/etc/postgresql-common/createcluster.d/lpr-server.conf")
CLUSTER_POLICY_TEXT = "create_main_cluster = false\n"
# Debian's way to say that services which are being installed are not started (101: not allowed).
SERVICE_POLICY = Path("/usr/sbin/policy-rc.d")
SERVICE_POLICY_TEXT = "#!/bin/sh\nexit 101\n"
# The tests' Python for this is the distribution's, which alone has the bindings.
SYSTEM_PYTHON = Path("/usr/bin/python3")
BROKER = "mosquitto"
LEAN_BROWSER = "chromium-headless-shell"


@dataclass(frozen=True, slots=True)
class Need:
    """Something that the server cannot do without, and the packages that bring it."""

    packages: Callable[[], Sequence[str]]
    is_met: Callable[[], bool]


def install_missing(*, for_tests: bool) -> None:
    """Install what the distribution has and this machine lacks; do nothing when all is there.

    Raises:
        LocalError: It cannot be installed; the message holds the command that would.
    """
    missing = _missing(for_tests=for_tests)
    if not missing:
        return
    if not shutil.which("apt-get"):
        raise LocalError(
            "Only Debian and Ubuntu are set up by this command; install the like of these "
            f"packages yourself: {' '.join(missing)}."
        )
    prefix = _privilege(missing)
    say(f"Installing from the distribution: {' '.join(missing)}")
    _apt(prefix, "update")
    # Only now is it known which PostgreSQL the distribution offers.
    missing = _missing(for_tests=for_tests)
    with _no_service_started(prefix):
        if any(name.startswith("postgresql-") for name in missing):
            _apt(prefix, "install", "postgresql-common")
            with _no_cluster_of_the_systems_own(prefix):
                _apt(prefix, "install", *missing)
        else:
            _apt(prefix, "install", *missing)
    if BROKER in missing and shutil.which("systemctl"):
        # Nor when the machine starts next.
        _run([*prefix, "systemctl", "--quiet", "disable", BROKER])
    if still := _missing(for_tests=for_tests):
        raise LocalError(f"apt installed what it was asked for, yet missing is: {' '.join(still)}.")


@contextmanager
def _no_service_started(prefix: Sequence[str]) -> Iterator[None]:
    if SERVICE_POLICY.exists():
        # Somebody else's decision, as in images of containers.
        yield
        return
    _run([*prefix, "install", "--mode=755", "/dev/stdin", SERVICE_POLICY], SERVICE_POLICY_TEXT)
    try:
        yield
    finally:
        _run([*prefix, "rm", SERVICE_POLICY])


@contextmanager
def _no_cluster_of_the_systems_own(prefix: Sequence[str]) -> Iterator[None]:
    _run(
        [*prefix, "install", "-D", "--mode=644", "/dev/stdin", CLUSTER_POLICY], CLUSTER_POLICY_TEXT
    )
    try:
        yield
    finally:
        _run([*prefix, "rm", CLUSTER_POLICY])


def _missing(*, for_tests: bool) -> list[str]:
    needs = [*NEEDS, *FOR_TESTS] if for_tests else NEEDS
    return [name for need in needs if not need.is_met() for name in need.packages()]


def _has_python() -> bool:
    return PYTHON.exists() or find_interpreter() is not None


def _has_postgis() -> bool:
    try:
        newest_binaries()
    except LocalError:
        return False
    return True


def _has_redis() -> bool:
    return _has_program("redis-server") or SAME_PROGRAM.exists()


def _has_program(*names: str) -> bool:
    return any(shutil.which(name) for name in names)


def _has_broker() -> bool:
    # Not on the path of people who are not root.
    return _has_program(BROKER) or Path("/usr/sbin/mosquitto").exists()


def _has_rtsp_server() -> bool:
    look = "import gi; gi.require_version('GstRtspServer', '1.0')"
    return (
        SYSTEM_PYTHON.exists()
        and subprocess.run([SYSTEM_PYTHON, "-c", look], capture_output=True, check=False).returncode
        == 0
    )


def _has_library(name: str) -> bool:
    return ctypes.util.find_library(name) is not None


def _python_packages() -> list[str]:
    if sys.version_info[:2] >= OLDEST_PYTHON:
        return ["python3-venv"]
    # Ubuntu 22.04, whose own Python is 3.10.
    return ["python3.11", "python3.11-venv"]


def _postgis_packages() -> list[str]:
    names = _offered(r"^postgresql-[0-9]+-postgis-3$")
    newest = max(names, key=lambda name: int(name.split("-")[1]), default="postgis")
    return [newest]


def _has_browser() -> bool:
    if _has_program(LEAN_BROWSER):
        return True
    others = _has_program("chromium", "chromium-browser", "google-chrome")
    return others and not _offered(f"^{LEAN_BROWSER}$")


def _browser_packages() -> list[str]:
    # Ubuntu has it under the longest name, as a snap.
    return _offered(f"^{LEAN_BROWSER}$") or _offered(r"^chromium$") or ["chromium-browser"]


def _offered(pattern: str) -> list[str]:
    """List the packages of the distribution whose name matches."""
    if not shutil.which("apt-cache"):
        return []
    search = ["apt-cache", "search", "--names-only", pattern]
    found = subprocess.run(search, capture_output=True, text=True, check=False).stdout
    return [line.split(" - ")[0] for line in found.splitlines()]


def _privilege(missing: Sequence[str]) -> list[str]:
    """Give what a command must start with to run as root."""
    if os.geteuid() == 0:
        return []
    sudo = shutil.which("sudo")
    # Without a terminal sudo cannot ask for the password.
    can_ask = sys.stdin.isatty()
    if sudo and (can_ask or subprocess.run([sudo, "-n", "true"], check=False).returncode == 0):
        return [sudo]
    raise LocalError(
        "These packages are missing and you have no right to install them. Let somebody who has "
        f"run this, then try again:\n  apt-get install --no-install-recommends {' '.join(missing)}"
    )


def _apt(prefix: Sequence[str], *arguments: str) -> None:
    options = ["--yes", "--no-install-recommends", "-qq"]
    _run([*prefix, "env", "DEBIAN_FRONTEND=noninteractive", "apt-get", *options, *arguments])


def _run(command: Sequence[str | Path], stdin: str = "") -> None:
    if subprocess.run(command, input=stdin, text=True, check=False).returncode != 0:
        raise LocalError(f"`{' '.join(map(str, command))}` failed; the lines above say why.")


def _packages(*names: str) -> Callable[[], Sequence[str]]:
    return lambda: names


# What brings PostGIS or a browser is asked only where they are missing: apt answers slowly.
NEEDS = (
    Need(_python_packages, _has_python),
    Need(_postgis_packages, _has_postgis),
    Need(_packages("redis-tools"), _has_redis),
    Need(_packages("gdal-bin"), partial(_has_library, "gdal")),
    Need(_packages("libpango-1.0-0"), partial(_has_library, "pango-1.0")),
    Need(_packages("libpangoft2-1.0-0"), partial(_has_library, "pangoft2-1.0")),
    Need(_packages("fonts-thai-tlwg"), Path("/usr/share/fonts/truetype/tlwg").is_dir),
    Need(_packages("ffmpeg"), partial(_has_program, "ffmpeg")),
    Need(_packages("nodejs"), partial(_has_program, "node")),
    Need(_packages("npm"), partial(_has_program, "npm")),
)
FOR_TESTS = (
    Need(_browser_packages, _has_browser),
    # A real broker for the tests of messages over MQTT.
    Need(_packages(BROKER), _has_broker),
    # A real camera's server for the tests of RTSP.
    Need(
        _packages("gir1.2-gst-rtsp-server-1.0", "gstreamer1.0-plugins-good", "python3-gi"),
        _has_rtsp_server,
    ),
)
