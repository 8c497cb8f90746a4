"""Photographs real plates anew: cut, turned, coloured and blurred otherwise each time.

    python -m training.render_crops --crops /tmp/crops --out /tmp/plates --repeats 40

`--crops` is what `training.label_crops` or `manage.py export_training_set` wrote. Plates that are
held back for validation are left out unless asked for; each text comes equally often, however many
pictures show it. The shards, `real-*.npz`, go beside the rendered plates; where each character
stands is not known, so `centers` are NaN in them. What people found to be no plate goes into
`looks-rejected-*.npz`.
"""

import argparse
import csv
import json
from collections import defaultdict
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from pathlib import Path

import cv2
import numpy as np
from numpy.typing import NDArray

from training.errors import TrainingError
from training.layouts import REGIONS
from training.photos import MARGIN_X, MARGIN_Y, develop
from training.render_plates import (
    INPUT_HEIGHT_PX,
    INPUT_WIDTH_PX,
    NOT_A_PLATE,
    SHARD_PLATES,
    SLOTS,
    UNKNOWN_REGION,
    UNREAD,
    encode_text,
)
from training.types import Random

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


@dataclass(frozen=True, slots=True, kw_only=True)
class RealPlate:
    """A real plate and what it says.

    `picture` is RGB; `box` (x, y, width, height) are pixels of it. `region` is one of
    `training.layouts.REGIONS`, or "" where nobody knows.
    """

    text: str
    picture: Frame
    box: Sequence[float]
    region: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class Photograph:
    """What a reader is taught: `picture` (64, 128, 3), RGB.

    `text` is None where no plate is shown. `places` (N, 2) are fractions of the picture, none where
    nobody knows where the characters stand.
    """

    picture: Frame
    text: str | None
    places: Points = field(default_factory=lambda: np.zeros((0, 2), np.float32))
    region: str = ""


def held_in(crops: Path, *, held_back_too: bool = False) -> Iterator[RealPlate]:
    """Each plate of the folder that is not held back for validation, or all of them.

    Raises:
        TrainingError: The folder holds no labelled crops, or one cannot be read.
    """
    if (crops / "crops.jsonl").exists():
        for line in (crops / "crops.jsonl").read_text().splitlines():
            row = json.loads(line)
            if held_back_too or not row["hold"]:
                picture = _rgb(crops / row["image"])
                yield RealPlate(text=row["text"], picture=picture, box=row["bbox"])
    elif (crops / "train.csv").exists():
        yield from _exported(crops, ("train", "validation") if held_back_too else ("train",))
    else:
        raise TrainingError(
            f"{crops} has neither crops.jsonl of training.label_crops nor train.csv of manage.py "
            "export_training_set."
        )


def _exported(folder: Path, lists: Sequence[str]) -> Iterator[RealPlate]:
    """The crops of these lists of an exported training set, which have the pipeline's margin."""
    for name in lists:
        with (folder / f"{name}.csv").open(encoding="utf-8", newline="") as file:
            for row in csv.DictReader(file):
                picture, region = _rgb(folder / row["image_path"]), row["plate_region"]
                yield RealPlate(
                    text=row["plate_text"],
                    picture=picture,
                    box=_without_margin(picture),
                    region=region if region in REGIONS else "",
                )


def no_plates_in(folder: Path) -> Iterator[Frame]:
    """The crops of an exported training set that people found to be no plate."""
    for path in sorted((folder / "rejected").glob("*")):
        yield _rgb(path)


def _rgb(path: Path) -> Frame:
    picture = cv2.imread(str(path))
    if picture is None:
        raise TrainingError(f"{path} cannot be read as a picture.")
    return np.ascontiguousarray(picture[..., ::-1], np.uint8)


def _without_margin(crop: Frame) -> list[float]:
    """Where the detector's box lies in a crop."""
    height, width = crop.shape[:2]
    wide, high = width / (1 + 2 * MARGIN_X), height / (1 + 2 * MARGIN_Y)
    return [(width - wide) / 2, (height - high) / 2, wide, high]


def write_shards(plates: Sequence[Photograph], out: Path, name: str, random: Random) -> None:
    """Write photographs, their texts and the places of their characters, shuffled."""
    out.mkdir(parents=True, exist_ok=True)
    order = random.permutation(len(plates))
    for number, start in enumerate(range(0, len(order), SHARD_PLATES)):
        chosen = [plates[index] for index in order[start : start + SHARD_PLATES]]
        centers = np.full((len(chosen), SLOTS, 2), np.nan, np.float32)
        for index, plate in enumerate(chosen):
            if len(plate.places):
                centers[index] = 0
                centers[index, : len(plate.places)] = plate.places
        np.savez(
            out / f"{name}-{number:04d}.npz",
            pictures=np.stack([plate.picture for plate in chosen]),
            labels=np.stack([_label(plate) for plate in chosen]),
            regions=np.array([_region(plate) for plate in chosen], np.uint8),
            centers=centers,
        )


def _label(plate: Photograph) -> NDArray[np.uint8]:
    return np.full(SLOTS, UNREAD, np.uint8) if plate.text is None else encode_text(plate.text)


def _region(plate: Photograph) -> int:
    if plate.text is None:
        return NOT_A_PLATE
    return REGIONS.index(plate.region) if plate.region else UNKNOWN_REGION


def _anew(crop: Frame, box: Sequence[float], random: Random) -> Frame:
    return photographed_again(crop, box, np.zeros((1, 2), np.float32), random)[0]


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
    shown = defaultdict[str, list[RealPlate]](list)
    for plate in held_in(arguments.crops, held_back_too=arguments.held_back_too):
        shown[plate.text].append(plate)
    plates = []
    for text, pictures in shown.items():
        for _ in range(arguments.repeats):
            plate = pictures[int(random.integers(len(pictures)))]
            picture = _anew(plate.picture, plate.box, random)
            plates.append(Photograph(picture=picture, text=text, region=plate.region))
    write_shards(plates, arguments.out, f"real-{arguments.seed}", random)
    others = [
        Photograph(picture=_anew(crop, _without_margin(crop), random), text=None)
        for crop in no_plates_in(arguments.crops)
        for _ in range(arguments.repeats)
    ]
    write_shards(others, arguments.out, f"looks-rejected-{arguments.seed}", random)
    print(f"{len(plates)} photographs of {len(shown)} plates, {len(others)} of no plate")


if __name__ == "__main__":
    main()
