"""What all tests share: four people, two cameras, an emptied Redis, no way out to the network."""

import ipaddress
import sys
from collections.abc import Callable, Iterator
from typing import Any

import pytest
import time_machine
from django.conf import settings
from django.db import connection
from django.utils import timezone
from hypothesis import HealthCheck
from hypothesis import settings as hypothesis_settings
from pytest_django import DjangoDbBlocker
from redis import Redis
from rest_framework.test import APIClient

from accounts.models import Organization, Role, User
from cameras.models import Camera
from cameras.services import grant_camera
from detections.receivers import show_live
from detections.services.partitions import (
    drop_empty_partitions,
    ensure_partitions,
    months_ahead,
)
from detections.signals import detections_recorded
from tests.accounts.factories import make_member, make_organization
from tests.cameras.factories import make_camera
from tests.emptying import empty_quickly
from tests.pictures import draw_picture

# The same examples in every run, however slow the machine is: what fails here fails everywhere.
hypothesis_settings.register_profile(
    "repeatable", derandomize=True, deadline=None, suppress_health_check=[HealthCheck.too_slow]
)
hypothesis_settings.load_profile("repeatable")

# A program of its own, which runs under the distribution's Python.
collect_ignore = ["cameras/rtsp_server.py"]


def _refuse_the_outside(event: str, arguments: tuple[Any, ...]) -> None:
    """A test that reaches for another machine fails at once, on every machine."""
    if event == "socket.getaddrinfo":
        host = arguments[0]
    elif event == "socket.connect" and isinstance(arguments[1], tuple):
        host = arguments[1][0]
    else:
        return
    if isinstance(host, bytes):
        host = host.decode()
    if host in {None, "", "localhost"}:
        return
    try:
        address = ipaddress.ip_address(host)
        # Looking up what is an address already asks nobody.
        is_allowed = event == "socket.getaddrinfo" or address.is_loopback
    except ValueError:
        is_allowed = False
    if not is_allowed:
        pytest.fail(f"A test reached for the network: {host}")


sys.addaudithook(_refuse_the_outside)


@pytest.fixture(scope="session")
def django_db_setup(django_db_setup: None, django_db_blocker: DjangoDbBlocker) -> Iterator[None]:
    """Besides pytest-django's database: this month's partitions, as a running server has them."""
    with django_db_blocker.unblock(), connection.cursor() as cursor:
        # A run that was killed while it detached one left it so, and it could not be emptied.
        drop_empty_partitions(before=timezone.now())
        ensure_partitions(months=months_ahead(timezone.now()))
        # Tests with transactions of their own are cleaned up after by TRUNCATE.
        for table in ("accounts_auditevent", "reports_auditseal", "reports_sealedevent"):
            cursor.execute(f"ALTER TABLE {table} DISABLE TRIGGER {table}_not_truncated")
        empty_quickly()
    yield
    # A thread of a test may keep its connection a moment longer; no database is dropped meanwhile.
    # Autovacuum, which may be at work here, is PostgreSQL's own and goes by itself.
    with django_db_blocker.unblock(), connection.cursor() as cursor:
        cursor.execute(
            "SELECT pg_terminate_backend(pid) FROM pg_stat_activity "
            "WHERE datname = current_database() AND pid <> pg_backend_pid() "
            "AND usename = current_user AND backend_type = 'client backend'"
        )


@pytest.fixture(scope="session")
def redis_of_the_run() -> Iterator[list[Redis]]:
    clients = [Redis.from_url(url) for url in settings.REDIS_TEST_URLS]
    yield clients
    for client in clients:
        client.close()


@pytest.fixture(autouse=True)
def _emptied_redis(request: pytest.FixtureRequest) -> None:
    """Limits on guessing, leases and messages of one test must not reach the next."""
    uses_database = request.node.get_closest_marker("django_db") or (
        {"db", "transactional_db"} & set(request.fixturenames)
    )
    if uses_database:
        for client in request.getfixturevalue("redis_of_the_run"):
            client.flushdb()


@pytest.fixture(autouse=True)
def _searches_may_take_their_time(monkeypatch: pytest.MonkeyPatch) -> None:
    """A busy machine takes longer for a search of few rows than a server may for one of many."""
    monkeypatch.setattr("vehicles.selectors.SEARCH_MOST_MS", "30000")


@pytest.fixture
def organization(db: None) -> Organization:
    return make_organization(name="Harbour")


@pytest.fixture
def other_organization(db: None) -> Organization:
    return make_organization(name="Airport")


@pytest.fixture
def camera(organization: Organization) -> Camera:
    """Camera 1, which all members see, the viewer included."""
    return make_camera(organization, name="Camera 1")


@pytest.fixture
def second_camera(organization: Organization) -> Camera:
    """Camera 2, which the viewer does not see."""
    return make_camera(organization, name="Camera 2")


@pytest.fixture
def other_camera(other_organization: Organization) -> Camera:
    """A camera of the other organization."""
    return make_camera(other_organization, name="Camera 1")


@pytest.fixture
def operator(organization: Organization) -> User:
    """May act on every camera of the organization."""
    return make_member(organization, Role.OPERATOR, email="operator@example.org")


@pytest.fixture
def viewer(organization: Organization, camera: Camera) -> User:
    """May see camera 1 and nothing else."""
    user = make_member(organization, Role.VIEWER, email="viewer@example.org")
    grant_camera(camera=camera, user=user, permission="view_camera", actor=None)
    return user


@pytest.fixture
def outsider(other_organization: Organization) -> User:
    """Owns another organization and must see nothing of the first."""
    return make_member(other_organization, Role.OWNER, email="outsider@example.org")


@pytest.fixture
def staff(organization: Organization) -> User:
    """Manages the organization, also in the admin."""
    return make_member(organization, Role.MANAGER, email="staff@example.org")


@pytest.fixture
def superuser(db: None) -> User:
    """Sees all organizations, and that is audited."""
    return User.objects.create_superuser("superuser@example.org", "a long enough passphrase")


@pytest.fixture
def client_of() -> Callable[[User], APIClient]:
    """A function that gives a browser or program logged in by session as somebody."""

    def log_in(user: User) -> APIClient:
        client = APIClient()
        client.force_login(user, backend="allauth.account.auth_backends.AuthenticationBackend")
        return client

    return log_in


@pytest.fixture
def unpublished(monkeypatch: pytest.MonkeyPatch) -> None:
    """No new detection is told to the channel layer, as if it had lost every message."""
    # Who connects again stands behind the others, and rows are told of before what marks them.
    monkeypatch.setattr(detections_recorded, "receivers", list(detections_recorded.receivers))
    detections_recorded.disconnect(show_live)


@pytest.fixture
def standing_clock() -> Iterator[None]:
    """No half minute, quarter or hour, by which something counts, ends in the midst of a test."""
    with time_machine.travel(timezone.now(), tick=False):
        yield


@pytest.fixture(scope="session")
def jpeg() -> bytes:
    """A small sound JPEG."""
    return draw_picture()


@pytest.fixture(scope="session")
def webp() -> bytes:
    """A small sound WebP."""
    return draw_picture(codec="WEBP")
