"""Plates of eastern and south-eastern Europe, Ukraine and Turkey."""

from vehicles.plates.family import WIKI, Family, without

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

_SLOVENIAN_TOWNS = "CE GO KK KP KR LJ MB MS NM PO SG"

_UKRAINIAN = frozenset("ABCEHIKMOPTX")

_UKRAINIAN_REGIONS = (
    "AA AB AC AE AH AI AK AM AO AP AT AX BA BB BC BE BH BI BK BM BO BT BX CA CB CE CH DI HA HB HC "
    "HE HH HI HK HM HO HT HX IA IB IE IH II KA KB KC KE KH KI KK KM KO KP KT KX MK PD"
)

_TURKISH_PROVINCES = tuple(f"{number:02}" for number in range(1, 82))

_SERBIAN_TOWNS = (
    "AC AL AR AV BA BB BC BG BJ BK BL BO BP BT BU BV BČ CR CA DE DH GL GM IN IC JA KA KC KG KI KL "
    "KM KO KS KŠ KV LB LE LO LU NI NG NP NS NV PA PB PE PI PK PN PO PP PR PT PZ RA RU SA SC SD SI "
    "SJ SM SO SP ST SU SV TO TT TS UB UE UR VA VB VL VM VP VR VS ZA ZR ŠA ŠI"
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
    Family(
        name="current",
        country="CY",
        patterns=("LLL NNN",),
        examples=("ABE123",),
        counter_examples=("ABC123",),
        source=WIKI + "Cyprus",
        letters=_GREEK,
    ),
    Family(
        name="current",
        country="UA",
        patterns=("P NNNN LL",),
        examples=("AA1234BC", "KA0001AA"),
        counter_examples=("ZZ1234BC", "AA1234DF"),
        source=WIKI + "Ukraine",
        codes=tuple(_UKRAINIAN_REGIONS.split()),
        letters=_UKRAINIAN,
        colours=(("white", "black"), ("white", "green"), ("yellow", "black")),
    ),
    Family(
        name="current",
        country="TR",
        patterns=("P L NNNN", "P L NNNNN", "P LL NNN", "P LL NNNN", "P LLL NN", "P LLL NNN"),
        examples=("34ABC123", "06A1234", "35AB123"),
        counter_examples=("82ABC123", "34ABCD12", "34AQ123"),
        source=WIKI + "Turkey",
        codes=_TURKISH_PROVINCES,
        letters=without("QWX"),
    ),
    Family(
        name="current",
        country="RS",
        patterns=("P NNN-LL", "P NNNN-LL"),
        examples=("BG123AB", "NS1234CD"),
        counter_examples=("XX123AB",),
        source=WIKI + "Serbia",
        codes=tuple(_SERBIAN_TOWNS.split()),
    ),
)
