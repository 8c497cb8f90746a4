"""The key that signs evidence packs and seals: made at its first use, turned when people say so."""

import structlog
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey
from django.conf import settings
from django.db import transaction
from django.utils import timezone

from accounts.models import AuditEvent, User
from accounts.services import record_audit_event
from reports.documents.signing import KeyFileError, load_or_make_key, public_bytes, replace_key
from reports.documents.verifier import key_id_of
from reports.errors import SigningKeyError
from reports.models import SigningKey

log = structlog.get_logger(__name__)


def signing_key() -> tuple[Ed25519PrivateKey, SigningKey]:
    """The private key, from its file, and the row that makes its public half known.

    Raises:
        SigningKeyError: The file cannot be used; the message says what to do.
    """
    try:
        private = load_or_make_key(settings.SIGNING_KEY_DIR)
    except KeyFileError as error:
        raise SigningKeyError(str(error)) from error
    return private, _publish(private)


def _publish(private: Ed25519PrivateKey) -> SigningKey:
    public = public_bytes(private)
    known = SigningKey.objects.filter(public_key=public.hex(), retired_at=None).first()
    if known is not None:
        return known
    with transaction.atomic():
        key, _is_new = SigningKey.objects.get_or_create(
            key_id=key_id_of(public), defaults={"public_key": public.hex()}
        )
        # A key file that was put back from a backup is the one that signs again.
        SigningKey.objects.filter(pk=key.pk).update(retired_at=None)
        others = SigningKey.objects.filter(retired_at=None).exclude(pk=key.pk)
        others.update(retired_at=timezone.now())
        record_audit_event(action=AuditEvent.Action.CREATED, actor=None, target=key)
    log.info("signing_key_published", key_id=key.pk)
    return key


def rotate_key(*, actor: User | None = None) -> SigningKey:
    """Sign with a new key from now on; the old private key is gone, its public half stays known.

    Raises:
        SigningKeyError: The folder cannot be written.
    """
    try:
        private = replace_key(settings.SIGNING_KEY_DIR)
    except KeyFileError as error:
        raise SigningKeyError(str(error)) from error
    key = _publish(private)
    record_audit_event(
        action=AuditEvent.Action.CHANGED, actor=actor, target=key, detail={"rotated": True}
    )
    return key
