"""The one way a plate's text is written inside the product, whoever wrote it and however."""

import re
import unicodedata

MAX_LENGTH = 16
"""Letters, digits and marks that a registration may have; the longest in use have fifteen."""

THAI_BASES = frozenset(map(chr, range(0x0E01, 0x0E2F)))
"""Consonants, and the two vowels that are written like them; all that may bear a mark."""

THAI_MARKS = frozenset("ัิีึืฺุู็่้๊๋์ํ๎")
"""Vowels, tone marks and other signs that stand above or below the letter before them."""

_MAX_RAW_LENGTH = 64
_SEPARATORS = frozenset(" \t\r\n-_.,:;/|'`\u00b7\u2022\u30fb")  # the last three are middle dots

_VOWEL = "[\u0e31\u0e34-\u0e39\u0e47]"
_TONE = "[\u0e48-\u0e4b]"
_UPPERMOST = "[\u0e48-\u0e4c]"
_WORDED = re.compile("[\u0e31\u0e34-\u0e3a\u0e47-\u0e4e]|เเ")
_WRONG_MARK = re.compile(
    f"(?<![\u0e01-\u0e2e]){_VOWEL}"
    f"|(?<![\u0e01-\u0e2e\u0e31\u0e34-\u0e39\u0e47]){_UPPERMOST}"
    "|[\u0e3a\u0e4d\u0e4e]"
)


class PlateTextError(ValueError):
    """A text cannot be a registration; the message says why."""


def normalise(text: str) -> str:
    """Write a plate's text in capital letters and plain digits, without separators.

    Compatibility forms become plain ones (NFKC), decimal digits of any script become 0 to 9,
    invisible characters and separators go. Vowels and tone marks of Thai words stay, each once and
    in one order: the vowel, then the tone, and SARA AM as one character.

    Raises:
        PlateTextError: nothing is left, too much is left, a character stands in no plate, a mark
            has no consonant, or a word with marks has no number.

    Source: Unicode Standard Annex 15 (NFKC); general categories from Unicode Standard 4.5; the
        order within a Thai syllable from TIS 1566-2541 (WTT 2.0).

    >>> normalise("1กข-1234"), normalise("๑กข ๑๒๓๔"), normalise(" ab\u200b·12 cde")
    ('1กข1234', '1กข1234', 'AB12CDE')
    >>> normalise("น้ําทอง ๙") == normalise("นำ้ทอง-9") == "น้ำทอง9"
    True
    >>> normalise("<b>AB12</b>")
    Traceback (most recent call last):
        ...
    vehicles.plates.text.PlateTextError: A plate holds letters and digits only, and not '<'.
    """
    if len(text) <= MAX_LENGTH and text.isascii() and text.isalnum():
        return text.upper()  # most are so already, and a tenth of the time is enough for them
    cleaned = _cleaned(text)
    if _WORDED.search(cleaned):
        cleaned = spelled(cleaned)
        _check_marks(cleaned)
        if not any(map(str.isdigit, cleaned)):
            raise PlateTextError(
                "A registration that is a word has a number of one to four digits behind it, such "
                "as สิริ 9999."
            )
    return _of_length(cleaned)


def normalise_part(text: str) -> str:
    """Write what stands somewhere in a registration, such as its beginning, as `normalise` does.

    Raises:
        PlateTextError: as for `normalise`, but no number is asked for, and marks may come first.

    >>> normalise_part("สิริ"), normalise_part("ิร") == "ิร"
    ('สิริ', True)
    """
    cleaned = spelled(_cleaned(text))
    _check_marks("ก" + cleaned if cleaned[:1] in THAI_MARKS else cleaned)
    return _of_length(cleaned)


def spelled(text: str) -> str:
    """Write Thai words in one of the ways that look the same, whatever order was typed.

    >>> spelled("เเก้วน\u0e4d\u0e49า") == "แก้วน้ำ", spelled("พ\u0e48ี") == "พี่"
    (True, True)
    """
    text = text.replace("เเ", "แ")
    text = re.sub(f"\u0e4d({_TONE}?)\u0e32", "\\1\u0e33", text)
    text = re.sub(f"\u0e33({_TONE})", "\\1\u0e33", text)
    return re.sub(f"({_UPPERMOST})({_VOWEL})", r"\2\1", text)


def letters_of(text: str) -> list[str]:
    """Cut a text into what stands beside one another: letters with their marks, digits, separators.

    >>> letters_of("น้ำ 1") == ["น้ำ", " ", "1"]
    True
    """
    letters: list[str] = []
    for character in text:
        if letters and (character in THAI_MARKS or character == "\u0e33"):
            letters[-1] += character
        else:
            letters.append(character)
    return letters


def _cleaned(text: str) -> str:
    if len(text) > _MAX_RAW_LENGTH:
        raise PlateTextError(f"A plate has at most {MAX_LENGTH} letters and digits.")
    plain = unicodedata.normalize("NFKC", text).upper()
    return "".join(_clean(character) for character in plain)


def _of_length(cleaned: str) -> str:
    if not cleaned:
        raise PlateTextError("A plate needs at least one letter or digit.")
    if len(cleaned) > MAX_LENGTH:
        raise PlateTextError(f"A plate has at most {MAX_LENGTH} letters and digits.")
    return cleaned


def _check_marks(text: str) -> None:
    wrong = _WRONG_MARK.search(text)
    if wrong:
        raise PlateTextError(
            f"The mark ◌{wrong[0]} is doubled, or stands on no consonant. Write each vowel and "
            "tone mark once, behind the consonant that bears it."
        )


def _clean(character: str) -> str:
    category = unicodedata.category(character)
    if category == "Nd":
        return str(unicodedata.decimal(character))
    if category.startswith("L") or character in THAI_MARKS:
        return character
    if category == "Cf" or character in _SEPARATORS or category in {"Zs", "Pd"}:
        return ""
    raise PlateTextError(f"A plate holds letters and digits only, and not {quoted(character)}.")


def quoted(character: str) -> str:
    r"""Write a character in quotation marks as it was typed, or by its number if none sees it.

    >>> print(quoted("\\"), quoted("\0"))
    '\' '\x00'
    """
    return f"'{character}'" if character.isprintable() else repr(character)
