"""Asking for exports: what is allowed, what is sent at once, what becomes a file, who takes it."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from functools import partial
from typing import Any
from uuid import UUID

import structlog
from django.conf import settings
from django.core.files.storage import storages
from django.core.signing import BadSignature, SignatureExpired, TimestampSigner
from django.db import transaction
from django.db.models import QuerySet
from django.utils import timezone
from django.utils.translation import gettext as _
from django.utils.translation import ngettext

from accounts.models import AuditEvent, Organization, User
from accounts.selectors import Stated, demand_on
from accounts.services import record_audit_event
from detections.criteria.criteria import Criteria
from detections.models import Detection
from detections.selectors import detections_visible_to
from lpr_project.common.errors import NotAllowedError
from reports.errors import (
    ExportGoneError,
    ExportRefusedError,
    LinkRefusedError,
    TooManyExportsError,
)
from reports.models import Export
from reports.selectors import organizations_exported_by
from reports.services.columns import columns_of, default_columns

log = structlog.get_logger(__name__)

# How long a link to a file is good: it is made anew each time somebody asks for it.
LINK_SECONDS = 600
SILENT_AFTER = timedelta(seconds=120)
_FORMATS = {
    Export.Kind.DETECTIONS: {
        Export.Format.CSV,
        Export.Format.XLSX,
        Export.Format.JSON_LINES,
        Export.Format.GEO_JSON,
    },
    Export.Kind.AUDIT_TRAIL: {Export.Format.CSV, Export.Format.XLSX, Export.Format.JSON_LINES},
    Export.Kind.EVIDENCE: {Export.Format.ZIP},
}
_AUDIT_FILTERS = ("since", "until", "action", "person", "target", "reason")


@dataclass(frozen=True, slots=True, kw_only=True)
class Wanted:
    """What somebody asks to take away, and why.

    `criteria` is what `Criteria.as_json` writes, filters of the audit trail, or for evidence
    `{"detections": [ids]}`. `columns` left empty are those that are usual. `organization` may be
    left out by who can export from one only.
    """

    kind: Export.Kind
    format: Export.Format
    organization: Organization | None = None
    columns: Sequence[str] = ()
    criteria: Mapping[str, Any] = field(default_factory=dict)
    for_excel: bool = True
    language: str = "en"
    reason: str = ""
    case_number: str = ""


def new_export(*, user: User, wanted: Wanted) -> Export:
    """A row that may be made or sent at once; not saved.

    Raises:
        NotAllowedError: The user's role takes nothing away.
        ExportRefusedError: What is asked for cannot be; `detail` names the fields.
        CriteriaRefusedError: The criteria cannot be read.
        ReasonDemandedError: The organization wants to know why.
    """
    organization = _organization(user, wanted)
    stated = Stated(wanted.reason.strip()[:300], wanted.case_number.strip()[:60])
    demand_on(user, organization).check(**stated._asdict())
    if wanted.kind is Export.Kind.EVIDENCE and not stated.reason:
        _refuse("reason", _("Say why: whoever reads the evidence will want to know."))
    if wanted.format not in _FORMATS[wanted.kind]:
        message = _("This cannot be written as %(format)s. Choose another format.")
        _refuse("format", message % {"format": wanted.format})
    unknown = [name for name in wanted.columns if name not in columns_of(wanted.kind)]
    if unknown or len(set(wanted.columns)) != len(wanted.columns):
        message = _("There are no such columns, or one is named twice: %(names)s.")
        _refuse("columns", message % {"names": ", ".join(unknown or wanted.columns)[:200]})
    criteria = _checked_criteria(wanted)
    is_evidence = wanted.kind is Export.Kind.EVIDENCE
    if is_evidence:
        evidence_asked(user=user, organization_id=organization.pk, ids=criteria["detections"])
    columns = [] if is_evidence else list(wanted.columns) or default_columns(wanted.kind)
    export = Export(
        organization=organization,
        created_by=user,
        kind=wanted.kind,
        format=wanted.format,
        columns=columns,
        criteria=criteria,
        for_excel=wanted.for_excel,
        language=wanted.language[:8],
        reason=stated.reason,
        case_number=stated.case_number,
    )
    export.full_clean(exclude=["organization", "created_by"])
    return export


def _organization(user: User, wanted: Wanted) -> Organization:
    allowed = organizations_exported_by(user, wanted.kind)
    if wanted.organization is not None:
        allowed = allowed.filter(pk=wanted.organization.pk)
    found = list(allowed[:2])
    if not found:
        raise NotAllowedError(
            _("Your role does not take such files away. Ask a manager of your organization.")
        )
    if len(found) > 1:
        _refuse("organization", _("Choose the organization whose rows you want."))
    return found[0]


def _refuse(name: str, sentence: str) -> None:
    raise ExportRefusedError(sentence, **{name: [sentence]})


def evidence_asked(*, user: User, organization_id: int, ids: Sequence[str]) -> QuerySet[Detection]:
    """The detections of these ids, all of which may go into one pack.

    Raises:
        ExportRefusedError: Some are of another organization, or the user sees them not, or no more.
    """
    seen = detections_visible_to(user).filter(pk__in=ids)
    organizations = list(seen.order_by().values_list("organization_id", flat=True))
    if elsewhere := sum(one != organization_id for one in organizations):
        message = ngettext(
            "%(count)d of these detections is of another organization. A pack holds those of one.",
            "%(count)d of these detections are of another organization. A pack holds those of one.",
            elsewhere,
        )
        _refuse("detections", message % {"count": elsewhere})
    if gone := len(ids) - len(organizations):
        message = ngettext(
            "%(count)d of these detections is gone, or you may not see it.",
            "%(count)d of these detections are gone, or you may not see them.",
            gone,
        )
        _refuse("detections", message % {"count": gone})
    return seen


def _checked_criteria(wanted: Wanted) -> dict[str, Any]:
    if wanted.kind is Export.Kind.DETECTIONS:
        return Criteria.from_json(wanted.criteria).as_json()
    if wanted.kind is Export.Kind.EVIDENCE:
        return {"detections": _checked_ids(wanted.criteria.get("detections", ()))}
    return _checked_audit_filters(wanted.criteria)


def _checked_ids(ids: Any) -> list[str]:
    most: int = settings.EVIDENCE_MAX_DETECTIONS
    try:
        chosen = list(dict.fromkeys(str(UUID(str(value))) for value in ids))
    except ValueError as error:
        sentence = _("One of these is no id of a detection.")
        raise ExportRefusedError(sentence, detections=[sentence]) from error
    if not 0 < len(chosen) <= most:
        _refuse("detections", _("Choose 1 to %(most)d detections.") % {"most": most})
    return chosen


def _checked_audit_filters(criteria: Mapping[str, Any]) -> dict[str, str]:
    """Filters of the audit trail as `audit_events_found` takes them, each as a text."""
    kept = {name: str(criteria[name])[:100] for name in _AUDIT_FILTERS if criteria.get(name)}
    for name in kept.keys() & {"since", "until"}:
        try:
            moment = datetime.fromisoformat(kept[name])
        except ValueError:
            _refuse(name, _("Give a moment such as 2026-01-02T03:04:05+07:00."))
            raise
        kept[name] = (moment if moment.tzinfo else timezone.make_aware(moment)).isoformat()
    if kept.get("action", "viewed") not in AuditEvent.Action.values:
        _refuse("action", _("There is no such action in the audit trail."))
    return kept


@transaction.atomic
def create_export(*, user: User, wanted: Wanted) -> Export:
    """Keep what somebody asked for and queue its making.

    Raises:
        TooManyExportsError: The user has as many in the making as one may have.
        LprError: As `new_export`.
    """
    export = new_export(user=user, wanted=wanted)
    # Two that are asked for at once are one after the other here.
    User.objects.select_for_update(no_key=True).get(pk=user.pk)
    unfinished = Export.objects.filter(created_by=user, state__in=Export.UNFINISHED).count()
    most: int = settings.EXPORTS_AT_ONCE
    if unfinished >= most:
        raise TooManyExportsError(
            _("You have %(most)d exports in the making. Wait for one, or cancel it.")
            % {"most": most}
        )
    export.save(force_insert=True)
    audit_export(export=export, stage="asked", actor=user)
    transaction.on_commit(partial(queue_export, export.pk))
    return export


def audit_export(*, export: Export, stage: str, actor: User | None, **more: Any) -> None:
    """Note who asked for, was sent, or downloaded what, and why."""
    text = str(export.criteria.get("text", ""))
    record_audit_event(
        action=AuditEvent.Action.EXPORTED,
        actor=actor,
        organization=export.organization,
        target=export,
        target_label=text or export.file_name,
        reason=export.reason,
        case_number=export.case_number,
        detail={
            "stage": stage,
            "kind": export.kind,
            "format": export.format,
            "columns": export.columns,
            "criteria": export.criteria,
            **more,
        },
    )


def queue_export(export_id: UUID) -> None:
    """Send an export to a worker; `resume_exports` sends a lost message again."""
    from reports.tasks import make_export  # noqa: PLC0415  # tasks call services

    try:
        make_export.delay(str(export_id))
    except OSError:
        log.warning("export_not_queued_yet", export_id=str(export_id), exc_info=True)


@transaction.atomic
def cancel_export(*, export: Export, actor: User) -> None:
    """Stop the making, or throw away what was made; a second time changes nothing."""
    stands = Export.objects.select_for_update(of=("self",)).get(pk=export.pk)
    if stands.state in {Export.State.CANCELLED, Export.State.EXPIRED, Export.State.FAILED}:
        return
    stands.state, stands.finished_at = Export.State.CANCELLED, timezone.now()
    forget = stands.stored_name
    stands.stored_name = ""
    stands.save(update_fields=["state", "finished_at", "stored_name", "updated_at"])
    record_audit_event(
        action=AuditEvent.Action.DELETED,
        actor=actor,
        target=stands,
        target_label=stands.file_name,
        organization=stands.organization,
    )
    if forget:
        transaction.on_commit(partial(storages["exports"].delete, forget))


def expire_exports() -> int:
    """Delete the files whose time is over; returns how many."""
    due = Export.objects.filter(state=Export.State.DONE, expires_at__lte=timezone.now())
    count = 0
    for export in due.order_by("expires_at")[:500]:
        # The file first: one that could not be deleted is tried again.
        storages["exports"].delete(export.stored_name)
        count += Export.objects.filter(pk=export.pk, state=Export.State.DONE).update(
            state=Export.State.EXPIRED, stored_name="", updated_at=timezone.now()
        )
    return count


def exports_to_resume() -> list[UUID]:
    """Exports whose message was lost or whose worker died."""
    silent = timezone.now() - SILENT_AFTER
    unfinished = Export.objects.filter(state__in=Export.UNFINISHED, updated_at__lt=silent)
    return list(unfinished.exclude(heartbeat_at__gte=silent).values_list("pk", flat=True)[:100])


def link_token(*, export: Export, user: User) -> str:
    """What makes a link to an export's file good for some minutes, and for this user alone."""
    return _signer().sign(f"{export.pk}:{user.pk}").partition(":")[2].partition(":")[2]


def _signer() -> TimestampSigner:
    return TimestampSigner(salt="reports.export")


def check_link(*, export: Export, user: User, token: str) -> None:
    """Accept a link.

    Raises:
        LinkRefusedError: It is too old, or was made for another user or file.
    """
    try:
        _signer().unsign(f"{export.pk}:{user.pk}:{token}", max_age=LINK_SECONDS)
    except SignatureExpired as error:
        message = _("This link is no longer good. Open the export again to get a new one.")
        raise LinkRefusedError(message) from error
    except BadSignature as error:
        message = _("This link was not made for you. Open the export to get one of your own.")
        raise LinkRefusedError(message) from error


def take_file(*, export: Export, user: User) -> str:
    """The name of an export's file in its storage; taking it is audited.

    Raises:
        ExportGoneError: It is not made yet, failed, was cancelled, or its time is over.
    """
    if not export.is_kept:
        raise ExportGoneError(
            _("There is no file to download: this export is %(state)s. Ask for it anew.")
            % {"state": export.get_state_display()}
        )
    audit_export(
        export=export,
        stage="downloaded",
        actor=user,
        rows=export.rows_count,
        sha256=export.sha256,
    )
    return export.stored_name
