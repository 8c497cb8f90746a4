"""Writes evidence packs: files, manifest, signature, in the one shape that an archive can have."""

import hashlib
import zlib
from collections.abc import Callable, Iterable, Mapping
from typing import IO, Any

from reports.documents.verifier import (
    FORMAT,
    MANIFEST,
    SIGNATURE,
    canonical,
    directory_end,
    directory_entry,
    key_id_of,
    local_header,
)

# Beyond these, ZIP needs fields of another shape.
MOST_BYTES = 2**32 - 2**24
MOST_FILES = 60_000

Sign = Callable[[bytes], bytes]


class ArchiveTooLargeError(Exception):
    """A pack would be larger than a plain ZIP archive can be."""


class PackWriter:
    """Writes files one after the other, and at the end what proves them.

    The archive is the same, byte for byte, for the same files, manifest and signature.
    """

    def __init__(self, target: IO[bytes]) -> None:
        """Begin at the beginning of `target`."""
        self._target = target
        self._offset = 0
        self._directory = b""
        self._files: list[dict[str, Any]] = []
        self._names: set[str] = set()

    def add(self, path: str, content: bytes) -> str:
        """Add a file; returns its SHA-256.

        Raises:
            ArchiveTooLargeError: The archive would be too large.
        """
        sha256 = hashlib.sha256(content).hexdigest()
        self._write(path, content)
        self._files.append({"path": path, "size": len(content), "sha256": sha256})
        return sha256

    def close(self, *, manifest: Mapping[str, Any], public_key: bytes, sign: Sign) -> str:
        """Write manifest, signature and directory; returns the manifest's SHA-256.

        Args:
            manifest: What it says beside `format` and `files`.
            sign: Gives the Ed25519 signature, 64 bytes, by the private key of `public_key`.
        """
        said = canonical({**manifest, "format": FORMAT, "files": self._files})
        self._write(MANIFEST, said)
        signature = {
            "algorithm": "Ed25519",
            "key_id": key_id_of(public_key),
            "public_key": public_key.hex(),
            "signature": sign(said).hex(),
        }
        self._write(SIGNATURE, canonical(signature))
        end = directory_end(len(self._names), len(self._directory), self._offset)
        self._target.write(self._directory + end)
        return hashlib.sha256(said).hexdigest()

    def _write(self, path: str, content: bytes) -> None:
        if path in self._names:
            raise ValueError(path)
        if self._offset + len(content) > MOST_BYTES or len(self._names) >= MOST_FILES:
            raise ArchiveTooLargeError
        self._names.add(path)
        crc = zlib.crc32(content)
        header = local_header(path, len(content), crc)
        self._target.write(header)
        self._target.write(content)
        self._directory += directory_entry(path, len(content), crc, self._offset)
        self._offset += len(header) + len(content)


def json_lines(rows: Iterable[Any]) -> bytes:
    """Canonical JSON, one value a line."""
    return b"".join(canonical(row) + b"\n" for row in rows)
