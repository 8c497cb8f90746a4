"""Letters as the dies of plate presses make them: one line of even thickness, bent round corners.

Free fonts hardly know them: narrow and tall, O and D alike but for two corners, W and M squeezed,
an open 4. Each numbered set of dies has its own width, thickness, roundness and forms, repeated
from its number.
"""

from dataclasses import dataclass
from functools import cache

import cv2
import numpy as np
from numpy.typing import NDArray

Point = tuple[float, float]
DIES_PREFIX = "dies-"
SETS = 80
_BEND_STEPS = 6
_OVERSAMPLING = 4

# Lines of a character in a box from 0 0 (top left) to 1 1; `r` bends the corner at that point.
# Alternatives are separated by `/`, lines by `;`.
_FORMS = {
    "0": "0 .5, 0 0r, 1 0r, 1 1r, 0 1r, 0 .5",
    "1": ".5 0, .5 1/.15 .2, .5 0, .5 1/.15 .2, .5 0, .5 1; .1 1, .9 1",
    "2": "0 .24, 0 0r, 1 0r, 1 .42r, 0 1, 1 1/0 .22, 0 0r, 1 0r, 1 .5r, 0 .62r, 0 1, 1 1",
    "3": "0 .2, 0 0r, 1 0r, 1 .47r, .35 .47; .35 .47, 1 .47r, 1 1r, 0 1r, 0 .8"
    "/0 0, 1 0, .4 .42, 1 .45r, 1 1r, 0 1r, 0 .8",
    "4": ".75 1, .75 0, 0 .7, 1 .7/.7 1, .7 0, .5 0, 0 .72, 1 .72/.3 0, 0 .6, 1 .6; .75 .3, .75 1",
    "5": ".95 0, .08 0, .03 .42, 1 .42r, 1 1r, 0 1r, 0 .8",
    "6": "1 .22, 1 0r, 0 0r, 0 1r, 1 1r, 1 .45r, 0 .45/.75 0, 0 .5r, 0 1r, 1 1r, 1 .45r, .1 .45",
    "7": "0 0, 1 0, .4 1/0 .15, 0 0, 1 0, .35 .6, .35 1",
    "8": "0 .2, 0 0r, 1 0r, 1 .47r, 0 .47r, 0 .2; 0 .7, 0 .47r, 1 .47r, 1 1r, 0 1r, 0 .7",
    "9": "0 .78, 0 1r, 1 1r, 1 0r, 0 0r, 0 .55r, 1 .55/.25 1, 1 .5r, 1 0r, 0 0r, 0 .55r, .9 .55",
    "A": "0 1, .5 0, 1 1; .18 .68, .82 .68/0 1, .4 0, .6 0, 1 1; .15 .68, .85 .68",
    "B": "0 .47, .9 .47r, .9 0r, 0 0, 0 1, 1 1r, 1 .47r, 0 .47",
    "C": "1 .27, 1 0r, 0 0r, 0 1r, 1 1r, 1 .73",
    "D": "0 .5, 0 0, 1 0r, 1 1r, 0 1, 0 .5",
    "E": "1 0, 0 0, 0 1, 1 1; 0 .48, .8 .48",
    "F": "1 0, 0 0, 0 1; 0 .48, .8 .48",
    "G": "1 .25, 1 0r, 0 0r, 0 1r, 1 1r, 1 .55, .55 .55",
    "H": "0 0, 0 1; 1 0, 1 1; 0 .48, 1 .48",
    "I": ".5 0, .5 1/.5 0, .5 1; 0 0, 1 0; 0 1, 1 1",
    "J": "1 0, 1 1r, 0 1r, 0 .7/.4 0, 1 0, 1 1r, 0 1r, 0 .7",
    "K": "0 0, 0 1; 1 0, 0 .6; .3 .42, 1 1",
    "L": "0 0, 0 1, 1 1",
    "M": "0 1, 0 0, .5 .6, 1 0, 1 1/0 1, 0 0, .5 .95, 1 0, 1 1/0 1, .1 0, .5 .6, .9 0, 1 1",
    "N": "0 1, 0 0, 1 1, 1 0",
    "O": "0 .5, 0 0r, 1 0r, 1 1r, 0 1r, 0 .5",
    "P": "0 1, 0 0, 1 0r, 1 .53r, 0 .53",
    "Q": "0 .5, 0 0r, 1 0r, 1 1r, 0 1r, 0 .5; .55 .72, 1 1",
    "R": "0 1, 0 0, 1 0r, 1 .53r, 0 .53; .45 .53, 1 1",
    "S": "1 .22, 1 0r, 0 0r, 0 .48r, 1 .48r, 1 1r, 0 1r, 0 .78",
    "T": "0 0, 1 0; .5 0, .5 1",
    "U": "0 0, 0 1r, 1 1r, 1 0",
    "V": "0 0, .5 1, 1 0",
    "W": "0 0, .22 1, .5 .35, .78 1, 1 0/0 0, 0 1, .5 .4, 1 1, 1 0/0 0, .25 1, .5 0, .75 1, 1 0",
    "X": "0 0, 1 1; 1 0, 0 1",
    "Y": "0 0, .5 .5, 1 0; .5 .5, .5 1",
    "Z": "0 0, 1 0, 0 1, 1 1",
}
_WIDTHS = {"I": 0.55, "1": 0.6, "M": 1.12, "W": 1.15}
_LINE_ALONE = {"I", "1"}


@dataclass(frozen=True, slots=True, kw_only=True)
class Dies:
    """One set: `width` and `thickness` in heights, `bend` in widths, and which form of each.

    `is_square`: ends and unbent corners are cut square, as of most presses, and not round.
    """

    width: float
    thickness: float
    bend: float
    slant: float
    forms: dict[str, int]
    is_square: bool


@cache
def dies(number: int) -> Dies:
    """The set of this number, always the same."""
    random = np.random.default_rng((1935, number))
    return Dies(
        width=float(random.uniform(0.36, 0.66)),
        thickness=float(random.uniform(0.09, 0.19)),
        # With less, an O is a D: it is by its corners that they differ.
        bend=float(random.uniform(0.22, 0.5)),
        slant=float(random.choice([0, 0, 0, random.normal(0, 0.06)])),
        forms={sign: int(random.integers(form.count("/") + 1)) for sign, form in _FORMS.items()},
        is_square=bool(random.random() < 0.7),
    )


def has_die(character: str) -> bool:
    """Whether sets of dies have this character; they have digits and Latin capitals."""
    return character in _FORMS


def pressed(number: int, character: str, height_px: int) -> NDArray[np.uint8]:
    """The character's mask from a set: shape (height_px, W), 255 where there is ink."""
    die = dies(number)
    tall = height_px * _OVERSAMPLING
    thick = max(2, round(die.thickness * tall))
    wide = round(die.width * tall * _WIDTHS.get(character, 1.0))
    form = _FORMS[character].split("/")[die.forms[character]]
    lines = [_corners(line) for line in form.split(";")]
    if character in _LINE_ALONE and len(lines) == 1 and len(lines[0]) == 2:
        wide = thick
    lean = abs(round(die.slant * tall))
    canvas = np.zeros((tall, wide + lean + 2), np.uint8)
    inner = np.array([max(1, wide - thick), tall - thick])

    def placed(points: list[Point]) -> NDArray[np.int32]:
        pixels = np.array(points).reshape(-1, 2) * inner + thick / 2
        down = pixels[:, 1] / tall
        pixels[:, 0] += lean * (1 - down if die.slant > 0 else down)
        return np.asarray(pixels.round(), np.int32)

    for line in lines:
        path = placed(_bent(line, die.bend, inner[0] / inner[1]))
        cv2.polylines(canvas, [path], False, 255, thick)  # noqa: FBT003
        for x, y in placed(_upright(line)) if die.is_square else ():
            start = x - thick // 2, y - thick // 2
            cv2.rectangle(canvas, start, (start[0] + thick - 1, start[1] + thick - 1), 255, -1)
    size = (max(1, round(canvas.shape[1] / _OVERSAMPLING)), height_px)
    return np.asarray(cv2.resize(canvas, size, interpolation=cv2.INTER_AREA), np.uint8)


def _corners(line: str) -> list[tuple[Point, bool]]:
    """Points of a line, and whether each is bent.

    >>> _corners("0 .5, 1 0r")
    [((0.0, 0.5), False), ((1.0, 0.0), True)]
    """
    corners = []
    for corner in line.split(","):
        x, y = corner.removesuffix("r").split()
        corners.append(((float(x), float(y)), corner.endswith("r")))
    return corners


def _upright(corners: list[tuple[Point, bool]]) -> list[Point]:
    """The ends and unbent corners of a line from which it goes along or down only."""
    points = [point for point, _ in corners]
    return [
        point
        for index, (point, is_bent) in enumerate(corners)
        if not is_bent
        and all(
            point[0] == other[0] or point[1] == other[1]
            for other in points[max(0, index - 1) : index + 2]
        )
    ]


def _bent(corners: list[tuple[Point, bool]], bend: float, aspect: float) -> list[Point]:
    """The line with its bent corners replaced by curves that reach `bend` widths along each leg."""
    points = [np.array(point) for point, _ in corners]
    bent: list[Point] = [corners[0][0]]
    for index in range(1, len(points) - 1):
        if not corners[index][1]:
            bent.append(corners[index][0])
            continue
        ends = []
        for other in (points[index - 1], points[index + 1]):
            leg = other - points[index]
            long = float(np.hypot(leg[0], leg[1] / aspect))
            ends.append(points[index] + leg * min(0.5, bend / max(long, 1e-6)))
        for share in np.linspace(0, 1, _BEND_STEPS):
            curve = (
                ends[0] * (1 - share) ** 2
                + points[index] * 2 * share * (1 - share)
                + ends[1] * share**2
            )
            bent.append((float(curve[0]), float(curve[1])))
    bent.append(corners[-1][0])
    return bent
