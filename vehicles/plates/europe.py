"""Plates of the European Union's main countries and the United Kingdom."""

from vehicles.plates.family import WIKI, Family, without

_SPANISH = without("AEIOUQ")
_DUTCH = frozenset("ABCDFGHJKLMNPRSTVWXZ")
_BULGARIAN = frozenset("ABEKMHOPCTYX")
_GREEK = frozenset("ABEHIKMNOPTXYZ")

_ROMANIAN_COUNTIES = (
    "AB AG AR BC BH BN BR BT BV BZ CJ CL CS CT CV DB DJ GJ GL GR HD HR IF IL IS MH MM MS NT OT PH "
    "SB SJ SM SV TL TM TR VL VN VS"
)

_CROATIAN_TOWNS = (
    "BJ BM CK DA DE DJ DU GS IM KA KC KR KT KZ MA NA NG OG OS PU PZ RI SB SI SK SL ST VK VT VU "
    "VZ ZD ZG ZU"
)

_SWISS_CANTONS = "AG AI AR BE BL BS FR GE GL GR JU LU NE NW OW SG SH SO SZ TG TI UR VD VS ZG ZH"

_SLOVENIAN_TOWNS = "CE GO KK KP KR LJ MB MS NM PO SG"

_IRISH_COUNTIES = "C CE CN CW D DL G KE KK KY L LD LH LM LS MH MN MO OY RN SO T TN TS W WH WX WW"


WESTERN_EUROPE = (
    Family(
        name="current",
        country="GB",
        patterns=("[A-HJ-PR-Y]L NN LLL",),
        examples=("AB12CDE", "LR68XYZ"),
        counter_examples=("QA12CDE",),
        source=WIKI + "the_United_Kingdom",
        letters=without("IQ"),
        weight=0.9,
    ),
    Family(
        name="prefix",
        country="GB",
        patterns=("[A-HJ-NPR-TV-Y]N{1,3} LLL",),
        examples=("A123BCD", "P7XYZ"),
        counter_examples=("I12BCD",),
        source=WIKI + "the_United_Kingdom",
        letters=without("IQ"),
        weight=0.07,
    ),
    Family(
        name="northern_ireland",
        country="GB",
        patterns=("[A-Z][A-Z][IZ] N{1,4}",),
        examples=("ABZ1234", "FIZ99"),
        counter_examples=("ABC1234",),
        source=WIKI + "Northern_Ireland",
        weight=0.03,
    ),
    Family(
        name="current",
        country="IE",
        patterns=("NN[12] P N{1,6}", "NN P N{1,6}"),
        examples=("151D12345", "99KY123"),
        counter_examples=("153D12345", "15X123"),
        source=WIKI + "the_Republic_of_Ireland",
        codes=tuple(_IRISH_COUNTIES.split()),
    ),
    Family(
        name="siv",
        country="FR",
        patterns=("LL-NNN-LL",),
        examples=("AB123CD",),
        counter_examples=("AI123CD",),
        source=WIKI + "France",
        letters=without("IOU"),
        weight=0.95,
    ),
    Family(
        name="fni",
        country="FR",
        patterns=("[1-9]N{1,3} LL NN", "[1-9]N{1,2} LLL NN"),
        examples=("1234AB75", "123ABC33"),
        counter_examples=("0123AB75",),
        source=WIKI + "France",
        letters=without("IOU"),
        weight=0.05,
    ),
    Family(
        name="current",
        country="DE",
        patterns=("[A-ZÄÖÜ]{1,3} L{1,2} [1-9]N{0,3}", "[A-ZÄÖÜ]{1,3} L{1,2} [1-9]N{1,2} [EH]"),
        examples=("BMW1234", "FÜAB12", "MAB123E"),
        counter_examples=("B0123",),
        source=WIKI + "Germany",
    ),
    Family(
        name="current",
        country="AT",
        patterns=("L{1,2} [1-9]N{2,4} L{1,2}", "LL [1-9]N{1,2} LLL"),
        examples=("W12345A", "GU123AB"),
        counter_examples=("W0123A",),
        source=WIKI + "Austria",
    ),
    Family(
        name="current",
        country="CH",
        patterns=("P [1-9]N{3,5}",),
        examples=("ZH123456", "GE1234"),
        counter_examples=("XX123456",),
        source=WIKI + "Switzerland",
        codes=tuple(_SWISS_CANTONS.split()),
    ),
    Family(
        name="current",
        country="NL",
        patterns=("LNNNLL", "LLNNNL", "NLLLNN", "NNLLLN", "NLLNNN", "NNNLLN", "LLLNNL", "LNNLLL"),
        examples=("H123BC", "AB123C", "1ABC23", "12ABC3"),
        counter_examples=("123456",),
        source=WIKI + "the_Netherlands",
        letters=_DUTCH,
        weight=0.7,
    ),
    Family(
        name="three_pairs",
        country="NL",
        patterns=("NN-LL-LL", "LL-LL-NN", "LL-NN-LL", "NN-NN-LL", "LL-NN-NN"),
        examples=("12ABCD",),
        counter_examples=("1AB2CD",),
        source=WIKI + "the_Netherlands",
        letters=_DUTCH,
        weight=0.3,
    ),
    Family(
        name="current",
        country="BE",
        patterns=("[1-9]-LLL-NNN", "LLL-NNN", "NNN-LLL"),
        examples=("1ABC234", "ABC123"),
        counter_examples=("0ABC234",),
        source=WIKI + "Belgium",
    ),
    Family(
        name="current",
        country="ES",
        patterns=("NNNN LLL",),
        examples=("1234BCD",),
        counter_examples=("1234ABC",),
        source=WIKI + "Spain",
        letters=_SPANISH,
        weight=0.9,
    ),
    Family(
        name="provincial",
        country="ES",
        patterns=("[A-Z]{1,2} NNNN [A-Z]{1,2}",),
        examples=("M1234AB",),
        counter_examples=("M123AB",),
        source=WIKI + "Spain",
        weight=0.1,
    ),
    Family(
        name="current",
        country="PT",
        patterns=("LL-NN-LL", "NN-LL-NN", "NN-NN-LL", "LL-NN-NN"),
        examples=("AB12CD", "12AB34"),
        counter_examples=("A12BCD",),
        source=WIKI + "Portugal",
    ),
    Family(
        name="current",
        country="IT",
        patterns=("LL NNN LL",),
        examples=("AB123CD",),
        counter_examples=("AQ123CD",),
        source=WIKI + "Italy",
        letters=without("IOQU"),
    ),
)

NORTHERN_EUROPE = (
    Family(
        name="current",
        country="SE",
        patterns=("LLL NNN", "LLL NN[A-HJ-NPR-UW-Z]"),
        examples=("ABC123", "ABC12D"),
        counter_examples=("IBC123",),
        source=WIKI + "Sweden",
        letters=without("IQV"),
    ),
    Family(
        name="current",
        country="FI",
        patterns=("L{2,3}-[1-9]N{0,2}",),
        examples=("ABC123", "ZZ9"),
        counter_examples=("ABC012",),
        source=WIKI + "Finland",
    ),
    Family(
        name="current",
        country="DK",
        patterns=("LL NN NNN",),
        examples=("AB12345",),
        counter_examples=("A123456",),
        source=WIKI + "Denmark",
    ),
    Family(
        name="current",
        country="NO",
        patterns=("LL NNNNN",),
        examples=("AB12345",),
        counter_examples=("ABC1234",),
        source=WIKI + "Norway",
    ),
    Family(
        name="current",
        country="EE",
        patterns=("NNN LLL",),
        examples=("123ABC",),
        counter_examples=("12ABCD",),
        source=WIKI + "Estonia",
    ),
    Family(
        name="current",
        country="LV",
        patterns=("LL-[1-9]N{0,3}",),
        examples=("AB1234",),
        counter_examples=("AB0123",),
        source=WIKI + "Latvia",
    ),
    Family(
        name="current",
        country="LT",
        patterns=("LLL NNN",),
        examples=("ABC123",),
        counter_examples=("AB1234",),
        source=WIKI + "Lithuania",
    ),
)

EASTERN_EUROPE = (
    Family(
        name="current",
        country="PL",
        patterns=(
            "LL NNNNN",
            "LL NNNN[A-Z]",
            "LL NNN[A-Z]{2}",
            "LL N[A-Z]NNN",
            "LL N[A-Z]{2}NN",
            "LLL [A-Z]NNN",
            "LLL NN[A-Z]{2}",
            "LLL N[A-Z]NN",
            "LLL NN[A-Z]N",
            "LLL N[A-Z]{2}N",
            "LLL [A-Z]{2}NN",
            "LLL NNNNN",
            "LLL NNNN[A-Z]",
            "LLL NNN[A-Z]{2}",
        ),
        examples=("WA12345", "KR1234A", "WPIA123"),
        counter_examples=("W123456",),
        source=WIKI + "Poland",
        letters=without("Q"),
    ),
    Family(
        name="current",
        country="CZ",
        patterns=("N[ABCEHJKLMPSTUZ][0-9A-Z] NNNN",),
        examples=("1A23456", "2AB3456"),
        counter_examples=("AA23456",),
        source=WIKI + "the_Czech_Republic",
    ),
    Family(
        name="current",
        country="SK",
        patterns=("LL-NNN LL",),
        examples=("BA123CD",),
        counter_examples=("B1234CD",),
        source=WIKI + "Slovakia",
    ),
    Family(
        name="current",
        country="HU",
        patterns=("LLL-NNN", "LL LL-NNN"),
        examples=("ABC123", "ABCD123"),
        counter_examples=("AB1234",),
        source=WIKI + "Hungary",
    ),
    Family(
        name="county",
        country="RO",
        patterns=("P NN LLL",),
        examples=("CJ12ABC",),
        counter_examples=("XX12ABC",),
        source=WIKI + "Romania",
        codes=tuple(_ROMANIAN_COUNTIES.split()),
        letters=without("IOQ"),
        weight=0.8,
    ),
    Family(
        name="bucharest",
        country="RO",
        patterns=("[B] NN LLL", "[B] NNN LLL"),
        examples=("B12ABC", "B123ABC"),
        counter_examples=("C12ABC",),
        source=WIKI + "Romania",
        letters=without("IOQ"),
        weight=0.2,
    ),
    Family(
        name="current",
        country="BG",
        patterns=("L{1,2} NNNN LL",),
        examples=("CB1234AB", "E1234KX"),
        counter_examples=("D1234AB",),
        source=WIKI + "Bulgaria",
        letters=_BULGARIAN,
    ),
    Family(
        name="current",
        country="SI",
        patterns=("P [0-9A-Z]{2}-[0-9A-Z]{3}",),
        examples=("LJAB123",),
        counter_examples=("XXAB123",),
        source=WIKI + "Slovenia",
        codes=tuple(_SLOVENIAN_TOWNS.split()),
    ),
    Family(
        name="current",
        country="HR",
        patterns=("P NN{2,3} L{1,2}",),
        examples=("ZG1234AB", "ST123A"),
        counter_examples=("XX1234AB",),
        source=WIKI + "Croatia",
        codes=tuple(_CROATIAN_TOWNS.split()),
    ),
    Family(
        name="current",
        country="GR",
        patterns=("LLL-[1-9]NNN",),
        examples=("ABE1234",),
        counter_examples=("ABC1234",),
        source=WIKI + "Greece",
        letters=_GREEK,
    ),
)

EUROPE = WESTERN_EUROPE + NORTHERN_EUROPE + EASTERN_EUROPE
