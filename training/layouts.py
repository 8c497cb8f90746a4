"""The plates that are rendered, as data: what is printed where, in which colours and letters.

A pattern prints itself, except `#` (a digit), `+` (1 to 9), `@` (a letter), `*` (either), `%` (a
Thai consonant), `=` (a registration of the layout's families), `<` and `>` (its first and second
line) and `~` (a Thai province's name over the whole row). What a reader should answer is the
printed letters and digits without anything between them, and the region; letters of Laos and the
province sign of China are printed and not read. A script other than these needs its own entries
here and fonts in `training.fonts`, nothing else.

Registrations come from the grammar of `vehicles.plates` (`families`). Those of the United States
and of the layouts `any` are drawn wider, from patterns: what people choose for themselves follows
no grammar, and a reader that only knew grammars would invent what fits them.
"""

from dataclasses import dataclass

from vehicles.plates.asia import CHINA, INDIA
from vehicles.plates.europe_west import WESTERN_EUROPE
from vehicles.plates.families import EUROPE
from vehicles.plates.family import Family
from vehicles.plates.patterns import THAI_CONSONANTS
from vehicles.plates.provinces import PROVINCES
from vehicles.plates.south_east_asia import ISLANDS, MAINLAND, MALAYSIA, SINGAPORE, VIETNAM
from vehicles.plates.thailand import THAILAND

Colour = tuple[int, int, int]
Rewrite = tuple[str, str, float]
"""A pattern of `re`, what takes its place in a registration with its separators, and how often."""

MOST_CHARACTERS = 10
"""The longest text that a reader answers."""

THAI_LETTERS = "".join(sorted(THAI_CONSONANTS))
CHINESE_SIGNS = "京津冀晋蒙辽吉黑沪苏浙皖闽赣鲁豫鄂湘粤桂琼渝川贵云藏陕甘青宁新"
LATIN_LETTERS = "ABCDEFGHIJKLMNOPQRSTUVWXYZ"
WHITE: Colour = (236, 238, 236)
SILVER: Colour = (196, 200, 202)
YELLOW: Colour = (240, 196, 40)
BLACK: Colour = (22, 22, 24)
BLUE: Colour = (24, 52, 130)
RED: Colour = (170, 24, 32)
GREEN: Colour = (20, 96, 60)
DARK_ON_LIGHT = ((WHITE, BLACK), (WHITE, BLACK), (SILVER, BLACK))


@dataclass(frozen=True, slots=True, kw_only=True)
class Row:
    """One line of large characters.

    `patterns` are alternatives. `top`, `bottom`, `left` and `right` are fractions of the plate's
    height and width between which the line is set; `top` to `bottom` is the height of a capital,
    of a name with all that stands above and below its letters.
    """

    patterns: tuple[str, ...]
    top: float = 0.16
    bottom: float = 0.84
    left: float = 0.05
    right: float = 0.95


@dataclass(frozen=True, slots=True, kw_only=True)
class Layout:
    """One kind of plate.

    `region` is what a reader should answer beside the text: a country (ISO 3166-1 alpha-2), `EU`
    for plates that could be of several countries there, or "" where only the text tells; a printed
    province (`~`) stands for itself. `families` are those whose registrations it prints, with their
    separators as `rewrites` has them. `weight` is how often it is drawn against the others;
    `aspect` is width over height (from, to); `colours` are pairs of ground and ink (RGB); `extras`
    are names of decorations that `training.plates` knows how to draw.
    """

    name: str
    weight: float
    aspect: tuple[float, float]
    rows: tuple[Row, ...]
    colours: tuple[tuple[Colour, Colour], ...]
    fonts: tuple[str, ...]
    letters: str = LATIN_LETTERS
    extras: tuple[str, ...] = ()
    region: str = ""
    families: tuple[Family, ...] = ()
    rewrites: tuple[Rewrite, ...] = ()


def thai_families(*names: str) -> tuple[Family, ...]:
    """The families of Thailand of these names."""
    return tuple(family for family in THAILAND if family.name in names)


CIVIL_VIETNAM = tuple(family for family in VIETNAM if family.name != "military")
CIVIL_INDIA = INDIA[:3]
CIVIL_CHINA = CHINA[:2]
UNITED_KINGDOM = tuple(family for family in WESTERN_EUROPE if family.country == "GB")
LAOS, CAMBODIA, MYANMAR = (
    tuple(family for family in MAINLAND if family.country == country)
    for country in ("LA", "KH", "MM")
)
ISLANDS_AND_MALAYA = tuple(
    family
    for family in (*MALAYSIA, *SINGAPORE, *ISLANDS)
    if family.name not in {"diplomatic", "military", "motorcycle"}
)
DOTTED: Rewrite = (r"(\d{3})(\d{2})$", r"\1.\2", 0.8)
CLOSE: Rewrite = (" ", "", 0.3)
HYPHENS: Rewrite = (" ", "-", 0.2)
BRITISH_BLANKS: tuple[Rewrite, ...] = (
    (r"^(\w\w) (\d\d) ", r"\1\2 ", 1.0), (r"(\d) (\w)$", r"\1\2", 1.0),
)  # fmt: skip
US_PATTERNS = (
    "#@@@###", "@@@ ####", "@@@-####", "@@@ ###", "@@@-###", "### @@@", "###-@@@", "@@# #@@",
    "### ###", "####", "###", "#####", "### ####", "####@@", "@@####", "@@ ####", "@@@####",
    "@@#####", "@## ###", "@ #####", "#@@ ###", "##@ ###",
    "*****", "******", "*******", "@@@ @##", "@######",
    "### @##", "#@ ####@", "@@@@@@@", "@@@@@@", "@@@@@", "@@@@", "### #@@", "######", "#@####",
    "###@@#", "@@@  ###", "###  @@@", "@@@   @@@", "@@   ####", "##@  @#@", "@@#  #@@",
)  # fmt: skip

US_COLOURS = (
    (WHITE, BLUE), (WHITE, BLACK), (WHITE, RED), (WHITE, GREEN), (SILVER, BLUE), (BLACK, YELLOW),
    (BLUE, WHITE), (GREEN, WHITE), ((200, 224, 240), BLUE), ((236, 214, 190), BLACK),
    ((180, 210, 170), BLACK), ((236, 206, 150), RED), ((170, 190, 220), BLACK), (BLUE, YELLOW),
)  # fmt: skip

LAYOUTS: tuple[Layout, ...] = (
    Layout(
        name="vietnam_car",
        region="VN",
        weight=12,
        aspect=(3.8, 4.9),
        rows=(Row(patterns=("=",)),),
        families=CIVIL_VIETNAM,
        rewrites=(DOTTED,),
        colours=(*DARK_ON_LIGHT, (WHITE, BLACK), (YELLOW, BLACK), (BLUE, WHITE)),
        fonts=("din", "narrow", "grotesque", "rounded"),
        extras=("border", "bolts"),
    ),
    Layout(
        name="vietnam_two_lines",
        region="VN",
        weight=10,
        aspect=(1.25, 2.05),
        rows=(
            Row(
                patterns=("<",),
                top=0.1, bottom=0.44, left=0.12, right=0.88,
            ),
            Row(patterns=(">",), top=0.55, bottom=0.91),
        ),
        families=CIVIL_VIETNAM,
        rewrites=(DOTTED, (r"^(\d\d)([A-Z])", r"\1-\2", 0.6)),
        colours=(*DARK_ON_LIGHT, (WHITE, BLACK), (YELLOW, BLACK), (BLUE, WHITE)),
        fonts=("din", "narrow", "grotesque", "rounded"),
        extras=("border", "bolts"),
    ),
    Layout(
        name="vietnam_military",
        region="VN",
        weight=1,
        aspect=(3.4, 4.9),
        rows=(Row(patterns=("=",)),),
        families=tuple(family for family in VIETNAM if family.name == "military"),
        colours=((RED, WHITE),),
        fonts=("din", "narrow", "grotesque"),
        extras=("border", "bolts"),
    ),
    Layout(
        name="europe",
        region="EU",
        weight=18,
        aspect=(4.0, 5.0),
        rows=(Row(patterns=("=",), left=0.1, right=0.96),),
        families=EUROPE,
        rewrites=(HYPHENS,),
        colours=((WHITE, BLACK),),
        fonts=("din", "narrow", "grotesque", "highway", "dies"),
        extras=("eu_band", "border", "seals"),
    ),
    Layout(
        name="europe_crest",
        region="EU",
        weight=8,
        aspect=(4.0, 5.0),
        rows=(Row(patterns=("=",), left=0.1, right=0.97),),
        families=EUROPE,
        rewrites=(HYPHENS,),
        colours=((WHITE, BLACK), (WHITE, BLACK), (SILVER, BLACK)),
        fonts=("din", "narrow", "grotesque", "highway"),
        extras=("crest_left", "border", "seals"),
    ),
    Layout(
        name="europe_plain",
        region="EU",
        weight=5,
        aspect=(3.9, 5.0),
        rows=(Row(patterns=("=",)),),
        families=EUROPE,
        rewrites=(HYPHENS,),
        colours=(*DARK_ON_LIGHT, (YELLOW, BLACK), (BLACK, SILVER), (WHITE, RED), (WHITE, GREEN)),
        fonts=("din", "narrow", "grotesque", "highway"),
        extras=("border", "bolts", "seals"),
    ),
    Layout(
        name="europe_two_lines",
        region="EU",
        weight=3,
        aspect=(1.2, 2.0),
        rows=(
            Row(patterns=("<",), top=0.1, bottom=0.46, left=0.2, right=0.9),
            Row(patterns=(">",), top=0.55, bottom=0.91),
        ),
        families=EUROPE,
        rewrites=(HYPHENS,),
        colours=((WHITE, BLACK), (WHITE, BLACK), (YELLOW, BLACK)),
        fonts=("din", "narrow", "grotesque", "highway"),
        extras=("eu_corner", "border", "bolts"),
    ),
    Layout(
        name="united_kingdom",
        region="GB",
        weight=6,
        aspect=(4.2, 5.0),
        rows=(Row(patterns=("=",), left=0.08),),
        families=UNITED_KINGDOM,
        rewrites=BRITISH_BLANKS,
        colours=((WHITE, BLACK), (YELLOW, BLACK)),
        fonts=("grotesque", "narrow"),
        extras=("eu_band", "caption_bottom"),
    ),
    Layout(
        name="united_kingdom_two_lines",
        region="GB",
        weight=2,
        aspect=(1.2, 1.5),
        rows=(
            Row(patterns=("<",), top=0.1, bottom=0.45, left=0.12, right=0.88),
            Row(patterns=(">",), top=0.54, bottom=0.89, left=0.12, right=0.88),
        ),
        families=UNITED_KINGDOM,
        rewrites=BRITISH_BLANKS,
        colours=((WHITE, BLACK), (YELLOW, BLACK)),
        fonts=("grotesque", "narrow"),
        extras=("border", "bolts"),
    ),
    Layout(
        name="united_states",
        region="US",
        weight=26,
        aspect=(1.8, 2.3),
        rows=(Row(patterns=US_PATTERNS, top=0.27, bottom=0.75, left=0.06, right=0.94),),
        colours=(
            (WHITE, BLUE), (WHITE, BLACK), (WHITE, RED), (WHITE, GREEN), (SILVER, BLUE),
            (WHITE, BLUE), (YELLOW, BLACK), (BLUE, YELLOW),
            (BLACK, YELLOW), (BLUE, WHITE), (GREEN, WHITE),
            ((200, 224, 240), BLUE), ((236, 214, 190), BLACK), ((180, 210, 170), BLACK),
            ((236, 206, 150), RED), ((170, 190, 220), BLACK),
        ),
        fonts=("dies", "dies", "dies", "narrow", "highway", "din", "rounded"),
        extras=("scenery", "caption_top", "caption_bottom", "stickers", "bolts", "symbol", "frame"),
    ),
    Layout(
        name="united_states_emblem",
        region="US",
        weight=12,
        aspect=(1.8, 2.3),
        rows=(
            Row(
                patterns=("*****", "####", "#####", "@@####", "####@@", "@@ ###", "@@####", "***",
                          "######", "##@#@", "@#####"),
                top=0.27, bottom=0.75, left=0.24, right=0.95,
            ),
        ),
        colours=(
            (WHITE, BLUE), (WHITE, BLACK), (WHITE, RED), (WHITE, GREEN), (SILVER, BLUE),
            (BLACK, YELLOW), (BLUE, WHITE), (GREEN, WHITE), ((200, 224, 240), BLUE),
            ((236, 214, 190), BLACK),
        ),
        fonts=("dies", "dies", "narrow", "highway", "din"),
        extras=("scenery", "emblem_left", "caption_top", "caption_bottom", "stickers", "frame"),
    ),
    Layout(
        name="united_states_drawing",
        region="US",
        weight=14,
        aspect=(1.8, 2.3),
        rows=(
            Row(
                patterns=("@@@   @@@", "@@@   ###", "###   @@@", "@@   ####", "@@@  ####",
                          "#   ####", "#@   @##", "@@@   @#@", "##   ####", "####   @@",
                          "@##   ###", "#   ###@", "##   ###", "@@#   @#@"),
                top=0.26, bottom=0.76, left=0.05, right=0.95,
            ),
        ),
        colours=US_COLOURS,
        fonts=("dies", "dies", "dies", "narrow", "highway", "din"),
        extras=("landscape", "scenery", "gap_drawing", "caption_top", "caption_bottom", "stickers",
                "bolts", "frame"),
    ),
    Layout(
        name="united_states_side",
        region="US",
        weight=10,
        aspect=(1.8, 2.3),
        rows=(
            Row(
                patterns=("****", "#####", "@@@##", "#### @@", "##@##", "######", "@####", "@@@@"),
                top=0.27, bottom=0.75, left=0.05, right=0.78,
            ),
        ),
        colours=US_COLOURS,
        fonts=("dies", "dies", "narrow", "highway", "din"),
        extras=("landscape", "emblem_right", "caption_top", "caption_bottom", "stickers", "frame"),
    ),
    Layout(
        name="united_states_scenery",
        region="US",
        weight=12,
        aspect=(1.8, 2.3),
        rows=(Row(patterns=US_PATTERNS, top=0.26, bottom=0.76, left=0.05, right=0.95),),
        colours=US_COLOURS,
        fonts=("dies", "dies", "dies", "narrow", "highway"),
        extras=("landscape", "caption_top", "caption_bottom", "stickers", "bolts", "frame"),
    ),
    Layout(
        name="brazil",
        region="BR",
        weight=10,
        aspect=(2.6, 3.4),
        rows=(Row(patterns=("@@@-####", "@@@ ####", "@@@·####"), top=0.34, bottom=0.86),),
        colours=(
            (SILVER, BLACK), (SILVER, BLACK), (WHITE, BLACK), (RED, WHITE),
            ((150, 150, 152), BLACK),
        ),
        fonts=("dies", "dies", "din", "grotesque", "highway", "narrow"),
        extras=("caption_top", "bolts", "border"),
    ),
    Layout(
        name="mercosur",
        region="BR",
        weight=6,
        aspect=(2.8, 3.4),
        rows=(Row(patterns=("@@@#@##",), top=0.36, bottom=0.88),),
        colours=((WHITE, BLACK), (WHITE, RED), (WHITE, BLUE)),
        fonts=("din", "narrow", "grotesque"),
        extras=("top_band", "border"),
    ),
    Layout(
        name="india",
        region="IN",
        weight=6,
        aspect=(3.6, 5.0),
        rows=(Row(patterns=("=",)),),
        families=CIVIL_INDIA,
        rewrites=(CLOSE, HYPHENS),
        colours=(*DARK_ON_LIGHT, (YELLOW, BLACK)),
        fonts=("din", "grotesque", "narrow", "rounded"),
        extras=("border", "bolts"),
    ),
    Layout(
        name="india_two_lines",
        region="IN",
        weight=3,
        aspect=(1.4, 2.2),
        rows=(
            Row(patterns=("<",), top=0.1, bottom=0.45, left=0.12, right=0.88),
            Row(patterns=(">",), top=0.55, bottom=0.9),
        ),
        families=CIVIL_INDIA,
        rewrites=(CLOSE, HYPHENS),
        colours=(*DARK_ON_LIGHT, (YELLOW, BLACK)),
        fonts=("din", "grotesque", "narrow", "rounded"),
        extras=("border", "bolts"),
    ),
    Layout(
        name="south_east_asia",
        weight=8,
        aspect=(3.3, 5.0),
        rows=(
            Row(patterns=("=",)),
        ),
        families=ISLANDS_AND_MALAYA,
        colours=((BLACK, WHITE), (BLACK, WHITE), (BLACK, SILVER), (WHITE, BLACK), (YELLOW, BLACK)),
        fonts=("grotesque", "narrow", "highway", "din"),
        extras=("border", "bolts"),
    ),
    Layout(
        name="south_east_asia_two_lines",
        weight=3,
        aspect=(1.5, 2.4),
        rows=(
            Row(patterns=("<",), top=0.1, bottom=0.46, left=0.2, right=0.8),
            Row(patterns=(">",), top=0.55, bottom=0.91),
        ),
        families=ISLANDS_AND_MALAYA,
        colours=((BLACK, WHITE), (BLACK, SILVER), (WHITE, BLACK)),
        fonts=("grotesque", "narrow", "highway", "din"),
        extras=("border", "bolts"),
    ),
    Layout(
        name="laos",
        weight=1,
        aspect=(2.2, 4.4),
        rows=(Row(patterns=("=",), top=0.3, bottom=0.86),),
        families=LAOS,
        colours=((YELLOW, BLACK), (BLUE, WHITE), (WHITE, BLUE), (RED, WHITE)),
        fonts=("grotesque", "narrow", "din"),
        extras=("border", "bolts"),
    ),
    Layout(
        name="cambodia",
        weight=1,
        aspect=(2.2, 3.4),
        rows=(Row(patterns=("=",), top=0.26, bottom=0.76),),
        families=CAMBODIA,
        colours=((WHITE, BLUE), (WHITE, BLACK), (BLACK, WHITE), (GREEN, YELLOW), (RED, WHITE)),
        fonts=("grotesque", "narrow", "din", "highway"),
        extras=("caption_bottom", "border", "bolts"),
    ),
    Layout(
        name="myanmar",
        weight=1,
        aspect=(2.0, 3.4),
        rows=(Row(patterns=("=",), top=0.3, bottom=0.84),),
        families=MYANMAR,
        colours=((BLACK, WHITE), (BLACK, WHITE), (RED, WHITE), (YELLOW, BLACK)),
        fonts=("grotesque", "narrow", "din", "highway"),
        extras=("caption_top", "border", "bolts"),
    ),
    Layout(
        name="thailand",
        region="TH",
        weight=34,
        aspect=(2.0, 2.5),
        rows=(
            Row(patterns=("=",), top=0.1, bottom=0.6),
            Row(patterns=("~",), top=0.63, bottom=0.94, left=0.15, right=0.85),
        ),
        families=thai_families("other"),
        colours=(
            *DARK_ON_LIGHT, (WHITE, BLACK), (WHITE, BLACK), (WHITE, BLUE), (WHITE, GREEN),
            (YELLOW, BLACK), (YELLOW, BLUE), (YELLOW, RED), (YELLOW, GREEN), (GREEN, WHITE),
            (RED, BLACK), ((206, 196, 226), BLACK),
        ),
        fonts=("grotesque", "narrow", "din", "highway", "dies"),
        extras=("border", "bolts", "scenery", "frame"),
    ),
    Layout(
        name="thailand_truck",
        region="TH",
        weight=5,
        aspect=(2.0, 2.5),
        rows=(
            Row(patterns=("=",), top=0.24, bottom=0.66),
            Row(patterns=("~",), top=0.7, bottom=0.96, left=0.15, right=0.85),
        ),
        families=thai_families(
            "bus_on_a_route", "small_bus", "bus_for_hire", "special_van_for_hire", "private_bus",
            "truck_for_hire", "private_truck",
        ),
        colours=((YELLOW, BLACK), (YELLOW, BLACK), (WHITE, BLACK), (WHITE, GREEN)),
        fonts=("grotesque", "narrow", "din", "highway"),
        extras=("border", "bolts", "caption_top"),
    ),
    Layout(
        name="thailand_motorcycle",
        region="TH",
        weight=8,
        aspect=(0.95, 1.35),
        rows=(
            Row(patterns=("<",), top=0.07, bottom=0.37, left=0.14, right=0.86),
            Row(patterns=("~",), top=0.4, bottom=0.62, left=0.1, right=0.9),
            Row(patterns=(">",),
                top=0.64, bottom=0.93, left=0.1, right=0.9),
        ),
        families=thai_families("motorcycle", "motorcycle_before_2012"),
        colours=(*DARK_ON_LIGHT, (WHITE, BLACK), (YELLOW, BLACK), (GREEN, WHITE)),
        fonts=("grotesque", "narrow", "din", "highway"),
        extras=("border", "bolts"),
    ),
    Layout(
        name="thailand_temporary",
        region="TH",
        weight=2,
        aspect=(2.0, 2.5),
        rows=(
            Row(patterns=("=",), top=0.1, bottom=0.6),
            Row(patterns=("~",), top=0.63, bottom=0.94, left=0.15, right=0.85),
        ),
        families=thai_families("temporary"),
        colours=((RED, BLACK),),
        fonts=("grotesque", "narrow", "din"),
        extras=("border", "bolts"),
    ),
    Layout(
        name="thailand_auction",
        region="TH",
        weight=3,
        aspect=(2.0, 2.5),
        rows=(
            Row(patterns=("=",), top=0.1, bottom=0.6),
            Row(patterns=("~",), top=0.63, bottom=0.94, left=0.15, right=0.85),
        ),
        families=thai_families("auction"),
        colours=(
            ((150, 200, 230), BLACK), ((246, 214, 170), BLACK), ((190, 224, 180), BLACK),
            ((240, 190, 200), BLACK), ((40, 70, 120), WHITE), ((30, 90, 80), WHITE),
        ),
        fonts=("grotesque", "narrow", "din", "highway"),
        extras=("picture", "border", "bolts", "frame"),
    ),
    Layout(
        name="thailand_diplomatic",
        weight=1,
        aspect=(2.0, 3.2),
        rows=(Row(patterns=("=",), top=0.22, bottom=0.78),),
        families=thai_families("diplomatic", "embassy_staff", "consular"),
        colours=((WHITE, BLACK),),
        fonts=("grotesque", "narrow", "din"),
        extras=("border", "bolts"),
    ),
    Layout(
        name="thailand_international",
        weight=1,
        aspect=(2.0, 3.2),
        rows=(Row(patterns=("=",), top=0.22, bottom=0.78),),
        families=thai_families("international_organisation"),
        colours=((BLUE, WHITE),),
        fonts=("grotesque", "narrow", "din"),
        extras=("border", "bolts"),
    ),
    Layout(
        name="thailand_royal",
        weight=1,
        aspect=(2.0, 3.2),
        rows=(Row(patterns=("=",), top=0.22, bottom=0.78),),
        families=thai_families("royal"),
        colours=((WHITE, BLACK), (YELLOW, BLACK), (RED, WHITE)),
        fonts=("grotesque", "narrow", "din"),
        extras=("border", "bolts"),
    ),
    Layout(
        name="thailand_police_and_military",
        weight=1,
        aspect=(2.0, 3.2),
        rows=(Row(patterns=("=",), top=0.22, bottom=0.78, left=0.24),),
        families=thai_families("police", "military", "military_of_four_digits"),
        colours=((WHITE, BLACK), (BLACK, WHITE)),
        fonts=("grotesque", "narrow", "din", "highway"),
        extras=("emblem_left", "border", "bolts"),
    ),
    Layout(
        name="argentina",
        region="AR",
        weight=2,
        aspect=(2.8, 3.4),
        rows=(Row(patterns=("@@ ###@@",), top=0.36, bottom=0.88),),
        colours=((WHITE, BLACK),),
        fonts=("din", "narrow", "grotesque"),
        extras=("top_band", "border"),
    ),
    Layout(
        name="china",
        region="CN",
        weight=8,
        aspect=(2.9, 3.6),
        rows=(Row(patterns=("=",)),),
        families=CIVIL_CHINA,
        rewrites=((" ", "·", 1.0),),
        colours=((BLUE, WHITE), (BLUE, WHITE), (BLUE, WHITE), (YELLOW, BLACK),
                 ((120, 200, 160), BLACK)),
        fonts=("grotesque", "narrow", "din"),
        extras=("border", "bolts"),
    ),
    Layout(
        name="any",
        weight=12,
        aspect=(2.0, 5.2),
        rows=(
            Row(patterns=("****", "*****", "******", "*******", "*** ****", "**-***-**", "********",
                          "*********", "**********", "*** *** ***", "**-**-**")),
        ),
        colours=(*DARK_ON_LIGHT, (BLACK, WHITE), (YELLOW, BLACK), (GREEN, WHITE), (BLUE, WHITE),
                 (WHITE, RED), (WHITE, BLUE), (RED, WHITE), ((150, 200, 230), BLACK)),
        fonts=("dies", "dies", "din", "narrow", "grotesque", "highway", "rounded", "mono"),
        extras=("border", "bolts", "caption_bottom", "stickers"),
    ),
    Layout(
        name="any_two_lines",
        weight=6,
        aspect=(1.2, 2.3),
        rows=(
            Row(
                patterns=("**", "***", "****", "*-***"),
                top=0.09, bottom=0.45, left=0.12, right=0.88,
            ),
            Row(patterns=("***", "****", "*****", "**-**", "***.**"), top=0.54, bottom=0.91),
        ),
        colours=(*DARK_ON_LIGHT, (BLACK, WHITE), (YELLOW, BLACK), (BLUE, WHITE), (WHITE, RED)),
        fonts=("din", "narrow", "grotesque", "highway", "rounded"),
        extras=("border", "bolts"),
    ),
)  # fmt: skip

COUNTRIES = tuple(sorted({layout.region for layout in LAYOUTS} - {"TH"}))
REGIONS = (*COUNTRIES, *(province.code for province in PROVINCES))
PROVINCE_NAMES = {province.code: province.name_th for province in PROVINCES}
