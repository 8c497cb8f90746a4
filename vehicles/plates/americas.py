"""Plates of the United States and Brazil."""

from vehicles.plates.family import WIKI, Family


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
    _us("LLL-NNNN", "AZ GA MI MS NC NY OH PA TX VA WA WI", "ABC1234", "AB1234", 0.36),
    _us("NLLLNNN", "CA", "7ABC123", "77AB123", 0.15),
    _us("LLLLNN", "CO FL", "ABCD12", "ABCDE1", 0.07),
    _us("LNN LLL", "FL NJ", "A12BCD", "AA2BCD", 0.05),
    _us("NNN LLL", "AR KS KY LA ME MN ND NM OR WI", "123ABC", "12ABCD", 0.09),
    _us("LLL NNN", "AK CO HI IA MN MS NE OK SC VT", "ABC123", "ABCD23", 0.09),
    _us("LL NNNNN", "CT IL", "AB12345", "A123456", 0.06),
    _us("NLL NNNN", "MD", "1AB2345", "1A23456", 0.02),
    _us("NLLL NN", "MA MI", "1ABC23", "1AB234", 0.03),
    _us("LL NNNN", "DC", "AB1234", "A12345", 0.01),
    _us("LLN LNL", "MO", "AB1C2D", "AB12CD", 0.02),
    _us("NNLNNN", "NV", "12A345", "1AA345", 0.01),
    _us("LNN NNL", "TN", "A1234B", "A12345", 0.02),
    _us("NNNNNN", "DE RI", "123456", "12345", 0.01),
    _us("NNN NNNN", "NH", "1234567", "123456", 0.01),
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
    ),
    Family(
        name="mercosul",
        country="BR",
        patterns=("LLLNLNN",),
        examples=("ABC1D23",),
        counter_examples=("ABCD123",),
        source=WIKI + "Brazil",
        weight=0.5,
    ),
)
