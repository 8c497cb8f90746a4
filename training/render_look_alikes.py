r"""Cuts out what a detector takes for plates: real plates, and things that only look like them.

    python -m training.render_look_alikes --labels ../shared/data/training/labels.jsonl \
        --detector detections/recognition/weights/plate_detector_v1.onnx --out /tmp/plates

The pictures are those that a model which ships may be trained on, as they are and with rendered
signs, captions and cabinets in them. The crops go into shards beside the rendered plates: with
region `NOT_A_PLATE` where no labelled plate is near, else without text and region, since nobody
wrote them down. From both the reader learns to say that a crop shows no plate at all.
"""

import argparse
from collections.abc import Iterator
from pathlib import Path

import cv2
import numpy as np
import onnxruntime

from training.measure import Boxes, Frame, detect, iou, session
from training.photos import cut_wrong, develop
from training.render_plates import (
    INPUT_HEIGHT_PX,
    INPUT_WIDTH_PX,
    NOT_A_PLATE,
    SHARD_PLATES,
    SLOTS,
    UNKNOWN_REGION,
    UNREAD,
)
from training.render_scenes import trainable_scenes
from training.scenes import Scene, compose_scene
from training.types import Random

FAINTEST = 0.01  # what the detector hardly believes in is as near to a plate as a thing can be
MOST_OF_A_SCENE = 8
REPEATS = 3


def proposals(
    scene: Scene, detector: onnxruntime.InferenceSession, random: Random
) -> Iterator[tuple[Boxes, bool]]:
    """Boxes (x_min, y_min, x_max, y_max) in a scene, and whether each is a labelled plate."""
    yield from ((box, True) for box in scene.boxes)
    found = detect(detector, scene.picture[..., ::-1], 640, FAINTEST)[:, :4]
    height, width = scene.picture.shape[:2]
    sizes = np.exp(random.uniform(np.log(20), np.log(160), (3, 1))) * (1, random.uniform(0.2, 0.7))
    corners = random.uniform(0, 1, (3, 2)) * (width, height)
    anywhere = np.concatenate([corners, corners + sizes], axis=1)
    for box in np.concatenate([found, anywhere])[:MOST_OF_A_SCENE]:
        if all(iou(box, plate) < 0.05 for plate in scene.boxes):
            yield box, False


def cut_out(picture: Frame, box: Boxes, random: Random) -> Frame | None:
    """The crop that a reader would get of this box, or None where nothing is left of it."""
    corners = np.array([box[:2], (box[2], box[1]), box[2:], (box[0], box[3])], np.float32)
    left, top, right, bottom = (round(value) for value in cut_wrong(corners, random))
    crop = picture[max(0, top) : max(0, bottom), max(0, left) : max(0, right)]
    if min(crop.shape[:2]) < 6:
        return None
    if random.random() < 0.5:
        crop = develop(crop.astype(np.float32), random)
    size = (INPUT_WIDTH_PX, INPUT_HEIGHT_PX)
    return np.asarray(cv2.resize(crop, size, interpolation=cv2.INTER_LINEAR), np.uint8)


def crops(labels: Path, detector: Path, random: Random) -> Iterator[tuple[Frame, bool]]:
    """Crops (64, 128, 3), RGB, and whether each is a real plate."""
    engine = session(detector)
    for scene in trainable_scenes(labels):
        # A rendered plate is none of either kind here, so the scene's own labels stay complete.
        for turn in range(2):
            seen = scene if turn == 0 else compose_scene(scene, random, plates=0)
            for box, is_plate in proposals(seen, engine, random):
                for _ in range(REPEATS if is_plate or turn == 0 else 1):
                    crop = cut_out(seen.picture, box, random)
                    if crop is not None:
                        yield crop, is_plate


def main() -> None:
    """Write all crops, shuffled, into shards of 2,000."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--labels", type=Path, required=True)
    parser.add_argument("--detector", type=Path, required=True)
    parser.add_argument("--out", type=Path, required=True)
    parser.add_argument("--seed", type=int, default=1)
    arguments = parser.parse_args()
    arguments.out.mkdir(parents=True, exist_ok=True)
    random = np.random.default_rng(arguments.seed)
    pictures, kinds = zip(*crops(arguments.labels, arguments.detector, random), strict=True)
    order = random.permutation(len(pictures))
    for number, start in enumerate(range(0, len(order), SHARD_PLATES)):
        chosen = order[start : start + SHARD_PLATES]
        np.savez(
            arguments.out / f"looks-{arguments.seed}-{number:04d}.npz",
            pictures=np.stack([pictures[index] for index in chosen]),
            labels=np.full((len(chosen), SLOTS), UNREAD, np.uint8),
            regions=np.array(
                [UNKNOWN_REGION if kinds[index] else NOT_A_PLATE for index in chosen], np.uint8
            ),
            centers=np.zeros((len(chosen), SLOTS, 2), np.float32),
        )
    print(f"{sum(kinds)} plates and {len(kinds) - sum(kinds)} look-alikes")


if __name__ == "__main__":
    main()
