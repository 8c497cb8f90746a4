"""How a found number is shown beside the one asked for: its edits on the letters, and in words."""

from collections.abc import Sequence
from typing import NamedTuple

from django.utils.translation import gettext as _

from vehicles.plates.matching import Edit, EditKind


class Letter(NamedTuple):
    """A piece of a number, and what it is marked as; `said` says so for a person."""

    text: str
    mark: str = ""
    said: str = ""


def mark_letters(spaced: str, edits: Sequence[Edit]) -> list[Letter]:
    """A found number, as its plate spaces it, with each edit on the letter that it concerns.

    A character that is missing is a gap of its own.

    >>> from vehicles.plates.matching import edits_between
    >>> [(l.text, l.mark) for l in mark_letters("1 A8", edits_between("1AB2", "1A8"))]
    [('1', ''), (' ', ''), ('A', ''), ('8', 'confusable'), ('', 'missing')]
    """
    marks, gaps = _places(edits)
    letters: list[Letter] = []
    at = 0
    for character in spaced:
        if not character.isalnum():
            letters.append(Letter(character))
            continue
        letters += gaps.get(at, [])
        edit = marks.get(at)
        letters.append(
            Letter(character, edit.kind.value, say_edit(edit)) if edit else Letter(character)
        )
        at += 1
    return [*letters, *gaps.get(at, [])]


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
    named = {"asked": edit.asked, "found": edit.found}
    match edit.kind:
        case EditKind.CONFUSABLE:
            return _("%(found)s for %(asked)s, which look alike") % named
        case EditKind.REPLACED:
            return _("%(found)s for %(asked)s") % named
        case EditKind.MISSING:
            return _("%(asked)s is missing") % named
        case EditKind.ADDED:
            return _("%(found)s is one more") % named
