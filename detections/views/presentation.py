"""How a detection is shown, decided once for templates, the live socket and the scripts."""

from collections.abc import Collection, Sequence
from typing import TypedDict

from django.db.models import TextChoices
from django.utils.translation import get_language, gettext_noop
from django.utils.translation import gettext as _

from accounts.models import User
from detections.events import LiveDetection, LiveMark
from detections.models import Detection
from detections.services.live import live_detection
from detections.services.marks import marks_of
from vehicles.plates.showing import ShownPlate
from vehicles.plates.showing import show_plate as draw_plate
from vehicles.selectors import reads_plates_of

# The least confidence of each step, surest first; below the last it is step 1.
CONFIDENCE_STEPS = ((0.95, 5), (0.85, 4), (0.7, 3), (0.5, 2))
CONFIDENCE_WORDS = (
    gettext_noop("doubtful"),
    gettext_noop("unsure"),
    gettext_noop("fairly sure"),
    gettext_noop("sure"),
    gettext_noop("certain"),
)


class ShownDetection(TypedDict):
    """A detection as a row. `level` is 1 (doubtful) to 5 (certain), `certainty` its word.

    `plate_id` is empty where no page of the plate is to be offered; `marks` are those that the
    person may see, and a socket sends them of their own.
    """

    id: str
    organization_id: int
    camera_id: str
    camera: str
    plate_id: str
    plate: ShownPlate
    confidence: float
    level: int
    certainty: str
    review: str
    review_word: str
    captured_at: str
    recorded_at: str
    has_crop: bool
    marks: list[LiveMark]


class ShownVehicle(TypedDict):
    """Direction and looks of a vehicle in words; empty where nothing is known."""

    direction: str
    compass: str
    kind: str
    color: str


def confidence_level(confidence: float) -> int:
    """The step of a confidence, 1 to 5.

    >>> [confidence_level(value) for value in (0.99, 0.9, 0.7, 0.5, 0.1)]
    [5, 4, 3, 2, 1]
    """
    return next((level for least, level in CONFIDENCE_STEPS if confidence >= least), 1)


def confidence_word(level: int) -> str:
    """The word for a step of confidence."""
    return _(CONFIDENCE_WORDS[level - 1])


def show_plate(
    number: str, country: str, province: str, char_confidences: Sequence[float] = ()
) -> ShownPlate:
    """Set a registration like the plate that carries it, in the language that is active."""
    return draw_plate(number, country, province, char_confidences, get_language() or "en")


def show_rows(user: User, detections: Collection[Detection]) -> list[ShownDetection]:
    """Detections as rows for a person: with marks and ways to plates that it may see."""
    marks, readable = marks_of(user, detections), reads_plates_of(user)
    rows = []
    for detection in detections:
        row = show_detection(live_detection(detection), marks.get(detection.pk, ()))
        if detection.organization_id not in readable:
            row["plate_id"] = ""
        rows.append(row)
    return rows


def show_detection(detection: LiveDetection, marks: Collection[LiveMark] = ()) -> ShownDetection:
    """A detection as a row, in the language that is active."""
    level = confidence_level(detection["confidence"])
    return ShownDetection(
        id=detection["id"],
        organization_id=detection["organization_id"],
        camera_id=detection["camera_id"],
        camera=detection["camera"],
        plate_id=detection["plate_id"],
        plate=show_plate(
            detection["number"],
            detection["country"],
            detection["province"],
            detection["char_confidences"],
        ),
        confidence=detection["confidence"],
        level=level,
        certainty=confidence_word(level),
        review=detection["review"],
        review_word=str(Detection.Review(detection["review"]).label),
        captured_at=detection["captured_at"],
        recorded_at=detection["recorded_at"],
        has_crop=detection["has_crop"],
        marks=list(marks),
    )


def show_vehicle(detection: Detection) -> ShownVehicle:
    """Where a vehicle went and what it looks like, in the language that is active."""
    return ShownVehicle(
        direction=_word(Detection.Direction, detection.direction),
        compass=compass_point(detection.travel_degrees),
        kind=_word(Detection.VehicleKind, detection.vehicle_kind),
        color=_word(Detection.VehicleColor, detection.vehicle_color),
    )


def _word(choices: type[TextChoices], value: str) -> str:
    """The label of a value, which a program may have sent in a word of its own."""
    return str(choices(value).label) if value in choices.values else value


def compass_point(degrees: int | None) -> str:
    """The nearest of eight points of the compass; empty for None.

    >>> compass_point(350), compass_point(140), compass_point(None)
    ('N', 'SE', '')
    """
    if degrees is None:
        return ""
    points = (_("N"), _("NE"), _("E"), _("SE"), _("S"), _("SW"), _("W"), _("NW"))
    return points[round(degrees / 45) % len(points)]
