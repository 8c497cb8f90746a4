"""Writes of single entries."""

import re
import unicodedata
from collections.abc import Callable
from datetime import datetime, timedelta
from typing import Any

from django.db import transaction
from django.utils import timezone
from django.utils.translation import gettext as _

from accounts.models import AuditEvent, User
from accounts.selectors import Stated, demand_on
from accounts.services import record_audit_event
from alerts.errors import EntryRefusedError
from alerts.models import Entry, Watchlist
from alerts.selectors.watchlists import people_of
from alerts.services.changes import sign_changes
from alerts.services.watchlists import check_size
from vehicles.plates.countries import find_country
from vehicles.plates.provinces import find_province
from vehicles.plates.text import MAX_LENGTH, PlateTextError, normalise, normalise_part

NAMED_LEAST = 3
"""Letters and digits that a pattern must name: with fewer it finds half of a city."""
PATTERNS_MOST = 1_000
"""Patterns of one list: each is held against every number that is read."""

_REGEX_SIGNS = re.compile(r"[\[\]\\^$(){}|+]|\.\*")


def entry_number(text: str) -> str:
    """The number of an entry as typed: a plate, or a pattern with `?` and `*`, normalised.

    Raises:
        EntryRefusedError: It is neither, or finds nearly everything.
    """
    plain = unicodedata.normalize("NFKC", text).strip()
    if _REGEX_SIGNS.search(plain):
        raise _refused(
            _("This looks like a regular expression. Write ? for one letter and * for any.")
        )
    if not re.search(r"[?*]", plain):
        return _plain(plain, normalise)
    pieces = [piece for piece in re.split(r"([?*])", plain) if piece.strip()]
    written = "".join(piece if piece in "?*" else _plain(piece, normalise_part) for piece in pieces)
    written = re.sub(r"\*+", "*", written)
    named = re.sub(r"[?*]", "", written)
    if len(named) < NAMED_LEAST:
        raise _refused(
            _(
                "This pattern would match nearly every plate. Name at least %(least)d letters or "
                "digits beside ? and *."
            )
            % {"least": NAMED_LEAST}
        )
    if len(written) - written.count("*") > MAX_LENGTH:
        raise _refused(_("No plate is as long as this pattern."))
    return written


def _plain(text: str, read: Callable[[str], str]) -> str:
    try:
        return read(text)
    except PlateTextError as error:
        raise _refused(str(error)) from error


def _refused(message: str) -> EntryRefusedError:
    return EntryRefusedError(message, field="number")


def entry_place(country: str, province: str) -> tuple[str, str]:
    """Country and province of an entry as typed; the province by its name or code.

    Raises:
        EntryRefusedError: With the field that is wrong.
    """
    typed, province = country.strip(), province.strip()
    country = find_country(typed)
    if typed and not country:
        message = _("Write the country by its name or as two letters, such as TH.")
        raise EntryRefusedError(message, field="country")
    if not province:
        return country, ""
    known = find_province(province) if country in {"", "TH"} else None
    if known is not None:
        return country or "TH", known.code
    code = province.upper()
    if not re.fullmatch(r"[A-Z]{2}-[A-Z0-9]{1,3}", code):
        raise EntryRefusedError(
            _("Write the province by its name or code, such as TH-10."), field="province"
        )
    return country or code[:2], code


def ends_at(watchlist: Watchlist, start: datetime) -> datetime | None:
    """When an entry that does not say so itself ends; None: it does not.

    Raises:
        EntryRefusedError: It begins at the end of all calendars.
    """
    if watchlist.entry_days is None:
        return None
    try:
        return start + timedelta(days=watchlist.entry_days)
    except OverflowError as error:
        message = _("Choose an earlier day from which it counts.")
        raise EntryRefusedError(message, field="effective_from") from error


@transaction.atomic
def add_entry(
    *,
    watchlist: Watchlist,
    number: str,
    actor: User | None,
    country: str = "",
    province: str = "",
    change_reason: str = "",
    **fields: Any,
) -> Entry:
    """Add a plate or pattern; without `expires_at` it ends when the list says.

    Raises:
        EntryRefusedError: The number finds nearly everything, or cannot be read.
        ValidationError: With the fields that are wrong.
    """
    sign_changes(actor=actor, reason=change_reason)
    _check_responsible(watchlist, fields.get("responsible"))
    place = entry_place(country, province)
    start = fields.setdefault("effective_from", timezone.now())
    fields.setdefault("expires_at", ends_at(watchlist, start))
    entry = Entry(
        organization_id=watchlist.organization_id,
        watchlist=watchlist,
        number=entry_number(number),
        country=place[0],
        province=place[1],
        **fields,
    )
    entry.full_clean()
    entry.save()
    check_size(watchlist=watchlist)
    check_patterns(watchlist=watchlist)
    _audit(AuditEvent.Action.CREATED, entry, actor, change_reason)
    return entry


@transaction.atomic
def update_entry(
    *, entry: Entry, actor: User | None, change_reason: str = "", **fields: Any
) -> Entry:
    """Change an entry.

    Raises:
        EntryRefusedError: The number finds nearly everything, or cannot be read.
        ValidationError: With the fields that are wrong.
    """
    sign_changes(actor=actor, reason=change_reason)
    if fields.get("responsible", entry.responsible) != entry.responsible:
        _check_responsible(entry.watchlist, fields["responsible"])
    if "number" in fields:
        fields["number"] = entry_number(fields["number"])
    if "country" in fields or "province" in fields:
        fields["country"], fields["province"] = entry_place(
            fields.get("country", entry.country), fields.get("province", entry.province)
        )
    if fields.get("expires_at", entry.expires_at) != entry.expires_at:
        fields["reminded_at"] = None
    for name, value in fields.items():
        setattr(entry, name, value)
    entry.full_clean()
    entry.save()
    check_patterns(watchlist=entry.watchlist)
    _audit(AuditEvent.Action.CHANGED, entry, actor, change_reason)
    return entry


def _check_responsible(watchlist: Watchlist, person: User | None) -> None:
    # Only where somebody is named: who left since hinders no other change.
    if person is not None and not people_of(watchlist).filter(pk=person.pk).exists():
        raise EntryRefusedError(_("Only members of the organization."), field="responsible")


def renew_entry(
    *, entry: Entry, actor: User | None, days: int | None = None, change_reason: str = ""
) -> Entry:
    """Let an entry count for `days` more from now on, or as long as its list says."""
    start = max(timezone.now(), entry.effective_from)
    until = start + timedelta(days=days) if days else ends_at(entry.watchlist, start)
    return update_entry(entry=entry, actor=actor, change_reason=change_reason, expires_at=until)


def expire_entry(*, entry: Entry, actor: User | None, change_reason: str = "") -> Entry:
    """End an entry now; it stays in the list, and can be renewed."""
    now = timezone.now()
    begins = min(entry.effective_from, now - timedelta(milliseconds=1))
    return update_entry(
        entry=entry,
        actor=actor,
        change_reason=change_reason,
        effective_from=begins,
        expires_at=now,
    )


@transaction.atomic
def delete_entry(*, entry: Entry, actor: User | None, change_reason: str = "") -> None:
    """Delete an entry; its hits stay, and keep what it said."""
    sign_changes(actor=actor, reason=change_reason)
    _audit(AuditEvent.Action.DELETED, entry, actor, change_reason)
    entry.delete()


def note_entry_search(*, watchlist: Watchlist, actor: User, term: str, stated: Stated) -> None:
    """Check what the list's organization demands, and audit who looked for what in the list.

    Raises:
        ReasonDemandedError: Something that the organization demands was not stated.
    """
    demand_on(actor, watchlist.organization).check(**stated._asdict())
    record_audit_event(
        action=AuditEvent.Action.SEARCHED,
        actor=actor,
        organization=watchlist.organization,
        target=watchlist,
        detail={"plate": term, "list": str(watchlist.pk)},
        **stated._asdict(),
    )


def check_patterns(*, watchlist: Watchlist, most: int = PATTERNS_MOST) -> None:
    """Refuse more patterns than every detection can be held against.

    Raises:
        EntryRefusedError: The list has more than `most`.
    """
    patterns = Entry.objects.filter(
        organization_id=watchlist.organization_id, watchlist=watchlist, is_pattern=True
    )
    if patterns.order_by()[: most + 1].count() > most:
        message = _("A list has at most %(most)d patterns. Write whole numbers, or split the list.")
        raise EntryRefusedError(message % {"most": most}, field="number")


def _audit(action: AuditEvent.Action, entry: Entry, actor: User | None, change_reason: str) -> None:
    detail: dict[str, Any] = {"list": str(entry.watchlist_id)}
    if entry.expires_at is None:
        # Nobody is reminded of it: whoever reads the trail must be able to find these.
        detail["never_ends"] = True
    record_audit_event(
        action=action,
        actor=actor,
        organization=entry.watchlist.organization,
        target=entry,
        reason=change_reason,
        case_number=entry.case_number,
        detail=detail,
    )
