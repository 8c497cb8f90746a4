"""What lists, entries, alerts and deliveries refuse, and how a delivery fails."""

from lpr_project.common.errors import LprError


class EntryRefusedError(LprError):
    """An entry cannot stand in its list; `detail["field"]` names what is wrong."""

    code = "entry_refused"


class WatchlistRefusedError(LprError):
    """A list cannot be as it was asked for; `detail["field"]` names what is wrong."""

    code = "watchlist_refused"


class AlertError(LprError):
    """Something about alerts that cannot be done."""

    code = "alert_refused"


class TemplateRefusedError(AlertError):
    """A message template holds what is not filled in here."""

    code = "template_refused"


class EndpointRefusedError(AlertError):
    """A recipient's settings are wrong or lead where the server does not call."""

    code = "recipient_refused"


class DeliveryFailedError(LprError):
    """A message did not arrive.

    `is_about_message`: the receiver is well and will never take this message. Otherwise the
    receiver is away, and the message waits.
    """

    code = "delivery_failed"
    status = 502
    retryable = True

    def __init__(
        self, message: str, *, is_about_message: bool = False, retry_after_s: int | None = None
    ) -> None:
        super().__init__(message)
        self.is_about_message = is_about_message
        self.retry_after_s = retry_after_s


class ChangeRefusedError(LprError):
    """A change cannot be taken back."""

    code = "change_refused"
    status = 409


class FeedRefusedError(LprError):
    """A feed's table cannot be fetched or read, or not be applied as it is."""

    code = "feed_refused"
