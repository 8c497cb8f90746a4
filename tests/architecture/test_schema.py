"""The API obeys the description that it gives of itself."""

import socket
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
import schemathesis
from django.core.management import call_command
from django.core.signals import request_finished, request_started
from django.db import close_old_connections
from drf_spectacular.generators import SchemaGenerator
from hypothesis import HealthCheck, Phase, settings
from pytest_django import Settings
from schemathesis.specs.openapi.checks import (
    negative_data_rejection,
    positive_data_acceptance,
)

from accounts.models import Organization, Role
from cameras.models import Camera
from lpr_project.wsgi import application
from tests.accounts.factories import make_api_key
from tests.detections.factories import make_detection

EXAMPLES = 3

generator = SchemaGenerator()  # type: ignore[no-untyped-call]  # it has no types
description = generator.get_schema(request=None, public=True)  # type: ignore[no-untyped-call]  # nor has this
described = schemathesis.openapi.from_dict(description)
described.app = application


def test_description_is_sound(tmp_path: Path) -> None:
    call_command(
        "spectacular", "--validate", "--fail-on-warn", "--file", str(tmp_path / "openapi.yaml")
    )


def _know_no_name(host: str, *_arguments: Any, **_options: Any) -> Any:
    raise socket.gaierror(socket.EAI_NONAME, f"{host} is not known")


@pytest.fixture
def key(
    organization: Organization,
    camera: Camera,
    settings: Settings,
    monkeypatch: pytest.MonkeyPatch,
) -> Iterator[str]:
    """A key of a manager that may do everything, as often as it likes."""
    # Made-up addresses are looked up; a name server that does not answer would take its time.
    monkeypatch.setattr(socket, "getaddrinfo", _know_no_name)
    make_detection(camera)
    settings.API_RATES = dict.fromkeys(settings.API_RATES, (10**6, 10**6))
    _, secret = make_api_key(organization, role=Role.MANAGER)
    # The WSGI application would close the connection that holds the test's transaction.
    for signal in (request_started, request_finished):
        signal.disconnect(close_old_connections)
    yield secret
    for signal in (request_started, request_finished):
        signal.connect(close_old_connections)


# Lines of JSON have no generator; `tests.alerts.test_watchlist_api` sends wrong ones.
@described.exclude(path_regex="/bulk/$").parametrize()
@settings(
    max_examples=EXAMPLES,
    phases=[Phase.explicit, Phase.generate],
    suppress_health_check=list(HealthCheck),
)
def test_api_obeys_its_description(case: schemathesis.Case[Any], key: str) -> None:
    case.call_and_validate(
        headers={"Authorization": f"Bearer {key}"},
        # Numbers as text and empty parameters are taken; a name that is used, a camera that is not
        # there and a text that stands on no plate are refused; items of a batch are one by one.
        excluded_checks=[negative_data_rejection, positive_data_acceptance],
    )
