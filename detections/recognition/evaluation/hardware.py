"""The machine and the engines on which something is measured."""

import os
import platform
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import UTC, datetime
from importlib.metadata import PackageNotFoundError, version
from pathlib import Path

import cv2

_ENGINES = ("openvino", "onnxruntime", "fast-plate-ocr")


@contextmanager
def one_core() -> Iterator[None]:
    """Times on one core can be compared; a second helps by as much as it happens to be idle."""
    cores, threads = os.sched_getaffinity(0), cv2.getNumThreads()
    os.sched_setaffinity(0, {min(cores)})
    cv2.setNumThreads(1)
    try:
        yield
    finally:
        os.sched_setaffinity(0, cores)
        cv2.setNumThreads(threads)


def describe_hardware() -> str:
    """Processor, system, versions of the engines that are installed, and the day."""
    engines = ", ".join(filter(None, map(_installed, _ENGINES)))
    return (
        f"One core of {_processor()}; {platform.system()} {platform.release()}, Python "
        f"{platform.python_version()}, {engines}; {datetime.now(UTC):%Y-%m-%d}"
    )


def _processor() -> str:
    try:
        lines = Path("/proc/cpuinfo").read_text("utf-8").splitlines()
    except OSError:
        return platform.machine()
    names = (line.partition(":")[2].strip() for line in lines if line.startswith("model name"))
    return next(names, platform.machine())


def _installed(package: str) -> str | None:
    try:
        return f"{package} {version(package)}"
    except PackageNotFoundError:
        return None
