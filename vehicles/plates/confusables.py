"""Characters that cameras and people take for one another, and how far texts are apart by them."""

GROUPS = (
    "0ODQ",
    "1IL",
    "2Z",
    "5S",
    "6G",
    "8B",
    "กถภ",
    "ขชซ",
    "คดต",
    "ฎฏ",
    "บป",
    "ผฝ",
    "พฟฬ",
    "รธ",
    "ลส",
    "อฮ",
)
"""Characters of one group cost little to confuse; no character is in two groups."""

SAME_SHAPE = frozenset({frozenset("0O"), frozenset("1I")})
"""Pairs that many plate fonts draw alike: which one it is, only its position can tell."""

CONFUSABLE_COST = 0.2
"""Cost of taking a character for one of its group, where any other edit costs 1."""

_FOLD = {ord(character): group[0] for group in GROUPS for character in group}
FOLD_FROM = "".join(group[1:] for group in GROUPS)
FOLD_TO = "".join(group[0] * (len(group) - 1) for group in GROUPS)
"""What SQL's `translate` needs to fold as `fold` does; an index of plates is made with them."""

_GROUP_OF = {character: group for group in GROUPS for character in group}


def group_of(character: str) -> str:
    """Return the characters that one is taken for, itself among them; none where it stands alone.

    >>> group_of("8"), group_of("A")
    ('8B', '')
    """
    return _GROUP_OF.get(character, "")


def are_confusable(one: str, other: str) -> bool:
    """Say whether two different characters are of one group."""
    return one != other and other in group_of(one)


def fold(text: str) -> str:
    """Write every character as the first of its group, so that confusable texts become equal.

    >>> fold("B0SS1") == fold("8O55I")
    True
    """
    return text.translate(_FOLD)


def distance(one: str, other: str) -> float:
    """Measure how many edits two texts are apart, confusable characters costing little.

    Source: R. A. Wagner, M. J. Fischer, "The string-to-string correction problem", 1974.

    >>> distance("30F24681", "30F24681"), distance("30F24681", "3AF246B1"), distance("AB", "ABC")
    (0.0, 1.2, 1.0)
    """
    previous = [float(column) for column in range(len(other) + 1)]
    for row, left in enumerate(one, start=1):
        current = [float(row)]
        for column, right in enumerate(other, start=1):
            replaced = previous[column - 1] + substitution_cost(left, right)
            current.append(min(replaced, previous[column] + 1, current[-1] + 1))
        previous = current
    return previous[-1]


def substitution_cost(one: str, other: str) -> float:
    """Return 0 for the same character, `CONFUSABLE_COST` within a group, else 1."""
    if one == other:
        return 0.0
    return CONFUSABLE_COST if are_confusable(one, other) else 1.0


def similarity(one: str, other: str) -> float:
    """Say how alike two texts are, from 0 (nothing in common) to 1 (the same).

    >>> similarity("30F24681", "30F2468"), similarity("", "")
    (0.875, 1.0)
    """
    longest = max(len(one), len(other))
    return 1.0 - distance(one, other) / longest if longest else 1.0
