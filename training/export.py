"""Turns checkpoints into the files that ship, and checks that they answer as the checkpoints do.

    python -m training.export reader /tmp/reader/last.pt plate_reader_v1.onnx \
        --with /tmp/reader0/last.pt
    python -m training.export detector /tmp/detector2/weights/last.pt plate_detector_v1.onnx \
        --with /tmp/detector/weights/last.pt

Reader: input `input`, the name that fast-plate-ocr feeds, uint8 RGB (N, 64, 128, 3), plain resize;
output `plate`, probabilities (N, 10, 79) over digits, Latin letters, Thai consonants and `_`, which
pads, and output `region`, probabilities of the regions that the plate configuration lists, `none`
meaning that the crop shows no plate. The configuration, in fast-plate-ocr's format, is written
beside it.

Detector: input `images`, float32 RGB (N, 3, H, W) from 0 to 1, letterboxed with grey 114, H and W
multiples of 32; output `output0` (N, 300, 6), rows x_min, y_min, x_max, y_max in pixels of the
input, score, class (always 0), best first, nothing left to suppress.

Large weights are stored as 16-bit floats and computed with as 32-bit, which halves the files; both
engines fold the conversion away.
"""

import argparse
import hashlib
import os
from collections.abc import Sequence
from pathlib import Path
from typing import cast

os.environ.setdefault("YOLO_OFFLINE", "true")
os.environ.setdefault("YOLO_AUTOINSTALL", "false")

import numpy as np
import onnx
import onnxruntime
import onnxslim  # type: ignore[import-not-found]  # in requirements/training.txt alone
import torch
from onnx import helper, numpy_helper
from torch import Tensor, nn

from training.agreement import apart, rendered_crops, rendered_scenes
from training.errors import TrainingError
from training.layouts import REGIONS
from training.lines import ALPHABET
from training.reader_model import ExportedReader, PlateReaderNet, mean_weights
from training.render_plates import INPUT_HEIGHT_PX, INPUT_WIDTH_PX, SLOTS

OPSET = 17
HALVED_FROM_VALUES = 1024
ALLOWED_DIFFERENCE = 0.01  # of a probability
ALLOWED_SHIFT_PX = 1.0  # of a box's edge
CHECKED = 8  # rendered pictures of each size
KEPT_BOXES = 300
MOST_OVERLAP = 0.5
# What Ultralytics must be told to run the file, as its own export would write it.
DETECTOR_METADATA = {
    "task": "detect",
    "names": "{0: 'plate'}",
    "stride": "32",
    "imgsz": "[640, 640]",
    "batch": "1",
    "channels": "3",
    "end2end": "True",
    "args": "{'dynamic': True}",
}
PLATE_CONFIG = f"""\
max_plate_slots: {SLOTS}
alphabet: "{ALPHABET}"
pad_char: "_"
img_height: {INPUT_HEIGHT_PX}
img_width: {INPUT_WIDTH_PX}
keep_aspect_ratio: false
interpolation: linear
image_color_mode: rgb
plate_regions:
{"".join(f'  - "{region or "unknown"}"' + chr(10) for region in (*REGIONS, "none"))}"""


def export_reader(checkpoints: Sequence[Path], out: Path) -> float:
    """Write the reader and its plate configuration; answer the largest difference seen.

    Raises:
        TrainingError: The exported model answers otherwise than the checkpoint.
    """
    net = PlateReaderNet()
    net.load_state_dict(mean_weights(checkpoints))
    model = ExportedReader(net).eval()
    sample = torch.randint(0, 256, (3, INPUT_HEIGHT_PX, INPUT_WIDTH_PX, 3), dtype=torch.uint8)
    torch.onnx.export(
        model,
        (sample,),
        str(out),
        input_names=["input"],
        output_names=["plate", "region"],
        dynamic_axes={name: {0: "count"} for name in ("input", "plate", "region")},
        opset_version=OPSET,
        dynamo=False,
    )
    onnx.save(_halved(onnx.load(str(out))), str(out))
    out.with_suffix(".yaml").write_text(PLATE_CONFIG)
    difference = 0.0
    session = onnxruntime.InferenceSession(str(out), providers=["CPUExecutionProvider"])
    for count in (1, CHECKED):
        pictures = rendered_crops(count, np.random.default_rng(count))
        with torch.no_grad():
            expected = model(torch.from_numpy(pictures))
        answers = session.run(None, {"input": pictures})
        for answer, right in zip(answers, expected, strict=True):
            difference = max(difference, float(np.abs(answer - right.numpy()).max()))
    return _checked(difference, out)


class SuppressedDetector(nn.Module):  # type: ignore[misc]  # PyTorch has no types here
    """YOLO26's dense head with overlapping boxes already suppressed, in plain tensor operations.

    The dense head is used, since the head that needs no suppression lags behind it after a short
    training. A box goes when a more certain one overlaps it by more than `MOST_OVERLAP`: "Fast
    NMS", which has no loop and so takes any batch in every engine. Source: Bolya et al., "YOLACT",
    2019, section 4.2, https://arxiv.org/abs/1904.02689.
    """

    def __init__(self, net: nn.Module) -> None:
        super().__init__()
        self.net = net

    def forward(self, images: Tensor) -> Tensor:
        """Boxes of shape (N, 300, 6), best first; suppressed ones have score 0."""
        dense = self.net(images)
        score, chosen = dense[:, 4].topk(KEPT_BOXES, dim=1)
        # All five rows are gathered, since OpenVINO wants data and indices of equal height.
        boxes = dense.gather(2, chosen[:, None].expand(-1, 5, -1))
        middle, half = boxes[:, :2], boxes[:, 2:4] / 2
        low, high = middle - half, middle + half
        reach = torch.minimum(high[:, :, :, None], high[:, :, None]) - torch.maximum(
            low[:, :, :, None], low[:, :, None]
        )
        shared = reach.clamp(min=0).prod(1)
        area = (high - low).prod(1)
        overlap = shared / (area[:, :, None] + area[:, None] - shared + 1e-6)
        worst = (overlap * torch.ones(KEPT_BOXES, KEPT_BOXES).triu(1)).amax(1)
        score = score * (worst <= MOST_OVERLAP)
        score, order = score.topk(KEPT_BOXES, dim=1)
        rows = torch.cat([low, high], dim=1).gather(2, order[:, None].expand(-1, 4, -1))
        return torch.cat([rows, score[:, None], torch.zeros_like(score)[:, None]], 1).transpose(
            1, 2
        )


def _averaged(checkpoints: Sequence[Path]) -> nn.Module:
    """The detector whose weights are the mean of these checkpoints of one architecture.

    Between a model and what it became by learning something new lies one that keeps more of both.
    Source: Wortsman et al., "Robust fine-tuning of zero-shot models", 2022,
    https://arxiv.org/abs/2109.01903.
    """
    from ultralytics import YOLO  # noqa: PLC0415 - two seconds that the reader's export needs not

    nets = [YOLO(str(checkpoint)).model.float().eval() for checkpoint in checkpoints]
    for name, weight in nets[0].state_dict().items():
        if weight.dtype.is_floating_point:
            weight.copy_(torch.stack([net.state_dict()[name] for net in nets]).mean(0))
    return cast(nn.Module, nets[0])


def export_detector(checkpoints: Sequence[Path], out: Path) -> float:
    """Write the mean of the checkpoints; answer the largest difference of a score from it.

    Raises:
        TrainingError: The exported model finds other boxes than the checkpoint, or elsewhere.
    """
    net = _averaged(checkpoints)
    net.end2end = False
    net.fuse(verbose=False)
    net.set_head_attr(export=True, dynamic=True, format="onnx")
    model = SuppressedDetector(net).eval()
    picture = torch.rand(2, 3, 384, 640)
    model(picture)
    torch.onnx.export(
        model,
        (picture,),
        str(out),
        input_names=["images"],
        output_names=["output0"],
        dynamic_axes={"images": {0: "batch", 2: "height", 3: "width"}, "output0": {0: "batch"}},
        opset_version=OPSET,
        dynamo=False,
    )
    exported = _halved(onnxslim.slim(onnx.load(str(out))))
    helper.set_model_props(exported, DETECTOR_METADATA)
    onnx.save(exported, str(out))
    session = onnxruntime.InferenceSession(str(out), providers=["CPUExecutionProvider"])
    difference, shift = 0.0, 0.0
    for count, height in ((1, 640), (CHECKED, 384)):
        pictures = rendered_scenes(count, height, 640, np.random.default_rng(count))
        with torch.no_grad():
            expected = model(torch.from_numpy(pictures)).numpy()
        answered = np.asarray(session.run(None, {"images": pictures})[0])
        for right, answer in zip(expected, answered, strict=True):
            score, edge = apart(right, answer)
            difference, shift = max(difference, score), max(shift, edge)
    if shift > ALLOWED_SHIFT_PX:
        raise TrainingError(f"Boxes of {out} lie {shift:.2f} px from its checkpoint's.")
    return _checked(difference, out)


def _checked(difference: float, out: Path) -> float:
    if difference > ALLOWED_DIFFERENCE:
        raise TrainingError(
            f"{out} differs from its checkpoint by {difference:.5f}; do not ship it."
        )
    return difference


def _halved(model: onnx.ModelProto) -> onnx.ModelProto:
    """Store large weights as 16-bit floats behind a cast; drop notes that no engine needs."""
    graph = model.graph
    casts = []
    for weight in graph.initializer:
        values = numpy_helper.to_array(weight)
        if values.dtype != np.float32 or values.size < HALVED_FROM_VALUES:
            continue
        name = weight.name
        weight.CopyFrom(numpy_helper.from_array(values.astype(np.float16), f"{name}.half"))
        casts.append(helper.make_node("Cast", [f"{name}.half"], [name], to=onnx.TensorProto.FLOAT))
    for node in graph.node:
        node.doc_string = ""
    del graph.value_info[:]
    nodes = [*casts, *graph.node]
    del graph.node[:]
    graph.node.extend(nodes)
    return model


def main() -> None:
    """Export from the command line and print what goes into the registry."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("kind", choices=("reader", "detector"))
    parser.add_argument("checkpoint", type=Path)
    parser.add_argument("out", type=Path)
    parser.add_argument(
        "--with", type=Path, dest="others", nargs="*", default=[], help="to take the mean with"
    )
    arguments = parser.parse_args()
    checkpoints = [arguments.checkpoint, *arguments.others]
    if arguments.kind == "reader":
        difference = export_reader(checkpoints, arguments.out)
    else:
        difference = export_detector(checkpoints, arguments.out)
    digest = hashlib.sha256(arguments.out.read_bytes()).hexdigest()
    print(
        f"{digest}  {arguments.out} {arguments.out.stat().st_size} bytes, differs {difference:.6f}"
    )


if __name__ == "__main__":
    main()
