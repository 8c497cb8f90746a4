"""HTTP calls of channels, and what their failures mean for a delivery."""

from collections.abc import Collection

from alerts.errors import DeliveryFailedError
from lpr_project.common.outgoing import Answer, Call, Limits, OutgoingError, send

LIMITS = Limits(connect_s=3, read_s=8, total_s=10, most_bytes=64 * 1024)
# The receiver works, has understood, and refuses this message. Anything else may be mended there:
# a key, a path, a certificate. Source: RFC 9110, section 15.5; RFC 4918, section 11.2.
ABOUT_THE_MESSAGE = frozenset({400, 413, 415, 422})


def call(request: Call, *, about_the_message: Collection[int] = ABOUT_THE_MESSAGE) -> Answer:
    """Make a call that must succeed.

    Args:
        about_the_message: Statuses with which the receiver, who is well, refuses this message.

    Raises:
        DeliveryFailedError: It did not.
    """
    try:
        answer = send(request)
    except OutgoingError as error:
        raise DeliveryFailedError(error.message) from error
    if answer.is_success:
        return answer
    raise DeliveryFailedError(
        f"{answer.host} answered with status {answer.status}.",
        is_about_message=answer.status in about_the_message,
        retry_after_s=answer.retry_after_s,
    )
