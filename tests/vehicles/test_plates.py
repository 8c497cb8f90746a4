import string

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from vehicles.plates.confusables import GROUPS, are_confusable, distance, fold, similarity
from vehicles.plates.family import Family
from vehicles.plates.grammar import FAMILIES, identify, parse
from vehicles.plates.patterns import THAI_CONSONANTS, shapes_of
from vehicles.plates.provinces import PROVINCES, find_province
from vehicles.plates.text import MAX_LENGTH, PlateTextError, normalise

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
        (" 34A-368.37 ", "34A36837"),
        ("\uff21\uff22\uff11\uff12", "AB12"),
        ("A\u200bB\ufeff1\u00ad2", "AB12"),
        ("fü-ab 12", "FÜAB12"),
        ("fu\u0308-ab 12", "FÜAB12"),
        ("京A·12345", "京A12345"),
        ("٣٤5", "345"),
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
        ("กรุงเทพ", "letters and digits only"),
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
    for shape in shapes:
        text = "".join(str(random.choice(sorted(allowed))) for allowed in shape.allowed)
        if shape.code_at is not None:
            code = str(random.choice(sorted(shape.codes)))
            text = text[: shape.code_at.start] + code + text[shape.code_at.stop :]
        assert fits(text, family), text


def test_families_have_names_of_their_own_and_sources() -> None:
    assert len({(family.country, family.name) for family in FAMILIES}) == len(FAMILIES)
    assert all(family.source.startswith("https://") for family in FAMILIES)


def test_weights_of_a_country_add_up_to_one_at_most() -> None:
    for country in {family.country for family in FAMILIES}:
        total = sum(family.weight for family in FAMILIES if family.country == country)
        assert total <= 1.001, country


@given(PLATE_TEXTS, st.sampled_from([None, "TH", "VN", "US", "XX"]))
@settings(deadline=None)
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
        ("89C2O339", None, "89C20339"),
        ("34A3683I", "VN", "34A36831"),
        ("1กขI234", "TH", "1กข1234"),
        ("3OF12345", "VN", "30F12345"),
        ("AB12CDE", "GB", "AB12CDE"),
        ("ABI2CDE", "GB", "AB12CDE"),
        ("ABC1234", None, "ABC1234"),
        ("XQ", None, "XQ"),
        ("STOP", None, "STOP"),
        ("20200522", None, "20200522"),
        ("08E6CK", None, "08E6CK"),
        ("R820503", None, "R820503"),
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
        ("34A36837", None, "VN"),
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
