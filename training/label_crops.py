r"""Reads the real plates of the pictures that may be trained on, where two readers agree.

    python -m training.label_crops --labels ../shared/data/training/labels.jsonl --out /tmp/crops \
        --teacher cct_xs_v1_global.onnx --reader detections/recognition/weights/plate_reader_v1.onnx

Nobody wrote these plates' texts down, and rendered plates are not photographs. A reader of the hub
(MIT) reads each plate in several cut-outs; a text is kept where these agree and are sure, or where
they agree less but our own reader says the same. What is kept goes to `crops.jsonl` with the crop's
file, its text, both readers' answers and a `hold` that sets a sixth of the plates aside for
validation, by a hash of the text. `--sheets` draws them with their texts, to be looked at;
plates found wrong are named in a file for `--without`, and what a person reads where the readers
do not agree goes into one for `--read`. All of it stays outside the repository.
"""

import argparse
import hashlib
import json
from collections import Counter
from collections.abc import Iterator, Mapping, Sequence
from pathlib import Path
from typing import Any

import cv2
import numpy as np
import onnxruntime
from numpy.typing import NDArray

from training.errors import TrainingError
from training.lines import ALPHABET
from training.measure import Frame, labelled, session
from training.render_plates import SLOTS
from training.render_scenes import TRAINABLE

TEACHER_ALPHABET = "0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZ_"
# Margins of the cut-outs: left, top, right, bottom as shares of the box.
CUT_OUTS = (
    (0.05, 0.08, 0.05, 0.08), (0.02, 0.04, 0.02, 0.04), (0.09, 0.14, 0.09, 0.14),
    (0.08, 0.06, 0.03, 0.10), (0.03, 0.10, 0.08, 0.06),
)  # fmt: skip
SMALLEST_PX = 12
AROUND = 0.5  # of the box's height, kept around it so that training can cut as it likes


def cut_outs(picture: Frame, box: Sequence[float]) -> list[Frame]:
    """The plate with each margin."""
    x, y, width, height = box
    crops = []
    for left, top, right, bottom in CUT_OUTS:
        rows = slice(round(max(0, y - top * height)), round(y + height * (1 + bottom)))
        columns = slice(round(max(0, x - left * width)), round(x + width * (1 + right)))
        crops.append(picture[rows, columns])
    return crops


def answers(
    model: onnxruntime.InferenceSession, crops: Sequence[Frame], alphabet: str
) -> list[tuple[str, float]]:
    """Text and probability of the least certain character, of each crop."""
    _, height, width, _ = model.get_inputs()[0].shape
    pictures = np.stack([cv2.resize(crop, (width, height))[..., ::-1] for crop in crops])
    name = model.get_inputs()[0].name
    rows: NDArray[np.float32] = np.asarray(model.run(None, {name: pictures})[0])
    read = []
    for row in rows.reshape(len(crops), -1, len(alphabet)):
        text = "".join(alphabet[index] for index in row.argmax(-1)).rstrip("_")
        read.append((text, float(row.max(-1)[: len(text) + 1].min())))
    return read


def agreed(teacher: Sequence[tuple[str, float]], own: Sequence[tuple[str, float]]) -> str:
    """The text that may be taken for true, or "".

    >>> agreed([("AB12", 0.9)] * 5, [("A812", 0.5)] * 5)
    'AB12'
    >>> agreed([("AB12", 0.5)] * 3 + [("A812", 0.9)] * 2, [("A812", 0.5)] * 5)
    ''
    """
    text, votes = Counter(text for text, _ in teacher).most_common(1)[0]
    if not 3 <= len(text) <= 9 or "_" in text:
        return ""
    sure = float(np.median([share for other, share in teacher if other == text]))
    seconded = sum(other == text for other, _ in own)
    taken = (votes == len(teacher) and sure > 0.75) or (votes >= 3 and seconded >= 2)
    return text if taken else ""


def texts_read(path: Path | None) -> dict[str, str]:
    """Texts by name of the plate, from lines of a name, a space and what a person read.

    Raises:
        TrainingError: a line holds no name and text, or a character that no reader knows.
    """
    texts = {}
    for line in path.read_text("utf-8").splitlines() if path else ():
        name, _, text = line.partition(" ")
        if not text or not set(text) <= set(ALPHABET) - {"_"} or len(text) > SLOTS:
            raise TrainingError(f"Not a name and the text of a plate: {line!r}.")
        texts[name] = text
    return texts


def label(
    labels: Path, teacher: Path, reader: Path, known: Mapping[str, str]
) -> Iterator[tuple[str, Frame, dict[str, Any]]]:
    """A name, the plate with much around it, and what is known of it, for each labelled plate.

    `known` are texts that a person read; they count for more than both readers.
    """
    first, second = session(teacher), session(reader)
    names = [json.loads(line)["image"] for line in labels.read_text().splitlines()]
    names = [name for name in names if name.split("/")[0] in TRAINABLE]
    for name, (_, picture, plates) in zip(names, labelled(labels, TRAINABLE), strict=True):
        for number, plate in enumerate(plates):
            x, y, width, height = plate["bbox"]
            if min(width, height) < SMALLEST_PX:
                continue
            crops = cut_outs(picture, plate["bbox"])
            teached = answers(first, crops, TEACHER_ALPHABET)
            own = answers(second, crops, ALPHABET)
            title = f"{Path(name).parent.name}-{Path(name).stem}-{number}"
            text = known.get(title) or agreed(teached, own)
            around = AROUND * height
            top, left = round(max(0, y - around)), round(max(0, x - around))
            wide = picture[top : round(y + height + around), left : round(x + width + around)]
            yield (
                title,
                wide,
                {
                    "bbox": [x - left, y - top, width, height],
                    "text": text,
                    "teacher": teached[0],
                    "own": own[0],
                    "hold": hashlib.sha256(text.encode()).digest()[0] % 6 == 0,
                },
            )


def sheet(rows: Sequence[tuple[str, Frame, str]], columns: int = 8) -> Frame:
    """A contact sheet of crops with number and text."""
    cell_width, cell_height = 200, 108
    canvas = np.full(
        (-(-len(rows) // columns) * cell_height, columns * cell_width, 3), 30, np.uint8
    )
    for index, (name, crop, text) in enumerate(rows):
        y, x = index // columns * cell_height, index % columns * cell_width
        scale = min((cell_width - 8) / crop.shape[1], 76 / crop.shape[0])
        small = cv2.resize(crop, None, fx=scale, fy=scale, interpolation=cv2.INTER_CUBIC)
        canvas[y + 2 : y + 2 + small.shape[0], x + 4 : x + 4 + small.shape[1]] = small
        place = (x + 4, y + 98)
        cv2.putText(canvas, text, place, cv2.FONT_HERSHEY_SIMPLEX, 0.6, (0, 255, 255), 1)
        cv2.putText(canvas, name, (x + 130, y + 98), cv2.FONT_HERSHEY_PLAIN, 0.9, (160,) * 3, 1)
    return canvas


def main() -> None:
    """Write crops, their labels and, if asked, sheets of them."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--labels", type=Path, required=True)
    parser.add_argument("--teacher", type=Path, required=True)
    parser.add_argument("--reader", type=Path, required=True)
    parser.add_argument("--out", type=Path, required=True)
    parser.add_argument("--without", type=Path, help="file of plates found wrong, one name a line")
    parser.add_argument("--read", type=Path, help="file of names and texts that a person read")
    parser.add_argument("--sheets", action="store_true", help="draw what was kept")
    arguments = parser.parse_args()
    arguments.out.mkdir(parents=True, exist_ok=True)
    dropped = set(arguments.without.read_text().split()) if arguments.without else set()
    kept: list[tuple[str, Frame, str]] = []
    lines: list[str] = []
    plates = 0
    known = texts_read(arguments.read)
    for name, wide, row in label(arguments.labels, arguments.teacher, arguments.reader, known):
        plates += 1
        if not row["text"] or name in dropped:
            continue
        cv2.imwrite(str(arguments.out / f"{name}.png"), wide)
        lines.append(json.dumps({"image": f"{name}.png", **row}))
        x, y, width, height = (round(value) for value in row["bbox"])
        kept.append((str(len(kept)), wide[y : y + height, x : x + width], row["text"]))
    (arguments.out / "crops.jsonl").write_text("\n".join(lines) + "\n")
    for start in range(0, len(kept) if arguments.sheets else 0, 80):
        picture = sheet(kept[start : start + 80])
        cv2.imwrite(str(arguments.out / f"sheet-{start:04d}.png"), picture)
    print(f"{len(kept)} of {plates} plates kept in {arguments.out}")


if __name__ == "__main__":
    main()
