"""What people do with alerts: every step is in the alert's history, and stops its escalation."""

from collections.abc import Callable, Iterable, Sequence
from functools import partial
from uuid import UUID

from django.db import transaction
from django.utils import timezone
from django.utils.translation import gettext as _

from accounts.models import Organization, User
from alerts.errors import AlertError
from alerts.models import Alert, AlertChange, AlertRejectReason, Hit, ShiftNote
from alerts.selectors.alerts import OPEN, alerts_answered_by, members_to_assign
from alerts.services.announcing import announce_alerts
from alerts.services.sending import cancel_reminders

AT_ONCE_MOST = 500
TEXT_MOST = 1_000
Kind, State = AlertChange.Kind, Alert.State
# From which states each answer leads on; whoever answers twice changes nothing.
_FROM = {
    Kind.SEEN: {State.NEW},
    Kind.ACKNOWLEDGED: {State.NEW, State.SEEN},
    Kind.VERIFIED: {State.NEW, State.SEEN, State.ACKNOWLEDGED},
    Kind.REJECTED: {State.NEW, State.SEEN, State.ACKNOWLEDGED, State.VERIFIED},
    Kind.RESOLVED: {State.NEW, State.SEEN, State.ACKNOWLEDGED, State.VERIFIED},
    Kind.REOPENED: {State.RESOLVED, State.REJECTED},
}
_TO = {
    Kind.SEEN: State.SEEN,
    Kind.ACKNOWLEDGED: State.ACKNOWLEDGED,
    Kind.VERIFIED: State.VERIFIED,
    Kind.REJECTED: State.REJECTED,
    Kind.RESOLVED: State.RESOLVED,
    Kind.REOPENED: State.ACKNOWLEDGED,
}


def see_alerts(*, alert_ids: Iterable[UUID], actor: User) -> list[Alert]:
    """Note that somebody has looked at alerts; escalation goes on."""
    return _answer(alert_ids, actor, Kind.SEEN)


def acknowledge_alerts(*, alert_ids: Iterable[UUID], actor: User, text: str = "") -> list[Alert]:
    """Take alerts on: nobody is told any more."""

    def take_on(alert: Alert) -> None:
        alert.acknowledged_by, alert.acknowledged_at = actor, timezone.now()
        alert.assigned_to = alert.assigned_to or actor

    return _answer(alert_ids, actor, Kind.ACKNOWLEDGED, text, take_on)


def verify_alerts(*, alert_ids: Iterable[UUID], actor: User, text: str = "") -> list[Alert]:
    """Say that alerts are right: plate, entry and picture agree."""

    def judge(alert: Alert) -> None:
        alert.verdict, alert.reject_reason = Alert.Verdict.VERIFIED, ""

    return _answer(alert_ids, actor, Kind.VERIFIED, text, judge)


def reject_alerts(
    *, alert_ids: Iterable[UUID], actor: User, reason: str, text: str = ""
) -> list[Alert]:
    """Say that alerts are none, and why.

    Raises:
        AlertError: No reason, or one that is not known.
    """
    if reason not in AlertRejectReason.values:
        raise AlertError(_("Say why this is no alert: choose one of the reasons."), field="reason")

    def judge(alert: Alert) -> None:
        alert.verdict, alert.reject_reason = Alert.Verdict.REJECTED, reason

    said = f"{AlertRejectReason(reason).label}. {text}".strip()
    return _answer(alert_ids, actor, Kind.REJECTED, said, judge)


def resolve_alerts(*, alert_ids: Iterable[UUID], actor: User, text: str = "") -> list[Alert]:
    """Say that nothing remains to be done."""
    return _answer(alert_ids, actor, Kind.RESOLVED, text)


def reopen_alerts(*, alert_ids: Iterable[UUID], actor: User, text: str = "") -> list[Alert]:
    """Take a resolved or rejected alert up again; the verdict is open again too."""

    def unjudge(alert: Alert) -> None:
        if alert.verdict == Alert.Verdict.REJECTED:
            alert.verdict, alert.reject_reason = "", ""

    return _answer(alert_ids, actor, Kind.REOPENED, text, unjudge)


@transaction.atomic
def assign_alert(*, alert_id: UUID, actor: User, assignee: User | None) -> Alert:
    """Make somebody answer for an alert, or nobody.

    Raises:
        AlertError: The person may not answer alerts of this organization.
    """
    (alert,) = _locked([alert_id], actor)
    may_take = members_to_assign(alert.organization)
    if assignee is not None and not may_take.filter(pk=assignee.pk).exists():
        raise AlertError(_("Choose somebody who answers alerts here."), field="assigned_to")
    alert.assigned_to = assignee
    _save([alert])
    _note(alert, Kind.ASSIGNED, actor, alert.state, str(assignee or ""))
    return alert


@transaction.atomic
def comment_alert(*, alert_id: UUID, actor: User, text: str) -> Alert:
    """Add a comment to an alert's history.

    Raises:
        AlertError: It is empty or too long.
    """
    _check_text(text, is_needed=True)
    (alert,) = _locked([alert_id], actor)
    _save([alert])
    _note(alert, Kind.COMMENTED, actor, alert.state, text)
    return alert


@transaction.atomic
def note_withdrawn(*, hits: Iterable[Hit]) -> list[Alert]:
    """Note that a correction took the plate away: nobody is told any more, people close it."""
    keys = [hit.occurrence_key for hit in hits]
    alerts = list(
        Alert.objects.select_for_update(of=("self",), no_key=True)
        .select_related("organization", "assigned_to", "acknowledged_by")
        .filter(OPEN, occurrences__key__in=keys)
        .order_by("id")
    )
    for alert in alerts:
        alert.next_step_at = None
        AlertChange.objects.create(
            alert=alert,
            kind=Kind.COMMENTED,
            actor_label="server",
            before=alert.state,
            after=alert.state,
            text=_("The reading was corrected: it is another plate."),
        )
    _save(alerts)
    cancel_reminders(alert_ids=[alert.pk for alert in alerts])
    return alerts


@transaction.atomic
def hand_over(*, organization: Organization, actor: User, text: str) -> ShiftNote:
    """Leave a note for the next shift, with how many alerts are open."""
    if not text.strip():
        raise AlertError(_("Write what the next shift must know."), field="text")
    open_count = alerts_answered_by(actor).filter(OPEN, organization=organization).count()
    note = ShiftNote(
        organization=organization,
        author=actor,
        author_label=str(actor)[:254],
        text=text.strip(),
        open_alerts=open_count,
    )
    note.full_clean()
    note.save()
    return note


@transaction.atomic
def _answer(
    alert_ids: Iterable[UUID],
    actor: User,
    kind: AlertChange.Kind,
    text: str = "",
    change: Callable[[Alert], None] | None = None,
) -> list[Alert]:
    """Lead alerts on that stand where the answer may come; the others stay as they are."""
    _check_text(text)
    alerts = _locked(list(alert_ids), actor)
    moved = [alert for alert in alerts if alert.state in _FROM[kind]]
    for alert in moved:
        before, alert.state = alert.state, _TO[kind]
        if change is not None:
            change(alert)
        if alert.state not in Alert.UNANSWERED:
            alert.next_step_at = None
        _note(alert, kind, actor, before, text)
    _save(moved)
    cancel_reminders(alert_ids=[alert.pk for alert in moved if alert.state not in Alert.UNANSWERED])
    return alerts


def _check_text(text: str, *, is_needed: bool = False) -> None:
    if is_needed and not text.strip():
        raise AlertError(_("Write something."), field="text")
    if len(text) > TEXT_MOST:
        raise AlertError(_("Write at most %d characters.") % TEXT_MOST, field="text")


def _locked(alert_ids: Sequence[UUID], actor: User) -> list[Alert]:
    """The alerts, locked.

    Raises:
        AlertError: Too many at once.
        Alert.DoesNotExist: The person may not act on one of them.
    """
    wanted = set(alert_ids)
    if len(wanted) > AT_ONCE_MOST:
        raise AlertError(_("Choose at most %d alerts at once.") % AT_ONCE_MOST)
    alerts = list(
        alerts_answered_by(actor)
        .select_for_update(of=("self",), no_key=True)
        .filter(pk__in=wanted)
        .order_by("id")
    )
    if len(alerts) != len(wanted):
        raise Alert.DoesNotExist
    return alerts


def _save(alerts: Sequence[Alert]) -> None:
    if not alerts:
        return
    now = timezone.now()
    for alert in alerts:
        alert.changed_at = now
    Alert.objects.bulk_update(
        alerts,
        [
            "state",
            "verdict",
            "reject_reason",
            "assigned_to",
            "acknowledged_by",
            "acknowledged_at",
            "changed_at",
            "next_step_at",
        ],
    )
    transaction.on_commit(partial(announce_alerts, list(alerts)))


def _note(alert: Alert, kind: AlertChange.Kind, actor: User, before: str, text: str = "") -> None:
    AlertChange.objects.create(
        alert=alert,
        kind=kind,
        actor=actor,
        actor_label=str(actor)[:254],
        before=before,
        after=alert.state,
        text=text.strip(),
    )
