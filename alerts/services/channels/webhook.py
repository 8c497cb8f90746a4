"""Webhooks: versioned JSON, signed, with an idempotency key.

`LPR-Signature: t=<seconds>,v1=<hex>` holds an HMAC-SHA256 over `<seconds>.<body>` for each key of
the endpoint, so that a key can be changed while both sides run: add the new one, let the receiver
take it, then remove the old one. The receiver refuses old timestamps, and takes a repeated
`Idempotency-Key` for done.
"""

import hashlib
import hmac
import time
from collections.abc import Iterable

import orjson

from alerts.services.channels.calls import LIMITS, call
from alerts.services.channels.message import Message, Target
from lpr_project.common.outgoing import Call


def signature(body: bytes, keys: Iterable[str], at_seconds: int) -> str:
    """The header that proves who sent a body and when.

    >>> signature(b"{}", ["secret"], 1700000000)
    't=1700000000,v1=b8569b78799ff9e3cbff0fc2d63a33a2b57f3282abd07c37ae5e8e7d79a5f163'
    """
    signed = b"%d.%b" % (at_seconds, body)
    digests = (hmac.new(key.encode(), signed, hashlib.sha256).hexdigest() for key in keys)
    return ",".join([f"t={at_seconds}", *(f"v1={digest}" for digest in digests)])


def send_webhook(message: Message, target: Target) -> None:
    """Post the facts of a message."""
    body = orjson.dumps(message.facts, option=orjson.OPT_SORT_KEYS)
    call(
        Call(
            url=target.secret["url"],
            method="POST",
            body=body,
            headers={
                **target.secret.get("headers", {}),
                "Content-Type": "application/json",
                "Idempotency-Key": str(message.key),
                "LPR-Signature": signature(body, target.secret["keys"], int(time.time())),
            },
            limits=LIMITS,
            ca_certificate=target.options.get("ca_certificate", ""),
        )
    )
