"""One text from the many readings of one plate."""

from collections import defaultdict
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from itertools import product
from math import exp, fsum, log

from detections.recognition.types import Reading
from vehicles.plates.confusables import group_of

_SAME = 1.0
_CONFUSABLE = 0.3
_DIFFERENT = -0.6
_GAP = -1.2
"""Rewards of the alignment: a confusable character is a misreading of the same place, and two
unlike ones are sooner two misreadings than one character missed and another invented elsewhere,
from which texts came that nobody had read."""

_LEAST_CONFIDENCE = 0.01
_UNTOLD = 0.02
"""Probability of a region that a reader did not tell: readers leave out what is less likely."""

_END_SHARE = 0.5
"""How much the silence of a reading counts before its first and after its last character. Of 300
plates in eight rendered photographs each the vote read 254 with a fourth, 257 from a half on."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Candidate:
    """A text that was read in `frames` frames; `share` of all trust, 0 to 1."""

    text: str
    share: float
    frames: int


@dataclass(frozen=True, slots=True, kw_only=True)
class Vote:
    """What the readings of one plate say together.

    `confidence` is the smallest of `char_confidences`, 0 to 1. `frames_agreed` counts the readings
    equal to `text`, `frames_read` those with any text. `candidates` are the texts that were read,
    the most trusted first; `text` need not be among them. `alternatives` are for each character of
    `text` the mean probabilities of all that the readers saw there, its own among them; empty where
    no reader told what else it saw.
    """

    text: str
    char_confidences: tuple[float, ...]
    frames_agreed: int
    frames_read: int
    candidates: tuple[Candidate, ...]
    alternatives: tuple[Mapping[str, float], ...] = ()

    @property
    def confidence(self) -> float:
        return min(self.char_confidences, default=0.0)


@dataclass(slots=True)
class _Column:
    """The votes for one place on the plate: trust times probability, for each character.

    `absent` are the votes for there being none, `trust` is that of all who voted.
    """

    votes: defaultdict[str, float] = field(default_factory=lambda: defaultdict(float))
    absent: float = 0.0
    trust: float = 0.0

    @property
    def winner(self) -> str:
        return max(sorted(self.votes), key=lambda character: self.votes[character])


@dataclass(frozen=True, slots=True)
class _Group:
    """All readings of one text: trust, its product with confidence, and with what was seen where.

    `char_votes` holds for each place the votes for its character and for what it may be instead.
    """

    text: str
    trust: float
    certain: float
    char_votes: tuple[Mapping[str, float], ...]
    frames: int


def vote(readings: Sequence[Reading], weights: Sequence[float] | None = None) -> Vote:
    """Align readings of different lengths and let them vote on every place of the plate.

    A reading is trusted by its weight times its own confidence squared, so that many frames in
    which nothing could be read do not drown the few in which it could. A character's confidence is
    the mean probability that the readings gave it; those that read another one there vote for it
    with what they told as its alternative, or 0. Those that end before it count half: a plate is
    often cut off or half hidden.

    Args:
        readings: Of one plate, in any order; empty texts count for nothing.
        weights: How much each reading is trusted, above 0; all the same where None.

    Source: progressive alignment of D. Feng, R. Doolittle, 1987, each step by S. Needleman,
        C. Wunsch, 1970; voting on aligned texts as in ROVER, J. Fiscus, 1997.

    >>> clear = Reading(text="AB123", char_confidences=(0.9,) * 5)
    >>> short = Reading(text="B123", char_confidences=(0.6,) * 4)
    >>> confused = Reading(text="A8123", char_confidences=(0.9, 0.5, 0.9, 0.9, 0.9))
    >>> result = vote([short, clear, confused])
    >>> result.text, result.frames_agreed, result.frames_read, round(result.confidence, 2)
    ('AB123', 1, 3, 0.67)
    """
    groups = _group(readings, weights or (1.0,) * len(readings))
    trust = sum(group.trust for group in groups)
    columns: list[_Column] = []
    for index, group in enumerate(groups):
        columns = _add(columns, group, earlier=groups[:index])
    kept = [column for column in columns if column.votes[column.winner] > column.absent]
    text = "".join(column.winner for column in kept)
    return Vote(
        text=text,
        char_confidences=tuple(
            min(column.votes[column.winner] / column.trust, 1.0) for column in kept
        ),
        frames_agreed=sum(group.frames for group in groups if group.text == text),
        frames_read=sum(group.frames for group in groups),
        candidates=tuple(
            Candidate(text=group.text, share=group.trust / trust, frames=group.frames)
            for group in groups
        ),
        alternatives=tuple(_shares(column) for column in kept)
        if any(reading.char_alternatives for reading in readings)
        else (),
    )


def _shares(column: _Column) -> dict[str, float]:
    return {character: votes / column.trust for character, votes in column.votes.items()}


def vote_regions(
    readings: Sequence[Reading], weights: Sequence[float] | None = None
) -> dict[str, float]:
    """Let the readers' region labels vote: as one witness who weighs what all saw.

    The probabilities are averaged as logarithms, so that a label which every frame holds for
    possible beats one that some are sure of and others have not seen. Readings without a region do
    not count: of most frames too little can be seen to tell.

    Returns:
        Probabilities, the likeliest first; they add up to what the readings told on average.

    Source: the logarithmic opinion pool, e.g. C. Genest, J. Zidek, "Combining Probability
        Distributions", 1986.

    >>> bangkok = Reading(text="1", char_confidences=(1.0,), region="TH-10", region_confidence=0.9)
    >>> round(vote_regions([bangkok, bangkok])["TH-10"], 3)
    0.9
    """
    told = [
        ({**reading.region_alternatives, reading.region: reading.region_confidence}, weight)
        for reading, weight in zip(readings, weights or (1.0,) * len(readings), strict=True)
        if reading.region is not None and weight > 0
    ]
    total = fsum(weight for _, weight in told)
    pooled = {
        label: exp(
            fsum(weight * log(max(shares.get(label, 0.0), _UNTOLD)) for shares, weight in told)
            / total
        )
        for label in {label for shares, _ in told for label in shares}
    }
    known = fsum(weight * fsum(shares.values()) for shares, weight in told)
    ranked = sorted(pooled, key=lambda label: (-pooled[label], label))
    every = fsum(pooled.values())
    return {label: pooled[label] / every * known / total for label in ranked}


def _group(readings: Sequence[Reading], weights: Iterable[float]) -> list[_Group]:
    """Gather equal texts, the most trusted first: each is aligned once, to what is surest.

    Sums are exact, so that the order of the readings cannot tip a tie.
    """
    members: defaultdict[str, list[tuple[float, Reading]]] = defaultdict(list)
    for reading, weight in zip(readings, weights, strict=True):
        if reading.text:
            trust = weight * max(reading.confidence, _LEAST_CONFIDENCE) ** 2
            members[reading.text].append((trust, reading))
    groups = [
        _Group(
            text=text,
            trust=fsum(trust for trust, _ in same),
            certain=fsum(trust * reading.confidence for trust, reading in same),
            char_votes=tuple(_char_votes(same, index) for index in range(len(text))),
            frames=len(same),
        )
        for text, same in members.items()
    ]
    return sorted(groups, key=lambda group: (-group.trust, group.text))


def _char_votes(same: Sequence[tuple[float, Reading]], index: int) -> dict[str, float]:
    """Add up what readings of one text saw at one place."""
    votes: defaultdict[str, list[float]] = defaultdict(list)
    for trust, reading in same:
        votes[reading.text[index]].append(trust * reading.char_confidences[index])
        if reading.char_alternatives:
            for character, probability in reading.char_alternatives[index].items():
                votes[character].append(trust * probability)
    return {character: fsum(values) for character, values in votes.items()}


def _add(columns: list[_Column], group: _Group, *, earlier: Sequence[_Group]) -> list[_Column]:
    """Align a text to the columns and add its votes, with new columns where it has more."""
    pairs = _align(columns, group.text)
    inside = [index for index, pair in enumerate(pairs) if None not in pair]
    result: list[_Column] = []
    for index, (column_index, char_index) in enumerate(pairs):
        is_end = not inside or not inside[0] < index < inside[-1]
        share = _END_SHARE if is_end else 1.0
        if column_index is None:
            column = _Column(
                absent=share * sum(other.certain for other in earlier),
                trust=share * sum(other.trust for other in earlier),
            )
        else:
            column = columns[column_index]
        if char_index is None:
            column.absent += share * group.certain
            column.trust += share * group.trust
        else:
            for character, votes in group.char_votes[char_index].items():
                column.votes[character] += votes
            column.trust += group.trust
        result.append(column)
    return result


def _align(columns: Sequence[_Column], text: str) -> list[tuple[int | None, int | None]]:
    """Pair columns with characters in order, at the highest reward; None stands for a gap."""
    rows, width = len(columns), len(text)
    rewards = [[_GAP * (row + column) for column in range(width + 1)] for row in range(rows + 1)]
    steps = [[(0, -1)] * (width + 1)] + [[(-1, 0)] * (width + 1) for _ in range(rows)]
    for row, column in product(range(1, rows + 1), range(1, width + 1)):
        paired = _reward(columns[row - 1], text[column - 1])
        rewards[row][column], steps[row][column] = max(
            (rewards[row - 1][column - 1] + paired, (-1, -1)),
            (rewards[row - 1][column] + _GAP, (-1, 0)),
            (rewards[row][column - 1] + _GAP, (0, -1)),
        )
    pairs: list[tuple[int | None, int | None]] = []
    row, column = rows, width
    while row or column:
        down, right = steps[row][column]
        row, column = row + down, column + right
        pairs.append((row if down else None, column if right else None))
    return pairs[::-1]


def _reward(column: _Column, character: str) -> float:
    """Mean likeness of a character to what was voted for; few of the votes are like it at all."""
    votes = column.votes
    total = sum(votes.values())
    if not total:
        return _DIFFERENT
    same = votes.get(character, 0.0)
    alike = sum(votes.get(other, 0.0) for other in group_of(character) if other != character)
    return _DIFFERENT + ((_SAME - _DIFFERENT) * same + (_CONFUSABLE - _DIFFERENT) * alike) / total
