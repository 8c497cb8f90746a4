"""Batches for the reader: drawn from shards of all kinds, lightly changed, prepared ahead."""

from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from queue import Queue
from threading import Thread
from typing import Any

import cv2
import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor

from training.errors import TrainingError
from training.reader_model import GRID_COLUMNS, GRID_ROWS
from training.render_plates import NOT_A_PLATE, PAD, UNKNOWN_REGION, UNREAD

# One in so many crops is of training.render_look_alikes, training.render_crops,
# training.shuffle_crops and training.render_plates --far, where there are any.
SHARES = {"looks-*.npz": 16, "real-*.npz": 5, "mixed-*.npz": 5, "far-*.npz": 8}
BATCHES_A_LOOK = 1000
SHARDS_AT_ONCE = 4


@dataclass(frozen=True, slots=True, kw_only=True)
class Batch:
    """What is learnt from N plates in one step.

    `pictures` (N, 3, 64, 128) from 0 to 255; `labels` (N, 10) of the slots; `regions` (N,);
    `plate` (N,), 1 where there is one; `gaze` (N, 10, 64), where each slot should look, sums to 1
    or, for padding, to 0; `spots` (N, 64), the character whose middle lies in each cell, padding
    where none does. `UNREAD` and `UNKNOWN_REGION` stand where nothing can be taught.
    """

    pictures: Tensor
    labels: Tensor
    regions: Tensor
    plate: Tensor
    gaze: Tensor
    spots: Tensor


Shard = dict[str, NDArray[Any]]


def batches(folder: Path, size: int, random: np.random.Generator) -> Iterator[Batch]:
    """Batches without end: shards in random order, each shuffled and lightly changed.

    What kinds of shards there are is looked up anew after `BATCHES_A_LOOK` batches.
    """
    while True:
        parts = [(kind, size // share) for kind, share in SHARES.items() if any(folder.glob(kind))]
        rendered = size - sum(rows for _, rows in parts)
        # Of several shards at once, since one may hold the plates of a single country.
        parts += [
            ("plates-*.npz", (rendered + place) // SHARDS_AT_ONCE)
            for place in range(SHARDS_AT_ONCE)
        ]
        sources = [_rows(folder, kind, rows, random) for kind, rows in parts]
        for _ in range(BATCHES_A_LOOK):
            drawn = [next(source) for source in sources]
            rows = {name: np.concatenate([one[name] for one in drawn]) for name in drawn[0]}
            yield _batch(rows, random)


def _batch(rows: Shard, random: np.random.Generator) -> Batch:
    labels, regions = rows["labels"].astype(np.int64), rows["regions"].astype(np.int64)
    pictures, centers = _changed(rows["pictures"], rows["centers"], random)
    return Batch(
        pictures=torch.from_numpy(pictures).contiguous(memory_format=torch.channels_last),
        labels=torch.from_numpy(labels),
        regions=torch.from_numpy(np.where(regions == NOT_A_PLATE, UNKNOWN_REGION, regions)),
        plate=torch.from_numpy((regions != NOT_A_PLATE).astype(np.float32)),
        gaze=torch.from_numpy(_gaze(centers, labels)),
        spots=torch.from_numpy(_spots(centers, labels)),
    )


def _rows(folder: Path, names: str, size: int, random: np.random.Generator) -> Iterator[Shard]:
    while True:
        shards = sorted(folder.glob(names))
        if not shards:
            raise TrainingError(f"No shards in {folder}: run training.render_plates first.")
        most = 0
        for index in random.permutation(len(shards)):
            with np.load(shards[int(index)]) as shard:
                arrays = dict(shard)
            order = random.permutation(len(arrays["labels"]))
            most = max(most, len(order))
            for start in range(0, len(order) - size + 1, size):
                yield {name: array[order[start : start + size]] for name, array in arrays.items()}
        if most < size:
            raise TrainingError(
                f"The shards {names} in {folder} have {most} plates at most and a batch takes "
                f"{size} of them: render more, or train with a smaller --batch."
            )


def _changed(
    pictures: NDArray[np.uint8], centers: NDArray[np.float32], random: np.random.Generator
) -> tuple[NDArray[np.float32], NDArray[np.float32]]:
    """Cut, brighten and tint each picture anew, so that a repeated picture is not the same one.

    Answers pictures (N, 3, 64, 128) and where the characters' middles are now (N, 10, 2).
    """
    count, height, width = pictures.shape[:3]
    cut = np.clip(random.normal(0, 0.02, (count, 4)), -0.05, 0.05)
    changed = np.empty_like(pictures)
    for index, (left, top, right, bottom) in enumerate(cut):
        matrix = np.array(
            [[1 / (1 - left - right), 0, -left * width / (1 - left - right)],
             [0, 1 / (1 - top - bottom), -top * height / (1 - top - bottom)]]
        )  # fmt: skip
        cv2.warpAffine(
            pictures[index],
            matrix,
            (width, height),
            dst=changed[index],
            borderMode=cv2.BORDER_REPLICATE,
        )
        _worse(changed[index], random)
    moved = (centers - cut[:, None, :2]) / (1 - cut[:, None, :2] - cut[:, None, 2:])
    gain = random.normal(1, 0.12, (count, 1, 1, 3)) * random.normal(1, 0.12, (count, 1, 1, 1))
    floats = changed.astype(np.float32) * gain.astype(np.float32)
    floats += random.normal(0, 12, (count, 1, 1, 1)).astype(np.float32)
    flipped = random.random(count) < 0.05
    floats[flipped] = 255 - floats[flipped]
    return np.clip(floats, 0, 255).transpose(0, 3, 1, 2), moved.astype(np.float32)


def _worse(picture: NDArray[np.uint8], random: np.random.Generator) -> None:
    """Sometimes blur, coarsen, sharpen, bleach or roughen a picture of a training set."""
    chance = random.random()
    if chance < 0.1:
        cv2.GaussianBlur(picture, (0, 0), random.uniform(0.4, 1.3), dst=picture)
    elif chance < 0.2:
        height, width = picture.shape[:2]
        part = random.uniform(0.35, 0.8)
        small = cv2.resize(picture, None, fx=part, fy=part, interpolation=cv2.INTER_AREA)
        cv2.resize(small, (width, height), dst=picture, interpolation=cv2.INTER_LINEAR)
    elif chance < 0.28:
        soft = cv2.GaussianBlur(picture, (0, 0), 1.2)
        cv2.addWeighted(picture, 2.0, soft, -1.0, 0, dst=picture)
    elif chance < 0.36:
        rough = random.normal(0, random.uniform(2, 10), picture.shape)
        np.copyto(picture, np.clip(picture + rough, 0, 255).astype(np.uint8))
    if random.random() < 0.1:
        picture[:] = picture.mean(axis=2, keepdims=True).astype(np.uint8)


def _spots(centers: NDArray[np.float32], labels: NDArray[np.int64]) -> NDArray[np.int64]:
    """The character in each cell of the grid: shape (N, 64)."""
    labels = np.where(np.isnan(centers[..., 0]), UNREAD, labels)
    centers = np.nan_to_num(centers)
    columns = np.clip(centers[..., 0] * GRID_COLUMNS, 0, GRID_COLUMNS - 1).astype(int)
    rows = np.clip(centers[..., 1] * GRID_ROWS, 0, GRID_ROWS - 1).astype(int)
    spots = np.full((len(labels), GRID_ROWS * GRID_COLUMNS), PAD, np.int64)
    spots[np.isnan(centers[:, 0, 0]) | (labels[:, 0] == UNREAD)] = UNREAD
    plate, slot = np.nonzero((labels != PAD) & (labels != UNREAD))
    spots[plate, (rows * GRID_COLUMNS + columns)[plate, slot]] = labels[plate, slot]
    return spots


def _gaze(centers: NDArray[np.float32], labels: NDArray[np.int64]) -> NDArray[np.float32]:
    """Where each slot should look: a spot of about a cell around the character's middle."""
    x = np.arange(GRID_COLUMNS) + 0.5
    y = np.arange(GRID_ROWS) + 0.5
    near_x = np.exp(-((x - centers[..., :1] * GRID_COLUMNS) ** 2) / (2 * 0.7**2))
    near_y = np.exp(-((y - centers[..., 1:] * GRID_ROWS) ** 2) / (2 * 0.6**2))
    spot = (near_y[..., :, None] * near_x[..., None, :]).reshape(*labels.shape, -1)
    spot /= spot.sum(-1, keepdims=True) + 1e-6
    taught = (labels != PAD) & (labels != UNREAD) & ~np.isnan(centers[..., 0])
    spot = np.nan_to_num(spot)
    return np.asarray(spot * taught[..., None], np.float32)


def ahead(source: Iterator[Batch], depth: int = 4) -> Iterator[Batch]:
    """Prepare batches in a thread while the last one is learnt."""
    queue: Queue[Batch | Exception] = Queue(depth)

    def fill() -> None:
        try:
            for batch in source:
                queue.put(batch)
        except Exception as error:  # noqa: BLE001 - raised where it is waited for
            queue.put(error)

    Thread(target=fill, daemon=True).start()
    while True:
        batch = queue.get()
        if isinstance(batch, Exception):
            raise batch
        yield batch
