"""Photographs real plates anew: cut, turned, coloured and blurred otherwise each time.

    python -m training.render_crops --crops /tmp/crops --out /tmp/plates --repeats 40

`--crops` is what `training.label_crops` wrote. Plates that it held back are left out unless asked
for; each text comes equally often, however many pictures show it. The shards, `real-*.npz`, go
beside the rendered plates; where each character stands is not known, so `centers` are NaN in them.
"""

import argparse
import json
from collections import defaultdict
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path

import cv2
import numpy as np
from numpy.typing import NDArray

from training.photos import MARGIN_X, MARGIN_Y, develop
from training.plates import Random
from training.render_plates import (
    INPUT_HEIGHT_PX,
    INPUT_WIDTH_PX,
    SHARD_PLATES,
    SLOTS,
    UNKNOWN_REGION,
    encode_text,
)

Frame = NDArray[np.uint8]
Points = NDArray[np.float32]


def photographed_again(
    wide: Frame, box: Sequence[float], points: Points, random: Random
) -> tuple[Frame, Points]:
    """The plate as another camera could have shown it: shape (64, 128, 3).

    `wide` is RGB and holds the plate, `box` (x, y, width, height), with something around it.
    `points` (N, 2), in pixels of `wide`, come back as fractions of the answered picture.
    """
    x, y, width, height = box
    corners = np.array(
        [[x, y], [x + width, y], [x + width, y + height], [x, y + height]], np.float32
    )
    angle = np.deg2rad(random.normal(0, 3))
    turn = np.array([[np.cos(angle), -np.sin(angle)], [np.sin(angle), np.cos(angle)]])
    shear = np.array([[1, random.normal(0, 0.06)], [random.normal(0, 0.02), 1]])
    middle = corners.mean(axis=0)
    moved = (corners - middle) @ (turn @ shear).T
    moved = (moved + random.normal(0, 0.012, (4, 2)) * (width, height)).astype(np.float32)
    low, high = moved.min(axis=0), moved.max(axis=0)
    margins = np.array([MARGIN_X, MARGIN_Y, MARGIN_X, MARGIN_Y])
    margins = margins + np.clip(random.normal(0, (0.025, 0.05) * 2), -0.05, 0.12)
    reach = high - low
    low, high = low - margins[:2] * reach, high + margins[2:] * reach
    size = np.maximum((high - low).round().astype(int), (24, 12))
    matrix = cv2.getPerspectiveTransform(corners, (moved - low).astype(np.float32))
    crop = cv2.warpPerspective(
        wide, matrix, size.tolist(), flags=cv2.INTER_LINEAR, borderMode=cv2.BORDER_REPLICATE
    )
    seen = _coloured(crop.astype(np.float32), random)
    developed = develop(seen, random) if random.random() < 0.25 else seen.astype(np.uint8)
    picture = cv2.resize(
        developed, (INPUT_WIDTH_PX, INPUT_HEIGHT_PX), interpolation=cv2.INTER_LINEAR
    )
    places = cv2.perspectiveTransform(points[None].astype(np.float32), matrix)[0] / size
    return np.asarray(picture, np.uint8), np.asarray(places, np.float32)


def _coloured(crop: Points, random: Random) -> Points:
    """In other light, other colours, or none."""
    if random.random() < 0.25:
        crop = np.repeat(crop.mean(axis=2, keepdims=True), 3, axis=2)
    crop = crop * random.normal(1, 0.12, 3).astype(np.float32)
    crop = (crop - 128) * random.uniform(0.75, 1.25) + 128 + random.normal(0, 15)
    return np.asarray(np.clip(crop, 0, 255), np.float32)


@dataclass(frozen=True, slots=True, kw_only=True)
class LinedUp:
    """A plate turned so that its characters stand on a level line.

    `picture` is RGB with something around the plate; `box` (x, y, width, height) and `centers`
    (N, 2) are pixels of it.
    """

    text: str
    picture: Frame
    box: Sequence[float]
    centers: Points


def shuffled(plate: LinedUp, random: Random) -> tuple[str, Frame]:
    """Another text and its picture, made of this plate's characters in their places."""
    _, _, width, height = plate.box
    half = (0.32 if width < 2.7 * height else 0.46) * height
    middle = float(np.median(plate.centers[:, 1]))
    rows = slice(max(0, round(middle - half)), round(middle + half))
    gaps = np.diff(plate.centers[:, 0])
    reach = min(float(np.median(gaps)), float(gaps.min()) * 1.1) / 2
    count = len(plate.text)
    chosen = random.permutation(count)
    again = random.random(count) < 0.2
    chosen[again] = random.integers(0, count, int(again.sum()))
    picture = plate.picture.copy()
    for place, source in enumerate(chosen):
        if place == source:
            continue
        at = [round(float(plate.centers[index, 0]) - reach) for index in (place, source)]
        wide = round(2 * reach)
        if min(at) < 0 or max(at) + wide > picture.shape[1]:
            chosen[place] = place
            continue
        piece = plate.picture[rows, at[1] : at[1] + wide].astype(np.float32)
        under = picture[rows, at[0] : at[0] + wide].astype(np.float32)
        soft = np.clip(np.minimum(np.arange(wide) + 1, wide - np.arange(wide)) / 2.5, 0, 1)
        mixed = piece * soft[None, :, None] + under * (1 - soft[None, :, None])
        picture[rows, at[0] : at[0] + wide] = mixed.astype(np.uint8)
    return "".join(plate.text[index] for index in chosen), picture


def held_in(
    crops: Path, *, held_back_too: bool = False
) -> Iterator[tuple[str, Frame, list[float]]]:
    """Text, RGB picture and box of each plate that is not held back for validation, or of all."""
    for line in (crops / "crops.jsonl").read_text().splitlines():
        row = json.loads(line)
        if held_back_too or not row["hold"]:
            wide = np.asarray(cv2.imread(str(crops / row["image"])), np.uint8)
            yield row["text"], np.ascontiguousarray(wide[..., ::-1]), row["bbox"]


def write_shards(
    plates: Sequence[tuple[Frame, str, Points]], out: Path, name: str, random: Random
) -> None:
    """Write photographs, their texts and the places of their characters, shuffled."""
    order = random.permutation(len(plates))
    for number, start in enumerate(range(0, len(order), SHARD_PLATES)):
        chosen = [plates[index] for index in order[start : start + SHARD_PLATES]]
        centers = np.full((len(chosen), SLOTS, 2), np.nan, np.float32)
        for index, (_, text, places) in enumerate(chosen):
            if len(places):
                centers[index] = 0
                centers[index, : len(text)] = places
        np.savez(
            out / f"{name}-{number:04d}.npz",
            pictures=np.stack([picture for picture, _, _ in chosen]),
            labels=np.stack([encode_text(text) for _, text, _ in chosen]),
            regions=np.full(len(chosen), UNKNOWN_REGION, np.uint8),
            centers=centers,
        )


def main() -> None:
    """Write all photographs, shuffled, into shards of 2,000."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--crops", type=Path, required=True)
    parser.add_argument("--out", type=Path, required=True)
    parser.add_argument("--repeats", type=int, default=40, help="photographs of each text")
    parser.add_argument("--held-back-too", action="store_true", help="validate no more: take all")
    parser.add_argument("--seed", type=int, default=1)
    arguments = parser.parse_args()
    cv2.setNumThreads(1)
    random = np.random.default_rng(arguments.seed)
    shown = defaultdict[str, list[tuple[Frame, list[float]]]](list)
    for text, wide, box in held_in(arguments.crops, held_back_too=arguments.held_back_too):
        shown[text].append((wide, box))
    corner, nowhere = np.zeros((1, 2), np.float32), np.zeros((0, 2), np.float32)
    plates = []
    for text, pictures in shown.items():
        for _ in range(arguments.repeats):
            wide, box = pictures[int(random.integers(len(pictures)))]
            picture, _ = photographed_again(wide, box, corner, random)
            plates.append((picture, text, nowhere))
    write_shards(plates, arguments.out, f"real-{arguments.seed}", random)
    print(f"{len(plates)} photographs of {len(shown)} plates")


if __name__ == "__main__":
    main()
