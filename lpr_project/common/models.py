"""Fields and base models that every app may use."""

import uuid
from datetime import UTC, datetime
from typing import Any

import uuid_utils
from cryptography.fernet import Fernet, InvalidToken, MultiFernet
from django.conf import settings
from django.core.exceptions import ImproperlyConfigured
from django.db import models
from django.db.backends.base.base import BaseDatabaseWrapper

from lpr_project.common.errors import LprError

UUID7_RANDOM_BITS = 74


def uuid7() -> uuid.UUID:
    """A UUIDv7: sorts by the time it was made. Source: RFC 9562, section 5.7."""
    return uuid.UUID(bytes=uuid_utils.uuid7().bytes)


def uuid7_at(moment: datetime, randomness: int) -> uuid.UUID:
    """The UUIDv7 of a moment with chosen random bits, so that the same event has the same id.

    Args:
        moment: Aware; kept to the millisecond.
        randomness: Its lowest 74 bits fill rand_a and rand_b.

    Source: RFC 9562, section 5.7.

    >>> uuid7_at(datetime(2026, 1, 2, tzinfo=UTC), 0)
    UUID('019b7c01-0400-7000-8000-000000000000')
    """
    milliseconds = int(moment.timestamp() * 1000)
    rand_a, rand_b = (randomness >> 62) & 0xFFF, randomness & ((1 << 62) - 1)
    return uuid.UUID(int=milliseconds << 80 | 0x7 << 76 | rand_a << 64 | 0b10 << 62 | rand_b)


def uuid7_floor(moment: datetime) -> uuid.UUID:
    """The smallest UUIDv7-ordered value of a moment: a bound for ranges of ids.

    >>> uuid7_floor(datetime(346, 1, 1, tzinfo=UTC))
    UUID('00000000-0000-0000-0000-000000000000')
    """
    return uuid.UUID(int=max(int(moment.timestamp() * 1000), 0) << 80)


def uuid7_time(value: uuid.UUID) -> datetime:
    """The moment that a UUIDv7 carries, to the millisecond."""
    return datetime.fromtimestamp((value.int >> 80) / 1000, tz=UTC)


class DecryptionError(LprError):
    """A stored secret was encrypted with a key that is no longer configured."""

    code = "decryption_failed"
    status = 500


def _fernet() -> MultiFernet:
    try:
        return MultiFernet([Fernet(key) for key in settings.ENCRYPTION_KEYS])
    except ValueError as error:
        message = "LPR_ENCRYPTION_KEYS must hold Fernet keys: 32 bytes in URL-safe base64."
        raise ImproperlyConfigured(message) from error


def encrypt(text: str) -> str:
    """Encrypt with the first of ENCRYPTION_KEYS."""
    return _fernet().encrypt(text.encode()).decode()


def decrypt(text: str) -> str:
    """What `encrypt` encrypted, with whichever of ENCRYPTION_KEYS fits.

    Raises:
        DecryptionError: None fits.
    """
    try:
        return _fernet().decrypt(text.encode()).decode()
    except InvalidToken as error:
        message = (
            "A stored password cannot be decrypted. Add the key it was saved with to "
            "LPR_ENCRYPTION_KEYS, or type the password again."
        )
        raise DecryptionError(message) from error


class EncryptedTextField(models.TextField[str, str]):
    """Text that is encrypted at rest with the first of ENCRYPTION_KEYS and cannot be searched."""

    def get_prep_value(self, value: Any) -> Any:
        if not value:
            return value
        return encrypt(str(value))

    def from_db_value(
        self, value: str | None, _expression: Any, _connection: BaseDatabaseWrapper
    ) -> str | None:
        return decrypt(value) if value else value


class TimestampedModel(models.Model):
    """When a row was made and last changed."""

    created_at = models.DateTimeField(auto_now_add=True, editable=False)
    updated_at = models.DateTimeField(auto_now=True, editable=False)

    class Meta:
        abstract = True
