"""Plates of Thailand, Vietnam, India, Malaysia, Singapore, China and Indonesia."""

from vehicles.plates.family import WIKI, Family, without

THAILAND = (
    Family(
        name="private",
        country="TH",
        patterns=("[1-9]?CC [1-9]N{0,3}",),
        examples=("1กข1234", "กข1234", "4ขท3055", "กท9"),
        counter_examples=("1กข0123", "กขค1234", "0กข1234"),
        source=WIKI + "Thailand",
        weight=0.8,
    ),
    Family(
        name="taxi",
        country="TH",
        patterns=("[1-9]?[ทม]C [1-9]N{0,3}",),
        examples=("ทก1234", "1มก1234"),
        counter_examples=("ก1234",),
        source=WIKI + "Thailand",
        weight=0.03,
    ),
    Family(
        name="motorcycle",
        country="TH",
        patterns=("CCC [1-9]N{0,2}",),
        examples=("กขค123", "งจฉ9"),
        counter_examples=("กขค1234", "กขค012"),
        source=WIKI + "Thailand",
        weight=0.07,
    ),
    Family(
        name="truck_or_bus",
        country="TH",
        patterns=("[1-9]N-NNNN",),
        examples=("701234", "301234"),
        counter_examples=("70123", "001234"),
        source=WIKI + "Thailand",
        weight=0.08,
    ),
    Family(
        name="temporary",
        country="TH",
        patterns=("C NNNN",),
        examples=("ก1234",),
        counter_examples=("ก123", "กขค1234"),
        source=WIKI + "Thailand",
        weight=0.02,
    ),
)

_VN_SERIES = frozenset("ABCDEFGHKLMNPRSTUVXYZ")

VIETNAM = (
    Family(
        name="car",
        country="VN",
        patterns=("[1-9]NL-NNNNN", "[1-9]NL-NNNN"),
        letters=_VN_SERIES,
        examples=("34A36837", "89C20339", "30F1234"),
        counter_examples=("04A36837", "34W36837", "34A368371"),
        source=WIKI + "Vietnam",
        weight=0.6,
    ),
    Family(
        name="motorcycle",
        country="VN",
        patterns=("[1-9]NL[1-9] NNNNN", "[1-9]NLL NNNNN", "[1-9]NL[1-9] NNNN"),
        letters=_VN_SERIES,
        examples=("29B112345", "59AA12345", "51F74567"),
        counter_examples=("29B012345",),
        source=WIKI + "Vietnam",
        weight=0.35,
    ),
    Family(
        name="military",
        country="VN",
        patterns=("[ABHKPQT]L NN-NN",),
        letters=_VN_SERIES,
        examples=("TH1234", "QA5678"),
        counter_examples=("ZA1234",),
        source=WIKI + "Vietnam",
        weight=0.05,
    ),
)

_INDIAN_STATES = (
    "AN AP AR AS BR CG CH DD DL GA GJ HP HR JH JK KA KL LA LD MH ML MN MP MZ NL OD OR PB PY RJ SK "
    "TN TR TS UK UP WB"
)

_INDONESIAN_REGIONS = (
    "A B D E F G H K L M N P R S T W Z AA AB AD AE AG BA BB BD BE BG BH BK BL BM BN BP DA DB DC DD "
    "DE DG DH DK DL DM DN DR DS DT EA EB ED KB KH KT KU PA PB"
)


_CHINESE_PROVINCES = "京津沪渝冀豫云辽黑湘皖鲁新苏浙赣鄂桂甘晋蒙陕吉闽贵粤青藏川宁琼"

INDIA = (
    Family(
        name="state",
        country="IN",
        patterns=("P N{1,2} L{1,3} NNNN",),
        codes=tuple(_INDIAN_STATES.split()),
        letters=without("IO"),
        examples=("MH12AB1234", "DL3CAB1234", "KA05M1234"),
        counter_examples=("XX12AB1234", "MHAB121234"),
        source=WIKI + "India",
        weight=0.97,
    ),
    Family(
        name="bharat",
        country="IN",
        patterns=("NN [B][H] NNNN L{1,2}",),
        letters=without("IO"),
        examples=("22BH1234AA",),
        counter_examples=("22BX1234AA",),
        source=WIKI + "India",
        weight=0.03,
    ),
)

CHINA = (
    Family(
        name="civil",
        country="CN",
        patterns=(f"[{_CHINESE_PROVINCES}]L [A-HJ-NP-Z0-9]{{5}}",),
        letters=without("IO"),
        examples=("京A12345", "粤B1A234"),
        counter_examples=("京I12345", "A12345"),
        source=WIKI + "China",
        weight=0.8,
    ),
    Family(
        name="new_energy",
        country="CN",
        patterns=(f"[{_CHINESE_PROVINCES}]L [DF]NNNNN",),
        letters=without("IO"),
        examples=("粤BD12345",),
        counter_examples=("粤BA12345",),
        source=WIKI + "China",
        weight=0.2,
    ),
)

SOUTH_EAST_ASIA = (
    Family(
        name="car",
        country="MY",
        patterns=("[ABCDFJKLMNPQRSTVW]L{0,2} [1-9]N{0,3}", "[W]L{1,2} [1-9]N{0,3} L"),
        letters=without("IO"),
        examples=("WXY1234", "JHK88", "WA1234B"),
        counter_examples=("WXY0123", "XYZ1234"),
        source=WIKI + "Malaysia",
    ),
    Family(
        name="vehicle",
        country="SG",
        patterns=("[SGFP]L{1,2} [1-9]N{0,3} [ABCDEGHJKLMPRSTUXYZ]",),
        letters=without("IO"),
        examples=("SBA1234G", "GBA1234A"),
        counter_examples=("SBA1234I", "XBA1234G"),
        source=WIKI + "Singapore",
    ),
    Family(
        name="vehicle",
        country="ID",
        patterns=("P [1-9]N{0,3} L{1,3}",),
        codes=tuple(_INDONESIAN_REGIONS.split()),
        examples=("B1234ABC", "DK123XY"),
        counter_examples=("C1234ABC", "B0123ABC"),
        source=WIKI + "Indonesia",
    ),
)
