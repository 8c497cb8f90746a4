"""The provinces that stand on Thai plates: 77, and Betong, a district with plates of its own."""

import unicodedata
from collections.abc import Iterator
from dataclasses import dataclass
from difflib import SequenceMatcher
from functools import lru_cache


@dataclass(frozen=True, slots=True, kw_only=True)
class Province:
    """What is written on the lower line of a Thai plate.

    `code` is unique; `iso_code` is ISO 3166-2 and the same for Betong and Yala, in which it lies.
    """

    code: str
    iso_code: str
    name_th: str
    name_en: str


def _province(number: str, name_th: str, name_en: str) -> Province:
    code = f"TH-{number}"
    return Province(code=code, iso_code=code, name_th=name_th, name_en=name_en)


PROVINCES: tuple[Province, ...] = (
    _province("10", "กรุงเทพมหานคร", "Bangkok"),
    _province("11", "สมุทรปราการ", "Samut Prakan"),
    _province("12", "นนทบุรี", "Nonthaburi"),
    _province("13", "ปทุมธานี", "Pathum Thani"),
    _province("14", "พระนครศรีอยุธยา", "Phra Nakhon Si Ayutthaya"),
    _province("15", "อ่างทอง", "Ang Thong"),
    _province("16", "ลพบุรี", "Lop Buri"),
    _province("17", "สิงห์บุรี", "Sing Buri"),
    _province("18", "ชัยนาท", "Chai Nat"),
    _province("19", "สระบุรี", "Saraburi"),
    _province("20", "ชลบุรี", "Chon Buri"),
    _province("21", "ระยอง", "Rayong"),
    _province("22", "จันทบุรี", "Chanthaburi"),
    _province("23", "ตราด", "Trat"),
    _province("24", "ฉะเชิงเทรา", "Chachoengsao"),
    _province("25", "ปราจีนบุรี", "Prachin Buri"),
    _province("26", "นครนายก", "Nakhon Nayok"),
    _province("27", "สระแก้ว", "Sa Kaeo"),
    _province("30", "นครราชสีมา", "Nakhon Ratchasima"),
    _province("31", "บุรีรัมย์", "Buri Ram"),
    _province("32", "สุรินทร์", "Surin"),
    _province("33", "ศรีสะเกษ", "Si Sa Ket"),
    _province("34", "อุบลราชธานี", "Ubon Ratchathani"),
    _province("35", "ยโสธร", "Yasothon"),
    _province("36", "ชัยภูมิ", "Chaiyaphum"),
    _province("37", "อำนาจเจริญ", "Amnat Charoen"),
    _province("38", "บึงกาฬ", "Bueng Kan"),
    _province("39", "หนองบัวลำภู", "Nong Bua Lamphu"),
    _province("40", "ขอนแก่น", "Khon Kaen"),
    _province("41", "อุดรธานี", "Udon Thani"),
    _province("42", "เลย", "Loei"),
    _province("43", "หนองคาย", "Nong Khai"),
    _province("44", "มหาสารคาม", "Maha Sarakham"),
    _province("45", "ร้อยเอ็ด", "Roi Et"),
    _province("46", "กาฬสินธุ์", "Kalasin"),
    _province("47", "สกลนคร", "Sakon Nakhon"),
    _province("48", "นครพนม", "Nakhon Phanom"),
    _province("49", "มุกดาหาร", "Mukdahan"),
    _province("50", "เชียงใหม่", "Chiang Mai"),
    _province("51", "ลำพูน", "Lamphun"),
    _province("52", "ลำปาง", "Lampang"),
    _province("53", "อุตรดิตถ์", "Uttaradit"),
    _province("54", "แพร่", "Phrae"),
    _province("55", "น่าน", "Nan"),
    _province("56", "พะเยา", "Phayao"),
    _province("57", "เชียงราย", "Chiang Rai"),
    _province("58", "แม่ฮ่องสอน", "Mae Hong Son"),
    _province("60", "นครสวรรค์", "Nakhon Sawan"),
    _province("61", "อุทัยธานี", "Uthai Thani"),
    _province("62", "กำแพงเพชร", "Kamphaeng Phet"),
    _province("63", "ตาก", "Tak"),
    _province("64", "สุโขทัย", "Sukhothai"),
    _province("65", "พิษณุโลก", "Phitsanulok"),
    _province("66", "พิจิตร", "Phichit"),
    _province("67", "เพชรบูรณ์", "Phetchabun"),
    _province("70", "ราชบุรี", "Ratchaburi"),
    _province("71", "กาญจนบุรี", "Kanchanaburi"),
    _province("72", "สุพรรณบุรี", "Suphan Buri"),
    _province("73", "นครปฐม", "Nakhon Pathom"),
    _province("74", "สมุทรสาคร", "Samut Sakhon"),
    _province("75", "สมุทรสงคราม", "Samut Songkhram"),
    _province("76", "เพชรบุรี", "Phetchaburi"),
    _province("77", "ประจวบคีรีขันธ์", "Prachuap Khiri Khan"),
    _province("80", "นครศรีธรรมราช", "Nakhon Si Thammarat"),
    _province("81", "กระบี่", "Krabi"),
    _province("82", "พังงา", "Phang Nga"),
    _province("83", "ภูเก็ต", "Phuket"),
    _province("84", "สุราษฎร์ธานี", "Surat Thani"),
    _province("85", "ระนอง", "Ranong"),
    _province("86", "ชุมพร", "Chumphon"),
    _province("90", "สงขลา", "Songkhla"),
    _province("91", "สตูล", "Satun"),
    _province("92", "ตรัง", "Trang"),
    _province("93", "พัทลุง", "Phatthalung"),
    _province("94", "ปัตตานี", "Pattani"),
    _province("95", "ยะลา", "Yala"),
    _province("96", "นราธิวาส", "Narathiwat"),
    Province(code="TH-95B", iso_code="TH-95", name_th="เบตง", name_en="Betong"),
)
"""Source: ISO 3166-2:TH; names of the Royal Institute; Betong: Department of Land Transport."""

_ABBREVIATIONS = (
    "10/กท/กทม/BKK 11/สป/SPK 12/นบ/NBI 13/ปท/PTE 14/อย/AYA 15/อท/ATG 16/ลบ/LRI 17/สห/SBR "
    "18/ชน/CNT 19/สบ/SRI 20/ชบ/CBI 21/รย/RYG 22/จบ/CTI 23/ตร/TRT 24/ฉช/CCO 25/ปจ/PRI 26/นย/NYK "
    "27/สก/SKW 30/นม/NMA 31/บร/BRM 32/สร/SRN 33/ศก/SSK 34/อบ/UBN 35/ยส/YST 36/ชย/CPM 37/อจ/ACR "
    "38/บก/BKN 39/นภ/NBP 40/ขก/KKN 41/อด/UDN 42/ลย/LEI 43/นค/NKI 44/มค/MKM 45/รอ/RET 46/กส/KSN "
    "47/สน/SNK 48/นพ/NPM 49/มห/MDH 50/ชม/CMI 51/ลพ/LPN 52/ลป/LPG 53/อต/UTT 54/พร/PRE 55/นน/NAN "
    "56/พย/PYO 57/ชร/CRI 58/มส/MSN 60/นว/NSN 61/อน/UTI 62/กพ/KPT 63/ตก/TAK 64/สท/STI 65/พล/PLK "
    "66/พจ/PCT 67/พช/PNB 70/รบ/RBR 71/กจ/KRI 72/สพ/SPB 73/นฐ/NPT 74/สค/SKN 75/สส/SKM 76/พบ/PBI "
    "77/ปข/PKN 80/นศ/NRT 81/กบ/KBI 82/พง/PNA 83/ภก/PKT 84/สฎ/SNI 85/รน/RNG 86/ชพ/CPN 90/สข/SKA "
    "91/สต/STN 92/ตง/TRG 93/พท/PLG 94/ปน/PTN 95/ยล/YLA 96/นธ/NWT"
)
"""Number of the province, then its abbreviations.

The Thai and Roman abbreviations in common use; those after Pattani were not held against a source.
"""

_OTHER_NAMES = (
    "10/krungthep/krungthepmahanakhon/กรุงเทพฯ 14/อยุธยา/ayutthaya/ayuthaya/ayudhya 24/แปดริ้ว "
    "30/โคราช/korat/khorat 33/ศรีษะเกษ/srisaket 34/ubon 41/udon/udorn 77/prachuap 84/surat"
)
"""The same for names that people use beside the official one, and that no spelling leads to."""

_LEAST_START = 3
"""Letters from which on the beginning of a name is taken for the name, if no other begins so."""

_LEAST_ALIKE = 0.75
_CLEARLY_BETTER = 0.05
_THAI_PREFIXES = ("จังหวัด", "จ.")
_ENGLISH_WORDS = ("province", "changwat")


def _spelling(label: str) -> str:
    """Reduce a name to its letters and marks."""
    plain = unicodedata.normalize("NFKD", label).casefold().strip()
    for prefix in _THAI_PREFIXES:
        plain = plain.removeprefix(unicodedata.normalize("NFKD", prefix))
    for word in _ENGLISH_WORDS:
        plain = plain.replace(word, "")
    return "".join(character for character in plain if unicodedata.category(character)[0] in "LMN")


def _key(label: str) -> str:
    """Reduce a name to what people do not get wrong: tone marks and vowels above or below go."""
    return "".join(
        character for character in _spelling(label) if unicodedata.category(character)[0] != "M"
    )


def _labels() -> Iterator[tuple[str, Province]]:
    by_code = {province.code: province for province in PROVINCES}
    for province in PROVINCES:
        for label in (province.code, province.name_th, province.name_en):
            yield label, province
    for entry in f"{_ABBREVIATIONS} {_OTHER_NAMES}".split():
        number, *labels = entry.split("/")
        for label in labels:
            yield label, by_code[f"TH-{number}"]


_BY_SPELLING = {_spelling(label): province for label, province in _labels()}
_BY_KEY = {_key(label): province for label, province in _labels()}
_NAMES = {
    _key(name): province for province in PROVINCES for name in (province.name_th, province.name_en)
}


@lru_cache(maxsize=4096)
def find_province(label: str) -> Province | None:
    """Find a province by its code, its Thai or English name, an abbreviation or a near spelling.

    Blanks, case, tone marks and `จังหวัด` do not matter; the beginning of a name is enough where no
    other begins so. What could as well be another province is none.

    >>> find_province("chiangmai").code, find_province("กรุงเทพมหานคร").name_en
    ('TH-50', 'Bangkok')
    >>> find_province("เชียงไหม่").code, find_province("Nakorn Sawan").code, find_province("ชม.").code
    ('TH-50', 'TH-60', 'TH-50')
    >>> find_province("นคร") is None, find_province("Atlantis") is None
    (True, True)
    """
    exact = _BY_SPELLING.get(_spelling(label))
    if exact:
        return exact
    key = _key(label)
    found = _beginning_with(key) | ({_BY_KEY[key]} if key in _BY_KEY else set())
    if found:
        return found.pop() if len(found) == 1 else None
    return _spelt_like(key)


def province_name(code: str, language: str = "en") -> str:
    """A province in the reader's language; its code where it has no name here.

    >>> province_name("TH-50"), province_name("TH-50", "th"), province_name("US-CA")
    ('Chiang Mai', 'เชียงใหม่', 'US-CA')
    """
    known = find_province(code) if code else None
    if known is None:
        return code
    return known.name_th if language.startswith("th") else known.name_en


def _beginning_with(key: str) -> set[Province]:
    if len(key) < _LEAST_START:
        return set()
    return {province for name, province in _NAMES.items() if name.startswith(key)}


def _spelt_like(key: str) -> Province | None:
    """Find the only name that is written nearly so.

    Source: J. Ratcliff, D. Metzener, "Pattern matching: the gestalt approach", 1988.
    """
    matcher = SequenceMatcher(b=key, autojunk=False)
    best: dict[Province, float] = {}
    for name, province in _NAMES.items():
        matcher.set_seq1(name)
        if min(matcher.real_quick_ratio(), matcher.quick_ratio()) >= _LEAST_ALIKE:
            best[province] = max(best.get(province, 0.0), matcher.ratio())
    ranked = sorted(best, key=lambda province: -best[province])
    if not ranked or best[ranked[0]] < _LEAST_ALIKE:
        return None
    if len(ranked) > 1 and best[ranked[0]] - best[ranked[1]] < _CLEARLY_BETTER:
        return None
    return ranked[0]
