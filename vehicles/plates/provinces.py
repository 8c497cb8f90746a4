"""The provinces that stand on Thai plates: 77, and Betong, a district with plates of its own."""

from dataclasses import dataclass


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

_OTHER_NAMES = {"กรุงเทพ": "TH-10", "krungthep": "TH-10", "อยุธยา": "TH-14", "ayutthaya": "TH-14"}


def _key(label: str) -> str:
    return "".join(label.split()).casefold()


_BY_LABEL = {
    _key(label): province
    for province in PROVINCES
    for label in (province.code, province.name_th, province.name_en)
} | {
    _key(name): province
    for name, code in _OTHER_NAMES.items()
    for province in PROVINCES
    if province.code == code
}


def find_province(label: str) -> Province | None:
    """Find a province by its Thai or English name or its code; blanks and case do not matter.

    >>> find_province("chiangmai").code, find_province("กรุงเทพมหานคร").name_en
    ('TH-50', 'Bangkok')
    >>> find_province("Atlantis") is None
    True
    """
    return _BY_LABEL.get(_key(label))
