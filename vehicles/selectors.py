"""Reads of plates and vehicles."""

import re
from collections import defaultdict
from collections.abc import Callable, Collection, Iterator
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from datetime import datetime

import orjson
from django.contrib.postgres.search import TrigramSimilarity
from django.db import DataError, OperationalError, connection, models, transaction
from django.db.models import Q, QuerySet, Value
from django.db.models.functions import Upper
from psycopg.errors import QueryCanceled

from accounts.models import Organization, Role, User
from accounts.selectors import MANAGING_ROLES, has_role, organizations_of
from vehicles.errors import NumberRefusedError, SearchRefusedError, SearchTooSlowError
from vehicles.models import (
    CustomField,
    IgnoredPlate,
    LookUpResult,
    LookUpSource,
    Plate,
    Tag,
    Tenure,
    Vehicle,
    VehicleImport,
    folded,
    vehicle_words,
)
from vehicles.plates.confusables import distance, fold
from vehicles.plates.matching import (
    LEAST_CHARACTERS,
    like_of_regex,
    like_pattern,
    regex_pattern,
)
from vehicles.plates.text import PlateTextError, normalise, normalise_part

# A viewer sees detections of its cameras; where else a plate was seen is not for it.
READING_ROLES = (Role.OWNER, Role.MANAGER, Role.OPERATOR, Role.ANALYST, Role.AUDITOR)

SEARCH_MOST_MS = "1500"
_CANDIDATES = 300


def reads_plates_of(user: User) -> frozenset[int]:
    """The organizations whose plates the user may read about."""
    organizations = organizations_of(user, *READING_ROLES).order_by()
    return frozenset(organizations.values_list("pk", flat=True))


def plates_visible_to(user: User) -> QuerySet[Plate]:
    """Plates of organizations in which the user sees every camera."""
    # As plain ids: of one, the index in the order of time serves; of a subquery, none does.
    organizations = list(organizations_of(user, *READING_ROLES).values_list("pk", flat=True))
    return Plate.objects.filter(organization__in=organizations).select_related("vehicle")


def sole_registrations(
    asked: Collection[tuple[int, str]],
) -> dict[tuple[int, str], tuple[str, str]]:
    """Country and province of numbers of which an organization knows one country's plate alone.

    Args:
        asked: Organization and number.
    """
    found: dict[tuple[int, str], list[tuple[str, str]]] = defaultdict(list)
    with connection.cursor() as cursor:
        # As JSON: written one by one, a thousand numbers take longer than looking them up.
        cursor.execute(
            """
            SELECT organization_id, number, country, province FROM vehicles_plate
            JOIN json_array_elements(%s) AS asked ON organization_id = (asked ->> 0)::bigint
                AND number = asked ->> 1
            WHERE country <> ''
            """,
            [orjson.dumps(list(asked)).decode()],
        )
        for organization_id, number, country, province in cursor.fetchall():
            found[organization_id, number].append((country, province))
    return {key: places[0] for key, places in found.items() if len(places) == 1}


def plates_numbered(text: str, *, is_prefix: bool = False) -> QuerySet[Plate]:
    """Plates of all organizations with this number, or one that begins so, written in any way.

    Raises:
        NumberRefusedError: The text stands on no plate.
    """
    try:
        number = normalise_part(text) if is_prefix else normalise(text)
    except PlateTextError as error:
        raise NumberRefusedError(str(error), number=[str(error)]) from error
    return Plate.objects.filter(**{"number__startswith" if is_prefix else "number": number})


def plates_like(plates: QuerySet[Plate], pattern: str) -> QuerySet[Plate]:
    """Plates whose number is written like a pattern with `?` and `*`.

    Raises:
        SearchRefusedError: It finds nearly everything, or stands on no plate.
    """
    return plates.filter(_written_like(_read(like_pattern, pattern)))


def plates_beginning(plates: QuerySet[Plate], number: str) -> QuerySet[Plate]:
    """Plates whose number begins so, as normalised."""
    if len(number) < LEAST_CHARACTERS:
        return plates.filter(number__startswith=number)
    return plates.filter(_written_like(f"{number}%"))


def plates_matching(plates: QuerySet[Plate], expression: str) -> QuerySet[Plate]:
    """Plates in whose number a regular expression is found; evaluate it `in_bounded_time`.

    Raises:
        SearchRefusedError: It is none, or none that is allowed.
    """
    pattern = _read(regex_pattern, expression)
    found = plates.filter(_compared("~", pattern))
    wider = like_of_regex(pattern)
    return found.filter(_written_like(wider)) if wider else found


def _read(reader: Callable[[str], str], text: str) -> str:
    try:
        return reader(text)
    except PlateTextError as error:
        raise SearchRefusedError(str(error), text=[str(error)]) from error


# What stands on few plates: it begins with two characters, or names three in a row.
_RARE = re.compile("[^%_]{2}|.*[^%_]{3}")


def _written_like(pattern: str) -> models.Func:
    """Written like a pattern of LIKE; of what is rare, the trigrams' index alone is asked.

    The planner takes 1 in 100 plates for likely to begin with two given letters, and would then
    read the newest plates until a page is full, which is all of them.
    """
    if not _RARE.match(pattern):
        return _compared("LIKE", pattern)
    return models.Func(
        models.F("pk"),
        Value(pattern),
        template="(%(expressions)s)))",
        arg_joiner=" = ANY(ARRAY(SELECT alike.id FROM vehicles_plate AS alike"
        " WHERE upper(alike.number) LIKE ",
        output_field=models.BooleanField(),
    )


def _compared(operator: str, pattern: str) -> models.Func:
    return models.Func(
        Upper("number"),
        Value(pattern),
        template="(%(expressions)s)",
        arg_joiner=f" {operator} ",
        output_field=models.BooleanField(),
    )


@dataclass(frozen=True, slots=True, kw_only=True)
class NearPlate:
    """A plate and its distance from the number asked for: 0 is the same number."""

    plate: Plate
    distance: float


def plates_near(plates: QuerySet[Plate], text: str, *, most_distance: float) -> list[NearPlate]:
    """Plates whose number is much like another, nearest first, the last seen first among equals.

    Trigrams of folded numbers find candidates, so that confusable characters cost nothing there;
    their weighted edit distance ranks them. Two edits in the middle of a short number that are not
    confusable leave too few trigrams to be found.

    Raises:
        SearchRefusedError: The text stands on no plate.
    """
    number = _read(normalise, text)
    likeness = TrigramSimilarity(folded("number"), fold(number))
    alike = models.Func(
        folded("number"),
        Value(fold(number)),
        template="(%(expressions)s)",
        arg_joiner=" %% ",
        output_field=models.BooleanField(),
    )
    candidates = plates.filter(alike).order_by(likeness.desc(), "-last_seen_at", "-id")
    near = [
        NearPlate(plate=plate, distance=round(distance(number, plate.number), 2))
        for plate in candidates[:_CANDIDATES]
    ]
    return sorted(
        (found for found in near if found.distance <= most_distance),
        key=lambda found: (found.distance, -found.plate.last_seen_at.timestamp()),
    )


_OF_A_SEARCH = ("statement_timeout", "max_parallel_workers_per_gather", "enable_hashjoin")


@contextmanager
def in_bounded_time(*, page_of_newest: bool = False) -> Iterator[None]:
    """Stop what runs longer than `SEARCH_MOST_MS`, and say so in words.

    Args:
        page_of_newest: Only the first rows in the order of an index are wanted. PostgreSQL takes
            a short range of ids for a single row, whatever the range holds, and would join and
            sort all of it by hashes, which keep no order.

    Raises:
        SearchTooSlowError: It was stopped.
        SearchRefusedError: PostgreSQL does not take the expression.
    """
    # The end of a transaction of its own ends the limit, too.
    is_inside = connection.in_atomic_block
    try:
        with transaction.atomic(), connection.cursor() as cursor:
            # Starting workers takes longer than they save, and a busy machine lends them no core.
            cursor.execute(
                "SELECT set_config('statement_timeout', %s, true),"
                " set_config('max_parallel_workers_per_gather', '0', true),"
                " set_config('enable_hashjoin', %s, true)",
                [SEARCH_MOST_MS, "off" if page_of_newest else "on"],
            )
            yield
            if is_inside:
                for setting in _OF_A_SEARCH:
                    cursor.execute(f"SET LOCAL {setting} TO DEFAULT")
    except OperationalError as error:
        if not isinstance(error.__cause__, QueryCanceled):
            raise
        raise SearchTooSlowError(
            "This search takes too long. Name more characters, or narrow it by country or time."
        ) from error
    except DataError as error:
        message = "PostgreSQL does not understand this expression. Write it more simply."
        raise SearchRefusedError(message, text=[message]) from error


# Who works with vehicles writes about them and sees whose they are; analysts and auditors do not
# need the owner to follow a vehicle.
EDITING_ROLES = (Role.OWNER, Role.MANAGER, Role.OPERATOR)


def vehicles_visible_to(user: User) -> QuerySet[Vehicle]:
    """Vehicles of organizations in which the user sees every camera, newest first."""
    organizations = list(organizations_of(user, *READING_ROLES).values_list("pk", flat=True))
    return Vehicle.objects.filter(organization__in=organizations).order_by("-id")


def vehicles_edited_by(user: User) -> QuerySet[Vehicle]:
    """Vehicles that the user may change."""
    return Vehicle.objects.filter(organization__in=organizations_of(user, *EDITING_ROLES))


def edits_vehicles(user: User, organization: Organization) -> bool:
    """Whether the user may change vehicles and plates of an organization."""
    return has_role(user, organization, *EDITING_ROLES)


def sees_owners(user: User, organization: Organization) -> bool:
    """Whether the user may see whose the vehicles of an organization are: personal data."""
    return has_role(user, organization, *EDITING_ROLES)


def vehicles_found(
    vehicles: QuerySet[Vehicle], *, text: str = "", tag: str = "", status: str = ""
) -> QuerySet[Vehicle]:
    """Vehicles with these words, or with a plate that begins so; with a tag; with such a plate."""
    if text.strip():
        wanted = Q(pk__in=Vehicle.objects.filter(_said(text)).values("pk"))
        with suppress(NumberRefusedError):
            tenures = Tenure.objects.filter(plate__in=plates_numbered(text, is_prefix=True))
            wanted |= Q(pk__in=tenures.values("vehicle"))
        vehicles = vehicles.filter(wanted)
    if tag:
        tags = Tag.objects.filter(name__iexact=tag)
        vehicles = vehicles.filter(
            pk__in=Vehicle.tags.through.objects.filter(tag__in=tags).values("vehicle")
        )
    if status:
        plates = Plate.objects.filter(status=status, vehicle__isnull=False)
        vehicles = vehicles.filter(pk__in=plates.values("vehicle"))
    return vehicles


def _said(text: str) -> models.Func:
    """Whether all of the text stands in a vehicle's words; served by their trigrams."""
    plain = text.strip().upper()
    for special in ("\\", "%", "_"):
        plain = plain.replace(special, f"\\{special}")
    return models.Func(
        vehicle_words(),
        Value(f"%{plain}%"),
        template="(%(expressions)s)",
        arg_joiner=" LIKE ",
        output_field=models.BooleanField(),
    )


def tags_visible_to(user: User) -> QuerySet[Tag]:
    """Tags of organizations whose vehicles the user sees."""
    return Tag.objects.filter(organization__in=organizations_of(user, *READING_ROLES))


def custom_fields_visible_to(user: User) -> QuerySet[CustomField]:
    """Custom fields of organizations whose vehicles the user sees."""
    return CustomField.objects.filter(organization__in=organizations_of(user, *READING_ROLES))


def custom_fields_of(organization: Organization) -> QuerySet[CustomField]:
    """Custom fields that an organization uses now."""
    return CustomField.objects.filter(organization=organization, is_active=True)


def ignored_plates_visible_to(user: User) -> QuerySet[IgnoredPlate]:
    """Ignored plates of the organizations that the user manages or audits."""
    roles = (*MANAGING_ROLES, Role.AUDITOR)
    return IgnoredPlate.objects.filter(organization__in=organizations_of(user, *roles))


def imports_visible_to(user: User) -> QuerySet[VehicleImport]:
    """Files of vehicles that were sent to organizations whose vehicles the user edits."""
    organizations = organizations_of(user, *EDITING_ROLES)
    return VehicleImport.objects.filter(organization__in=organizations).select_related(
        "organization", "created_by"
    )


def look_up_sources_of(organization: Organization) -> QuerySet[LookUpSource]:
    """Registers that an organization asks."""
    return LookUpSource.objects.filter(organization=organization, is_active=True)


def look_up_sources_visible_to(user: User) -> QuerySet[LookUpSource]:
    """Registers that the user may ask, as who edits vehicles of their organizations."""
    return LookUpSource.objects.filter(
        organization__in=organizations_of(user, *EDITING_ROLES), is_active=True
    ).select_related("organization")


def all_look_ups_visible_to(user: User) -> QuerySet[LookUpResult]:
    """What registers said of any plate, newest first: personal data, for who edits vehicles."""
    organizations = organizations_of(user, *EDITING_ROLES)
    return LookUpResult.objects.filter(source__organization__in=organizations)


def look_ups_visible_to(user: User, plate: Plate) -> QuerySet[LookUpResult]:
    """What registers said of a plate, newest first: personal data, for who edits vehicles."""
    results = LookUpResult.objects.filter(plate=plate).select_related("source", "actor")
    return results if sees_owners(user, plate.organization) else results.none()


def ignores_any(organizations: Collection[int], *, now: datetime) -> set[int]:
    """Which organizations ignore plates at all."""
    return set(
        IgnoredPlate.objects.filter(
            Q(until__isnull=True) | Q(until__gt=now), organization__in=organizations
        )
        .order_by()
        .values_list("organization_id", flat=True)
        .distinct()
    )


def ignored_among(
    registrations: Collection[tuple[int, str, str, str]], *, now: datetime
) -> set[tuple[int, str, str, str]]:
    """Which of (organization, number, country, province) are not to be stored.

    One look into an index, whatever the number of registrations.
    """
    if not registrations:
        return set()
    rows = IgnoredPlate.objects.filter(
        Q(until__isnull=True) | Q(until__gt=now),
        organization__in={organization for organization, *_ in registrations},
        number__in={number for _, number, *_ in registrations},
    ).values_list("organization_id", "number", "country", "province")
    ignored = set(rows)
    return {
        (organization, number, country, province)
        for organization, number, country, province in registrations
        if ignored
        and any(
            (organization, number, *place) in ignored
            for place in ((country, province), (country, ""), ("", province), ("", ""))
        )
    }
