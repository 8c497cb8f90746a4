"""Plates of the United States, Brazil and Argentina."""

from training.layouts.layout import (
    BLACK,
    BLUE,
    GREEN,
    RED,
    SILVER,
    WHITE,
    YELLOW,
    Layout,
    Row,
)

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

AMERICAS_LAYOUTS: tuple[Layout, ...] = (
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
        name="argentina",
        region="AR",
        weight=2,
        aspect=(2.8, 3.4),
        rows=(Row(patterns=("@@ ###@@",), top=0.36, bottom=0.88),),
        colours=((WHITE, BLACK),),
        fonts=("din", "narrow", "grotesque"),
        extras=("top_band", "border"),
    ),
)  # fmt: skip
