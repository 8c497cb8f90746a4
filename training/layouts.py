"""The plates that are rendered, as data: what is printed where, in which colours and letters.

A pattern prints itself, except `#` (a digit), `+` (1 to 9), `@` (a letter) and `*` (either). What
a reader should answer is the printed letters and digits without anything between them. A script
other than Latin needs its own entries here (with `letters`) and fonts in `training.fonts`,
nothing else.
"""

from dataclasses import dataclass

Colour = tuple[int, int, int]

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
    height and width between which the line is set; `top` to `bottom` is the height of a capital.
    """

    patterns: tuple[str, ...]
    top: float = 0.16
    bottom: float = 0.84
    left: float = 0.05
    right: float = 0.95


@dataclass(frozen=True, slots=True, kw_only=True)
class Layout:
    """One kind of plate.

    `weight` is how often it is drawn against the others; `aspect` is width over height (from, to);
    `colours` are pairs of ground and ink (RGB); `extras` are names of decorations that
    `training.plates` knows how to draw.
    """

    name: str
    weight: float
    aspect: tuple[float, float]
    rows: tuple[Row, ...]
    colours: tuple[tuple[Colour, Colour], ...]
    fonts: tuple[str, ...]
    letters: str = LATIN_LETTERS
    extras: tuple[str, ...] = ()


VIETNAM_LETTERS = "ABCDEFGHKLMNPRSTUVXYZ"
EUROPE_PATTERNS = (
    "@@-###@@", "@@ ###@@", "@@@ ####", "@@ @ ####", "@@ @@ ####", "@@-###-@@", "#@# ####",
    "@@ ####@", "@@ #####", "#@@ ####", "@@@-###", "@@ ## @@@", "#### @@@", "@@@ ##@", "@-###-@@",
    "##-@@-##", "##-##-@@", "@@-##-##", "@@@-##-##", "@ ### @@", "@ ##### @", "@@@ #@##",
    "@#@ ####",
)  # fmt: skip
US_PATTERNS = (
    "#@@@###", "@@@ ####", "@@@-####", "@@@ ###", "@@@-###", "### @@@", "###-@@@", "@@# #@@",
    "### ###", "####", "###", "#####", "### ####", "####@@", "@@####", "@@ ####", "@@@####",
    "@@#####", "@## ###", "@ #####", "#@@ ###", "##@ ###",
    "*****", "******", "*******", "@@@ @##", "@######",
    "### @##", "#@ ####@", "@@@@@@@", "@@@@@@", "@@@@@", "@@@@", "### #@@", "######", "#@####",
    "###@@#",
)  # fmt: skip

LAYOUTS: tuple[Layout, ...] = (
    Layout(
        name="vietnam_car",
        weight=12,
        aspect=(3.8, 4.9),
        rows=(Row(patterns=("##@-###.##", "##@-####", "##@#-####", "##@@-###.##")),),
        colours=(*DARK_ON_LIGHT, (WHITE, BLACK), (YELLOW, BLACK), (BLUE, WHITE)),
        fonts=("din", "narrow", "grotesque", "rounded"),
        letters=VIETNAM_LETTERS,
        extras=("border", "bolts"),
    ),
    Layout(
        name="vietnam_two_lines",
        weight=10,
        aspect=(1.25, 2.05),
        rows=(
            Row(
                patterns=("##@", "##-@#", "##-@@", "##@#", "##-@ #"),
                top=0.1, bottom=0.44, left=0.12, right=0.88,
            ),
            Row(patterns=("###.##", "####", "###.##"), top=0.55, bottom=0.91),
        ),
        colours=(*DARK_ON_LIGHT, (WHITE, BLACK), (YELLOW, BLACK), (BLUE, WHITE)),
        fonts=("din", "narrow", "grotesque", "rounded"),
        letters=VIETNAM_LETTERS,
        extras=("border", "bolts"),
    ),
    Layout(
        name="europe",
        weight=18,
        aspect=(4.0, 5.0),
        rows=(Row(patterns=EUROPE_PATTERNS, left=0.1, right=0.96),),
        colours=((WHITE, BLACK),),
        fonts=("din", "narrow", "grotesque", "highway"),
        extras=("eu_band", "border", "seals"),
    ),
    Layout(
        name="europe_crest",
        weight=8,
        aspect=(4.0, 5.0),
        rows=(Row(patterns=EUROPE_PATTERNS, left=0.1, right=0.97),),
        colours=((WHITE, BLACK), (WHITE, BLACK), (SILVER, BLACK)),
        fonts=("din", "narrow", "grotesque", "highway"),
        extras=("crest_left", "border", "seals"),
    ),
    Layout(
        name="europe_plain",
        weight=5,
        aspect=(3.9, 5.0),
        rows=(Row(patterns=EUROPE_PATTERNS),),
        colours=(*DARK_ON_LIGHT, (YELLOW, BLACK), (BLACK, SILVER), (WHITE, RED), (WHITE, GREEN)),
        fonts=("din", "narrow", "grotesque", "highway"),
        extras=("border", "bolts", "seals"),
    ),
    Layout(
        name="united_kingdom",
        weight=6,
        aspect=(4.2, 5.0),
        rows=(Row(patterns=("@@## @@@", "@### @@@", "@## @@@", "@@@ ###@"), left=0.08),),
        colours=((WHITE, BLACK), (YELLOW, BLACK)),
        fonts=("grotesque", "narrow"),
        extras=("eu_band", "caption_bottom"),
    ),
    Layout(
        name="united_states",
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
        fonts=("narrow", "narrow", "highway", "din", "rounded", "grotesque"),
        extras=("scenery", "caption_top", "caption_bottom", "stickers", "bolts", "symbol"),
    ),
    Layout(
        name="brazil",
        weight=10,
        aspect=(2.6, 3.4),
        rows=(Row(patterns=("@@@-####", "@@@ ####", "@@@·####"), top=0.34, bottom=0.86),),
        colours=(
            (SILVER, BLACK), (SILVER, BLACK), (WHITE, BLACK), (RED, WHITE),
            ((150, 150, 152), BLACK),
        ),
        fonts=("din", "grotesque", "highway", "narrow"),
        extras=("caption_top", "bolts", "border"),
    ),
    Layout(
        name="mercosur",
        weight=6,
        aspect=(2.8, 3.4),
        rows=(Row(patterns=("@@@#@##", "@@ ###@@", "@@@ ####"), top=0.36, bottom=0.88),),
        colours=((WHITE, BLACK), (WHITE, RED), (WHITE, BLUE)),
        fonts=("din", "narrow", "grotesque"),
        extras=("top_band", "border"),
    ),
    Layout(
        name="india",
        weight=6,
        aspect=(3.6, 5.0),
        rows=(Row(patterns=("@@ ## @@ ####", "@@##@@####", "@@-##-@-####", "@@ # @@ ####")),),
        colours=(*DARK_ON_LIGHT, (YELLOW, BLACK)),
        fonts=("din", "grotesque", "narrow", "rounded"),
        extras=("border", "bolts"),
    ),
    Layout(
        name="india_two_lines",
        weight=3,
        aspect=(1.4, 2.2),
        rows=(
            Row(patterns=("@@ ##", "@@##", "@@-##"), top=0.1, bottom=0.45, left=0.12, right=0.88),
            Row(patterns=("@@ ####", "@ ####", "####"), top=0.55, bottom=0.9),
        ),
        colours=(*DARK_ON_LIGHT, (YELLOW, BLACK)),
        fonts=("din", "grotesque", "narrow", "rounded"),
        extras=("border", "bolts"),
    ),
    Layout(
        name="south_east_asia",
        weight=8,
        aspect=(3.3, 5.0),
        rows=(
            Row(patterns=("@@@ ####", "@@ ####", "@@@ ####@", "S@@ #### @", "@ #### @@", "@ ### @@",
                          "@ #### @@@", "@@@ ###", "W@@ ####")),
        ),
        colours=((BLACK, WHITE), (BLACK, WHITE), (BLACK, SILVER), (WHITE, BLACK), (YELLOW, BLACK)),
        fonts=("grotesque", "narrow", "highway", "din"),
        extras=("border", "bolts"),
    ),
    Layout(
        name="south_east_asia_two_lines",
        weight=3,
        aspect=(1.5, 2.4),
        rows=(
            Row(patterns=("@@@", "@@", "S@@", "@"), top=0.1, bottom=0.46, left=0.2, right=0.8),
            Row(patterns=("####", "#### @", "###", "####@"), top=0.55, bottom=0.91),
        ),
        colours=((BLACK, WHITE), (BLACK, SILVER), (WHITE, BLACK)),
        fonts=("grotesque", "narrow", "highway", "din"),
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
        fonts=("din", "narrow", "grotesque", "highway", "rounded", "mono"),
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
