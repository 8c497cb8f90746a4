"""Draws a sample of each layout of plates, to be looked at before training.

    python -m training.contact_sheet --out /tmp/sheet.png --each 6 --seed 1

A row shows one layout: first the plate as it leaves the factory, then photographs as a reader gets
them, 128 x 64 px, each of another plate.
"""

import argparse
from pathlib import Path

import cv2
import numpy as np

from training.layouts import LAYOUTS, Layout
from training.photos import photograph
from training.plates import draw_plate
from training.render_plates import INPUT_HEIGHT_PX, INPUT_WIDTH_PX
from training.types import Picture, Random

NAME_PX = 190
_EDGE = 4


def row_of(layout: Layout, each: int, random: Random) -> Picture:
    """One row of the sheet, RGB: the name, a drawn plate and `each` photographs."""
    width = NAME_PX + (each + 1) * (INPUT_WIDTH_PX + _EDGE)
    row = np.full((INPUT_HEIGHT_PX + _EDGE, width, 3), 30, np.uint8)
    place = (4, INPUT_HEIGHT_PX // 2)
    cv2.putText(row, layout.name, place, cv2.FONT_HERSHEY_SIMPLEX, 0.4, (220,) * 3, 1)
    pictures = [draw_plate(layout, random).picture]
    pictures += [photograph(draw_plate(layout, random), random).picture for _ in range(each)]
    for number, picture in enumerate(pictures):
        left = NAME_PX + number * (INPUT_WIDTH_PX + _EDGE)
        size = (INPUT_WIDTH_PX, INPUT_HEIGHT_PX)
        row[:INPUT_HEIGHT_PX, left : left + INPUT_WIDTH_PX] = cv2.resize(picture, size)
    return row


def contact_sheet(each: int, seed: int) -> Picture:
    """All layouts below one another, RGB; the same seed draws the same sheet."""
    random = np.random.default_rng(seed)
    return np.concatenate([row_of(layout, each, random) for layout in LAYOUTS])


def main() -> None:
    """Write the sheet."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--out", type=Path, required=True, help="the picture to write, .png")
    parser.add_argument("--each", type=int, default=6, help="photographs of each layout")
    parser.add_argument("--seed", type=int, default=1)
    arguments = parser.parse_args()
    sheet = contact_sheet(arguments.each, arguments.seed)
    cv2.imwrite(str(arguments.out), sheet[..., ::-1])
    print(f"{len(LAYOUTS)} layouts in {arguments.out}")


if __name__ == "__main__":
    main()
