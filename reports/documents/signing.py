"""Ed25519 keys that sign evidence packs and seals of the audit trail."""

import os
import stat
from pathlib import Path

from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey
from cryptography.hazmat.primitives.serialization import (
    Encoding,
    NoEncryption,
    PrivateFormat,
    PublicFormat,
    load_pem_private_key,
)

KEY_FILE = "evidence-signing.pem"


class KeyFileError(Exception):
    """The private key cannot be used as it lies there; the message says what to do."""


def public_bytes(key: Ed25519PrivateKey) -> bytes:
    """The 32 bytes of the public key."""
    return key.public_key().public_bytes(Encoding.Raw, PublicFormat.Raw)


def load_or_make_key(folder: Path) -> Ed25519PrivateKey:
    """The private key of a folder; made where there is none, for its owner's eyes only.

    Raises:
        KeyFileError: Others may read it, it is no Ed25519 key, or the folder cannot be written.
    """
    path = folder / KEY_FILE
    try:
        if not path.exists():
            _make(folder, path)
        if path.stat().st_mode & (stat.S_IRWXG | stat.S_IRWXO):
            message = f"Others may read {path}: chmod 600 it, and rotate the key if they did."
            raise KeyFileError(message)
        key = load_pem_private_key(path.read_bytes(), password=None)
    except OSError as error:
        raise KeyFileError(f"{folder} cannot be used: {error.strerror}.") from error
    except ValueError as error:
        raise KeyFileError(f"{path} holds no private key in PEM.") from error
    if not isinstance(key, Ed25519PrivateKey):
        raise KeyFileError(f"{path} holds a key of another kind than Ed25519.")
    return key


def replace_key(folder: Path) -> Ed25519PrivateKey:
    """Put a new private key in the place of the old one, which is gone for good.

    Raises:
        KeyFileError: The folder cannot be written.
    """
    try:
        fresh = folder / f"{KEY_FILE}.{os.getpid()}"
        _write(folder, fresh)
        fresh.replace(folder / KEY_FILE)
    except OSError as error:
        raise KeyFileError(f"{folder} cannot be used: {error.strerror}.") from error
    return load_or_make_key(folder)


def _make(folder: Path, path: Path) -> None:
    """Of two processes that make one at once, both use the first one's."""
    fresh = folder / f"{KEY_FILE}.{os.getpid()}"
    _write(folder, fresh)
    try:
        path.hardlink_to(fresh)
    except FileExistsError:
        pass
    finally:
        fresh.unlink()


def _write(folder: Path, path: Path) -> None:
    folder.mkdir(mode=0o700, parents=True, exist_ok=True)
    pem = Ed25519PrivateKey.generate().private_bytes(
        Encoding.PEM, PrivateFormat.PKCS8, NoEncryption()
    )
    descriptor = os.open(path, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600)
    with os.fdopen(descriptor, "wb") as file:
        file.write(pem)
        file.flush()
        os.fsync(file.fileno())
