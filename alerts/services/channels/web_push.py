"""Web push: a message that a browser shows although no page is open.

Source: RFC 8030 (push), RFC 8291 (encryption), RFC 8292 (VAPID).
"""

import base64
import hashlib
import time
from functools import lru_cache
from urllib.parse import urlsplit

import orjson
from cryptography.hazmat.primitives import serialization
from cryptography.hazmat.primitives.asymmetric import ec
from django.conf import settings

from alerts.errors import DeliveryFailedError
from alerts.services.channels.calls import ABOUT_THE_MESSAGE, LIMITS, call
from alerts.services.channels.message import Message, Target
from lpr_project.common.outgoing import Call

# An alert that a telephone hears of half a day later helps nobody.
TIME_TO_LIVE_SECONDS = 12 * 3600
TOKEN_SECONDS = 3600
# The subscription is no more. Source: RFC 8030, section 7.3.
GONE = frozenset({404, 410})
# The order of P-256. Source: NIST SP 800-186, section 3.2.1.3.
_ORDER = 0xFFFFFFFF00000000FFFFFFFFFFFFFFFFBCE6FAADA7179E84F3B9CAC2FC632551


@lru_cache(maxsize=1)
def _private_key() -> ec.EllipticCurvePrivateKey:
    """The server's key, made from its secret: no file to keep, and the same on every node."""
    seed = hashlib.sha512(f"vapid:{settings.SECRET_KEY}".encode()).digest()
    return ec.derive_private_key(int.from_bytes(seed) % (_ORDER - 1) + 1, ec.SECP256R1())


def public_key() -> str:
    """What a browser subscribes with: the uncompressed point in URL-safe base64."""
    point = _private_key().public_key()
    encoded = point.public_bytes(
        serialization.Encoding.X962, serialization.PublicFormat.UncompressedPoint
    )
    return base64.urlsafe_b64encode(encoded).rstrip(b"=").decode()


def send_web_push(message: Message, target: Target) -> None:
    """Send to one browser; `target.secret` is its subscription."""
    from py_vapid import Vapid02  # noqa: PLC0415  # workers only
    from pywebpush import WebPusher, WebPushException  # noqa: PLC0415

    subscription = dict(target.secret)
    parts = urlsplit(subscription["endpoint"])
    text = orjson.dumps(
        {"title": message.subject, "body": message.body[:1000], "url": message.link}
    )
    claims = {
        "aud": f"{parts.scheme}://{parts.netloc}",
        "exp": int(time.time()) + TOKEN_SECONDS,
        "sub": f"mailto:{settings.DEFAULT_FROM_EMAIL}",
    }
    vapid = Vapid02()
    vapid.private_key = _private_key()
    try:
        encrypted = WebPusher(subscription).encode(text, "aes128gcm")["body"]
    except (WebPushException, ValueError) as error:
        raise DeliveryFailedError(
            "The browser's subscription cannot be used.", is_about_message=True
        ) from error
    call(
        Call(
            url=subscription["endpoint"],
            method="POST",
            body=encrypted,
            headers={
                **vapid.sign(claims),
                "Content-Type": "application/octet-stream",
                "Content-Encoding": "aes128gcm",
                "TTL": str(TIME_TO_LIVE_SECONDS),
                "Urgency": "high",
                # A repeat replaces the message, should the push service still hold it.
                "Topic": message.key.hex[:32],
            },
            limits=LIMITS,
        ),
        about_the_message=GONE | ABOUT_THE_MESSAGE,
    )
