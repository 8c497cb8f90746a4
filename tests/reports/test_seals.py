"""Seals over the audit trail find what triggers could not prevent."""

import io
import stat
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import timedelta
from pathlib import Path

import pytest
from django.core.management import call_command
from django.db import IntegrityError, connection, transaction
from django.utils import timezone

from accounts.models import AuditEvent, User
from accounts.services import record_audit_event
from lpr_project.common.models import uuid7_at
from reports.documents.signing import KEY_FILE
from reports.errors import SigningKeyError
from reports.models import AuditSeal, SealedEvent, SigningKey
from reports.services import seals
from reports.services.keys import rotate_key, signing_key
from reports.services.seals import check_trail, seal_trail

TABLES = ("accounts_auditevent", "reports_auditseal", "reports_sealedevent")


@pytest.fixture
def sealed(operator: User) -> list[AuditEvent]:
    """Three events, the last in the third seal, beside those that fixtures and the key made."""
    events = [
        record_audit_event(
            action=AuditEvent.Action.VIEWED, actor=operator, detail={"number": n, "share": 0.1 * n}
        )
        for n in range(2)
    ]
    seal_trail()
    events.append(record_audit_event(action=AuditEvent.Action.SEARCHED, actor=operator))
    assert seal_trail() == 1
    return events


@contextmanager
def no_triggers() -> Iterator[None]:
    """As somebody who may do anything with the database would."""
    with connection.cursor() as cursor:
        cursor.execute("SET CONSTRAINTS ALL IMMEDIATE")
        for table in TABLES:
            cursor.execute(f"ALTER TABLE {table} DISABLE TRIGGER USER")
        yield
        cursor.execute("SET CONSTRAINTS ALL IMMEDIATE")
        for table in TABLES:
            cursor.execute(f"ALTER TABLE {table} ENABLE TRIGGER USER")
            # The tests' own cleaning needs it off.
            cursor.execute(f"ALTER TABLE {table} DISABLE TRIGGER {table}_not_truncated")


def test_trail_is_as_it_was_sealed(sealed: list[AuditEvent]) -> None:
    assert list(check_trail()) == []
    first, second, third = AuditSeal.objects.order_by("number")
    assert (second.previous, third.previous) == (first.sha256, second.sha256)
    assert list(check_trail(head=first.sha256)) == []
    assert seal_trail() == 0
    out = io.StringIO()
    call_command("verify_audit", stdout=out)
    assert third.sha256 in out.getvalue()


def test_changed_event_is_named(sealed: list[AuditEvent]) -> None:
    with no_triggers():
        AuditEvent.objects.filter(pk=sealed[1].pk).update(reason="none")

    [sentence] = check_trail()
    assert str(sealed[1].pk) in sentence
    assert "changed" in sentence
    with pytest.raises(SystemExit) as ended:
        call_command("verify_audit", stdout=io.StringIO())
    assert ended.value.code == 1


def test_deleted_event_is_named(sealed: list[AuditEvent]) -> None:
    with no_triggers():
        AuditEvent.objects.filter(pk=sealed[0].pk).delete()

    assert list(check_trail()) == [f"Audit event {sealed[0].pk} is gone."]


def test_event_put_in_afterwards_is_named(sealed: list[AuditEvent], operator: User) -> None:
    invented = uuid7_at(timezone.now() - timedelta(days=3), 7)
    AuditEvent.objects.create(pk=invented, action="viewed", actor_label=operator.email)

    assert seal_trail() == 0
    [sentence] = check_trail()
    assert str(invented) in sentence


def test_event_that_became_visible_late_is_sealed(sealed: list[AuditEvent], operator: User) -> None:
    late = uuid7_at(timezone.now() - timedelta(minutes=30), 7)
    AuditEvent.objects.create(pk=late, action="viewed", actor_label=operator.email)

    assert seal_trail() == 1
    assert list(check_trail()) == []


def test_chain_that_was_made_anew_is_found(sealed: list[AuditEvent]) -> None:
    last = AuditSeal.objects.get(number=3)
    with no_triggers():
        AuditEvent.objects.filter(pk=sealed[2].pk).update(reason="none")
        SealedEvent.objects.filter(seal=last).delete()
        AuditSeal.objects.filter(pk=last.pk).delete()
    # All fits together again, and yet not with what somebody noted before.
    assert seal_trail() == 1
    assert list(check_trail()) == []

    [sentence] = check_trail(head=last.sha256)
    assert "cut off or made anew" in sentence


def test_forged_seal_is_found(sealed: list[AuditEvent]) -> None:
    with no_triggers():
        AuditSeal.objects.filter(number=1).update(made_at=timezone.now())

    assert any("Seal 1 was changed" in sentence for sentence in check_trail())


def test_removed_seal_is_found(sealed: list[AuditEvent]) -> None:
    with no_triggers():
        SealedEvent.objects.filter(seal=1).delete()
        AuditSeal.objects.filter(number=1).delete()

    assert any("some are missing" in sentence for sentence in check_trail())


def test_signature_by_nobody_known_is_found(sealed: list[AuditEvent]) -> None:
    with no_triggers():
        AuditSeal.objects.filter(number=2).update(signature="00" * 64)

    [sentence] = check_trail()
    assert "Seal 2 is not signed" in sentence


@pytest.mark.parametrize(
    "statement",
    [
        "UPDATE reports_auditseal SET root = ''",
        "DELETE FROM reports_auditseal",
        "UPDATE reports_sealedevent SET leaf = ''",
        "DELETE FROM reports_sealedevent",
    ],
)
def test_seals_cannot_be_changed(sealed: list[AuditEvent], statement: str) -> None:
    with (
        connection.cursor() as cursor,
        pytest.raises(IntegrityError, match="append-only"),
        transaction.atomic(),
    ):
        cursor.execute(statement)


def test_many_events_are_sealed_in_parts(operator: User, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(seals, "SEAL_EVENTS_MOST", 3)
    for _ in range(8):
        record_audit_event(action=AuditEvent.Action.VIEWED, actor=operator)

    count = seal_trail()

    assert count == AuditEvent.objects.count() == SealedEvent.objects.count()
    assert AuditSeal.objects.count() == -(-count // 3)
    assert list(check_trail()) == []


def test_many_old_events_are_sealed_to_the_last(
    operator: User, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(seals, "SEAL_EVENTS_MOST", 2)
    for days in range(9, 3, -1):
        old = uuid7_at(timezone.now() - timedelta(days=days), days)
        AuditEvent.objects.create(pk=old, action="viewed", actor_label=operator.email)

    seal_trail()

    assert list(check_trail()) == []
    assert SealedEvent.objects.count() == AuditEvent.objects.count()


def test_key_is_made_for_its_owner_alone(db: None, tmp_path: Path, settings: object) -> None:
    settings.SIGNING_KEY_DIR = tmp_path / "keys"  # type: ignore[attr-defined]
    _, key = signing_key()

    path = tmp_path / "keys" / KEY_FILE
    assert stat.S_IMODE(path.stat().st_mode) == 0o600
    assert stat.S_IMODE(path.parent.stat().st_mode) == 0o700
    assert signing_key()[1] == key
    path.chmod(0o644)
    with pytest.raises(SigningKeyError, match="Others may read"):
        signing_key()


def test_turned_key_leaves_its_public_half(db: None, tmp_path: Path, settings: object) -> None:
    settings.SIGNING_KEY_DIR = tmp_path  # type: ignore[attr-defined]
    _, old = signing_key()
    path = tmp_path / KEY_FILE
    kept = path.read_bytes()

    new = rotate_key()

    assert path.read_bytes() != kept
    assert list(tmp_path.iterdir()) == [path]
    old.refresh_from_db()
    assert (old.retired_at is None, new.retired_at) == (False, None)
    # Put back from a backup, the old one is the one that signs.
    path.write_bytes(kept)
    assert signing_key()[1].key_id == old.key_id
    assert SigningKey.objects.get(retired_at=None).key_id == old.key_id


def test_key_file_of_another_kind_is_refused(db: None, tmp_path: Path, settings: object) -> None:
    settings.SIGNING_KEY_DIR = tmp_path  # type: ignore[attr-defined]
    (tmp_path / KEY_FILE).write_text("none")
    (tmp_path / KEY_FILE).chmod(0o600)

    with pytest.raises(SigningKeyError, match="no private key"):
        signing_key()
