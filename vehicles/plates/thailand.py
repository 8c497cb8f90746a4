"""Plates of Thailand. The province stands on a line of its own and is no part of the text.

The colours tell the use of a vehicle where the text cannot: a car, a pick-up and a motorcycle of
today may all be `1กข 1234`. The letters of the first place are those in use, not all that the law
would allow; what they miss is taken up by `other`.
"""

from functools import partial

from vehicles.plates.family import WIKI, Colours, Family
from vehicles.plates.personal import PERSONAL

_LAND_TRANSPORT = "https://www.prakunrod.com/ViewArticle.aspx?ArticleID=190"

_CAR = "กขคฆงจฉชฌญฎฐธพภวศษส"
_PICK_UP = "ฒณตถบปผยรล"
_VAN = "นฬอฮ"
_NUMBER = "[1-9]N{0,3}"

_EMBLEM: tuple[Colours, ...] = (("white", "black"), ("black", "white"))
_WHITE_BLACK: tuple[Colours, ...] = (("white", "black"),)


_thai = partial(Family, country="TH", source=WIKI + "Thailand")


def _heavy(name: str, weight: float, codes: str, colours: Colours, example: str) -> Family:
    """Plates whose first two digits are the class of the vehicle, as its province counts them."""
    return Family(
        name=name,
        country="TH",
        weight=weight,
        patterns=(f"{codes}-NNNN",),
        colours=(colours,),
        examples=(example,),
        counter_examples=("001234", example[:-1]),
        source=_LAND_TRANSPORT,
    )


THAILAND = (
    _thai(
        name="car",
        weight=0.31,
        patterns=(f"[1-9][{_CAR}]C {_NUMBER}",),
        colours=_WHITE_BLACK,
        examples=("1กข1234", "4ขท2468", "9กก9"),
        counter_examples=("1กข0123", "0กข1234", "1บก1234", "กข1234"),
    ),
    _thai(
        name="car_before_2012",
        weight=0.16,
        patterns=(f"[{_CAR}]C {_NUMBER}",),
        colours=_WHITE_BLACK,
        examples=("กข1234", "กท9", "ฐษ555"),
        counter_examples=("กข0123", "กขค1234", "บก1234", "1กข1234"),
    ),
    _thai(
        name="pick_up",
        weight=0.19,
        patterns=(f"[1-9]?[{_PICK_UP}]C {_NUMBER}",),
        colours=(("white", "green"),),
        examples=("บก1234", "1ฒก1234", "ณข77"),
        counter_examples=("กข1234", "บก0123"),
    ),
    _thai(
        name="van",
        weight=0.04,
        patterns=(f"[1-9]?[{_VAN}]C {_NUMBER}",),
        colours=(("white", "blue"),),
        examples=("นก1234", "ฮข12", "1นข1234"),
        counter_examples=("กข1234", "นก0123"),
    ),
    _thai(
        name="taxi",
        weight=0.025,
        patterns=(f"[1-9]?[ทม]C {_NUMBER}",),
        colours=(("yellow", "black"),),
        examples=("ทก1234", "1มก1234"),
        counter_examples=("ก1234", "กท1234"),
    ),
    _thai(
        name="hire_small",
        weight=0.003,
        patterns=(f"[ฟ]C {_NUMBER}",),
        colours=(("yellow", "blue"), ("yellow", "red")),
        examples=("ฟก1234",),
        counter_examples=("1ฟก1234", "กฟ1234"),
    ),
    _thai(
        name="hire_between_provinces",
        weight=0.001,
        patterns=(f"CC {_NUMBER}",),
        colours=(("yellow", "red"),),
        examples=("ทข1234",),
        counter_examples=("1ทข1234",),
    ),
    _thai(
        name="tricycle",
        weight=0.001,
        patterns=(f"CC {_NUMBER}",),
        colours=(("white", "red"),),
        examples=("กก1234",),
        counter_examples=("1กก1234",),
    ),
    _thai(
        name="tricycle_for_hire",
        weight=0.004,
        patterns=(f"[1-9]?CC {_NUMBER}",),
        colours=(("yellow", "green"),),
        examples=("สก1234",),
        counter_examples=("ส1234",),
    ),
    _thai(
        name="service",
        weight=0.005,
        patterns=(f"[1-9]?CC {_NUMBER}",),
        colours=(("green", "white"),),
        examples=("อก1234",),
        counter_examples=("อ1234",),
    ),
    _thai(
        name="tractor_or_trailer",
        weight=0.006,
        patterns=(f"[ซฆ]C {_NUMBER}",),
        colours=(("orange", "black"), ("white", "red")),
        examples=("ซก1234", "ฆก12"),
        counter_examples=("กซ1234",),
    ),
    _thai(
        name="auction",
        weight=0.005,
        patterns=(f"[1-9]?CC {_NUMBER}",),
        colours=(("picture", "black"), ("picture", "white")),
        examples=("1กก9999", "กก1"),
        counter_examples=("1กก0999",),
    ),
    PERSONAL,
    _thai(
        name="other",
        weight=0.005,
        patterns=(f"[1-9]?CC {_NUMBER}",),
        colours=(),
        examples=("หก1234", "1หก1234"),
        counter_examples=("ห1234",),
    ),
    _thai(
        name="motorcycle",
        weight=0.08,
        patterns=(f"[1-9]CC {_NUMBER}",),
        colours=(("white", "black"), ("yellow", "black")),
        examples=("1กข1234", "2กก99"),
        counter_examples=("กข1234", "1กข0123"),
    ),
    _thai(
        name="motorcycle_before_2012",
        weight=0.06,
        patterns=("CCC [1-9]N{0,2}",),
        colours=(("white", "black"), ("yellow", "black")),
        examples=("กขค123", "งจฉ9"),
        counter_examples=("กขค1234", "กขค012"),
    ),
    _heavy("bus_on_a_route", 0.004, "[1]N", ("yellow", "black"), "101234"),
    _heavy("small_bus", 0.001, "[2]N", ("yellow", "black"), "201234"),
    _heavy("bus_for_hire", 0.007, "[3][0-5]", ("yellow", "black"), "301234"),
    _heavy("special_van_for_hire", 0.003, "[3][6-9]", ("white", "blue"), "361234"),
    _heavy("private_bus", 0.001, "[4]N", ("white", "black"), "401234"),
    _heavy("truck_for_hire", 0.03, "[67]N", ("yellow", "black"), "701234"),
    _heavy("private_truck", 0.035, "[589]N", ("white", "black"), "801234"),
    _thai(
        name="temporary",
        weight=0.02,
        patterns=("C NNNN",),
        colours=(("red", "black"),),
        examples=("ก1234", "ฮ0012"),
        counter_examples=("ก123", "กขค1234"),
    ),
    _thai(
        name="diplomatic",
        weight=0.0003,
        patterns=("[ท] NN-NNNN",),
        colours=_WHITE_BLACK,
        examples=("ท011234",),
        counter_examples=("ท1234", "บ011234"),
    ),
    _thai(
        name="embassy_staff",
        weight=0.0002,
        patterns=("[พ] NN-NNNN",),
        colours=_WHITE_BLACK,
        examples=("พ011234",),
        counter_examples=("พ1234",),
    ),
    _thai(
        name="consular",
        weight=0.0002,
        patterns=("[ก] NN-NNNN",),
        colours=_WHITE_BLACK,
        examples=("ก011234",),
        counter_examples=("ก01123",),
    ),
    _thai(
        name="international_organisation",
        weight=0.0003,
        patterns=("[อ] NN-NNNN",),
        colours=(("blue", "white"),),
        examples=("อ011234",),
        counter_examples=("อ1234",),
    ),
    _thai(
        name="royal",
        weight=0.0001,
        patterns=("[ร][ย][ล] [1-9]N{0,3}",),
        colours=(),
        examples=("รยล1", "รยล1234"),
        counter_examples=("รยก1234", "รยล0123"),
    ),
    _thai(
        name="police",
        weight=0.0003,
        patterns=("NNNNN",),
        colours=(("white", "black"),),
        examples=("12345",),
        counter_examples=("1234", "123456"),
    ),
    _thai(
        name="military",
        weight=0.0003,
        patterns=("NNNNN",),
        colours=_EMBLEM,
        examples=("12345",),
        counter_examples=("1234", "123456"),
    ),
    _thai(
        name="military_of_four_digits",
        weight=0.00003,
        patterns=("NNNN",),
        colours=_EMBLEM,
        examples=("1234",),
        counter_examples=("123", "12345"),
    ),
)
"""Weights are estimates of how often a camera meets each kind, not counts; motorcycles are given
less than their number, for few of those that pass a camera show it a plate. The diplomatic, royal,
police and military forms are as commonly described, not taken from the law's text.

The text alone never tells police from military, nor either from a plate of five digits elsewhere:
a shield or an emblem stands before the number.
"""
