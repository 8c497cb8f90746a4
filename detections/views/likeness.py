"""How a found number is shown beside the one asked for: its edits on the letters, and in words."""

from collections.abc import Sequence
from typing import NamedTuple

from django.utils.translation import gettext as _

from vehicles.plates.matching import Edit, EditKind
from vehicles.plates.patterns import SEPARATORS
from vehicles.plates.text import THAI_MARKS, letters_of


class Letter(NamedTuple):
    """A piece of a number, and what it is marked as; `said` says so for a person."""

    text: str
    mark: str = ""
    said: str = ""


def mark_letters(spaced: str, edits: Sequence[Edit]) -> list[Letter]:
    """A found number, as its plate spaces it, with each edit on the letter that it concerns.

    A character that is missing is a gap of its own. A letter with its vowel and tone marks is one
    piece: apart, browsers would draw the marks beside it.

    >>> from vehicles.plates.matching import edits_between
    >>> [(l.text, l.mark) for l in mark_letters("1 A8", edits_between("1AB2", "1A8"))]
    [('1', ''), (' ', ''), ('A', ''), ('8', 'confusable'), ('', 'missing')]
    """
    marks, gaps = _places(edits)
    letters: list[Letter] = []
    at = 0
    for letter in letters_of(spaced):
        if letter in SEPARATORS:
            letters.append(Letter(letter))
            continue
        places = range(at, at + len(letter))
        here = [marks[place] for place in places if place in marks]
        letters += gaps.get(at, [])
        letters.append(_marked(letter, here) if here else Letter(letter))
        # A mark that is missing among those of a letter stands behind all of them.
        letters += [gap for place in places[1:] for gap in gaps.get(place, [])]
        at += len(letter)
    return [*letters, *gaps.get(at, [])]


def _marked(letter: str, edits: Sequence[Edit]) -> Letter:
    gravest = max(edits, key=lambda edit: edit.cost)
    return Letter(letter, gravest.kind.value, ", ".join(map(say_edit, edits)))


def _places(edits: Sequence[Edit]) -> tuple[dict[int, Edit], dict[int, list[Letter]]]:
    """Edits by the position in the found number, and gaps by what they stand before."""
    marks: dict[int, Edit] = {}
    gaps: dict[int, list[Letter]] = {}
    shift = 0
    for edit in edits:
        place = edit.at + shift
        if edit.kind is EditKind.MISSING:
            gaps.setdefault(place, []).append(Letter("", edit.kind.value, say_edit(edit)))
            shift -= 1
            continue
        marks[place] = edit
        shift += edit.kind is EditKind.ADDED
    return marks, gaps


def say_edit(edit: Edit) -> str:
    """An edit as a sentence's part."""
    named = {"asked": _shown(edit.asked), "found": _shown(edit.found)}
    match edit.kind:
        case EditKind.CONFUSABLE:
            return _("%(found)s for %(asked)s, which look alike") % named
        case EditKind.REPLACED:
            return _("%(found)s for %(asked)s") % named
        case EditKind.MISSING:
            return _("%(asked)s is missing") % named
        case EditKind.ADDED:
            return _("%(found)s is one more") % named


def _shown(character: str) -> str:
    """A character as it can be read alone: a mark needs something to stand on."""
    return f"\u25cc{character}" if character in THAI_MARKS else character
