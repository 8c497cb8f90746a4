"""Plates of Vietnam, Malaysia, Singapore, Laos, Cambodia, Myanmar, Indonesia, the Philippines."""

from functools import partial

from vehicles.plates.family import WIKI, Colours, Family, without

_VN_SERIES = frozenset("ABCDEFGHKLMNPRSTUVXYZ")
_VN_PROVINCES = tuple(
    str(number) for number in range(11, 100) if number not in {13, 42, 44, 45, 46, 87, 91, 96}
)
_VN_CIVIL: tuple[Colours, ...] = (("white", "black"), ("blue", "white"), ("yellow", "black"))
_VN_FOREIGN: tuple[Colours, ...] = (("white", "black"),)


_vietnamese = partial(
    Family,
    country="VN",
    codes=_VN_PROVINCES,
    letters=_VN_SERIES,
    colours=_VN_CIVIL,
    source=WIKI + "Vietnam",
)


VIETNAM = (
    _vietnamese(
        name="car",
        weight=0.57,
        patterns=("PL-NNNNN", "PL-NNNN"),
        examples=("30F24681", "89C20553", "30F1234"),
        counter_examples=("04F24681", "30W24681", "30F246811", "13A12345"),
    ),
    _vietnamese(
        name="car_of_a_company",
        weight=0.02,
        patterns=("P[L][D]-NNNNN", "P[D][A]-NNNNN", "P[L][D]-NNNN"),
        examples=("29LD12345", "30LD1234"),
        counter_examples=("29LA12345", "00LD12345"),
    ),
    _vietnamese(
        name="motorcycle",
        weight=0.34,
        patterns=("PL[1-9] NNNNN", "PLL NNNNN", "PL[1-9] NNNN"),
        examples=("29B112345", "59AA12345", "51F74567"),
        counter_examples=("29B012345", "13B112345"),
    ),
    _vietnamese(
        name="electric_motorcycle",
        weight=0.01,
        patterns=("P[M][ĐD][1-9] NNNNN",),
        examples=("29MĐ112345",),
        counter_examples=("29MĐ012345",),
    ),
    _vietnamese(
        name="diplomatic",
        weight=0.002,
        patterns=("P NNN [N][G] NN",),
        examples=("80123NG01",),
        counter_examples=("80123NA01", "13123NG01"),
        colours=_VN_FOREIGN,
    ),
    _vietnamese(
        name="foreign",
        weight=0.005,
        patterns=("P NNN [N][N] NN", "P NNN [C][V] NN"),
        examples=("29123NN45",),
        counter_examples=("29123NX45",),
        colours=_VN_FOREIGN,
    ),
    _vietnamese(
        name="international_organisation",
        weight=0.001,
        patterns=("P NNN [Q][T] NN",),
        examples=("29123QT45",),
        counter_examples=("29123QX45",),
        colours=_VN_FOREIGN,
    ),
    _vietnamese(
        name="military",
        weight=0.05,
        patterns=("[ABHKPQT]L NN-NN",),
        examples=("TH1234", "QA5678"),
        counter_examples=("ZA1234",),
        colours=(("red", "white"),),
    ),
)

_MY_STATES = "ABCDFJKLMNPRSTVW"

MALAYSIA = (
    Family(
        name="car",
        country="MY",
        patterns=(f"[{_MY_STATES}Q]L{{0,2}} [1-9]N{{0,3}}", "[W]L{1,2} [1-9]N{0,3} L"),
        letters=without("IO"),
        examples=("WXY1234", "JHK88", "WA1234B"),
        counter_examples=("WXY0123", "XYZ1234"),
        source=WIKI + "Malaysia",
        weight=0.9,
        colours=(("black", "white"),),
    ),
    Family(
        name="borneo",
        country="MY",
        patterns=("[SQ]L{1,2} [1-9]N{0,3} L",),
        letters=without("IO"),
        examples=("SAA1234B", "QAA99C"),
        counter_examples=("SAA0123B", "TAA1234B"),
        source=WIKI + "Malaysia",
        weight=0.05,
        colours=(("black", "white"),),
    ),
    Family(
        name="taxi",
        country="MY",
        patterns=(f"[H][{_MY_STATES}Q]L{{0,1}} [1-9]N{{0,3}}",),
        letters=without("IO"),
        examples=("HWD1234", "HB99"),
        counter_examples=("HXD1234",),
        source=WIKI + "Malaysia",
        weight=0.02,
        colours=(("white", "black"),),
    ),
    Family(
        name="military",
        country="MY",
        patterns=("[Z][ABCDLUZ]? [1-9]N{0,3}",),
        examples=("ZA1234", "Z99"),
        counter_examples=("ZX1234",),
        source=WIKI + "Malaysia",
        weight=0.01,
        colours=(("black", "white"),),
    ),
    Family(
        name="diplomatic",
        country="MY",
        patterns=("NN-NN-[D][C]", "NN-NN-[C][C]", "NN-NN-[U][N]", "NN-NN-[P][A]"),
        examples=("1234DC",),
        counter_examples=("1234DX",),
        source=WIKI + "Malaysia",
        weight=0.001,
        colours=(("red", "white"),),
    ),
)

_SINGAPORE_CHECK = "AZYXUTSRPMLKJHGEDCB"
_SINGAPORE_FACTORS = (9, 4, 5, 4, 3, 2)


def has_singapore_check_letter(text: str) -> bool:
    """Say whether the last letter of a Singaporean plate follows from the rest of it.

    The last two letters of the prefix (A is 1) and the number, filled up to four digits, are each
    multiplied by a factor; the sum modulo 19 chooses the letter.

    Source: https://en.wikipedia.org/wiki/Vehicle_registration_plates_of_Singapore, checksum.

    >>> has_singapore_check_letter("SBA1234G"), has_singapore_check_letter("SBA1234A")
    (True, False)
    """
    prefix = text[:-1].rstrip("0123456789")
    number = text[len(prefix) : -1]
    letters = [ord(letter) - ord("A") + 1 for letter in prefix[-2:]]
    values = [0] * (2 - len(letters)) + letters + [int(digit) for digit in number.zfill(4)]
    total = sum(value * factor for value, factor in zip(values, _SINGAPORE_FACTORS, strict=True))
    return _SINGAPORE_CHECK[total % len(_SINGAPORE_CHECK)] == text[-1]


SINGAPORE = (
    Family(
        name="vehicle",
        country="SG",
        patterns=(f"[CEFGPQSTWXY]L{{1,2}} [1-9]N{{0,3}} [{_SINGAPORE_CHECK}]",),
        letters=without("IO"),
        examples=("SBA1234G", "GBA1234G", "SJ1U"),
        counter_examples=("SBA1234A", "SBA1234I", "XBA1234F"),
        source=WIKI + "Singapore",
        has_valid_check=has_singapore_check_letter,
        colours=(("black", "white"), ("white", "black"), ("yellow", "black"), ("red", "white")),
    ),
)

_LAO_LETTERS = "ກຂຄງຈສຊຍດຕຖທນບປຜຝພຟມຢຣລວຫອຮ"
_CAMBODIAN_ARMY: tuple[Colours, ...] = (("red", "white"),)

MAINLAND = (
    Family(
        name="vehicle",
        country="LA",
        patterns=(f"[{_LAO_LETTERS}]{{2}} NNNN",),
        examples=("ກກ1111", "ບຂ0123"),
        counter_examples=("ກ1111", "ກກ111"),
        source=WIKI + "Laos",
        colours=(("yellow", "black"), ("blue", "white"), ("white", "blue"), ("red", "white")),
    ),
    Family(
        name="vehicle",
        country="KH",
        patterns=("[1-57-9]L-NNNN", "[1-57-9]LL-NNNN"),
        examples=("2A1234", "2AB0008", "1AA1234"),
        counter_examples=("6A1234", "2ABC1234"),
        source=WIKI + "Cambodia",
        weight=0.95,
        colours=(("white", "blue"), ("white", "black"), ("black", "white"), ("green", "yellow")),
    ),
    Family(
        name="army",
        country="KH",
        patterns=("[0-9]-NNNNNN",),
        examples=("1123456",),
        counter_examples=("A123456",),
        source=WIKI + "Cambodia",
        weight=0.01,
        colours=_CAMBODIAN_ARMY,
    ),
    Family(
        name="vehicle",
        country="MM",
        patterns=("[1-9]L-NNNN",),
        examples=("1A1234", "9Z9999"),
        counter_examples=("0A1234", "A1234"),
        source=WIKI + "Myanmar",
        weight=0.7,
        colours=(("black", "white"), ("red", "white"), ("yellow", "black")),
    ),
    Family(
        name="paired_letters",
        country="MM",
        patterns=("[A-H]L-NNNN",),
        examples=("AA1234", "HH9999"),
        counter_examples=("ZA1234",),
        source=WIKI + "Myanmar",
        weight=0.15,
        colours=(("red", "white"), ("black", "white")),
    ),
)

_INDONESIAN_REGIONS = (
    "A B D E F G H K L M N P R S T W Z AA AB AD AE AG BA BB BD BE BG BH BK BL BM BN BP DA DB DC DD "
    "DE DG DH DK DL DM DN DR DS DT EA EB ED KB KH KT KU PA PB"
)

_INDONESIAN_COLOURS: tuple[Colours, ...] = (
    ("white", "black"), ("black", "white"), ("yellow", "black"), ("red", "white"),
)  # fmt: skip

ISLANDS = (
    Family(
        name="vehicle",
        country="ID",
        patterns=("P [1-9]N{0,3} L{2,3}",),
        codes=tuple(_INDONESIAN_REGIONS.split()),
        examples=("B1234ABC", "DK123XY"),
        counter_examples=("C1234ABC", "B0123ABC", "B1234A"),
        source=WIKI + "Indonesia",
        weight=0.96,
        colours=_INDONESIAN_COLOURS,
    ),
    Family(
        name="vehicle_of_one_letter",
        country="ID",
        patterns=("P [1-9]N{0,3} L",),
        codes=tuple(_INDONESIAN_REGIONS.split()),
        examples=("B1234A", "DK123X"),
        counter_examples=("C1234A", "B1234AB"),
        source=WIKI + "Indonesia",
        weight=0.03,
        colours=_INDONESIAN_COLOURS,
    ),
    Family(
        name="diplomatic",
        country="ID",
        patterns=("[C][DC] NN NN", "[C][DC] NN NNN"),
        examples=("CD1201", "CC12123"),
        counter_examples=("CE1201",),
        source=WIKI + "Indonesia",
        weight=0.001,
        colours=(("white", "black"),),
    ),
    Family(
        name="car",
        country="PH",
        patterns=("LLL NNNN",),
        examples=("ABC1234",),
        counter_examples=("AB1234",),
        source=WIKI + "the_Philippines",
        weight=0.25,
        colours=(("white", "black"), ("yellow", "black"), ("red", "white")),
    ),
    Family(
        name="car_until_2014",
        country="PH",
        patterns=("LLL NNN",),
        examples=("ABC123",),
        counter_examples=("AB1234",),
        source=WIKI + "the_Philippines",
        weight=0.2,
        colours=(("white", "green"),),
    ),
    Family(
        name="motorcycle",
        country="PH",
        patterns=("LLNNNNN", "NNNLLL", "LNNNLL", "NNNNLL", "LLNNNN"),
        examples=("AB12345", "123ABC", "A123BC"),
        counter_examples=("ABC1234",),
        source=WIKI + "the_Philippines",
        weight=0.5,
    ),
)

SOUTH_EAST_ASIA = VIETNAM + MALAYSIA + SINGAPORE + MAINLAND + ISLANDS
