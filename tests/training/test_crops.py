"""Real plates photographed anew and rearranged: what is written down is what they show."""

import json
from pathlib import Path

import cv2
import numpy as np
import pytest

from training.errors import TrainingError
from training.label_crops import agreed, texts_read
from training.layouts import REGIONS
from training.lines import ALPHABET
from training.render_crops import (
    LinedUp,
    Photograph,
    held_in,
    no_plates_in,
    photographed_again,
    shuffled,
    write_shards,
)
from training.render_plates import (
    INPUT_HEIGHT_PX,
    INPUT_WIDTH_PX,
    NOT_A_PLATE,
    SLOTS,
    UNKNOWN_REGION,
    UNREAD,
)

SHADES = {"A": 40, "B": 90, "C": 140, "D": 190, "E": 240}
SLOT_PX = 40


def plate_of_shades() -> LinedUp:
    """Five characters, each a square of its own grey, on a black plate."""
    picture = np.zeros((80, 280, 3), np.uint8)
    centers = []
    for index, shade in enumerate(SHADES.values()):
        x = 40 + index * SLOT_PX
        picture[20:60, x : x + SLOT_PX] = shade
        centers.append((x + SLOT_PX / 2, 40))
    return LinedUp(
        text="".join(SHADES),
        picture=picture,
        box=(30, 15, 220, 50),
        centers=np.array(centers, np.float32),
    )


def test_rearranged_plate_shows_its_new_text() -> None:
    random, plate = np.random.default_rng(2), plate_of_shades()
    texts = set()
    for _ in range(20):
        text, picture = shuffled(plate, random)
        texts.add(text)
        seen = [int(picture[40, round(x)].mean()) for x, _ in plate.centers]
        assert seen == [SHADES[character] for character in text]
    assert len(texts) > 10
    assert any(len(set(text)) < len(text) for text in texts)


def test_photographed_anew_a_plate_keeps_its_characters_inside() -> None:
    random, plate = np.random.default_rng(3), plate_of_shades()
    for _ in range(20):
        picture, places = photographed_again(plate.picture, plate.box, plate.centers, random)
        assert picture.shape == (INPUT_HEIGHT_PX, INPUT_WIDTH_PX, 3)
        assert ((places > 0) & (places < 1)).all()
        assert (np.diff(places[:, 0]) > 0).all()


def test_plates_held_back_are_left_out(tmp_path: Path) -> None:
    cv2.imwrite(str(tmp_path / "one.png"), np.zeros((9, 9, 3), np.uint8))
    rows = [
        {"image": "one.png", "bbox": [1, 1, 7, 7], "text": text, "hold": text == "HELD"}
        for text in ("USED", "HELD")
    ]
    (tmp_path / "crops.jsonl").write_text("\n".join(map(json.dumps, rows)))
    assert [plate.text for plate in held_in(tmp_path)] == ["USED"]


def test_exported_training_set_is_taken_without_what_checks(tmp_path: Path) -> None:
    for folder in ("crops", "rejected"):
        (tmp_path / folder).mkdir()
        cv2.imwrite(str(tmp_path / folder / "one.jpg"), np.zeros((58, 110, 3), np.uint8))
    head = "image_path,plate_text,plate_region\n"
    (tmp_path / "train.csv").write_text(
        f"{head}crops/one.jpg,1กข12,TH-10\ncrops/one.jpg,SBA1G,unknown\n", "utf-8"
    )
    (tmp_path / "validation.csv").write_text(f"{head}crops/one.jpg,AB12,EU\n", "utf-8")
    plates = list(held_in(tmp_path))
    assert [(plate.text, plate.region) for plate in plates] == [("1กข12", "TH-10"), ("SBA1G", "")]
    assert plates[0].box == pytest.approx([5, 4, 100, 50])
    assert [plate.text for plate in held_in(tmp_path, held_back_too=True)][-1] == "AB12"
    assert len(list(no_plates_in(tmp_path))) == 1


def test_folder_without_labelled_crops_is_refused(tmp_path: Path) -> None:
    with pytest.raises(TrainingError, match="has neither"):
        list(held_in(tmp_path))


def test_shards_say_where_characters_are_unknown(tmp_path: Path) -> None:
    picture = np.zeros((INPUT_HEIGHT_PX, INPUT_WIDTH_PX, 3), np.uint8)
    known = np.full((2, 2), 0.5, np.float32)
    plates = [
        Photograph(picture=picture, text="AB", places=known, region="TH-10"),
        Photograph(picture=picture, text="CD"),
        Photograph(picture=picture, text=None),
    ]
    write_shards(plates, tmp_path, "real-1", np.random.default_rng(1))
    with np.load(tmp_path / "real-1-0000.npz") as shard:
        texts = [
            None if row[0] == UNREAD else "".join(ALPHABET[i] for i in row).rstrip("_")
            for row in shard["labels"]
        ]
        centers = dict(zip(texts, shard["centers"], strict=True))
        regions = dict(zip(texts, shard["regions"].tolist(), strict=True))
    assert regions == {"AB": REGIONS.index("TH-10"), "CD": UNKNOWN_REGION, None: NOT_A_PLATE}
    assert centers["AB"].shape == (SLOTS, 2)
    assert not np.isnan(centers["AB"]).any()
    assert np.isnan(centers["CD"]).all()


@pytest.mark.parametrize(
    ("teacher", "own", "text"),
    [
        ([("AB123", 0.9)] * 5, ["X"] * 5, "AB123"),
        ([("AB123", 0.6)] * 5, ["X"] * 5, ""),
        ([("AB123", 0.6)] * 3 + [("A8123", 0.9)] * 2, ["AB123"] * 2 + ["X"] * 3, "AB123"),
        ([("AB123", 0.6)] * 3 + [("A8123", 0.9)] * 2, ["AB123"] + ["X"] * 4, ""),
        ([("AB", 0.99)] * 5, ["AB"] * 5, ""),
    ],
)
def test_text_is_taken_where_readers_agree(
    teacher: list[tuple[str, float]], own: list[str], text: str
) -> None:
    assert agreed(teacher, [(answer, 0.5) for answer in own]) == text


def test_what_a_person_read_is_taken_by_name(tmp_path: Path) -> None:
    read = tmp_path / "read.txt"
    read.write_text("web-1-0 AB12\nweb-2-0 1กข34\n", "utf-8")
    assert texts_read(read) == {"web-1-0": "AB12", "web-2-0": "1กข34"}
    assert texts_read(None) == {}


@pytest.mark.parametrize("line", ["web-1-0", "web-1-0 ab12", "web-1-0 AB_2", "web-1-0 ABCDEFGHIJK"])
def test_what_no_plate_says_is_refused(tmp_path: Path, line: str) -> None:
    read = tmp_path / "read.txt"
    read.write_text(line, "utf-8")
    with pytest.raises(TrainingError, match="Not a name and the text"):
        texts_read(read)
