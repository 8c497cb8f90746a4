"""SMS, chat and push services, over Apprise: the transport of a message, nothing more.

Only services at fixed public addresses: what a person types chooses the account, never the host.
Should a name lead inside all the same, the connection is refused where it is made.
"""

import re
from collections.abc import Iterator
from contextlib import contextmanager
from contextvars import ContextVar
from typing import Any

from django.conf import settings
from django.utils.translation import gettext as _
from urllib3.util import connection

from alerts.errors import DeliveryFailedError, EndpointRefusedError
from alerts.services.channels.message import Message, Target
from lpr_project.common.addresses import look_up, may_be_called

LOOK_UP_SECONDS = 3
# Apprise's names of services whose host its plugin holds.
SERVICES = {
    "tgram": "Telegram",
    "line": "LINE",
    "slack": "Slack",
    "discord": "Discord",
    "pover": "Pushover",
    "pbul": "Pushbullet",
    "gchat": "Google Chat",
    "twilio": "Twilio SMS",
    "vonage": "Vonage SMS",
    "msgbird": "MessageBird SMS",
    "clicksend": "ClickSend SMS",
    "d7sms": "D7 SMS",
    "pagerduty": "PagerDuty",
    "opsgenie": "Opsgenie",
}
# What may be written after the "?": whom it goes to and how it looks. Not what reads files of this
# server (`template`, `attach`) or loosens how it calls (`verify`, `redirect`).
PARAMETERS = frozenset({
    "action", "alias", "apikey", "avatar", "batch", "class", "detect", "emojis", "entity",
    "expire", "fields", "flags", "footer", "format", "from", "group", "interval", "key", "mode",
    "overflow", "ping", "preview", "priority", "region", "secret", "severity", "sid", "silent",
    "sound", "source", "tags", "thread", "timestamp", "to", "token", "topic", "ttl", "tts",
    "unicode", "workspace",
})  # fmt: skip
_STATUS = re.compile(r"error=(\d{3})")
_only_public: ContextVar[bool] = ContextVar("only_public", default=False)
_connect = connection.create_connection


def _create_connection(address: tuple[str, int], *args: Any, **options: Any) -> Any:
    """urllib3's own, which under `only_public` connects to an address that was checked."""
    if not _only_public.get():
        return _connect(address, *args, **options)
    found = look_up(address[0].strip("[]"), LOOK_UP_SECONDS)
    if not all(may_be_called(one, settings.OUTGOING_ALLOWED_NETWORKS) for one in found):
        raise OSError("leads into a private network")
    return _connect((found[0], address[1]), *args, **options)


connection.create_connection = _create_connection


@contextmanager
def only_public() -> Iterator[None]:
    """Within it, libraries that bring their own HTTP reach public addresses alone."""
    token = _only_public.set(True)
    try:
        yield
    finally:
        _only_public.reset(token)


def service_name(url: str) -> str:
    """The service that an Apprise URL is for.

    Raises:
        EndpointRefusedError: It is none of those that are allowed, or cannot be understood.
    """
    # 100 ms and 10 MB, for those who have such a one
    from apprise import Apprise  # noqa: PLC0415
    from apprise.manager_plugins import NotificationManager  # noqa: PLC0415

    schema = url.partition("://")[0].lower()
    if schema not in SERVICES:
        raise EndpointRefusedError(
            "Give the Apprise URL of one of these services: "
            + ", ".join(f"{name} ({schema}://)" for schema, name in SERVICES.items())
            + ".",
            field="url",
        )
    # As its plugin reads it, before any is made: making one may already open a file.
    parts = NotificationManager()[schema].parse_url(url)  # type: ignore[no-untyped-call]  # ships few types
    for name in sorted(parts["qsd"] if parts else ()):
        if name not in PARAMETERS:
            message = _("“%(name)s” may not be given in the URL of %(service)s. Take it away.")
            wrong = {"name": name[:40], "service": SERVICES[schema]}
            raise EndpointRefusedError(message % wrong, field="url")
    if not parts or Apprise.instantiate(url, suppress_exceptions=True) is None:
        raise EndpointRefusedError(
            f"This is no Apprise URL of {SERVICES[schema]}: check its parts.", field="url"
        )
    return SERVICES[schema]


def send_service(message: Message, target: Target) -> None:
    """Hand a message to the service."""
    import apprise  # noqa: PLC0415  # see service_name

    try:
        name = service_name(target.secret["url"])
    except EndpointRefusedError as error:
        raise DeliveryFailedError(error.message) from error
    service = apprise.Apprise(asset=apprise.AppriseAsset(http_redirects=False, async_mode=False))
    service.add(target.secret["url"])
    body = message.body + (f"\n{message.link}" if message.link else "")
    capture = apprise.LogCapture(level=apprise.logging.WARNING)  # type: ignore[no-untyped-call]  # ships few types
    with only_public(), capture as log:
        is_sent = service.notify(title=message.subject, body=body)
        said = log.getvalue()
    if not is_sent:
        # What it logs may hold the account's token; only the status is passed on.
        status = _STATUS.search(said)
        answer = f"answered with status {status[1]}" if status else "did not take the message"
        raise DeliveryFailedError(f"{name} {answer}. Check its account and limits.")
