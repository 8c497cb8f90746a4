"""Writes the detector's training set: the pictures that may be trained on, and scenes made of them.

    python -m training.render_scenes --labels ../shared/data/training/labels.jsonl --out /tmp/scenes

Only folders named in `TRAINABLE` are used: others lie beside them for measuring. Each picture is
written once as it is and on average `--scenes` times with rendered plates and look-alikes; as
many scenes again as `--streets` says are rendered from nothing.
"""

import argparse
from collections.abc import Iterator
from pathlib import Path

import cv2
import numpy as np

from training.measure import labelled
from training.scenes import Scene, compose_scene

TRAINABLE = ("robertlucian_ro", "roboflow_openimages_lp")
LONGEST_SIDE_PX = 640


def trainable_scenes(labels: Path) -> Iterator[Scene]:
    """The labelled pictures whose licence lets a model of them ship, at most 640 px long."""
    for _, picture, plates in labelled(labels, TRAINABLE):
        scale = min(1.0, LONGEST_SIDE_PX / max(picture.shape[:2]))
        size = (round(picture.shape[1] * scale), round(picture.shape[0] * scale))
        small = cv2.resize(picture, size, interpolation=cv2.INTER_AREA)[..., ::-1]
        boxes = np.array([plate["bbox"] for plate in plates], np.float32).reshape(-1, 4) * scale
        boxes[:, 2:] += boxes[:, :2]
        yield Scene(picture=np.ascontiguousarray(small, np.uint8), boxes=boxes)


def write_scene(scene: Scene, folder: Path, name: str) -> None:
    """Write the picture and its boxes as Ultralytics reads them."""
    height, width = scene.picture.shape[:2]
    bgr = scene.picture[..., ::-1]
    cv2.imwrite(str(folder / "images" / f"{name}.jpg"), bgr, [cv2.IMWRITE_JPEG_QUALITY, 88])
    low, high = scene.boxes[:, :2], scene.boxes[:, 2:]
    rows = np.concatenate([(low + high) / 2, high - low], axis=1) / (width, height, width, height)
    lines = ["0 " + " ".join(f"{value:.6f}" for value in row) for row in rows]
    (folder / "labels" / f"{name}.txt").write_text("\n".join(lines))


def main() -> None:
    """Write the whole set."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--labels", type=Path, required=True)
    parser.add_argument("--out", type=Path, required=True)
    parser.add_argument("--scenes", type=float, default=0.7, help="composed scenes a picture")
    parser.add_argument("--streets", type=int, default=150, help="scenes rendered from nothing")
    parser.add_argument("--seed", type=int, default=1)
    arguments = parser.parse_args()
    for name in ("images", "labels"):
        (arguments.out / name).mkdir(parents=True, exist_ok=True)
    for index, scene in enumerate(trainable_scenes(arguments.labels)):
        write_scene(scene, arguments.out, f"real-{index:04d}")
        chance = np.random.default_rng((arguments.seed, index)).random()
        for turn in range(int(arguments.scenes + chance)):
            random = np.random.default_rng((arguments.seed, index, turn))
            write_scene(compose_scene(scene, random), arguments.out, f"composed-{index:04d}-{turn}")
    for index in range(arguments.streets):
        random = np.random.default_rng((arguments.seed, index))
        write_scene(compose_scene(None, random), arguments.out, f"street-{index:04d}")
    (arguments.out / "plates.yaml").write_text(
        f"path: {arguments.out.resolve()}\ntrain: images\nval: images\nnames: [plate]\n"
    )


if __name__ == "__main__":
    main()
