"""Writes many entries that a program sends, each answered by itself; a repeat changes nothing."""

from collections.abc import Iterable, Iterator, Mapping, Sequence
from datetime import timedelta
from itertools import islice
from typing import Any, Literal, NamedTuple
from uuid import UUID

import orjson
from django.db import connection, transaction
from django.utils.translation import gettext as _

from accounts.models import AuditEvent, User
from accounts.services import record_audit_event
from alerts.models import Watchlist
from alerts.services.changes import sign_changes
from alerts.services.entries import check_patterns
from alerts.services.feeds.tables import LINE_MOST, Problem, Row, read_cells
from alerts.services.watchlists import check_size
from lpr_project.common.errors import LprError
from lpr_project.common.models import uuid7

LINES_MOST = 100_000
AT_ONCE = 1_000
Status = Literal["created", "changed", "unchanged", "refused"]

_UPSERT = """
INSERT INTO alerts_entry AS entry (id, organization_id, watchlist_id, number, country, province,
    vehicle, reason, case_number, source, confidence, effective_from, expires_at, variants,
    created_at, updated_at)
SELECT sent.id, %(organization)s, %(list)s, sent.number, sent.country, sent.province,
    sent.vehicle, sent.reason, sent.case_number, sent.source, sent.confidence,
    -- What ended before it was heard of began before it ended.
    coalesce(sent.effective_from, least(now(), sent.expires_at - interval '1 ms')),
    coalesce(sent.expires_at, coalesce(sent.effective_from, now()) + %(lasts)s::interval),
    '{}', now(), now()
FROM json_to_recordset(%(sent)s) AS sent (line int, id uuid, number text, country text,
    province text, vehicle text, reason text, case_number text, source text, confidence text,
    effective_from timestamptz, expires_at timestamptz)
ORDER BY sent.number, sent.country, sent.province
ON CONFLICT (watchlist_id, number, country, province) DO UPDATE
SET vehicle = excluded.vehicle, reason = excluded.reason, case_number = excluded.case_number,
    source = excluded.source, confidence = excluded.confidence,
    effective_from = least(entry.effective_from, (SELECT kept.expires_at - interval '1 ms'
        FROM json_to_recordset(%(sent)s) AS kept (id uuid, expires_at timestamptz)
        WHERE kept.id = excluded.id)),
    expires_at = coalesce((SELECT kept.expires_at FROM json_to_recordset(%(sent)s)
        AS kept (id uuid, expires_at timestamptz) WHERE kept.id = excluded.id), entry.expires_at),
    updated_at = now()
WHERE entry.feed_id IS NULL AND (
    (entry.vehicle, entry.reason, entry.case_number, entry.source, entry.confidence)
        <> (excluded.vehicle, excluded.reason, excluded.case_number, excluded.source,
            excluded.confidence)
    OR excluded.id IN (SELECT named.id FROM json_to_recordset(%(sent)s)
        AS named (id uuid, expires_at timestamptz)
        WHERE named.expires_at IS DISTINCT FROM entry.expires_at
            AND named.expires_at IS NOT NULL))
RETURNING entry.number, entry.country, entry.province, entry.id, (xmax = 0)
"""
_THERE = """
SELECT entry.number, entry.country, entry.province, entry.id, entry.feed_id IS NOT NULL
FROM alerts_entry AS entry JOIN unnest(%s::text[], %s::text[], %s::text[])
    AS sent (number, country, province) USING (number, country, province)
WHERE entry.watchlist_id = %s
"""


class Outcome(NamedTuple):
    """What became of one line."""

    line: int
    status: Status
    id: UUID | None
    message: str


Key = tuple[str, str, str]


def upsert_lines(*, watchlist: Watchlist, lines: Iterable[bytes], actor: User) -> Iterator[Outcome]:
    """Add or change the entries of lines of JSON, a thousand at a time, as they come.

    A plate is in a list once, so that sending the same again changes nothing. Lines of one thousand
    are written together; an error of the whole thousand refuses each.
    """
    numbered = _numbered(lines)
    counts: dict[str, int] = {}
    while batch := list(islice(numbered, AT_ONCE)):
        for outcome in _batch(watchlist, batch, actor):
            counts[outcome.status] = counts.get(outcome.status, 0) + 1
            yield outcome
    record_audit_event(
        action=AuditEvent.Action.CHANGED, actor=actor, target=watchlist, detail={"bulk": counts}
    )


def _numbered(lines: Iterable[bytes]) -> Iterator[tuple[int, bytes]]:
    """Lines that say something; ends with the first over the limit, and reads no further."""
    for number, line in enumerate(lines, start=1):
        if line.strip() or number > LINES_MOST:
            yield number, line
        if number > LINES_MOST:
            return


def _batch(watchlist: Watchlist, batch: Sequence[tuple[int, bytes]], actor: User) -> list[Outcome]:
    zone = watchlist.organization.zone
    found = [_read(line, text, zone) for line, text in batch]
    good = {(row.number, row.country, row.province): row for row in found if isinstance(row, Row)}
    try:
        done = _write(watchlist, good, actor) if good else {}
    except LprError as error:
        done = dict.fromkeys(good, ("refused", None, error.message))
    return [
        Outcome(row.line, "refused", None, row.sentence)
        if isinstance(row, Problem)
        else Outcome(row.line, *done[row.number, row.country, row.province])
        for row in found
    ]


def _read(line: int, text: bytes, zone: Any) -> Row | Problem:
    if line > LINES_MOST:
        sentence = _("At most %(most)d lines in one request. This one and the rest were not read.")
        return Problem(line, sentence % {"most": LINES_MOST})
    if len(text) > LINE_MOST:
        return Problem(line, _("The line is too long."))
    try:
        value = orjson.loads(text)
    except ValueError:
        return Problem(line, _("This line is no JSON."))
    if not isinstance(value, Mapping):
        return Problem(line, _("This is no object with fields."))
    return read_cells(line, value, zone)


@transaction.atomic
def _write(
    watchlist: Watchlist, good: Mapping[Key, Row], actor: User
) -> dict[Key, tuple[Status, UUID | None, str]]:
    sign_changes(actor=actor, reason="bulk")
    sent = orjson.dumps([{**row._asdict(), "id": uuid7()} for row in good.values()]).decode()
    days = watchlist.entry_days
    values: dict[str, Any] = {
        "organization": watchlist.organization_id,
        "list": watchlist.pk,
        "lasts": None if days is None else timedelta(days=days),
        "sent": sent,
    }
    done: dict[Key, tuple[Status, UUID | None, str]] = {}
    with connection.cursor() as cursor:
        cursor.execute(_UPSERT, values)
        for *key, pk, is_new in cursor.fetchall():
            done[tuple(key)] = ("created" if is_new else "changed", pk, "")
        left = [key for key in good if key not in done]
        names = [list(column) for column in zip(*left, strict=True)] or [[], [], []]
        cursor.execute(_THERE, [*names, watchlist.pk])
        for *key, pk, is_fed in cursor.fetchall():
            done[tuple(key)] = (
                ("refused", pk, _("A feed brings this entry; change it there."))
                if is_fed
                else ("unchanged", pk, "")
            )
    check_size(watchlist=watchlist)
    check_patterns(watchlist=watchlist)
    return done
