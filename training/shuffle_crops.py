"""Makes new plates of the characters of real ones.

    python -m training.shuffle_crops --crops /tmp/crops --checkpoint /tmp/reader/last.pt \
        --out /tmp/plates --repeats 100

`--checkpoint` may be an exported reader, too.

A few hundred real plates would be learnt by heart. Where a reader's attention tells where the
characters of a real plate stand in one line, they change places and some come twice, so that real
letters on real ground spell what no plate says. The shards, `mixed-*.npz`, lie beside the others.
"""

import argparse
from collections.abc import Sequence
from pathlib import Path

import cv2
import numpy as np
import torch

from training.lines import ALPHABET
from training.photos import MARGIN_X, MARGIN_Y
from training.reader_model import GRID_COLUMNS, GRID_ROWS, PlateReaderNet, grow, mean_weights
from training.render_crops import (
    Frame,
    LinedUp,
    Photograph,
    held_in,
    photographed_again,
    shuffled,
    write_shards,
)
from training.render_plates import INPUT_HEIGHT_PX, INPUT_WIDTH_PX

MOST_OFF_LINE = 0.07  # of the plate's height
LEAST_HEIGHT_PX = 20  # below, edges of what is moved show more than letters
LEAST_GAP = 0.55  # of the median one


@torch.no_grad()  # type: ignore[untyped-decorator]  # PyTorch has no types here
def line_up(net: PlateReaderNet, text: str, wide: Frame, box: Sequence[float]) -> LinedUp | None:
    """The plate with its characters found, or None where they are not surely on one line."""
    x, y, width, height = box
    if height < LEAST_HEIGHT_PX:
        return None
    low = np.array([x - MARGIN_X * width, y - MARGIN_Y * height])
    high = np.array([x + width * (1 + MARGIN_X), y + height * (1 + MARGIN_Y)])
    left, top = np.maximum(low, 0).astype(int)
    right, bottom = high.astype(int)
    crop = wide[top:bottom, left:right]
    small = cv2.resize(crop, (INPUT_WIDTH_PX, INPUT_HEIGHT_PX))
    answer = net(torch.from_numpy(small.transpose(2, 0, 1)[None].copy()).float())
    read = "".join(ALPHABET[index] for index in answer.characters[0].argmax(-1)).rstrip("_")
    if read != text:
        return None
    looked = answer.looked[0, : len(text)].numpy() ** 2
    looked /= looked.sum(-1, keepdims=True)
    columns = (np.arange(GRID_COLUMNS) + 0.5) / GRID_COLUMNS
    rows = (np.arange(GRID_ROWS) + 0.5) / GRID_ROWS
    grid = np.stack(np.meshgrid(columns, rows), axis=-1).reshape(-1, 2)
    centers = looked @ grid * (crop.shape[1], crop.shape[0]) + (left, top)
    gaps = np.diff(centers[:, 0])
    if gaps.min() < LEAST_GAP * np.median(gaps):
        return None
    slope, offset = np.polyfit(centers[:, 0], centers[:, 1], 1)
    if np.abs(centers[:, 1] - slope * centers[:, 0] - offset).max() > MOST_OFF_LINE * height:
        return None
    middle = (x + width / 2, y + height / 2)
    turn = cv2.getRotationMatrix2D(middle, float(np.degrees(np.arctan(slope))), 1.0)
    level = cv2.warpAffine(
        wide, turn, (wide.shape[1], wide.shape[0]), borderMode=cv2.BORDER_REPLICATE
    )
    moved = np.concatenate([centers, np.ones((len(centers), 1))], axis=1) @ turn.T
    return LinedUp(
        text=text,
        picture=np.asarray(level, np.uint8),
        box=box,
        centers=moved.astype(np.float32),
    )


def main() -> None:
    """Write all photographs, shuffled, into shards of 2,000."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--crops", type=Path, required=True)
    parser.add_argument("--checkpoint", type=Path, required=True)
    parser.add_argument("--out", type=Path, required=True)
    parser.add_argument("--repeats", type=int, default=100, help="new texts of each plate")
    parser.add_argument("--held-back-too", action="store_true", help="validate no more: take all")
    parser.add_argument("--seed", type=int, default=1)
    arguments = parser.parse_args()
    cv2.setNumThreads(1)
    torch.set_num_threads(1)
    random = np.random.default_rng(arguments.seed)
    net = PlateReaderNet()
    grow(net, mean_weights([arguments.checkpoint]))
    net.eval()
    found = [
        line_up(net, plate.text, plate.picture, plate.box)
        for plate in held_in(arguments.crops, held_back_too=arguments.held_back_too)
    ]
    known: dict[str, list[LinedUp]] = {}
    for plate in found:
        if plate is not None:
            known.setdefault(plate.text, []).append(plate)
    plates = []
    for same in known.values():
        for _ in range(arguments.repeats):
            plate = same[int(random.integers(len(same)))]
            text, picture = shuffled(plate, random)
            seen, places = photographed_again(picture, plate.box, plate.centers, random)
            plates.append(Photograph(picture=seen, text=text, places=places))
    write_shards(plates, arguments.out, f"mixed-{arguments.seed}", random)
    print(f"{len(plates)} photographs of {len(known)} of {len(found)} plates")


if __name__ == "__main__":
    main()
