"""Checks an evidence pack: what was changed, added, removed or signed by somebody else.

A program of its own that needs nothing but Python 3.8 or later:

    python3 verify_evidence.py PACK.zip --key PUBLIC_KEY

A pack is a ZIP archive with one possible shape: entries are stored as they are, in the order of its
manifest, with nothing between and around them. So every byte is either content, whose SHA-256 the
manifest holds, or follows from the manifest; and the manifest is signed. No byte can change unseen.

Ends with 0 where all is sound and signed by the key that was given, 1 where something was changed,
2 where it is no pack or cut off, 3 where another key signed it, 4 where all is sound in itself and
no key was given to hold it against.
"""

from __future__ import annotations

import argparse
import base64
import binascii
import hashlib
import json
import re
import struct
import sys
import zipfile
import zlib
from typing import IO, Any, Dict, List, NamedTuple, Optional, Set, Tuple

MANIFEST, SIGNATURE = "manifest.json", "signature.json"
EVENTS, SEALS = "audit/events.jsonl", "audit/seals.jsonl"
FORMAT = "lpr-evidence-1"
SOUND, CHANGED, UNREADABLE, OTHER_KEY, NO_KEY = range(5)
CHUNK = 1 << 20
MANIFEST_MOST = 64 << 20


# --- What is hashed and signed, byte by byte ---------------------------------------------------


def canonical(value: Any) -> bytes:
    """JSON in one possible spelling: sorted keys, no spaces, UTF-8."""
    text = json.dumps(
        value, sort_keys=True, separators=(",", ":"), ensure_ascii=False, allow_nan=False
    )
    return text.encode("utf-8")


def key_id_of(public_key: bytes) -> str:
    """The name of a key: the beginning of its fingerprint, SHA-256 of its 32 bytes."""
    return hashlib.sha256(public_key).hexdigest()[:16]


def leaf_hash(event: Any) -> str:
    """The hash of one audit event. Source: RFC 6962, section 2.1."""
    return hashlib.sha256(b"\x00" + canonical(event)).hexdigest()


def node_hash(left: str, right: str) -> str:
    """The hash over two. Source: RFC 6962, section 2.1."""
    return hashlib.sha256(b"\x01" + bytes.fromhex(left) + bytes.fromhex(right)).hexdigest()


def root_from(leaf: str, position: int, count: int, path: List[str]) -> str:
    """The root of a tree of `count` leaves that holds `leaf` at `position`, or an empty text.

    Source: RFC 9162, section 2.1.3.2.
    """
    if not 0 <= position < count:
        return ""
    first, last, root = position, count - 1, leaf
    for other in path:
        if last == 0:
            return ""
        if first & 1 or first == last:
            root = node_hash(other, root)
            while not first & 1 and first:
                first, last = first >> 1, last >> 1
        else:
            root = node_hash(root, other)
        first, last = first >> 1, last >> 1
    return root if last == 0 else ""


def seal_hash(seal: Dict[str, Any]) -> str:
    """The hash of a seal: over all that it says, save this hash itself and its signature."""
    said = {name: value for name, value in seal.items() if name not in ("hash", "signature")}
    return hashlib.sha256(canonical(said)).hexdigest()


# --- Ed25519, verification only. Source: RFC 8032, sections 5.1 and 6 ---------------------------

_P = 2**255 - 19
_L = 2**252 + 27742317777372353535851937790883648493
_D = -121665 * pow(121666, _P - 2, _P) % _P
_ROOT = pow(2, (_P - 1) // 4, _P)
_Point = Tuple[int, int, int, int]


def _x_of(y: int, sign: int) -> Optional[int]:
    if y >= _P:
        return None
    square = (y * y - 1) * pow(_D * y * y + 1, _P - 2, _P) % _P
    if square == 0:
        return None if sign else 0
    x = pow(square, (_P + 3) // 8, _P)
    if (x * x - square) % _P:
        x = x * _ROOT % _P
    if (x * x - square) % _P:
        return None
    return _P - x if x & 1 != sign else x


def _decompress(encoded: bytes) -> Optional[_Point]:
    number = int.from_bytes(encoded, "little")
    y, sign = number & ((1 << 255) - 1), number >> 255
    x = _x_of(y, sign)
    return None if x is None else (x, y, 1, x * y % _P)


def _add(a: _Point, b: _Point) -> _Point:
    e = (a[1] - a[0]) * (b[1] - b[0]) % _P
    f = (a[1] + a[0]) * (b[1] + b[0]) % _P
    g, h = 2 * a[3] * b[3] * _D % _P, 2 * a[2] * b[2] % _P
    e, f, g, h = f - e, h - g, h + g, f + e
    return e * f % _P, g * h % _P, f * g % _P, e * h % _P


def _multiply(scalar: int, point: _Point) -> _Point:
    total: _Point = (0, 1, 1, 0)
    while scalar:
        if scalar & 1:
            total = _add(total, point)
        point, scalar = _add(point, point), scalar >> 1
    return total


def is_signed(public_key: bytes, message: bytes, signature: bytes) -> bool:
    """Whether `signature` (64 bytes) over `message` is of the Ed25519 key (32 bytes)."""
    if len(public_key) != 32 or len(signature) != 64:
        return False
    key, start = _decompress(public_key), _decompress(signature[:32])
    scalar = int.from_bytes(signature[32:], "little")
    y = 4 * pow(5, _P - 2, _P) % _P
    base = _decompress(y.to_bytes(32, "little"))
    if key is None or start is None or base is None or scalar >= _L:
        return False
    digest = hashlib.sha512(signature[:32] + public_key + message).digest()
    left = _multiply(scalar, base)
    right = _add(start, _multiply(int.from_bytes(digest, "little") % _L, key))
    same_x = (left[0] * right[2] - right[0] * left[2]) % _P == 0
    return same_x and (left[1] * right[2] - right[1] * left[2]) % _P == 0


# --- The one shape of the archive. Source: PKWARE APPNOTE 6.3.10, sections 4.3 and 4.4 ----------

_DAY = 0x0021  # 1 January 1980: the moment of making stands in the manifest


def local_header(name: str, size: int, crc: int) -> bytes:
    """What stands before an entry's content."""
    encoded = name.encode("ascii")
    head = struct.pack(
        "<4s5H3L2H", b"PK\x03\x04", 20, 0, 0, 0, _DAY, crc, size, size, len(encoded), 0
    )
    return head + encoded


def directory_entry(name: str, size: int, crc: int, offset: int) -> bytes:
    """The entry's line in the directory at the end; readable by all, as on Unix."""
    encoded = name.encode("ascii")
    head = struct.pack("<4s6H3L", b"PK\x01\x02", 0x314, 20, 0, 0, 0, _DAY, crc, size, size)
    return head + struct.pack("<5H2L", len(encoded), 0, 0, 0, 0, 0o100644 << 16, offset) + encoded


def directory_end(count: int, size: int, offset: int) -> bytes:
    """The last bytes of the archive."""
    return struct.pack("<4s4H2LH", b"PK\x05\x06", 0, 0, count, count, size, offset, 0)


class Entry(NamedTuple):
    """Where an entry's content lies, and what it holds."""

    name: str
    offset: int
    size: int
    sha256: str
    crc: int


class Report:
    """What was found out about a pack."""

    def __init__(self) -> None:
        self.problems: List[str] = []
        self.notes: List[str] = []
        self.code = SOUND
        self.key_id = ""

    def fail(self, code: int, sentence: str) -> None:
        self.problems.append(sentence)
        self.code = self.code or code


def _hashed(file: IO[bytes], name: str, offset: int, size: int) -> Optional[Entry]:
    """Read one content; None where the file ends before it does."""
    file.seek(offset)
    digest, crc, left = hashlib.sha256(), 0, size
    while left:
        chunk = file.read(min(CHUNK, left))
        if not chunk:
            return None
        digest.update(chunk)
        crc, left = zlib.crc32(chunk, crc), left - len(chunk)
    return Entry(name, offset, size, digest.hexdigest(), crc)


def _in_order(file: IO[bytes]) -> Dict[str, Entry]:
    """The entries from the beginning on, as far as they have the shape of a pack's."""
    found: Dict[str, Entry] = {}
    offset = 0
    while True:
        file.seek(offset)
        head = file.read(30)
        if len(head) < 30 or head[:4] != b"PK\x03\x04":
            return found
        size, length = struct.unpack("<L", head[22:26])[0], struct.unpack("<H", head[26:28])[0]
        name = file.read(length).decode("ascii", "replace")
        entry = _hashed(file, name, offset + 30 + length, size)
        if entry is None or name in found:
            return found
        found[name] = entry
        offset = entry.offset + size


def _by_directory(file: IO[bytes]) -> Dict[str, Entry]:
    """The entries that the directory at the end names, however another program wrote them."""
    found: Dict[str, Entry] = {}
    try:
        with zipfile.ZipFile(file) as archive:
            for info in archive.infolist():
                found[info.filename] = _unpacked(archive, info)
    except (zipfile.BadZipFile, OSError, ValueError, EOFError, struct.error, RuntimeError):
        return {}
    return found


def _unpacked(archive: zipfile.ZipFile, info: zipfile.ZipInfo) -> Entry:
    digest, size = hashlib.sha256(), 0
    try:
        with archive.open(info) as content:
            for chunk in iter(lambda: content.read(CHUNK), b""):
                digest.update(chunk)
                size += len(chunk)
    except (zipfile.BadZipFile, zlib.error, OSError, ValueError, EOFError, NotImplementedError):
        digest = hashlib.sha256()
    offset = info.header_offset + 30 + len(info.filename.encode("utf-8"))
    return Entry(info.filename, offset, size, digest.hexdigest(), info.CRC)


def _read_json(file: IO[bytes], entry: Optional[Entry]) -> Tuple[bytes, Any]:
    """A small content and what it says, or b"" and None where it is no canonical JSON."""
    if entry is None or entry.size > MANIFEST_MOST:
        return b"", None
    file.seek(entry.offset)
    text = file.read(entry.size)
    try:
        value = json.loads(text.decode("utf-8"))
        return (text, value) if canonical(value) == text else (text, None)
    except (ValueError, RecursionError):
        return text, None


class _Pack:
    """One pack while it is being read."""

    def __init__(self, file: IO[bytes], keys: List[bytes]) -> None:
        self.file, self.keys, self.report = file, keys, Report()
        file.seek(0, 2)
        self.size = file.tell()
        self.ordered = _in_order(file)
        self._listed: Optional[Dict[str, Entry]] = None

    @property
    def listed(self) -> Dict[str, Entry]:
        if self._listed is None:
            self._listed = _by_directory(self.file)
        return self._listed

    def check(self) -> Report:
        text, manifest = self._parse(MANIFEST)
        if not _is_manifest(manifest):
            self._say_what_is_left(text)
            return self.report
        self._check_signature(text)
        self._check_contents(manifest, len(text))
        if self.report.code in (SOUND, OTHER_KEY):
            try:
                self._check_trail(manifest)
            except (AttributeError, IndexError, KeyError, TypeError, ValueError):
                self.report.fail(CHANGED, "changed: the audit trail has not the shape of one.")
        return self.report

    def _parse(self, name: str) -> Tuple[bytes, Any]:
        text, value = _read_json(self.file, self.ordered.get(name))
        if value is not None:
            return text, value
        other, value = _read_json(self.file, self.listed.get(name))
        return (other, value) if value is not None else (text or other, None)

    def _say_what_is_left(self, text: bytes) -> None:
        if text:
            self.report.fail(CHANGED, "changed: manifest.json, which is not as it was written.")
        elif self.listed:
            self.report.fail(CHANGED, "removed: manifest.json, without which nothing is proved.")
        elif self.ordered:
            last = list(self.ordered)[-1]
            self.report.fail(
                UNREADABLE, f"cut off: the file ends at byte {self.size}, somewhere after {last}."
            )
        else:
            self.report.fail(UNREADABLE, "This file is no evidence pack, or only a part of one.")

    def _check_signature(self, manifest: bytes) -> None:
        text, signed = self._parse(SIGNATURE)
        report = self.report
        if not isinstance(signed, dict):
            what = "changed" if text else "removed or cut off"
            report.fail(CHANGED, f"{what}: signature.json; nothing says who made this pack.")
            return
        key, signature = _hex(signed.get("public_key"), 32), _hex(signed.get("signature"), 64)
        right = {"algorithm": "Ed25519", "key_id": key_id_of(key)}
        right.update(public_key=key.hex(), signature=signature.hex())
        if signed != right:
            report.fail(CHANGED, "changed: signature.json, which is not as it was written.")
            return
        report.key_id = right["key_id"]
        if not is_signed(key, manifest, signature):
            report.fail(
                CHANGED, "changed: manifest.json or signature.json; the signature does not fit."
            )
        elif self.keys and key not in self.keys:
            wanted = ", ".join(key_id_of(known) for known in self.keys)
            report.fail(OTHER_KEY, f"signed by another key: {report.key_id}, and not by {wanted}.")

    def _check_contents(self, manifest: Dict[str, Any], manifest_size: int) -> None:
        """Hold every byte against the one archive that this manifest can have."""
        files = [(row["path"], row["size"], row["sha256"]) for row in manifest["files"]]
        signature = self.ordered.get(SIGNATURE) or self.listed.get(SIGNATURE)
        files += [
            (MANIFEST, manifest_size, ""),
            (SIGNATURE, signature.size if signature else 0, ""),
        ]
        offset, directory, is_as_made = 0, b"", True
        for name, size, sha256 in files:
            start = offset + 30 + len(name)
            entry = self._content(name, start, size)
            if entry is None or (sha256 and entry.sha256 != sha256):
                is_as_made = False
                self._say_where(name, sha256, start + size)
            crc = entry.crc if entry else 0
            is_as_made &= self._bytes(offset, 30 + len(name)) == local_header(name, size, crc)
            directory += directory_entry(name, size, crc, offset)
            offset = start + size
        end = directory + directory_end(len(files) & 0xFFFF, len(directory), offset & 0xFFFFFFFF)
        is_as_made &= self.size == offset + len(end) and self._bytes(offset, len(end)) == end
        if not is_as_made:
            self._say_what_is_more({name for name, _, _ in files}, self.size - offset - len(end))

    def _content(self, name: str, start: int, size: int) -> Optional[Entry]:
        known = self.ordered.get(name)
        if known is not None and (known.offset, known.size) == (start, size):
            return known
        return _hashed(self.file, name, start, size)

    def _say_where(self, name: str, sha256: str, end: int) -> None:
        """Say what became of a content that is not where it was; one that only moved is there."""
        there = [entries[name] for entries in (self.listed, self.ordered) if name in entries]
        if any(not sha256 or entry.sha256 == sha256 for entry in there):
            return
        if there or (end <= self.size and not self.listed):
            self.report.fail(CHANGED, f"changed: {name}.")
        elif self.listed:
            self.report.fail(CHANGED, f"removed: {name}.")
        else:
            self.report.fail(UNREADABLE, f"cut off: {name}; the file ends at byte {self.size}.")

    def _say_what_is_more(self, known: Set[str], surplus: int) -> None:
        for name in sorted((set(self.ordered) | set(self.listed)) - known):
            if surplus > 0 or (name in self.listed and name in self.ordered):
                self.report.fail(CHANGED, f"added: {name}, of which the manifest does not know.")
        if surplus < 0 and not self.listed:
            self.report.fail(UNREADABLE, f"cut off: {-surplus} bytes are missing at the end.")
        elif not self.report.problems or surplus:
            more = f" It is {surplus} bytes longer." if surplus > 0 else ""
            self.report.fail(
                CHANGED,
                "changed: the archive around the files (headers, directory, end)." + more,
            )

    def _bytes(self, offset: int, length: int) -> bytes:
        self.file.seek(offset)
        return self.file.read(length)

    def _check_trail(self, manifest: Dict[str, Any]) -> None:
        """The audit events of the pack, up to the seal that is the head of the server's chain."""
        seals, previous = {}, ""
        for seal in self._lines(SEALS):
            if seal_hash(seal) != seal["hash"] or previous not in ("", seal["previous"]):
                self.report.fail(CHANGED, f"The audit trail's chain breaks at {seal['number']}.")
            seals[seal["number"]], previous = seal, seal["hash"]
        if previous != manifest["audit"]["head"]:
            self.report.fail(CHANGED, "The audit trail's chain does not end as was signed.")
        events = self._lines(EVENTS)
        for row in events:
            seal = seals[row["seal"]]
            leaf = leaf_hash(row["event"])
            if root_from(leaf, row["position"], seal["events"], row["path"]) != seal["root"]:
                self.report.fail(
                    CHANGED, f"Audit event {row['event']['id']} is not what was sealed."
                )
        self.report.notes.append(
            f"{len(events)} audit events, in a chain of {len(seals)} seals up to {previous[:16]}."
        )
        self.report.notes += [f"Noted when it was made: {text}" for text in manifest["warnings"]]

    def _lines(self, name: str) -> List[Dict[str, Any]]:
        entry = self.ordered[name]
        return [json.loads(line) for line in self._bytes(entry.offset, entry.size).splitlines()]


def _is_manifest(value: Any) -> bool:
    if not isinstance(value, dict) or value.get("format") != FORMAT:
        return False
    files = value.get("files")
    return isinstance(files, list) and all(
        isinstance(row, dict)
        and isinstance(row.get("path"), str)
        and re.match(r"[\w./-]{1,200}\Z", row["path"], re.ASCII) is not None
        and isinstance(row.get("size"), int)
        and 0 <= row["size"] < 1 << 32
        and isinstance(row.get("sha256"), str)
        for row in files
    )


def _hex(text: Any, length: int) -> bytes:
    if not isinstance(text, str) or not re.match(r"[0-9a-f]*\Z", text) or len(text) != 2 * length:
        return b""
    return bytes.fromhex(text)


def parse_key(text: str) -> bytes:
    """A public key as hex, base64 or PEM.

    Raises:
        ValueError: It is none of these.
    """
    body = "".join(line for line in text.split() if "-" not in line and line != "PUBLIC")
    body = body.replace("KEY", "") if "-----" in text else body
    try:
        if len(body) == 64:
            return bytes.fromhex(body)
        key = base64.b64decode(body, validate=True)
    except (ValueError, binascii.Error):
        key = b""
    # In PEM, 12 bytes say that it is an Ed25519 key (RFC 8410, section 4).
    key = key[12:] if len(key) == 44 else key
    if len(key) != 32:
        raise ValueError("This is no Ed25519 public key: 64 hex digits, base64, or PEM.")
    return key


def verify(file: IO[bytes], keys: List[bytes]) -> Report:
    """Check an open pack against the public keys that may have signed it; none compares nothing."""
    report = _Pack(file, keys).check()
    if report.code == SOUND and not keys:
        report.code = NO_KEY
    return report


def sentences(report: Report) -> List[str]:
    """What a person should read."""
    if report.problems:
        return [
            "NOT AS IT WAS MADE." if report.code != OTHER_KEY else "NOT SIGNED BY THIS KEY.",
            *report.problems,
        ]
    first = f"Sound: every byte is as it was made, signed by key {report.key_id}."
    if report.code == NO_KEY:
        first += (
            " No key was given: ask the server's operator for its public key by another way"
            " and run this again with --key, or anybody could have signed it."
        )
    return [first, *report.notes]


def main(arguments: Optional[List[str]] = None) -> int:
    """Check the pack that the command line names."""
    parser = argparse.ArgumentParser(description="Checks an evidence pack.")
    parser.add_argument("pack", help="the ZIP file")
    parser.add_argument("--key", default="", help="public key (hex, base64) or a file with it")
    options = parser.parse_args(arguments)
    keys = []
    if options.key:
        try:
            with open(options.key, encoding="ascii") as key_file:
                text = key_file.read()
        except (OSError, ValueError):
            text = options.key
        try:
            keys = [parse_key(text)]
        except ValueError as error:
            parser.error(str(error))
    try:
        with open(options.pack, "rb") as file:
            report = verify(file, keys)
    except OSError as error:
        parser.error(str(error))
    sys.stdout.write("\n".join(sentences(report)) + "\n")
    return report.code


if __name__ == "__main__":
    sys.exit(main())
