"""Pulling models from a real HTTP server that behaves well and badly."""

import threading
import time
import tracemalloc
from collections.abc import Iterable, Iterator
from contextlib import suppress
from hashlib import sha256
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import ClassVar

import pytest

from detections.recognition.download import pull
from detections.recognition.errors import (
    ModelDownloadError,
    ModelFileError,
    UnknownModelError,
)
from detections.recognition.registry import ModelEntry, ModelFile, ModelKind, ModelRegistry

WEIGHTS = bytes(range(256)) * 4_000
CONFIG = b"max_plate_slots: 9\n"


def slowly(content: bytes) -> Iterator[bytes]:
    for start in range(0, len(content), 1024):
        time.sleep(0.05)
        yield content[start : start + 1024]


class Mirror(BaseHTTPRequestHandler):
    """Serves two files, and every way of failing."""

    bodies: ClassVar[dict[str, Iterable[bytes]]] = {
        "weights": [WEIGHTS],
        "config": [CONFIG],
        "cut": [WEIGHTS[:1000]],
        "altered": [WEIGHTS[:-1], b"x"],
        "endless": [WEIGHTS] * 20,
    }

    def do_GET(self) -> None:
        name = self.path.strip("/")
        self.send_response({"moved": 302, "gone": 404}.get(name, 200))
        if name == "moved":
            self.send_header("Location", "http://192.0.2.1/weights")
        if name == "cut":
            self.send_header("Content-Length", str(len(WEIGHTS)))
        self.end_headers()
        with suppress(ConnectionError):
            for part in slowly(WEIGHTS) if name == "slow" else self.bodies.get(name, []):
                self.wfile.write(part)

    def log_message(self, format: str, *args: object) -> None:  # noqa: A002 - the library's name
        """Keep quiet."""


@pytest.fixture(scope="module")
def mirror() -> Iterator[str]:
    server = ThreadingHTTPServer(("127.0.0.1", 0), Mirror)
    server.daemon_threads = True
    threading.Thread(target=server.serve_forever, daemon=True).start()
    yield f"http://127.0.0.1:{server.server_port}"
    server.shutdown()
    server.server_close()


def registry_of(folder: Path, *urls: str | None) -> ModelRegistry:
    contents = (WEIGHTS, CONFIG)
    files = tuple(
        ModelFile(name=f"file{index}.bin", sha256=sha256(content).hexdigest(), url=url)
        for index, (content, url) in enumerate(zip(contents, urls, strict=False))
    )
    model = ModelEntry(
        name="plates",
        kind=ModelKind.READER,
        files=files,
        licence="MIT",
        source="mirror",
        training_data="none",
        accuracy="none",
        input="any",
    )
    return ModelRegistry(models={"plates": model}, sets={}, models_dir=folder / "models")


def test_model_is_fetched_whole_and_once(tmp_path: Path, mirror: str) -> None:
    registry = registry_of(tmp_path, f"{mirror}/weights", f"{mirror}/config")
    fetched = pull(registry, "plates")
    assert [path.read_bytes() for path in fetched] == [WEIGHTS, CONFIG]
    assert registry.verified_paths(registry.model("plates")) == fetched
    assert pull(registry, "plates") == []
    assert sorted(path.name for path in registry.models_dir.iterdir()) == ["file0.bin", "file1.bin"]


def test_altered_file_is_fetched_again(tmp_path: Path, mirror: str) -> None:
    registry = registry_of(tmp_path, f"{mirror}/weights")
    [path] = pull(registry, "plates")
    path.write_bytes(b"rotten")
    assert pull(registry, "plates") == [path]
    assert path.read_bytes() == WEIGHTS


def test_installed_files_are_compared_without_being_held_whole(tmp_path: Path, mirror: str) -> None:
    registry = registry_of(tmp_path, f"{mirror}/weights")
    registry.models_dir.mkdir()
    with (registry.models_dir / "file0.bin").open("wb") as file:
        file.truncate(200 * 2**20)
    tracemalloc.start()
    pull(registry, "plates")
    peak = tracemalloc.get_traced_memory()[1]
    tracemalloc.stop()
    assert peak < 20 * 2**20


def test_file_that_cannot_be_read_is_told_in_a_sentence(tmp_path: Path, mirror: str) -> None:
    """A file that fails when it is read, as one of a broken disk does, whoever reads it."""
    registry = registry_of(tmp_path, f"{mirror}/weights")
    registry.models_dir.mkdir()
    (registry.models_dir / "file0.bin").symlink_to("/proc/self/mem")
    with pytest.raises(ModelFileError, match=r"Cannot read .*file0\.bin: Input/output error"):
        pull(registry, "plates")


@pytest.mark.parametrize(
    ("name", "message"),
    [
        ("gone", "Could not fetch file0.bin.*404"),
        ("cut", "was expected. It was not installed|Could not fetch"),
        ("altered", "was expected. It was not installed"),
        ("endless", "over 2 MB"),
        ("slow", "took too long"),
        ("moved", "over HTTPS only"),
    ],
)
def test_failure_installs_nothing(tmp_path: Path, mirror: str, name: str, message: str) -> None:
    registry = registry_of(tmp_path, f"{mirror}/{name}")
    seconds = 1 if name == "slow" else 60
    with pytest.raises(ModelDownloadError, match=message):
        pull(registry, "plates", max_bytes=2 * 2**20, max_seconds=seconds)
    assert not registry.models_dir.exists() or not list(registry.models_dir.iterdir())


@pytest.mark.parametrize(
    ("url", "message"),
    [
        ("http://models.example/weights", "over HTTPS only"),
        ("file:///etc/passwd", "over HTTPS only"),
        ("ftp://127.0.0.1/weights", "over HTTPS only"),
        ("http://127.0.0.1:1/weights", "Could not fetch"),
        (None, "the registry has no address for it"),
    ],
)
def test_unusable_address_is_refused(tmp_path: Path, url: str | None, message: str) -> None:
    with pytest.raises(ModelDownloadError, match=message):
        pull(registry_of(tmp_path, url), "plates")


def test_unknown_model_is_refused(tmp_path: Path) -> None:
    with pytest.raises(UnknownModelError, match="no model 'other'"):
        pull(registry_of(tmp_path, None), "other")
