"""Personal plates of Thailand: a word, with its vowels and tone marks, and a number that pleases.

The Department of Land Transport auctions them for private cars of up to seven seats, since April
2022 in Bangkok. What is known of them here comes from newspapers, not from the regulation itself:

- A word of more than two letters, or one with vowels or tone marks, then at most four digits, all
  together seven characters; the number is one of the 301 that are auctioned. Source: Bangkok Post,
  https://bangkokpost.com/thailand/general/2221719/dlt-set-to-issue-new-rules-governing-licence-plates
- Words are announced in the Royal Gazette. `เพิ่มทรัพย์` of March 2023 alone takes seven places on
  the line, so the number is not counted among the seven here. Source: Prachachat,
  https://www.prachachat.net/general/news-1219669
- They are not embossed. Source: The Nation, https://www.nationthailand.com/news/general/40041112

Their pictures and the colour of their letters are those of other auctioned plates, as far as known.
"""

import re

from vehicles.plates.family import Family

_PLACES_MOST = 7
_CONSONANTS = re.compile("[ก-ฮ]+")
_FEWEST_CONSONANTS = 3  # two are those of every car
_WORD = re.compile("(?:[เแโใไ]?[ก-ฮ][ัิีึืุู็]?[่-์]?[ะาำ]{0,2})+")
_NUMBER = re.compile("[1-9][0-9]{0,3}")
_BESIDE_ONE_ANOTHER = re.compile("[ก-ฮเแโใไะาำ]")


_PLEASING = (
    re.compile(r"(\d)\1*"),
    re.compile(r"\d000"),
    re.compile(r"(\d)\1(\d)\2|(\d)(\d)\3\4|(\d)(\d)\6\5"),
    re.compile("|".join("123456789"[at : at + size] for size in (3, 4) for at in range(10 - size))),
)
AUCTIONED = frozenset(
    number
    for number in map(str, range(1, 10_000))
    if any(kind.fullmatch(number) for kind in _PLEASING)
)
"""The 301 numbers: one digit repeated, thousands, pairs, and runs upwards.

The kinds are those that newspapers name; that they make 301 numbers says they are all.

>>> len(AUCTIONED), sorted(number for number in AUCTIONED if number.startswith("11"))
(301, ['11', '1100', '111', '1111', '1122', '1133', '1144', '1155', '1166', '1177', '1188', '1199'])
"""


def is_personal(text: str) -> bool:
    """Whether a text is a word and a number, as personal plates have them.

    A word of consonants alone is taken for one only with a number from the auctions: it is sooner
    another plate, misread.

    >>> [is_personal(text) for text in ("สิริ9999", "สิริ4725", "รวย9999", "รวย4725", "กข9999")]
    [True, True, True, False, False]
    """
    word = text.rstrip("0123456789")
    number = text[len(word) :]
    if _CONSONANTS.fullmatch(word):
        return _FEWEST_CONSONANTS <= len(word) <= _PLACES_MOST and number in AUCTIONED
    return bool(
        _WORD.fullmatch(word)
        and _NUMBER.fullmatch(number)
        and len(_BESIDE_ONE_ANOTHER.findall(word)) <= _PLACES_MOST
    )


PERSONAL = Family(
    name="personal",
    country="TH",
    weight=0.00005,
    patterns=("T{2,11} [1-9]N{0,3}",),
    has_valid_check=is_personal,
    colours=(("picture", "black"), ("picture", "white")),
    examples=("สิริ9999", "เศรษฐี1", "มังกร5", "กุศล9999", "รวย9999", "เพิ่มทรัพย์88", "น้ำทอง1234"),
    counter_examples=("กข9999", "รวย4725", "สิริ0999", "สิริ12345", "1สิริ9999", "เศรษฐีมั่งมี9"),
    source="https://bangkokpost.com/thailand/general/2221719/"
    "dlt-set-to-issue-new-rules-governing-licence-plates",
)
"""The weight is a guess from some 80 plates an auction among 44 million vehicles, more than once
over, as such cars are driven where cameras stand."""
