"""How a registration is drawn like the plate that carries it."""

from collections.abc import Sequence
from functools import lru_cache
from typing import Literal, TypedDict

from vehicles.plates.countries import place_name
from vehicles.plates.grammar import parse
from vehicles.plates.patterns import SEPARATORS
from vehicles.plates.provinces import find_province
from vehicles.plates.text import THAI_MARKS, PlateTextError, letters_of

# A character less certain than this is marked on the plate.
DOUBTFUL_BELOW = 0.8
# What stands on the blue band. Source: UN, distinguishing signs of vehicles.
BAND_SIGNS = {
    "AT": "A", "BE": "B", "BG": "BG", "CY": "CY", "CZ": "CZ", "DE": "D", "DK": "DK", "EE": "EST",
    "ES": "E", "FI": "FIN", "FR": "F", "GB": "UK", "GR": "GR", "HR": "HR", "HU": "H", "IE": "IRL",
    "IT": "I", "LT": "LT", "LU": "L", "LV": "LV", "MT": "M", "NL": "NL", "NO": "N", "PL": "PL",
    "PT": "P", "RO": "RO", "SE": "S", "SI": "SLO", "SK": "SK",
}  # fmt: skip

PlateStyle = Literal["thai", "word", "band", "plain"]


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
    number: str,
    country: str,
    province: str,
    char_confidences: Sequence[float] = (),
    language: str = "en",
) -> ShownPlate:
    """Set a registration like the plate that carries it.

    Args:
        number: Normalised.
        country: ISO 3166-1 alpha-2, or empty.
        province: ISO 3166-2 or the code of a Thai province, or empty.
        char_confidences: One for each character of `number`, or nothing.
        language: In which the place is named, such as `th`.
    """
    spaced = spaced_number(number, country)
    marked = least_certain(char_confidences, len(number))
    before, doubtful, after = (spaced, "", "") if marked is None else _split(spaced, marked)
    known = find_province(province) if province else None
    code = province.partition("-")[2] or province
    style = _style(number, country)
    return ShownPlate(
        style=style,
        before=before,
        doubtful=doubtful,
        after=after,
        province=known.name_th if known else code,
        place=place_name(country, province, language),
        sign="" if style == "word" else BAND_SIGNS.get(country, country),
    )


def _style(number: str, country: str) -> PlateStyle:
    """How a plate is drawn; a Thai word needs room above its letters, and is longer.

    >>> _style("1กข1234", "TH"), _style("สิริ9999", "TH"), _style("AB123", "FR")
    ('thai', 'word', 'band')
    """
    if country == "TH":
        return "word" if THAI_MARKS.intersection(number) else "thai"
    return "band" if country in BAND_SIGNS else "plain"


def _split(spaced: str, position: int) -> tuple[str, str, str]:
    """Cut a spaced number around one of its characters, which takes its letter's marks along.

    >>> _split("1กข 1234", 3), _split("สิริ 9", 3) == ("สิ", "ริ", " 9")
    (('1กข ', '1', '234'), True)
    """
    letters = letters_of(spaced)
    past = -1
    for index, letter in enumerate(letters):
        past += 0 if letter in SEPARATORS else len(letter)
        if past >= position:
            return "".join(letters[:index]), letter, "".join(letters[index + 1 :])
    raise IndexError(position)
