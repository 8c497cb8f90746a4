"""Trains the plate detector: YOLO26n, one class, on the set that `training.render_scenes` writes.

    python -m training.train_detector --scenes /tmp/scenes --out /tmp/detector --epochs 45
    python -m training.train_detector --scenes /tmp/scenes2 --out /tmp/detector2 --epochs 2 \
        --start /tmp/detector/weights/last.pt --rate 0.0005 --freeze 10

Without `--start` it begins from random weights (about 110 s an epoch of 884 pictures at 416 px on
two cores). A second call with the same `--out` goes on from its last checkpoint. No picture is
mirrored: letters are not.
"""

import argparse
import os
from pathlib import Path

os.environ.setdefault("YOLO_OFFLINE", "true")
os.environ.setdefault("YOLO_AUTOINSTALL", "false")

import torch
from ultralytics import YOLO


def main() -> None:
    """Train from the command line."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--scenes", type=Path, required=True, help="folder of render_scenes")
    parser.add_argument("--out", type=Path, required=True, help="folder of the checkpoints")
    parser.add_argument("--start", type=Path, help="weights to go on from, a .pt file")
    parser.add_argument("--freeze", type=int, default=0, help="first layers that stay as they are")
    parser.add_argument("--epochs", type=int, default=45)
    parser.add_argument("--side", type=int, default=416, help="side of the training pictures in px")
    parser.add_argument("--batch", type=int, default=16)
    parser.add_argument("--rate", type=float, default=0.002, help="first learning rate")
    parser.add_argument("--seed", type=int, default=1)
    parser.add_argument("--threads", type=int, default=2)
    arguments = parser.parse_args()
    torch.set_num_threads(arguments.threads)
    last = arguments.out / "weights" / "last.pt"
    start = last if last.exists() else arguments.start or "yolo26n.yaml"
    YOLO(str(start)).train(
        resume=last.exists(),
        data=str(arguments.scenes / "plates.yaml"),
        project=str(arguments.out.parent.resolve()),
        name=arguments.out.name,
        exist_ok=True,
        epochs=arguments.epochs,
        imgsz=arguments.side,
        batch=arguments.batch,
        lr0=arguments.rate,
        lrf=0.05,
        freeze=arguments.freeze,
        seed=arguments.seed,
        optimizer="AdamW",
        warmup_epochs=min(3.0, arguments.epochs * 0.1),
        close_mosaic=max(1, arguments.epochs // 6),
        fliplr=0.0,
        flipud=0.0,
        degrees=5.0,
        scale=0.7,
        hsv_h=0.1,
        hsv_s=0.9,
        hsv_v=0.5,
        cache="ram",
        device="cpu",
        workers=0,
        val=False,
        plots=False,
        amp=False,
    )


if __name__ == "__main__":
    main()
