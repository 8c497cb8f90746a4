"""The report of an evidence pack, as a PDF that a court can read."""

import base64
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from html import escape
from typing import Any
from zoneinfo import ZoneInfo

from PIL import ImageFile

from reports.documents.wording import Language, word

READINGS_MOST = 60
CUSTODY_MOST = 300
_PICTURES = ((b"\xff\xd8\xff", "image/jpeg"), (b"RIFF", "image/webp"))
Plain = dict[str, Any]

_STYLE = """
@page { size: A4; margin: 18mm 16mm 20mm;
  @bottom-left { content: string(pack); font-size: 7.5pt; color: #555 }
  @bottom-right { content: counter(page) " / " counter(pages); font-size: 7.5pt; color: #555 } }
body { font-family: "Loma", "Noto Sans Thai", "Garuda", "DejaVu Sans", sans-serif; font-size: 9.5pt;
  line-height: 1.5; color: #111 }
.pack-name { string-set: pack content(); }
h1 { font-size: 18pt; margin: 0 0 4mm; line-height: 1.4 }
h2 { font-size: 11pt; margin: 5mm 0 1.5mm; break-after: avoid; border-bottom: 0.5pt solid #999 }
.detection { break-before: page }
.number { font-size: 24pt; font-weight: bold; border: 1.5pt solid #111; border-radius: 3mm;
  padding: 0 6mm; display: inline-block; line-height: 1.6 }
.province { font-size: 12pt; display: block; text-align: center; line-height: 1.5 }
table { width: 100%; border-collapse: collapse }
td, th { text-align: left; vertical-align: top; padding: 0.7mm 2mm 0.7mm 0; font-weight: normal;
  border-bottom: 0.3pt solid #ddd }
th { color: #444; font-size: 8.5pt }
.facts th { width: 42mm }
.hash { font-family: "DejaVu Sans Mono", monospace; font-size: 7pt; overflow-wrap: anywhere }
.figure { break-inside: avoid; margin: 2mm 0 }
.shot { position: relative; display: inline-block }
.shot img { max-width: 100%; max-height: 86mm; display: block }
.box { position: absolute; border: 1pt solid #e00; box-sizing: border-box }
.crop img { max-height: 24mm; min-height: 14mm }
.bad { border: 1.5pt solid #a00; padding: 2mm 3mm; margin: 3mm 0 }
.bad b, b.bad-word { color: #a00 }
.good { border: 0.5pt solid #080; padding: 2mm 3mm; margin: 3mm 0 }
.small { font-size: 8.5pt }
"""


@dataclass(frozen=True, slots=True, kw_only=True)
class Picture:
    """A picture of a detection; `content` is None where the store has none.

    `verdict` is intact, altered or missing.
    """

    recorded_sha256: str
    found_sha256: str
    verdict: str
    content: bytes | None


@dataclass(frozen=True, slots=True, kw_only=True)
class Item:
    """One detection: what `detection.json` says, its pictures, and the events of its custody.

    `custody` are audit events in plain JSON, oldest first.
    """

    said: Plain
    frame: Picture | None
    crop: Picture | None
    custody: Sequence[Plain]


@dataclass(frozen=True, slots=True, kw_only=True)
class Cover:
    """What the first page says."""

    pack_id: str
    organization: str
    made_at: datetime
    made_by: str
    reason: str
    case_number: str
    zone: ZoneInfo
    key_id: str
    public_key: str
    head: str
    warnings: Sequence[str]


def write_report(cover: Cover, items: Sequence[Item], language: Language) -> bytes:
    """The PDF. Loads WeasyPrint, which only workers should."""
    from weasyprint import HTML  # noqa: PLC0415  # heavy, and of no use to the web process
    from weasyprint.urls import URLFetcher  # noqa: PLC0415  # the same

    # WeasyPrint tells Pillow to take pictures that are cut off, everywhere in this process.
    ImageFile.LOAD_TRUNCATED_IMAGES = False
    page = _Page(cover.zone, language)
    # Nothing is fetched: neither files of this machine nor addresses in a name that somebody chose.
    fetcher = URLFetcher(allowed_protocols={"data"}, allow_redirects=False)
    document = HTML(string=page.html(cover, items), url_fetcher=fetcher)
    pdf: bytes = document.write_pdf(pdf_identifier=cover.pack_id.encode("ascii", "replace"))
    return pdf


class _Page:
    """Writes HTML in one language and zone; every text from outside is escaped here."""

    def __init__(self, zone: ZoneInfo, language: Language) -> None:
        self._zone = zone
        self._language = language

    def html(self, cover: Cover, items: Sequence[Item]) -> str:
        title = self._word("title")
        body = [self._cover(cover, len(items)), *(self._item(item) for item in items)]
        return (
            f'<!doctype html><html lang="{self._language}"><head><meta charset="utf-8">'
            f"<title>{title}</title><style>{_STYLE}</style></head><body>{''.join(body)}</body></html>"
        )

    def _word(self, key: str, fallback: str = "") -> str:
        return escape(word(key, self._language, fallback=fallback))

    def _facts(self, rows: Iterable[tuple[str, str]]) -> str:
        lines = [
            f"<tr><th>{self._word(key)}</th><td>{value}</td></tr>" for key, value in rows if value
        ]
        return f'<table class="facts">{"".join(lines)}</table>'

    def _moment(self, moment: datetime | str) -> str:
        if isinstance(moment, str):
            moment = datetime.fromisoformat(moment)
        local = moment.astimezone(self._zone)
        here = f"{local:%Y-%m-%d %H:%M:%S}.{local.microsecond // 1000:03} {local:%z}"
        utc = moment.astimezone(UTC)
        there = f"{utc:%Y-%m-%d %H:%M:%S}.{utc.microsecond // 1000:03} UTC"
        return f"{here} ({self._word('local')})<br>{there}"

    def _hash(self, text: str) -> str:
        return f'<span class="hash">{escape(text)}</span>'

    def _cover(self, cover: Cover, count: int) -> str:
        facts = self._facts(
            [
                ("pack", f'<span class="pack-name">{escape(cover.pack_id)}</span>'),
                ("organization", escape(cover.organization)),
                ("case_number", escape(cover.case_number)),
                ("reason", escape(cover.reason)),
                ("made_by", escape(cover.made_by)),
                ("made_at", self._moment(cover.made_at)),
                ("zone", escape(str(cover.zone))),
                ("count", str(count)),
                ("key", self._hash(cover.key_id)),
                ("public_key", self._hash(cover.public_key)),
                ("head", self._hash(cover.head)),
            ]
        )
        if cover.warnings:
            lines = "".join(f"<li>{escape(sentence)}</li>" for sentence in cover.warnings)
            verdict = f'<div class="bad"><b>{self._word("warnings")}</b><ul>{lines}</ul></div>'
        else:
            verdict = f'<div class="good">{self._word("all_well")}</div>'
        return f"<h1>{self._word('title')}</h1>{facts}{verdict}<p>{self._word('how')}</p>"

    def _item(self, item: Item) -> str:
        said = item.said
        return (
            f'<section class="detection">{self._plate(said)}{self._what(said)}'
            f"{self._picture('crop', item.crop)}{self._picture('frame', item.frame, _box(said))}"
            f"{self._reading(said['evidence'])}{self._models(said)}"
            f"{self._decisions(said['decisions'])}{self._custody(item.custody)}</section>"
        )

    def _plate(self, said: Plain) -> str:
        plate = said["plate"]
        if plate is None:
            return f'<p><span class="number">{self._word("no_plate")}</span></p>'
        place = plate["province_name"].get(self._language) or plate["country"]
        below = f'<span class="province">{escape(place)}</span>' if place else ""
        return f'<p><span class="number">{escape(plate["number"])}{below}</span></p>'

    def _what(self, said: Plain) -> str:
        camera, read = said["camera"], said["read"]
        has_place = camera["latitude"] is not None
        place = f"{camera['latitude']:.6f}, {camera['longitude']:.6f}" if has_place else ""
        vehicle = " ".join(filter(None, (said["vehicle"]["color"], said["vehicle"]["kind"])))
        return self._facts(
            [
                ("detection", self._hash(said["id"])),
                ("captured", self._moment(said["captured_at"])),
                ("recorded", self._moment(said["recorded_at"])),
                ("camera", f"{escape(camera['name'])} {self._hash(camera['id'])}"),
                ("position", place),
                ("read_as", escape(read["text"])),
                ("confidence", f"{read['confidence']:.1%}"),
                ("agreement", f"{read['frames_agreed']} {self._word('of')} {read['frames_read']}"),
                ("state", self._word(f"review_{said['review']['state']}")),
                ("origin", self._word(f"origin_{said['origin']}")),
                ("vehicle", escape(vehicle)),
            ]
        )

    def _picture(self, kind: str, picture: Picture | None, box: str = "") -> str:
        if picture is None:
            return ""
        shown = f"<p>{self._word('not_shown')}</p>" if picture.content is not None else ""
        if uri := _data_uri(picture.content):
            shown = f'<div class="shot"><img src="{uri}" alt="">{box}</div>'
        mark = "" if picture.verdict == "intact" else ' class="bad-word"'
        verdict = f"<b{mark}>{self._word(picture.verdict)}</b>"
        hashes = f"{self._word('recorded_hash')}: {self._hash(picture.recorded_sha256)}"
        if picture.verdict == "altered":
            hashes += f"<br>{self._word('found_hash')}: {self._hash(picture.found_sha256)}"
        return (
            f'<div class="figure {kind}"><h2>{self._word(kind)}</h2>{shown}'
            f'<div class="small">{verdict}<br>{hashes}</div></div>'
        )

    def _table(self, title: str, heads: Sequence[str], rows: Sequence[Sequence[str]]) -> str:
        if not rows:
            return ""
        head = "".join(f"<th>{self._word(key)}</th>" for key in heads)
        lines = ["".join(f"<td>{cell}</td>" for cell in row) for row in rows]
        body = "".join(f"<tr>{line}</tr>" for line in lines)
        return (
            f'<h2>{self._word(title)}</h2><table class="small"><thead><tr>{head}</tr></thead>'
            f"<tbody>{body}</tbody></table>"
        )

    def _reading(self, evidence: Plain) -> str:
        checks = [
            (
                self._word(f"rule_{row.get('rule')}", str(row.get("rule", "")).replace("_", " ")),
                escape(str(row.get("value", ""))),
                escape(str(row.get("limit", ""))),
            )
            for row in _rows(evidence, "checks")
        ]
        candidates = [
            (escape(str(row.get("text", ""))), _percent(row.get("share")))
            for row in _rows(evidence, "candidates")
        ]
        readings = [
            (
                f"{row['t']:.2f} s" if isinstance(row.get("t"), int | float) else "",
                escape(str(row.get("text", ""))),
                _percent(row.get("confidence")),
            )
            for row in _rows(evidence, "readings")[:READINGS_MOST]
        ]
        return (
            self._table("checks", ("rule", "reached", "limit"), checks)
            + self._table("candidates", ("text", "share"), candidates)
            + self._table("readings", ("after", "text", "confidence"), readings)
        )

    def _models(self, said: Plain) -> str:
        models = said["models"]
        rows = []
        for key in ("detector", "reader"):
            if name := str(models.get(key, "")):
                fingerprint = self._hash(str(models.get(f"{key}_sha256", "")))
                rows.append((key, f"{escape(name)}<br>{fingerprint}"))
        rows.append(("configuration", self._hash(said["camera"]["configuration_sha256"])))
        return f"<h2>{self._word('models')}</h2>{self._facts(rows)}"

    def _decisions(self, decisions: Sequence[Plain]) -> str:
        rows = [
            (
                self._moment(row["at"]),
                escape(row["actor"]),
                self._word(f"kind_{row['kind']}"),
                escape(row["reason"]),
            )
            for row in decisions
        ]
        told = self._table("decisions", ("time", "who", "what", "reason"), rows)
        return told or f"<h2>{self._word('decisions')}</h2><p>{self._word('no_decisions')}</p>"

    def _custody(self, events: Sequence[Plain]) -> str:
        rows = [
            (
                self._moment(row["at"]),
                escape(row["actor_label"]),
                self._word(f"action_{row['action']}"),
                "<br>".join(escape(text) for text in _why(row) if text),
            )
            for row in events[-CUSTODY_MOST:]
        ]
        told = self._table("custody", ("time", "who", "what", "why"), rows)
        return told or f"<h2>{self._word('custody')}</h2><p>{self._word('no_custody')}</p>"


def _why(event: Plain) -> tuple[str, ...]:
    return event["reason"], event["case_number"], event["ip_address"] or ""


def _box(said: Plain) -> str:
    """Where the plate is in the frame, drawn over it; nothing where that is not known."""
    box, (width, height) = said["box_px"], said["frame_px"]
    if None in box or not width or not height:
        return ""
    parts = (box[0] / width, box[1] / height, box[2] / width, box[3] / height)
    sides = zip(("left", "top", "width", "height"), parts, strict=True)
    style = ";".join(f"{side}:{100 * part:.2f}%" for side, part in sides)
    return f'<div class="box" style="{style}"></div>'


def _data_uri(content: bytes | None) -> str:
    """A kept picture as an address that holds it; nothing for any other file."""
    if content is None:
        return ""
    kind = next((mime for head, mime in _PICTURES if content.startswith(head)), "")
    return f"data:{kind};base64,{base64.b64encode(content).decode()}" if kind else ""


def _rows(evidence: Plain, name: str) -> list[Plain]:
    rows = evidence.get(name)
    return [row for row in rows if isinstance(row, dict)] if isinstance(rows, list) else []


def _percent(value: Any) -> str:
    return f"{value:.1%}" if isinstance(value, int | float) else ""
