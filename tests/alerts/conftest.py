"""What tests of alerts and deliveries share."""

from collections.abc import Iterator
from ipaddress import ip_network

import pytest
from pytest_django import Settings

from tests.alerts.receivers import Mailbox, Receiver, http_receiver, smtp_server


@pytest.fixture
def loopback(settings: Settings) -> None:
    """The server may call this machine, where the tests' receivers are."""
    settings.OUTGOING_ALLOWED_NETWORKS = [ip_network("127.0.0.0/8"), ip_network("::1/128")]


@pytest.fixture
def receiver(loopback: None) -> Iterator[Receiver]:
    with http_receiver() as running:
        yield running


@pytest.fixture
def mailbox(settings: Settings) -> Iterator[Mailbox]:
    """A real SMTP server, which the product's mails go to."""
    with smtp_server() as running:
        settings.EMAIL_BACKEND = "django.core.mail.backends.smtp.EmailBackend"
        settings.EMAIL_HOST, settings.EMAIL_PORT = "127.0.0.1", running.port
        yield running
