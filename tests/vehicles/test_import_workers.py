"""Files of vehicles whose worker dies, whose people leave, and that several are at."""

import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from datetime import timedelta

import pytest
from django.core.cache import cache
from django.db import connection, transaction
from django.urls import reverse
from django.utils import timezone
from rest_framework.test import APIClient

from accounts.models import AuditEvent, Organization, User
from tests.vehicles.test_imports import TEXT, _no_broker, send  # noqa: F401  # a fixture
from vehicles.errors import ImportRefusedError
from vehicles.models import Plate, Vehicle, VehicleImport
from vehicles.services.imports import imports
from vehicles.services.imports.imports import (
    apply_file,
    change_mapping,
    check_file,
    confirm_import,
    discard_import,
    tidy_imports,
)

ClientOf = Callable[[User], APIClient]


@pytest.fixture
def queued(monkeypatch: pytest.MonkeyPatch) -> list[str]:
    """What is sent to workers."""
    sent: list[str] = []
    for name in ("check_import", "apply_import"):
        monkeypatch.setattr(f"vehicles.tasks.{name}.delay", sent.append)
    return sent


def grow_old() -> None:
    """As if nothing had been heard of any file for a while."""
    VehicleImport.objects.update(heartbeat_at=timezone.now() - timedelta(minutes=5))


def test_file_confirmed_by_somebody_who_is_gone_is_given_up_and_may_be_taken_up_again(
    organization: Organization, operator: User, staff: User
) -> None:
    row = send(organization, TEXT, staff)
    confirm_import(vehicle_import=row, actor=operator)
    operator.delete()
    tidy_imports()

    apply_file(import_id=row.pk)

    row.refresh_from_db()
    assert row.state == "failed"
    assert "account of who confirmed it is gone" in row.error
    assert not Vehicle.objects.exists()
    change_mapping(vehicle_import=row, mapping=row.mapping, actor=staff)
    check_file(import_id=row.pk)
    row.refresh_from_db()
    confirm_import(vehicle_import=row, actor=staff)
    apply_file(import_id=row.pk)
    row.refresh_from_db()
    assert row.state == "done"


def test_who_confirmed_a_file_answers_for_it_whoever_sent_it(
    organization: Organization, operator: User, staff: User
) -> None:
    row = send(organization, TEXT, operator)
    confirm_import(vehicle_import=row, actor=staff)
    operator.delete()
    tidy_imports()
    apply_file(import_id=row.pk)
    row.refresh_from_db()
    assert row.state == "done"
    made = AuditEvent.objects.filter(
        action=AuditEvent.Action.CREATED, target_type__contains="vehicle"
    )
    assert {event.actor for event in made} == {staff}


def test_file_whose_worker_dies_each_time_is_given_up_in_words(
    organization: Organization, operator: User, monkeypatch: pytest.MonkeyPatch, queued: list[str]
) -> None:
    row = send(organization, TEXT, operator)
    confirm_import(vehicle_import=row, actor=operator)

    def die(*_args: object) -> None:
        raise MemoryError

    with monkeypatch.context() as patched:
        patched.setattr(imports, "_take_over", die)
        for _ in range(3):
            with pytest.raises(MemoryError):
                apply_file(import_id=row.pk)
            grow_old()
            tidy_imports()
    assert queued == [str(row.pk)] * 3
    apply_file(import_id=row.pk)

    row.refresh_from_db()
    assert row.state == "failed"
    assert row.error.startswith("Nothing was taken over. The worker ended 3 times")
    assert not Plate.objects.exists()


def test_file_that_is_gone_is_said(organization: Organization, operator: User) -> None:
    row = send(organization, TEXT, operator)
    confirm_import(vehicle_import=row, actor=operator)
    VehicleImport.objects.update(stored_name="gone")
    apply_file(import_id=row.pk)
    row.refresh_from_db()
    assert (row.state, "Send it again" in row.error) == ("failed", True)


@contextmanager
def worked_on(row: VehicleImport) -> Iterator[None]:
    """A worker that has the row all the while."""
    has_it, ends = threading.Event(), threading.Event()

    def hold() -> None:
        try:
            with transaction.atomic():
                VehicleImport.objects.select_for_update().get(pk=row.pk)
                has_it.set()
                ends.wait(120)
        finally:
            connection.close()

    thread = threading.Thread(target=hold)
    thread.start()
    assert has_it.wait(60)
    try:
        yield
    finally:
        ends.set()
        thread.join()


@pytest.mark.django_db(transaction=True)
def test_nobody_waits_for_a_worker_and_no_second_one_begins(
    organization: Organization, operator: User, staff: User, queued: list[str]
) -> None:
    row = send(organization, TEXT, operator)
    confirm_import(vehicle_import=row, actor=operator)
    queued.clear()
    grow_old()
    with worked_on(row):
        for ask in (
            lambda: confirm_import(vehicle_import=row, actor=staff),
            lambda: discard_import(vehicle_import=row, actor=staff),
            lambda: change_mapping(vehicle_import=row, mapping=row.mapping, actor=staff),
        ):
            with pytest.raises(ImportRefusedError, match="being worked on"):
                ask()
        tidy_imports()
        apply_file(import_id=row.pk)
    assert queued == []
    row.refresh_from_db()
    assert (row.state, row.tries) == ("applying", 0)


@pytest.mark.django_db(transaction=True)
def test_two_people_take_a_file_over_at_once_and_it_is_taken_over_once(
    organization: Organization, operator: User, staff: User, queued: list[str]
) -> None:
    row = send(organization, TEXT, operator)
    queued.clear()
    together = threading.Barrier(4)
    refused: list[str] = []

    def confirm(actor: User) -> None:
        try:
            together.wait(60)
            confirm_import(vehicle_import=row, actor=actor)
        except ImportRefusedError as error:
            refused.append(error.message)
        finally:
            connection.close()

    def run(work: Callable[[], None]) -> None:
        threads = [threading.Thread(target=work) for _ in range(4)]
        for thread in threads:
            thread.start()
        for thread in threads:
            thread.join()

    people = iter([operator, staff, operator, staff])
    run(lambda: confirm(next(people)))
    assert (len(refused), queued) == (3, [str(row.pk)])

    def work() -> None:
        try:
            together.wait(60)
            apply_file(import_id=row.pk)
        finally:
            connection.close()

    run(work)
    row.refresh_from_db()
    assert row.state == "done", row.error
    assert Vehicle.objects.count() == row.new_count
    assert AuditEvent.objects.filter(action=AuditEvent.Action.IMPORTED).count() == 1


def test_page_says_that_no_worker_is_heard_of(
    organization: Organization, operator: User, client_of: ClientOf
) -> None:
    row = send(organization, TEXT, operator)
    confirm_import(vehicle_import=row, actor=operator)
    page, says = reverse("vehicles:import", args=[row.pk]), "No worker has said anything"
    assert says not in client_of(operator).get(page).content.decode()
    VehicleImport.objects.update(heartbeat_at=timezone.now() - timedelta(minutes=2))
    cache.clear()
    assert says in client_of(operator).get(page).content.decode()
