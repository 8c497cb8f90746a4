"""Rendered plates: repeatable, within the reader's alphabet, and labelled where they stand."""

from collections import Counter
from itertools import combinations

import numpy as np
import pytest
import yaml

from detections.recognition.registry import SHIPPED_WEIGHTS
from training.contact_sheet import NAME_PX, contact_sheet
from training.decorations import BELOW_LETTERS
from training.dies import SETS, dies, pressed
from training.fonts import FONT_GROUPS
from training.layouts import (
    LATIN_LETTERS,
    LAYOUTS,
    PROVINCE_NAMES,
    REGIONS,
    THAI_LETTERS,
    Layout,
    Row,
)
from training.lines import (
    ALPHABET,
    CONFUSED,
    DIGITS,
    SEPARATORS,
    print_lines,
    print_row,
    readable,
)
from training.plates import draw_plate
from training.render_plates import PAD, SLOTS, encode_text
from vehicles.plates.grammar import parse

SAMPLES = 200


@pytest.mark.parametrize("layout", LAYOUTS, ids=lambda layout: layout.name)
def test_layout_every_registration_fits_alphabet_and_slots(layout: Layout) -> None:
    random = np.random.default_rng(7)
    for _ in range(SAMPLES):
        text = "".join(readable(line) for line in print_lines(layout, random))
        assert 1 <= len(text) <= SLOTS
        assert set(text) <= set(ALPHABET) - {"_"}


@pytest.mark.parametrize("layout", LAYOUTS, ids=lambda layout: layout.name)
def test_layout_longest_patterns_together_fit_the_slots(layout: Layout) -> None:
    longest = sum(
        max(sum(sign.isalnum() or sign in "#+@*%" for sign in pattern) for pattern in row.patterns)
        for row in layout.rows
    )
    assert longest <= SLOTS


@pytest.mark.parametrize("layout", LAYOUTS, ids=lambda layout: layout.name)
def test_layout_names_known_fonts_and_stands_inside_the_plate(layout: Layout) -> None:
    assert set(layout.fonts) <= set(FONT_GROUPS)
    for row in layout.rows:
        assert 0 <= row.top < row.bottom <= 1
        assert 0 <= row.left < row.right <= 1


@pytest.mark.parametrize("layout", LAYOUTS, ids=lambda layout: layout.name)
def test_draw_plate_same_seed_draws_the_same(layout: Layout, fonts: None) -> None:
    first, second = (draw_plate(layout, np.random.default_rng(11)) for _ in range(2))
    assert first.text == second.text
    np.testing.assert_array_equal(first.picture, second.picture)


@pytest.mark.parametrize("layout", LAYOUTS, ids=lambda layout: layout.name)
def test_draw_plate_marks_each_character_inside_the_picture(layout: Layout, fonts: None) -> None:
    random = np.random.default_rng(3)
    for _ in range(5):
        plate = draw_plate(layout, random)
        height, width = plate.picture.shape[:2]
        assert plate.picture.dtype == np.uint8
        assert plate.centers.shape == (len(plate.text), 2)
        assert (plate.centers > 0).all()
        assert (plate.centers < (width, height)).all()


COUNTRIES = {"BR": {"BR"}, "AR": {"AR"}}
FOLLOW_NO_GRAMMAR = {
    "any",
    "any_two_lines",
    "united_states",
    "united_states_drawing",
    "united_states_emblem",
    "united_states_scenery",
    "united_states_side",
}


@pytest.mark.parametrize(
    "layout",
    [layout for layout in LAYOUTS if layout.name not in FOLLOW_NO_GRAMMAR],
    ids=lambda layout: layout.name,
)
def test_layout_prints_registrations_of_its_country(layout: Layout) -> None:
    random = np.random.default_rng(13)
    countries = {family.country for family in layout.families} or COUNTRIES[layout.region]
    names = {family.name for family in layout.families}
    for _ in range(60):
        lines = [line for line in print_lines(layout, random) if line != "~"]
        text = "".join(lines).translate(str.maketrans("", "", SEPARATORS))
        fitting = [plate for plate in parse(text) if not plate.repairs]
        own = [plate for plate in fitting if plate.country in countries]
        assert own, text
        assert not names or names & {plate.family for plate in own}


def test_regions_are_those_that_trained_readers_answer() -> None:
    shipped = yaml.safe_load((SHIPPED_WEIGHTS / "plate_reader_v1.yaml").read_text("utf-8"))
    assert [region or "unknown" for region in REGIONS] == shipped["plate_regions"][:-1]


def test_thai_plates_name_their_province_beside_the_text(fonts: None) -> None:
    [layout] = [layout for layout in LAYOUTS if layout.name == "thailand"]
    plates = [draw_plate(layout, np.random.default_rng(seed)) for seed in range(12)]
    assert len({plate.region for plate in plates}) > 4
    assert {plate.region for plate in plates} <= set(PROVINCE_NAMES)
    assert all(set(plate.text) & set(THAI_LETTERS) for plate in plates)


def test_chinese_province_sign_is_drawn_and_not_read(fonts: None) -> None:
    [layout] = [layout for layout in LAYOUTS if layout.name == "china"]
    plate = draw_plate(layout, np.random.default_rng(1))
    assert plate.region == "CN"
    assert plate.text.isascii()


@pytest.mark.parametrize("number", [0, 17, SETS - 1])
def test_dies_repeat_and_tell_their_characters_apart(number: int) -> None:
    masks = {sign: pressed(number, sign, 64) for sign in DIGITS + LATIN_LETTERS}
    for sign, mask in masks.items():
        assert mask.shape[0] == 64
        assert (mask > 127).mean() > 0.05
        assert (mask > 127).mean() < 0.99 or sign in "1I", "only these may be a bar"
        np.testing.assert_array_equal(mask, pressed(number, sign, 64))
    same = {
        one + other
        for one, other in combinations(sorted(masks), 2)
        if masks[one].shape == masks[other].shape and np.array_equal(masks[one], masks[other])
    }
    assert same <= {"0O", "1I"}


@pytest.mark.parametrize("number", [number for number in range(SETS) if dies(number).is_square])
def test_square_dies_print_an_o_and_a_d_that_differ_at_the_left(number: int) -> None:
    o, d = pressed(number, "O", 96), pressed(number, "D", 96)
    corner = slice(0, 12), slice(0, o.shape[1] // 2)
    assert (d[corner] > 127).mean() - (o[corner] > 127).mean() > 0.05


def test_print_row_draws_letters_twice_as_often_that_are_confused() -> None:
    row = Row(patterns=("@" * 20_000,))
    drawn = Counter(print_row(row, LATIN_LETTERS, np.random.default_rng(1)))
    often = np.mean([drawn[sign] for sign in CONFUSED])
    seldom = np.mean([drawn[sign] for sign in set(LATIN_LETTERS) - set(CONFUSED)])
    assert 1.8 < often / seldom < 2.2


def test_encode_text_pads_to_the_slots() -> None:
    code = encode_text("51F97022")
    assert code.shape == (SLOTS,)
    assert "".join(ALPHABET[index] for index in code) == "51F97022__"
    assert (code[8:] == PAD).all()


def test_decorations_below_letters_are_named_by_layouts() -> None:
    named = {extra for layout in LAYOUTS for extra in layout.extras}
    assert set(BELOW_LETTERS) <= named


def test_contact_sheet_shows_each_layout_on_a_row_of_its_own(fonts: None) -> None:
    sheet = contact_sheet(each=1, seed=4)
    rows = sheet.reshape(len(LAYOUTS), -1, *sheet.shape[1:])
    for row in rows:
        drawn, photographed = (
            row[:, NAME_PX + number * 132 : NAME_PX + number * 132 + 128] for number in (0, 1)
        )
        assert drawn.std() > 5
        assert photographed.std() > 0
        assert not np.array_equal(drawn, photographed)
    np.testing.assert_array_equal(sheet, contact_sheet(each=1, seed=4))
