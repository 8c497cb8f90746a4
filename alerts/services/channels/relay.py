"""A relay or barrier that opens by an HTTP call, now or not at all."""

from alerts.errors import DeliveryFailedError
from alerts.services.channels.calls import LIMITS, call
from alerts.services.channels.message import Message, Target
from lpr_project.common.outgoing import Call

# A barrier that opens for who left minutes ago opens for somebody else.
LATEST_SECONDS = 20


def send_relay(message: Message, target: Target) -> None:
    """Make the call that switches the relay."""
    latest = target.options.get("latest_seconds", LATEST_SECONDS)
    if message.age_s > latest:
        raise DeliveryFailedError(
            f"Not switched: the alert is older than {latest} seconds, and the vehicle is gone.",
            is_about_message=True,
        )
    body = target.options.get("body", "")
    call(
        Call(
            url=target.secret["url"],
            method=target.options.get("method", "POST"),
            body=body.encode() if body else None,
            headers={**target.secret.get("headers", {}), "Idempotency-Key": str(message.key)},
            limits=LIMITS,
            ca_certificate=target.options.get("ca_certificate", ""),
        )
    )
