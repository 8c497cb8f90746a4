"""Plates of the United States, Brazil and Argentina."""

from vehicles.plates.family import WIKI, Colours, Family


def _us(pattern: str, states: str, example: str, counter_example: str, weight: float) -> Family:
    return Family(
        name="passenger_" + pattern.replace("-", "").replace(" ", "").lower(),
        country="US",
        patterns=(pattern,),
        examples=(example,),
        counter_examples=(counter_example,),
        source="https://en.wikipedia.org/wiki/"
        "United_States_license_plate_designs_and_serial_formats",
        weight=weight,
        subdivisions=tuple(f"US-{state}" for state in states.split()),
    )


UNITED_STATES = (
    _us("LLL-NNNN", "AZ GA MI MS NC NY OH PA TN TX VA WA WI", "ABC1234", "AB1234", 0.33),
    _us("NLLLNNN", "CA", "7ABC123", "77AB123", 0.12),
    _us("NNNNNLN", "CA", "12345A1", "1234AB1", 0.01),
    _us("LLLLNN", "CO FL", "ABCD12", "ABCDE1", 0.05),
    _us("LNN LLL", "FL NJ TX", "A12BCD", "AA2BCD", 0.045),
    _us("NNN LLL", "AR CO CT IN KS KY LA ME MN NM ND OR TX UT WA WI", "123ABC", "12ABCD", 0.08),
    _us("NNN LL", "IN", "123AB", "12ABC", 0.008),
    _us("NNN L", "IN", "123A", "12AB", 0.006),
    _us("NNNN LLL", "KS", "1234ABC", "123ABCD", 0.002),
    _us("LLL NNN", "AK HI IA MN MS NE OK SC VT WV", "ABC123", "ABCD23", 0.08),
    _us("LLL NNL", "AR NJ", "ABC12D", "ABC1DE", 0.03),
    _us("LL NNNNN", "CT IL", "AB12345", "A123456", 0.04),
    _us("LNNNNNN", "ID IL", "A123456", "AB12345", 0.004),
    _us("NL NNNNN", "ID", "1A23456", "12A3456", 0.003),
    _us("NLL NNNN", "AL MD", "1AB2345", "123A456", 0.02),
    _us("NNL NNNN", "AL", "12A3456", "123A456", 0.006),
    _us("NNLL NNN", "AL", "12AB345", "123AB45", 0.004),
    _us("NLLL NN", "MA MI", "1ABC23", "1AB234", 0.02),
    _us("NNN LLN", "MA", "123AB4", "12ABC4", 0.006),
    _us("NLL NNN", "SD WV", "1AB234", "1A2345", 0.008),
    _us("NNL NNN", "NE NV SD", "12A345", "1AA345", 0.013),
    _us("NNN LNN", "NV", "123A45", "1234A5", 0.004),
    _us("LL NNNN", "DC", "AB1234", "A12345", 0.004),
    _us("LL NNN", "RI", "AB123", "ABC12", 0.003),
    _us("LLN LNL", "MO", "AB1C2D", "AB12CD", 0.02),
    _us("LLN LNNN", "TX", "AB1C234", "AB12345", 0.02),
    _us("LNL NNN", "KY", "A1B234", "AB1234", 0.006),
    _us("LNN NNL", "TN", "A1234B", "A12345", 0.01),
    _us("LNN NLL", "UT", "A123BC", "A12BCD", 0.005),
    _us("NLN LL", "UT", "1A2BC", "1AB2C", 0.004),
    _us("NNNN LL", "ME", "1234AB", "123ABC", 0.004),
    _us("N-NNNNNL", "MT", "112345A", "11234AB", 0.003),
    _us("NNNNNN", "DE RI WY", "123456", "1234567", 0.009),
    _us("NNN NNNN", "NH", "1234567", "123456", 0.006),
)
"""What is on the road by the million, at present and on older plates; optional and personal plates
follow no pattern."""

_MERCOSUL: tuple[Colours, ...] = (
    ("white", "black"),
    ("white", "red"),
    ("white", "blue"),
    ("white", "green"),
)

BRAZIL = (
    Family(
        name="old",
        country="BR",
        patterns=("LLL-NNNN",),
        examples=("ABC1234",),
        counter_examples=("AB12345",),
        source=WIKI + "Brazil",
        weight=0.5,
        colours=(("silver", "black"), ("red", "white"), ("white", "black"), ("blue", "white")),
    ),
    Family(
        name="mercosul",
        country="BR",
        patterns=("LLLNLNN",),
        examples=("ABC1D23",),
        counter_examples=("ABCD123",),
        source=WIKI + "Brazil",
        weight=0.5,
        colours=_MERCOSUL,
    ),
)

ARGENTINA = (
    Family(
        name="mercosur",
        country="AR",
        patterns=("LL NNN LL",),
        examples=("AB123CD",),
        counter_examples=("ABC1234",),
        source=WIKI + "Argentina",
        weight=0.45,
        colours=(("white", "black"),),
    ),
    Family(
        name="until_2016",
        country="AR",
        patterns=("LLL NNN",),
        examples=("ABC123",),
        counter_examples=("AB1234",),
        source=WIKI + "Argentina",
        weight=0.4,
        colours=(("black", "white"),),
    ),
    Family(
        name="motorcycle",
        country="AR",
        patterns=("LNNNLLL", "NNN LLL"),
        examples=("A123BCD", "123ABC"),
        counter_examples=("AB123CD",),
        source=WIKI + "Argentina",
        weight=0.15,
    ),
)
