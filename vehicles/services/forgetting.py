"""Lets plates go of which nothing is left."""

from collections.abc import Collection
from datetime import datetime
from typing import NamedTuple
from uuid import UUID

from django.db import transaction
from django.db.models import Exists, ForeignObjectRel, OuterRef

from vehicles.models import Plate
from vehicles.models.registrations import NEVER_SEEN

_PLATES_AT_ONCE = 1_000


class HeldRow(NamedTuple):
    """A plate whose row the transaction holds."""

    id: UUID
    first_seen_at: datetime
    last_seen_at: datetime


def hold_plates(*, plate_ids: Collection[UUID]) -> list[HeldRow]:
    """Hold plates until the end of the transaction, in the order in which sightings are counted."""
    rows = (
        Plate.objects.filter(pk__in=plate_ids)
        .order_by("organization_id", "number", "country", "province")
        .select_for_update()
    )
    return [HeldRow(*row) for row in rows.values_list("id", "first_seen_at", "last_seen_at")]


def forget_plates(*, plate_ids: Collection[UUID]) -> int:
    """Delete plates without detections that nothing else names; gives how many.

    One that people gave a status or a vehicle, or wrote before any camera saw it, stays.

    Must run in a transaction that holds their rows.
    """
    if not plate_ids:
        return 0
    unused = Plate.objects.filter(
        pk__in=plate_ids, vehicle=None, status=Plate.Status.UNKNOWN, last_seen_at__gt=NEVER_SEEN
    )
    for relation in Plate._meta.get_fields(include_hidden=True):  # noqa: SLF001  # Django's public name
        # Whatever is tied to a plate keeps it; what has no constraint says that it does not.
        if isinstance(relation, ForeignObjectRel) and getattr(
            relation.field, "db_constraint", False
        ):
            rows = relation.related_model._base_manager.filter(  # noqa: SLF001  # Django's public name
                **{relation.field.name: OuterRef("pk")}
            )
            unused = unused.filter(~Exists(rows))
    return unused._raw_delete(using=unused.db)  # noqa: SLF001  # nothing points at them


def forget_unseen_plates() -> int:
    """Delete plates of which no detection is left, as `forget_plates` does; gives how many."""
    gone = 0
    unseen = Plate.objects.filter(
        detections_count=0, vehicle=None, last_seen_at__gt=NEVER_SEEN
    ).order_by("pk")
    last = None
    while True:
        page = unseen.filter(pk__gt=last) if last else unseen
        ids = list(page.values_list("pk", flat=True)[:_PLATES_AT_ONCE])
        if not ids:
            return gone
        last = ids[-1]
        with transaction.atomic():
            hold_plates(plate_ids=ids)
            gone += forget_plates(plate_ids=ids)
