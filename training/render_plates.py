"""Renders labelled plate crops into shards that `training.train_reader` reads.

    python -m training.render_plates --out /tmp/plates --count 120000 --seed 1

A shard is repeated bit by bit from the seed and its number, whatever the number of processes;
shards that are already there are left alone, so that a stopped run goes on where it was. `--only`
renders some layouts alone, where a reader needs more of them; `--far` plates that are far away.
"""

import argparse
from collections.abc import Sequence
from functools import partial
from multiprocessing import Pool
from pathlib import Path

import cv2
import numpy as np
from numpy.typing import NDArray

from training.layouts import LAYOUTS, MOST_CHARACTERS, REGIONS, Layout
from training.lines import ALPHABET
from training.photos import photograph
from training.plates import choose_layout, draw_plate

INPUT_HEIGHT_PX = 64
INPUT_WIDTH_PX = 128
SLOTS = MOST_CHARACTERS
SHARD_PLATES = 2000
PHOTOGRAPHS = 2
PAD = ALPHABET.index("_")

# In shards: a text that nobody wrote down, a region that nobody knows, and no plate at all.
UNREAD = 255
UNKNOWN_REGION = 255
NOT_A_PLATE = 254


def encode_text(text: str) -> NDArray[np.uint8]:
    """The reader's answer for a text: shape (10,), the alphabet's index in each slot.

    >>> encode_text("A1").tolist()
    [10, 1, 78, 78, 78, 78, 78, 78, 78, 78]
    """
    return np.array([ALPHABET.index(sign) for sign in text.ljust(SLOTS, "_")], np.uint8)


def shard_path(
    folder: Path, seed: int, number: int, *, layouts: Sequence[Layout], is_far: bool
) -> Path:
    """Where a shard lies: those of some layouts alone are named after these, beside all others."""
    kind = "far" if is_far else "plates"
    only = "" if tuple(layouts) == LAYOUTS else "-" + "+".join(layout.name for layout in layouts)
    return folder / f"{kind}{only}-{seed}-{number:04d}.npz"


def render_shard(
    folder: Path,
    seed: int,
    number: int,
    *,
    plates: int = SHARD_PLATES,
    layouts: Sequence[Layout] = LAYOUTS,
    is_far: bool = False,
) -> Path:
    """Render one shard unless it is there: an .npz file of what `training.train_reader` reads."""
    path = shard_path(folder, seed, number, layouts=layouts, is_far=is_far)
    if path.exists():
        return path
    cv2.setNumThreads(1)
    random = np.random.default_rng((seed, number))
    pictures = np.zeros((plates, INPUT_HEIGHT_PX, INPUT_WIDTH_PX, 3), np.uint8)
    labels = np.zeros((plates, SLOTS), np.uint8)
    regions = np.zeros(plates, np.uint8)
    centers = np.zeros((plates, SLOTS, 2), np.float32)
    plate = draw_plate(choose_layout(random, layouts), random)
    for index in range(plates):
        # Drawing takes as long as a photograph, so each plate is photographed twice.
        if index and index % PHOTOGRAPHS == 0:
            plate = draw_plate(choose_layout(random, layouts), random)
        crop = photograph(plate, random, is_far=is_far)
        size = (INPUT_WIDTH_PX, INPUT_HEIGHT_PX)
        pictures[index] = cv2.resize(crop.picture, size, interpolation=cv2.INTER_LINEAR)
        labels[index] = encode_text(crop.text)
        regions[index] = REGIONS.index(crop.region)
        centers[index, : len(crop.text)] = crop.centers
    unfinished = path.with_suffix(".part")
    with unfinished.open("wb") as file:
        np.savez(file, pictures=pictures, labels=labels, regions=regions, centers=centers)
    unfinished.rename(path)
    return path


def main() -> None:
    """Render as many shards as the count asks for."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--out", type=Path, required=True, help="folder of the shards")
    parser.add_argument("--count", type=int, default=120_000, help="plates to render")
    parser.add_argument("--seed", type=int, default=1)
    parser.add_argument("--processes", type=int, default=2)
    parser.add_argument(
        "--only", action="append", default=[], choices=[layout.name for layout in LAYOUTS]
    )
    parser.add_argument("--far", action="store_true", help="so that they have 12 to 26 rows a line")
    arguments = parser.parse_args()
    arguments.out.mkdir(parents=True, exist_ok=True)
    only = [layout for layout in LAYOUTS if layout.name in arguments.only] or LAYOUTS
    render = partial(
        render_shard, arguments.out, arguments.seed, layouts=only, is_far=arguments.far
    )
    numbers = range(-(-arguments.count // SHARD_PLATES))
    locate = partial(shard_path, arguments.out, arguments.seed, layouts=only, is_far=arguments.far)
    were_there = {path for path in map(locate, numbers) if path.exists()}
    with Pool(arguments.processes) as pool:
        for path in pool.imap(render, numbers):
            note = " was there; another --seed renders others" if path in were_there else ""
            print(f"{path.name}{note}", flush=True)


if __name__ == "__main__":
    main()
