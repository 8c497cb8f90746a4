"""Which column of a file fills what, and what its cells say."""

import re
import unicodedata
from collections.abc import Callable, Mapping, Sequence
from datetime import date
from typing import Any

from vehicles.models import CustomField, Plate, Vehicle
from vehicles.services.vehicles import TEXT_FIELDS

CUSTOM = "custom."
NUMBER = "number"
# What a column may be called, besides the field's own name; compared without case and signs.
_NAMES: dict[str, tuple[str, ...]] = {
    "number": ("plate", "plate number", "licence plate", "license plate", "registration",
               "ทะเบียน", "เลขทะเบียน", "ทะเบียนรถ", "ป้ายทะเบียน"),
    "country": ("ประเทศ",),
    "province": ("state", "region", "จังหวัด"),
    "status": ("plate status", "สถานะ"),
    "status_reason": ("reason", "เหตุผล"),
    "since": ("from", "valid from", "ตั้งแต่", "วันที่เริ่ม"),
    "until": ("to", "valid until", "expires", "ถึง", "จนถึง", "หมดอายุ"),
    "name": ("vehicle", "vehicle name", "ชื่อ", "ชื่อรถ"),
    "kind": ("type", "vehicle type", "body", "ประเภท", "ชนิด"),
    "make": ("brand", "manufacturer", "ยี่ห้อ"),
    "model": ("รุ่น",),
    "color": ("colour", "สี"),
    "owner_name": ("owner", "เจ้าของ", "ผู้ครอบครอง", "ชื่อเจ้าของ"),
    "owner_contact": ("contact", "phone", "telephone", "e-mail", "โทรศัพท์", "เบอร์โทร", "ติดต่อ"),
    "notes": ("note", "remarks", "หมายเหตุ", "บันทึก"),
    "tags": ("tag", "แท็ก", "กลุ่ม"),
}  # fmt: skip
FIELDS = tuple(_NAMES)
_DATE = re.compile(r"(\d{1,2})[/.-](\d{1,2})[/.-](\d{4})")
BUDDHIST_FROM = 2400
BUDDHIST_AHEAD = 543


def guess_mapping(headers: Sequence[str], fields: Sequence[CustomField]) -> list[str]:
    """The field that each column most likely fills; empty for none, and no field twice."""
    known = {_plain(name): field for field, names in _NAMES.items() for name in (field, *names)}
    for own in fields:
        known |= {_plain(own.key): f"{CUSTOM}{own.key}", _plain(own.label): f"{CUSTOM}{own.key}"}
    mapping: list[str] = []
    for header in headers:
        field = known.get(_plain(header), "")
        mapping.append("" if field in mapping else field)
    return mapping


def _plain(text: str) -> str:
    folded = unicodedata.normalize("NFKC", text).casefold()
    # Thai vowels and tones are marks, which \W would take away.
    return "".join(c for c in folded if c.isalnum() or unicodedata.category(c)[0] == "M")


def read_date(text: str) -> date:
    """A date as 2026-01-31 or 31/01/2026; Buddhist years too.

    Raises:
        ValueError: It is none, in a sentence.

    >>> str(read_date("31/1/2569")), str(read_date("2026-01-31"))
    ('2026-01-31', '2026-01-31')
    """
    try:
        if written := _DATE.fullmatch(text):
            day, month, year = map(int, written.groups())
        else:
            year, month, day = map(int, text[:10].split("-"))
        return date(year - BUDDHIST_AHEAD if year > BUDDHIST_FROM else year, month, day)
    except ValueError:
        raise ValueError("Write a date as 2026-01-31.") from None


def _read_status(text: str) -> str:
    for status in Plate.Status:
        if text.casefold() in {status.value, str(status.label).casefold()}:
            return status.value
    known = ", ".join(Plate.Status.values)
    raise ValueError(f"The status is one of: {known}.")


def _read_text(name: str) -> Callable[[str], str]:
    field = Vehicle._meta.get_field(name)  # noqa: SLF001  # Django's public name
    most = int(getattr(field, "max_length", 0) or 0)

    def read(text: str) -> str:
        if len(text) > most:
            raise ValueError(f"Write at most {most} characters.")
        return text

    return read


_READERS: dict[str, Callable[[str], Any]] = {
    "since": read_date,
    "until": read_date,
    "status": _read_status,
    "status_reason": lambda text: text[:300],
    "tags": lambda text: [name.strip() for name in re.split(r"[,;]", text) if name.strip()],
    **{name: _read_text(name) for name in TEXT_FIELDS},
}


def clean_cell(text: str) -> str:
    """A cell without what nobody sees: zero-width characters, other control characters.

    >>> clean_cell("\u200bTo\u200byota\ufeff ")
    'Toyota'
    """
    kept = (c for c in text if c == "\n" or unicodedata.category(c) not in {"Cf", "Cc"})
    return "".join(kept).strip()


def read_cells(
    cells: Sequence[str], mapping: Sequence[str]
) -> tuple[dict[str, Any], dict[str, str], list[str]]:
    """What a line says by field, by custom field, and what is wrong; empty cells say nothing."""
    written: dict[str, Any] = {}
    custom: dict[str, str] = {}
    errors: list[str] = []
    for name, cell in zip(mapping, cells, strict=False):
        text = clean_cell(cell)
        if not name or not text:
            continue
        if name.startswith(CUSTOM):
            custom[name.removeprefix(CUSTOM)] = text
            continue
        try:
            written[name] = _READERS.get(name, str)(text)
        except ValueError as error:
            errors.append(f"{name}: {error}")
    return written, custom, errors


def template_headers(fields: Sequence[CustomField]) -> list[str]:
    """The headers of a file that needs no mapping."""
    return [*FIELDS, *(field.key for field in fields)]


def choices(fields: Sequence[CustomField]) -> Mapping[str, str]:
    """What a column may fill: names and labels, the custom fields last."""
    own = {f"{CUSTOM}{field.key}": field.label for field in fields}
    return {**{name: name.replace("_", " ") for name in FIELDS}, **own}
