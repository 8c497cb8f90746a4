"""Browsers that people allow to be told of alerts."""

import base64
import hashlib
from collections.abc import Mapping
from typing import Any

import orjson
from django.db import transaction
from django.utils.translation import gettext as _

from accounts.models import User
from alerts.errors import AlertError
from alerts.models import PushSubscription
from lpr_project.common.outgoing import CallRefusedError, read_url

BROWSERS_MOST = 10
# Source: RFC 8291, section 3.1: a point of P-256, and 16 bytes.
KEY_BYTES = {"p256dh": 65, "auth": 16}


@transaction.atomic
def subscribe(
    *, user: User, subscription: Mapping[str, Any], user_agent: str = ""
) -> PushSubscription:
    """Remember a browser; one that another person used before is this person's now.

    Raises:
        AlertError: It is no subscription, or the person has too many.
    """
    keys = subscription.get("keys")
    address = str(subscription.get("endpoint", ""))
    if not isinstance(keys, dict) or not _is_push_address(address) or not _are_keys(keys):
        raise AlertError(_("The browser's subscription is not understood. Try again."))
    digest = hashlib.sha256(address.encode()).hexdigest()
    others = PushSubscription.objects.filter(user=user, gone_at=None).exclude(address_sha256=digest)
    if others.count() >= BROWSERS_MOST:
        message = _("You are told in %d browsers already. Switch one off first.")
        raise AlertError(message % BROWSERS_MOST)
    secret = {"endpoint": address, "keys": {name: keys[name] for name in KEY_BYTES}}
    known, _made = PushSubscription.objects.update_or_create(
        address_sha256=digest,
        defaults={
            "user": user,
            "secret": orjson.dumps(secret).decode(),
            "user_agent": user_agent[:200],
            "gone_at": None,
        },
    )
    return known


def unsubscribe(*, user: User, address: str) -> None:
    """Forget a browser of the person."""
    digest = hashlib.sha256(address.encode()).hexdigest()
    PushSubscription.objects.filter(user=user, address_sha256=digest).delete()


def _is_push_address(address: str) -> bool:
    if len(address) > 1_000:  # noqa: PLR2004  # longer than any push service's
        return False
    try:
        return read_url(address).scheme == "https"
    except CallRefusedError:
        return False


def _are_keys(keys: Mapping[str, Any]) -> bool:
    try:
        return all(
            len(base64.urlsafe_b64decode(f"{keys[name]}===")) == size
            for name, size in KEY_BYTES.items()
        )
    except (KeyError, ValueError):
        return False
