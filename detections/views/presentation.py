"""How a detection is shown, decided once for templates, the live socket and the scripts."""

from collections.abc import Sequence
from functools import lru_cache
from typing import Literal, TypedDict

from django.db.models import TextChoices
from django.utils.translation import get_language
from django.utils.translation import gettext as _

from detections.events import LiveDetection
from detections.models import Detection
from vehicles.plates.grammar import parse
from vehicles.plates.provinces import find_province
from vehicles.plates.text import PlateTextError

# A character less certain than this is marked on the plate.
DOUBTFUL_BELOW = 0.8
# The least confidence of each step, surest first; below the last it is step 1.
CONFIDENCE_STEPS = ((0.95, 5), (0.85, 4), (0.7, 3), (0.5, 2))
# What stands on the blue band. Source: UN, distinguishing signs of vehicles.
BAND_SIGNS = {
    "AT": "A", "BE": "B", "BG": "BG", "CY": "CY", "CZ": "CZ", "DE": "D", "DK": "DK", "EE": "EST",
    "ES": "E", "FI": "FIN", "FR": "F", "GB": "UK", "GR": "GR", "HR": "HR", "HU": "H", "IE": "IRL",
    "IT": "I", "LT": "LT", "LU": "L", "LV": "LV", "MT": "M", "NL": "NL", "NO": "N", "PL": "PL",
    "PT": "P", "RO": "RO", "SE": "S", "SI": "SLO", "SK": "SK",
}  # fmt: skip

PlateStyle = Literal["thai", "band", "plain"]


class ShownPlate(TypedDict):
    """A plate as it is drawn.

    `before`, `doubtful` and `after` together are the number with its separators; `doubtful` is the
    least certain character, empty where all are certain enough. `province` is the line below the
    number, as the plate itself writes it; `place` says where the plate is from in the reader's
    language. `sign` is the country's sign on the plate.
    """

    style: PlateStyle
    before: str
    doubtful: str
    after: str
    province: str
    place: str
    sign: str


class ShownDetection(TypedDict):
    """A detection as a row. `level` is 1 (doubtful) to 5 (certain), `certainty` its word."""

    id: str
    camera_id: str
    camera: str
    plate: ShownPlate
    confidence: float
    level: int
    certainty: str
    review: str
    review_word: str
    captured_at: str
    recorded_at: str
    has_crop: bool


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
    words = (_("doubtful"), _("unsure"), _("fairly sure"), _("sure"), _("certain"))
    return words[level - 1]


@lru_cache(maxsize=8192)
def spaced_number(number: str, country: str) -> str:
    """The number with the separators that its country's plates have.

    >>> spaced_number("1กข1234", "TH"), spaced_number("89C20339", "VN"), spaced_number("XY1", "")
    ('1กข 1234', '89C-20339', 'XY1')
    """
    if not country:
        return number
    try:
        plates = parse(number, country)
    except PlateTextError:
        return number
    return next(
        (plate.display for plate in plates if plate.country == country and plate.text == number),
        number,
    )


def least_certain(char_confidences: Sequence[float], length: int) -> int | None:
    """The position of the character to be marked; None where all are certain or nothing is known.

    >>> least_certain([0.99, 0.6, 0.9], 3), least_certain([0.99, 0.9], 2), least_certain([0.1], 2)
    (1, None, None)
    """
    if len(char_confidences) != length or not char_confidences:
        return None
    position = min(range(length), key=lambda index: char_confidences[index])
    return position if char_confidences[position] < DOUBTFUL_BELOW else None


def show_plate(
    number: str, country: str, province: str, char_confidences: Sequence[float] = ()
) -> ShownPlate:
    """Set a registration like the plate that carries it.

    Args:
        number: Normalised.
        country: ISO 3166-1 alpha-2, or empty.
        province: ISO 3166-2 or the code of a Thai province, or empty.
        char_confidences: One for each character of `number`, or nothing.
    """
    spaced = spaced_number(number, country)
    marked = least_certain(char_confidences, len(number))
    before, doubtful, after = (spaced, "", "") if marked is None else _split(spaced, marked)
    known = find_province(province) if province else None
    code = province.partition("-")[2] or province
    style: PlateStyle = "thai" if country == "TH" else "band" if country in BAND_SIGNS else "plain"
    if known:
        is_thai = (get_language() or "").startswith("th")
        place = known.name_th if is_thai else known.name_en
    else:
        place = ", ".join(filter(None, (code, country)))
    return ShownPlate(
        style=style,
        before=before,
        doubtful=doubtful,
        after=after,
        province=known.name_th if known else code,
        place=place,
        sign=BAND_SIGNS.get(country, country),
    )


def _split(spaced: str, position: int) -> tuple[str, str, str]:
    """Cut a spaced number around one of its letters and digits.

    >>> _split("1กข 1234", 3)
    ('1กข ', '1', '234')
    """
    index = [at for at, character in enumerate(spaced) if character.isalnum()][position]
    return spaced[:index], spaced[index], spaced[index + 1 :]


def show_detection(detection: LiveDetection) -> ShownDetection:
    """A detection as a row, in the language that is active."""
    level = confidence_level(detection["confidence"])
    return ShownDetection(
        id=detection["id"],
        camera_id=detection["camera_id"],
        camera=detection["camera"],
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
