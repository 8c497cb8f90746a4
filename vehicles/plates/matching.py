"""Questions about numbers: what a person typed as a pattern, and how far a found number is."""

import re
import unicodedata
from dataclasses import dataclass
from enum import StrEnum

from vehicles.plates.confusables import are_confusable, substitution_cost
from vehicles.plates.text import THAI_MARKS, PlateTextError, normalise_part, quoted, spelled

LEAST_CHARACTERS = 2
"""Letters and digits that a pattern must name: with fewer it finds nearly every plate."""

_REGEX_MOST = 64
_REPEATS_MOST = 16
_REGEX_SIGNS = frozenset(".[]-?*+{}(),|^$")
_LITERAL_SIGNS = _REGEX_SIGNS | THAI_MARKS
_PARTS = re.compile(r"\[\^?\]?[^\]]*\]|\{[^}]*\}|.")


class EditKind(StrEnum):
    """What tells two numbers apart at one place."""

    CONFUSABLE = "confusable"
    REPLACED = "replaced"
    MISSING = "missing"
    ADDED = "added"


@dataclass(frozen=True, slots=True, kw_only=True)
class Edit:
    """One difference: `asked` was looked for and `found` is there; `at` counts in what was asked.

    `asked` is empty where a character was added, `found` where one is missing.
    """

    kind: EditKind
    at: int
    asked: str
    found: str
    cost: float


def like_pattern(text: str) -> str:
    """A number with `?` for one character and `*` for any, as a pattern of SQL's LIKE.

    A vowel or tone mark above or below a letter is a character of its own.

    Raises:
        PlateTextError: It names fewer than `LEAST_CHARACTERS`, or what stands on no plate.

    >>> like_pattern("1?กข*"), like_pattern("*๑๒-๓๔"), like_pattern("ส?ริ *")
    ('1_กข%', '%1234', 'ส_ริ%')
    """
    plain = unicodedata.normalize("NFKC", text)
    pieces = [piece for piece in re.split(r"([?*])", plain) if piece.strip()]
    written = [{"?": "_", "*": "%"}.get(piece) or normalise_part(piece) for piece in pieces]
    _check_names_enough("".join(piece for piece in written if piece not in {"_", "%"}))
    return re.sub("%+", "%", "".join(written))


def regex_pattern(text: str) -> str:
    """A regular expression of letters, digits and `. [] - ? * + {} () | ^ $`, as typed.

    A vowel or tone mark above or below a letter is a character of its own.

    Raises:
        PlateTextError: It is too long, nested, names too little or has other signs.

    >>> regex_pattern("^[๑๒]กข.{3}$")
    '^[12]กข.{3}$'
    """
    if len(text) > _REGEX_MOST:
        raise PlateTextError(f"A regular expression has at most {_REGEX_MOST} characters.")
    read = map(_regex_character, unicodedata.normalize("NFKC", text).upper())
    plain = spelled("".join(read))
    if any(int(number) > _REPEATS_MOST for number in re.findall(r"\d+(?=[,}])", plain)):
        raise PlateTextError(f"Repeat at most {_REPEATS_MOST} times: plates are not longer.")
    if _repeats_a_repetition(plain):
        raise PlateTextError("Repeat no part that repeats something itself.")
    try:
        re.compile(plain)
    except re.error as error:
        raise PlateTextError(f"This is no regular expression: {error}.") from error
    _check_names_enough("".join(filter(str.isalnum, re.sub(r"\{[^}]*\}", "", plain))))
    return plain


def _repeats_a_repetition(pattern: str) -> bool:
    """Whether what is repeated holds a repetition itself, however deep in parentheses.

    >>> [_repeats_a_repetition(one) for one in ("((A*)B)*", "(A|B)+C*", "((A+)B)?", "[*+]+")]
    [True, False, False, False]
    """
    open_groups, holds_one = [False], False
    for part in _PARTS.findall(pattern):
        if part == "(":
            open_groups.append(False)
            holds_one = False
        elif part == ")" and len(open_groups) > 1:
            holds_one = open_groups.pop()
            open_groups[-1] |= holds_one
        elif part[0] in "*+{":
            if holds_one:
                return True
            holds_one = open_groups[-1] = True
        elif part != "?":
            holds_one = False
    return False


def like_of_regex(pattern: str) -> str:
    """A pattern of LIKE that fits all that a regular expression fits; empty where none helps.

    PostgreSQL's trigrams of a regular expression leave out letters beyond U+07FF, so that of
    `^1กข.*56$` its index would know only that a 1 begins. Those of LIKE are whole.

    >>> like_of_regex("^1กข.*56$"), like_of_regex("กข+[12]3?4"), like_of_regex("1กข|2ขค")
    ('1กข%56', '%กข%_%4%', '')
    """
    if re.search(r"[|()]|\[\^?\]|.\^|\$.", pattern):
        return ""
    pieces = ["" if pattern.startswith("^") else "%"]
    pieces += [
        _like_of_atom(atom, repeat)
        for atom, repeat in re.findall(
            r"(\[[^\]]*\]|.)([*+?]\??|\{[^}]*\}\??)?", pattern.removeprefix("^").removesuffix("$")
        )
    ]
    pieces.append("" if pattern.endswith("$") else "%")
    written = re.sub("%+", "%", "".join(pieces))
    return written if any(map(str.isalnum, written)) else ""


def _like_of_atom(atom: str, repeat: str) -> str:
    one = atom if atom.isalnum() or atom in THAI_MARKS else "_"
    if not repeat:
        return one
    return f"{one}%" if repeat.startswith("+") else "%"


def _regex_character(character: str) -> str:
    category = unicodedata.category(character)
    if category == "Nd":
        return str(unicodedata.decimal(character))
    if category.startswith("L") or character in _LITERAL_SIGNS:
        return character
    if category in {"Cf", "Zs"}:
        return ""
    signs = " ".join(sorted(_REGEX_SIGNS))
    raise PlateTextError(f"Use letters, digits and {signs} only, and not {quoted(character)}.")


def _check_names_enough(named: str) -> None:
    if len(named) < LEAST_CHARACTERS:
        raise PlateTextError(
            f"Name at least {LEAST_CHARACTERS} letters or digits; less finds nearly every plate."
        )


def edits_between(asked: str, found: str) -> list[Edit]:
    """The cheapest edits that make the number asked for the one found, from left to right.

    Source: R. A. Wagner, M. J. Fischer, "The string-to-string correction problem", 1974.

    >>> [(edit.kind.value, edit.asked, edit.found) for edit in edits_between("1กข8", "1กชB4")]
    [('confusable', 'ข', 'ช'), ('confusable', '8', 'B'), ('added', '', '4')]
    """
    costs = _costs(asked, found)
    row, column = len(asked), len(found)
    edits = []
    while row or column:
        here = costs[row][column]
        if row and column:
            cost = substitution_cost(asked[row - 1], found[column - 1])
            if here == costs[row - 1][column - 1] + cost:
                row, column = row - 1, column - 1
                if cost:
                    edits.append(_replaced(row, asked[row], found[column], cost))
                continue
        if row and here == costs[row - 1][column] + 1:
            row -= 1
            edits.append(Edit(kind=EditKind.MISSING, at=row, asked=asked[row], found="", cost=1))
        else:
            column -= 1
            edits.append(Edit(kind=EditKind.ADDED, at=row, asked="", found=found[column], cost=1))
    return edits[::-1]


def _costs(asked: str, found: str) -> list[list[float]]:
    costs = [[float(column) for column in range(len(found) + 1)]]
    for row, left in enumerate(asked, start=1):
        line = [float(row)]
        for column, right in enumerate(found, start=1):
            replaced = costs[-1][column - 1] + substitution_cost(left, right)
            line.append(min(replaced, costs[-1][column] + 1, line[-1] + 1))
        costs.append(line)
    return costs


def _replaced(at: int, asked: str, found: str, cost: float) -> Edit:
    kind = EditKind.CONFUSABLE if are_confusable(asked, found) else EditKind.REPLACED
    return Edit(kind=kind, at=at, asked=asked, found=found, cost=cost)
