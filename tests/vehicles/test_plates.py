import random
import re
import string
import unicodedata
from itertools import count

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from vehicles.plates.confusables import GROUPS, are_confusable, distance, fold, similarity
from vehicles.plates.families import FAMILIES, families_in_colours
from vehicles.plates.family import Colour, Family
from vehicles.plates.grammar import identify, parse
from vehicles.plates.matching import edits_between, like_of_regex, like_pattern, regex_pattern
from vehicles.plates.patterns import THAI_CONSONANTS, Shape, shapes_of
from vehicles.plates.provinces import PROVINCES, Province, find_province
from vehicles.plates.showing import show_plate, spaced_number
from vehicles.plates.text import (
    MAX_LENGTH,
    THAI_MARKS,
    PlateTextError,
    letters_of,
    normalise,
    normalise_part,
)

PLATE_TEXTS = st.text(string.ascii_uppercase + string.digits, min_size=1, max_size=10)


def family_id(family: Family) -> str:
    return f"{family.country}-{family.name}"


def fits(text: str, family: Family) -> bool:
    return any(
        (plate.country, plate.family, plate.repairs) == (family.country, family.name, ())
        for plate in parse(text)
    )


@pytest.mark.parametrize(
    ("written", "plain"),
    [
        ("1กข-1234", "1กข1234"),
        ("๑กข ๑๒๓๔", "1กข1234"),
        ("ab12 cde", "AB12CDE"),
        (" 30F-246.81 ", "30F24681"),
        ("\uff21\uff22\uff11\uff12", "AB12"),
        ("A\u200bB\ufeff1\u00ad2", "AB12"),
        ("fü-ab 12", "FÜAB12"),
        ("fu\u0308-ab 12", "FÜAB12"),
        ("京A·12345", "京A12345"),
        ("٣٤5", "345"),
        ("สิริ 9999", "สิริ9999"),
        ("สิริ-๙๙๙๙", "สิริ9999"),
        ("ส\u200bิร\u200dิ\ufeff 9999", "สิริ9999"),
        ("เฮง 8", "เฮง8"),
        ("เเก้ว 8", "แก้ว8"),
        ("เพิ่มทรัพย์ 9999", "เพิ่มทรัพย์9999"),
        ("เพ\u0e48ิมทรัพย์ 9999", "เพิ่มทรัพย์9999"),
        ("สิทธ\u0e4cิ 1", "สิทธิ์1"),
        ("น\u0e49\u0e33 1", "น\u0e49\u0e331"),
        ("น\u0e33\u0e49 1", "น\u0e49\u0e331"),
        ("น\u0e49\u0e4d\u0e32 1", "น\u0e49\u0e331"),
        ("น\u0e4d\u0e49\u0e32 1", "น\u0e49\u0e331"),
    ],
)
def test_normalise_writes_one_way(written: str, plain: str) -> None:
    assert normalise(written) == plain


@pytest.mark.parametrize(
    ("written", "complaint"),
    [
        ("", "at least one"),
        (" -. ", "at least one"),
        ("<b>AB12</b>", "not '<'"),
        ("AB12*", r"not '\*'"),
        ("กรุงเทพ", "has a number of one to four digits behind it"),
        ("สิิริ 9999", "mark ◌ิ is doubled"),
        ("ก่่ 9", "mark ◌่ is doubled"),
        ("น้ํ้า 9", "mark ◌้ is doubled"),
        ("ิริ 9999", "stands on no consonant"),
        ("AB่ 12", "stands on no consonant"),
        ("เิ 12", "stands on no consonant"),
        ("กํ 12", "mark ◌ํ"),
        ("กฺ 12", "mark ◌ฺ"),
        ("สิ\ufe0fริ 9999", "letters and digits only"),
        ("e\u0301\u0302 12", "letters and digits only"),
        ("A" * 17, "at most 16"),
        ("A B" * 1000, "at most 16"),
        ("AB\x0012", "letters and digits only"),
        ("AB😀12", "letters and digits only"),
    ],
)
def test_normalise_refuses_what_is_no_plate(written: str, complaint: str) -> None:
    with pytest.raises(PlateTextError, match=complaint):
        normalise(written)


@given(st.text(max_size=20))
def test_normalise_twice_changes_nothing(text: str) -> None:
    try:
        plain = normalise(text)
    except PlateTextError:
        return
    assert normalise(plain) == plain
    assert 0 < len(plain) <= MAX_LENGTH


THAI_TEXTS = st.text(
    st.characters(min_codepoint=0x0E01, max_codepoint=0x0E4E, categories=["L", "Mn"])
    | st.sampled_from("19๙ \u200b")
)


@given(THAI_TEXTS)
def test_words_are_written_one_way_that_looks_as_it_was_typed(text: str) -> None:
    try:
        plain = normalise(text)
    except PlateTextError:
        return
    assert normalise(plain) == plain
    assert normalise(unicodedata.normalize("NFD", plain)) == plain
    assert normalise(unicodedata.normalize("NFKD", plain)) == plain
    assert normalise_part(plain) == plain
    assert "".join(letters_of(plain)) == plain
    assert all(letter[0] not in THAI_MARKS for letter in letters_of(plain))


@pytest.mark.parametrize("plain", ["1กข1234", "กขค123", "ฮ0012", "101234", "京A12345", "FÜAB12"])
def test_what_has_no_word_is_written_as_ever(plain: str) -> None:
    assert normalise(plain) == normalise_part(plain) == plain
    assert letters_of(plain) == list(plain)


@pytest.mark.parametrize("family", FAMILIES, ids=family_id)
def test_family_takes_its_examples_and_not_its_counter_examples(family: Family) -> None:
    assert family.examples
    for example in family.examples:
        assert fits(example, family), example
    for example in family.counter_examples:
        assert not fits(example, family), example


@pytest.mark.parametrize("family", FAMILIES, ids=family_id)
def test_every_serial_of_a_family_fits_it(family: Family) -> None:
    random = np.random.default_rng(1)
    shapes = [
        shape
        for pattern in family.patterns
        for shape in shapes_of(pattern, codes=family.codes, letters=family.letters)
    ]
    is_valid = family.has_valid_check or bool
    for shape in shapes:
        text = next(serial for _ in count() if is_valid(serial := draw_serial(shape, random)))
        assert fits(text, family), text


def draw_serial(shape: Shape, random: np.random.Generator) -> str:
    text = "".join(str(random.choice(sorted(allowed))) for allowed in shape.allowed)
    if shape.code_at is None:
        return text
    code = str(random.choice(sorted(shape.codes)))
    return text[: shape.code_at.start] + code + text[shape.code_at.stop :]


def test_families_have_names_of_their_own_and_sources() -> None:
    assert len({(family.country, family.name) for family in FAMILIES}) == len(FAMILIES)
    assert all(family.source.startswith("https://") for family in FAMILIES)


def test_weights_of_a_country_add_up_to_one_at_most() -> None:
    for country in {family.country for family in FAMILIES}:
        total = sum(family.weight for family in FAMILIES if family.country == country)
        assert total <= 1.001, country


@given(PLATE_TEXTS, st.sampled_from([None, "TH", "VN", "US", "XX"]))
def test_confidences_are_shares_and_repairs_stay_in_the_group(text: str, hint: str | None) -> None:
    plates = parse(text, hint)
    assert sum(plate.confidence for plate in plates) <= 1 + 1e-9
    assert [plate.confidence for plate in plates] == sorted(
        (plate.confidence for plate in plates), reverse=True
    )
    for plate in plates:
        assert len(plate.text) == len(plate.raw_text)
        assert normalise(plate.display) == plate.text
        changed = {
            position
            for position, pair in enumerate(zip(plate.raw_text, plate.text, strict=True))
            if pair[0] != pair[1]
        }
        assert changed == {repair.position for repair in plate.repairs}
        assert all(are_confusable(repair.read, repair.repaired) for repair in plate.repairs)


@pytest.mark.parametrize(
    ("read", "country", "text"),
    [
        ("89C2O553", None, "89C20553"),
        ("30F2468I", "VN", "30F24681"),
        ("1กขI234", "TH", "1กข1234"),
        ("3OF12345", "VN", "30F12345"),
        ("AB12CDE", "GB", "AB12CDE"),
        ("ABI2CDE", "GB", "AB12CDE"),
        ("ABC1234", None, "ABC1234"),
        ("XQ", None, "XQ"),
        ("STOP", None, "STOP"),
        ("20200522", None, "20200522"),
        ("07D5BJ", None, "07D5BJ"),
        ("S731492", None, "S731492"),
    ],
)
def test_identify_repairs_only_what_makes_sense(read: str, country: str | None, text: str) -> None:
    identity = identify(read, country)
    assert identity.text == text
    assert identity.raw_text == read
    assert bool(identity.repairs) == (text != read)


@pytest.mark.parametrize(
    ("text", "hint", "country"),
    [
        ("30F24681", None, "VN"),
        ("1กข1234", None, "TH"),
        ("ABC1D23", None, "BR"),
        ("MH12AB1234", None, "IN"),
        ("B1234XYZ", None, "ID"),
        ("京A12345", None, "CN"),
        ("AB123CD", None, None),
        ("AB123CD", "FR", "FR"),
        ("ABC1234", "BR", "BR"),
        ("ABC1234", None, None),
        ("ZZZZZZZZZZ", None, None),
    ],
)
def test_identify_names_a_country_only_where_it_is_clear(
    text: str, hint: str | None, country: str | None
) -> None:
    identity = identify(text, hint)
    assert identity.country == country
    assert 0 <= identity.country_confidence <= 1


def test_pattern_that_is_no_pattern_is_refused() -> None:
    with pytest.raises(ValueError, match="is not a plate pattern"):
        shapes_of("LL?!")


def test_no_character_is_in_two_groups() -> None:
    characters = "".join(GROUPS)
    assert len(set(characters)) == len(characters)


def test_thai_confusables_are_letters_of_plates() -> None:
    thai = {character for group in GROUPS for character in group if character > "\u0e00"}
    assert thai <= THAI_CONSONANTS
    assert len(THAI_CONSONANTS) == 42


@given(PLATE_TEXTS, PLATE_TEXTS, PLATE_TEXTS)
def test_distance_is_a_distance(one: str, other: str, third: str) -> None:
    assert distance(one, one) == 0
    assert distance(one, other) == pytest.approx(distance(other, one))
    assert distance(one, third) <= distance(one, other) + distance(other, third) + 1e-9
    assert 0 <= similarity(one, other) <= 1


@given(PLATE_TEXTS)
def test_fold_is_the_same_for_confusable_texts(text: str) -> None:
    swapped = text.translate(str.maketrans("O1Z5GB", "0L2S68"))
    assert fold(swapped) == fold(text)
    assert fold(fold(text)) == fold(text)


def test_there_are_77_provinces_and_betong() -> None:
    assert len(PROVINCES) == 78
    assert len({province.code for province in PROVINCES}) == 78
    assert len({province.iso_code for province in PROVINCES}) == 77
    for province in PROVINCES:
        assert find_province(province.name_th) is province
        assert find_province(province.name_en.upper()) is province
        assert find_province(province.code) is province


@pytest.mark.parametrize(
    ("written", "code"),
    [
        ("กรุงเทพฯ", "TH-10"),
        ("กทม.", "TH-10"),
        ("krung thep", "TH-10"),
        ("BKK", "TH-10"),
        ("จังหวัดตาก", "TH-63"),
        ("จ.น่าน", "TH-55"),
        ("เชียงไหม่", "TH-50"),
        ("ภูเก็ด", "TH-83"),
        ("อุบล", "TH-34"),
        ("นครศรี", "TH-80"),
        ("โคราช", "TH-30"),
        ("Nakorn Sawan", "TH-60"),
        ("Phang-nga", "TH-82"),
        ("Chonburi Province", "TH-20"),
        ("Betong", "TH-95B"),
        ("กาญจนบรี", "TH-71"),
    ],
)
def test_province_is_found_as_people_write_it(written: str, code: str) -> None:
    province = find_province(written)
    assert province is not None
    assert province.code == code


@pytest.mark.parametrize(
    "written", ["", "ก", "นคร", "สมุทร", "Nakhon", "Atlantis", "US", "EU", "unknown", "พัทยา", "???"]
)
def test_what_may_be_two_provinces_or_none_is_none(written: str) -> None:
    assert find_province(written) is None


@pytest.mark.parametrize("province", PROVINCES, ids=lambda province: province.code)
def test_province_is_found_with_one_letter_missing(province: Province) -> None:
    for name in (province.name_th, province.name_en):
        for position in range(len(name)):
            found = find_province(name[:position] + name[position + 1 :])
            assert found is province or len(name) < 7 or found is None


def test_colours_leave_the_families_that_have_them() -> None:
    def names(ground: Colour, letters: Colour | None = None) -> set[str]:
        return {family.name for family in families_in_colours(ground, letters, country="TH")}

    assert names("white", "green") == {"pick_up"}
    assert names("red") == {"temporary"}
    assert names("green", "white") == {"service"}
    assert {"taxi", "truck_for_hire", "motorcycle"} <= names("yellow", "black")
    assert "car" not in names("yellow")
    assert names("silver") == set()


@pytest.mark.parametrize(
    ("text", "valid"),
    [("SBA1234G", True), ("SBA1234H", False), ("EA12B", True), ("PA4567K", True), ("SJ1U", True)],
)
def test_singapore_check_letter(text: str, valid: bool) -> None:
    assert any(plate.country == "SG" for plate in parse(text)) is valid


def test_a_check_letter_decides_what_was_misread() -> None:
    identity = identify("S8A1234G", "SG")
    assert (identity.text, identity.country) == ("SBA1234G", "SG")


@pytest.mark.parametrize(
    ("text", "regions", "country"),
    [
        ("ABC1234", {}, None),
        ("ABC1234", {"US": 0.95}, "US"),
        ("ABC1234", {"BR": 0.95}, "BR"),
        ("ABC1234", {"US": 0.5, "BR": 0.4}, None),
        ("ABC1234", {"unknown": 0.9}, None),
        ("701234", {"TH-50": 0.6, "TH-51": 0.35}, "TH"),
        ("AB123CD", {"EU": 0.98}, None),
        ("1กข1234", {"US": 0.95}, "TH"),
        ("MYCAR", {"US": 0.98}, "US"),
        ("STOP", {"TH-10": 0.98}, None),
        # As readers of fast-plate-ocr's hub name them; what they do not know is no country.
        ("ABC1234", {"United States": 0.97}, "US"),
        ("ABC1234", {"Brazil": 0.97}, "BR"),
        ("ABC1234", {"Unknown": 0.97}, None),
        ("A12345", {"CN": 0.97}, "CN"),
    ],
)
def test_region_and_text_are_weighed_together(
    text: str, regions: dict[str, float], country: str | None
) -> None:
    assert identify(text, regions=regions).country == country


def test_place_and_look_speak_together() -> None:
    assert identify("AB123CD", "FR", regions={"EU": 0.9}).country == "FR"
    assert identify("ABC1234", "TH", regions={"US": 0.97}).country == "US"


def test_a_province_sign_that_was_not_read_is_marked_missing() -> None:
    unread = identify("A12345", regions={"CN": 0.97})
    assert (unread.text, unread.missing) == ("A12345", "province")
    assert identify("京A12345").missing == ""


@pytest.mark.parametrize("hint", [None, "TH", "DE"])
def test_text_in_thai_letters_is_of_thailand_though_it_fits_no_family(hint: str | None) -> None:
    odd = identify("กขค4725", hint)
    assert (odd.country, odd.country_confidence, odd.is_known_format) == ("TH", 1.0, False)


@pytest.mark.parametrize("text", ["1กB1234", "ABธ1234", "701234", "1234"])
def test_thai_letters_beside_latin_ones_and_digits_alone_name_no_country(text: str) -> None:
    assert identify(text).country is None


def test_what_the_reader_saw_weighs_a_repair() -> None:
    read = "89C2G553"
    seen = [{character: 1.0} for character in read]
    assert identify(read, "VN", seen=seen).text == read.replace("G", "6")
    doubtful = [*seen[:4], {"G": 0.5, "0": 0.45}, *seen[5:]]
    assert identify(read, "VN", seen=doubtful).text == read.replace("G", "0")
    torn = [*seen[:4], {"G": 0.4, "0": 0.3, "3": 0.3}, *seen[5:]]
    assert identify(read, "VN", seen=torn).text == read


def test_a_text_that_fits_gives_way_only_to_a_far_likelier_one_that_was_seen() -> None:
    read, sure = "LGLS168", [{character: 0.98} for character in "GLS168"]
    seen = [{"L": 0.5, "4": 0.45}, *sure]
    assert identify(read, regions={"US": 0.95}, seen=seen).text == "4GLS168"
    assert identify(read, seen=seen).text == read
    assert identify(read, regions={"EU": 0.95}, seen=seen).text == read
    unseen = [{"L": 0.95}, *sure]
    assert identify(read, regions={"US": 0.95}, seen=unseen).text == read
    assert identify(read, regions={"US": 0.95}).text == read


def test_alternatives_must_be_as_many_as_characters() -> None:
    with pytest.raises(ValueError, match="7 characters were read, and alternatives given for 1"):
        parse("ABC1234", seen=[{}])


def test_what_a_regular_expression_finds_its_pattern_for_the_index_finds_too() -> None:
    luck = random.Random(1)  # noqa: S311  # a test
    atoms = ["1", "2", "ก", "ข", "A", ".", "[12]", "[^1]", "[กข]", "^", "$", "(1ก)", "|"]
    repeats = ["", "", "", "*", "+", "?", "{2}", "{1,2}", "*?"]
    compared = 0
    while compared < 2000:
        typed = "".join(luck.choice(atoms) + luck.choice(repeats) for _ in range(4))
        number = "".join(luck.choice("12กขA") for _ in range(luck.randint(1, 6)))
        try:
            pattern = regex_pattern(luck.choice(["", "^"]) + typed + luck.choice(["", "$"]))
        except PlateTextError:
            continue
        wider = like_of_regex(pattern)
        if not wider or not re.search(pattern, number):
            continue
        compared += 1
        assert re.fullmatch(wider.replace("%", ".*").replace("_", "."), number), pattern


@pytest.mark.parametrize(
    "typed",
    [
        "(((((.{16})A){16}A){16}A){16}A)12",
        "((A*)B)*12",
        "((A|B+)C){2}12",
        "(A(B(C+)D)E)+12",
        "(A+)*12",
        "((A+)?B)+12",
    ],
)
def test_regex_that_repeats_a_repetition_is_refused_however_deep(typed: str) -> None:
    with pytest.raises(PlateTextError, match="Repeat no part"):
        regex_pattern(typed)


@pytest.mark.parametrize("typed", ["(A+)(B+)12", "((A|B)C)+12", "(A+)?B*12", "[+*]+AB12", "A+?B12"])
def test_regex_that_repeats_side_by_side_is_taken(typed: str) -> None:
    assert regex_pattern(typed) == typed


@pytest.mark.parametrize("hint", [None, "TH", "DE"])
@pytest.mark.parametrize("text", ["สิริ 9999", "เพิ่มทรัพย์ 88", "น้ำทอง 1", "รวย 9999", "เฮง 4725"])
def test_personal_plate_is_of_thailand_and_known_there(text: str, hint: str | None) -> None:
    identity = identify(text, hint)
    assert (identity.country, identity.country_confidence) == ("TH", 1.0)
    assert identity.is_known_format or hint == "DE"
    assert (identity.text, identity.repairs) == (normalise(text), ())
    assert parse(text)[0].family == "personal"
    assert spaced_number(identity.text, "TH") == text


def test_word_that_is_no_registration_is_thai_and_of_no_format() -> None:
    odd = identify("กรุงเทพมหานคร1")
    assert (odd.country, odd.is_known_format) == ("TH", False)


def test_personal_plates_are_pictures() -> None:
    named = {family.name for family in families_in_colours("picture", country="TH")}
    assert named == {"auction", "personal"}


def test_doubtful_character_of_a_word_keeps_its_marks() -> None:
    shown = show_plate("สิริ9999", "TH", "TH-10", [0.9, 0.9, 0.9, 0.5, 0.9, 0.9, 0.9, 0.9])
    assert (shown["before"], shown["doubtful"], shown["after"]) == ("สิ", "ริ", " 9999")
    assert (shown["style"], shown["sign"]) == ("word", "")


def test_patterns_take_marks_as_characters() -> None:
    assert like_pattern("ส?ร?9*") == "ส_ร_9%"
    assert like_pattern("*ิริ๙") == "%ิริ9"
    assert like_pattern("น\u0e49\u0e33*") == "น\u0e49\u0e33%"
    assert regex_pattern("^น\u0e33\u0e49.*9$") == "^น\u0e49\u0e33.*9$"
    assert like_of_regex(regex_pattern("^สิริ9+$")) == "สิริ9%"
    with pytest.raises(PlateTextError, match="doubled"):
        like_pattern("สิิ*")


def test_a_mark_is_an_edit_of_its_own() -> None:
    edits = edits_between("สิริ9999", "สิร9999")
    assert [(edit.kind.value, edit.asked) for edit in edits] == [("missing", "ิ")]
    assert distance("สิริ9999", "สิร9999") == 1
