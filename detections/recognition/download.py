"""Fetching a model's files, all or nothing."""

import time
from collections.abc import Iterator
from contextlib import contextmanager
from hashlib import sha256
from http.client import HTTPException, HTTPMessage, HTTPResponse
from pathlib import Path
from tempfile import NamedTemporaryFile
from typing import IO
from urllib.parse import urlsplit
from urllib.request import HTTPRedirectHandler, Request, build_opener

from detections.recognition.errors import ModelDownloadError
from detections.recognition.registry import ModelEntry, ModelFile, ModelRegistry, sha256_of

MAX_BYTES = 2 * 2**30
MAX_SECONDS = 1_800.0
_SILENCE_SECONDS = 20.0
_CHUNK_BYTES = 2**18
_LOOPBACK = {"localhost", "127.0.0.1", "::1"}


def pull(
    registry: ModelRegistry,
    name: str,
    *,
    max_bytes: int = MAX_BYTES,
    max_seconds: float = MAX_SECONDS,
) -> list[Path]:
    """Fetch the files of a model that are not installed into the registry's `models_dir`.

    A file appears under its name only when it is whole and its SHA-256 is the registered one.

    Args:
        registry: Knows where files come from and go to.
        name: A model in the registry.
        max_bytes: Largest file that is fetched.
        max_seconds: Longest time that one file may take.

    Returns:
        The files that were fetched; none where the model was installed and sound.

    Raises:
        UnknownModelError: the registry has no such model.
        ModelFileError: a file that is there cannot be read.
        ModelDownloadError: a file has no address, could not be fetched, or is not the right one.
    """
    model = registry.model(name)
    missing = [file for file in model.files if not _is_sound(registry, file)]
    return [_fetch(registry, model, file, max_bytes, max_seconds) for file in missing]


def _is_sound(registry: ModelRegistry, file: ModelFile) -> bool:
    path = registry.locate(file)
    return path is not None and sha256_of(path) == file.sha256


def _fetch(
    registry: ModelRegistry, model: ModelEntry, file: ModelFile, max_bytes: int, max_seconds: float
) -> Path:
    if file.url is None:
        message = (
            f"{file.name} of the model {model.name} cannot be pulled: the registry has no address "
            f"for it. Put the file into {registry.models_dir}."
        )
        raise ModelDownloadError(message)
    target = registry.models_dir / file.name
    try:
        registry.models_dir.mkdir(parents=True, exist_ok=True)
        with _open(file.url) as response, _appearing(target) as partial:
            _copy(
                response, partial, file, max_bytes=max_bytes, until=time.monotonic() + max_seconds
            )
    except (OSError, HTTPException) as error:
        message = f"Could not fetch {file.name} from {file.url}: {error}. Nothing was installed."
        raise ModelDownloadError(message) from error
    return target


class _SafeRedirects(HTTPRedirectHandler):
    """Follows a redirect only to where a first request might have gone."""

    def redirect_request(  # noqa: PLR0917 - the library's signature
        self,
        req: Request,
        fp: IO[bytes],
        code: int,
        msg: str,
        headers: HTTPMessage,
        newurl: str,
    ) -> Request | None:
        _require_https(newurl)
        return super().redirect_request(req, fp, code, msg, headers, newurl)


def _open(url: str) -> HTTPResponse:
    _require_https(url)
    request = Request(url, headers={"User-Agent": "lpr-server"})  # noqa: S310 - checked above
    response: HTTPResponse = build_opener(_SafeRedirects).open(request, timeout=_SILENCE_SECONDS)
    return response


def _require_https(url: str) -> None:
    """Plain HTTP is for mirrors on this machine; elsewhere who fetches what stays private."""
    parts = urlsplit(url)
    if parts.scheme != "https" and not (parts.scheme == "http" and parts.hostname in _LOOPBACK):
        raise ModelDownloadError(f"Models are fetched over HTTPS only, and {url} is not such.")


@contextmanager
def _appearing(target: Path) -> Iterator[IO[bytes]]:
    """A temporary file beside the target that takes its name when all went well."""
    with NamedTemporaryFile(dir=target.parent, prefix=".", suffix=".part", delete=False) as partial:
        path = Path(partial.name)
        try:
            yield partial
            partial.close()
            path.chmod(0o644)
            path.replace(target)
        finally:
            path.unlink(missing_ok=True)


def _copy(
    response: HTTPResponse, partial: IO[bytes], file: ModelFile, *, max_bytes: int, until: float
) -> None:
    digest = sha256()
    copied = 0
    while chunk := response.read1(_CHUNK_BYTES):
        copied += len(chunk)
        if copied > max_bytes:
            message = f"{file.name} is over {max_bytes // 2**20} MB, so it was not installed."
            raise ModelDownloadError(message)
        if time.monotonic() > until:
            message = f"Fetching {file.name} took too long and was given up. Try again."
            raise ModelDownloadError(message)
        digest.update(chunk)
        partial.write(chunk)
    if digest.hexdigest() != file.sha256:
        message = (
            f"{file.name} from {file.url} has the SHA-256 {digest.hexdigest()}, and {file.sha256} "
            "was expected. It was not installed."
        )
        raise ModelDownloadError(message)
