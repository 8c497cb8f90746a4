"""The one way a plate's text is written inside the product, whoever wrote it and however."""

import unicodedata

MAX_LENGTH = 16
"""Letters and digits that a plate may have; the longest in use have ten."""

_MAX_RAW_LENGTH = 64
_SEPARATORS = frozenset(" \t\r\n-_.,:;/|'`\u00b7\u2022\u30fb")  # the last three are middle dots


class PlateTextError(ValueError):
    """A text cannot be a registration; the message says why."""


def normalise(text: str) -> str:
    """Write a plate's text in capital letters and plain digits, without separators.

    Compatibility forms become plain ones (NFKC), decimal digits of any script become 0 to 9,
    invisible characters and separators go.

    Raises:
        PlateTextError: nothing is left, too much is left, or a character stands in no plate.

    Source: Unicode Standard Annex 15 (NFKC); general categories from Unicode Standard 4.5.

    >>> normalise("1กข-1234"), normalise("๑กข ๑๒๓๔"), normalise(" ab\u200b·12 cde")
    ('1กข1234', '1กข1234', 'AB12CDE')
    >>> normalise("<b>AB12</b>")
    Traceback (most recent call last):
        ...
    vehicles.plates.text.PlateTextError: A plate holds letters and digits only, and not '<'.
    """
    if len(text) <= MAX_LENGTH and text.isascii() and text.isalnum():
        return text.upper()  # most are so already, and a tenth of the time is enough for them
    if len(text) > _MAX_RAW_LENGTH:
        raise PlateTextError(f"A plate has at most {MAX_LENGTH} letters and digits.")
    plain = unicodedata.normalize("NFKC", text).upper()
    cleaned = "".join(_clean(character) for character in plain)
    if not cleaned:
        raise PlateTextError("A plate needs at least one letter or digit.")
    if len(cleaned) > MAX_LENGTH:
        raise PlateTextError(f"A plate has at most {MAX_LENGTH} letters and digits.")
    return cleaned


def _clean(character: str) -> str:
    category = unicodedata.category(character)
    if category == "Nd":
        return str(unicodedata.decimal(character))
    if category.startswith("L"):
        return character
    if category == "Cf" or character in _SEPARATORS or category in {"Zs", "Pd"}:
        return ""
    if category == "Mn" and unicodedata.name(character, "").startswith("THAI"):
        raise PlateTextError(
            "Plates that bear a word with vowels or tone marks above or below its letters, such "
            "as personal ones from an auction, are not kept here. Write consonants and digits."
        )
    raise PlateTextError(f"A plate holds letters and digits only, and not {character!r}.")
