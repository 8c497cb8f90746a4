"""The verifier of evidence packs: RFC 8032's own vectors, and every byte of a pack."""

import io
import random
import zipfile

import pytest
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey
from cryptography.hazmat.primitives.serialization import Encoding, PublicFormat

from reports.documents.archive import PackWriter, json_lines
from reports.documents.merkle import path_to, root_of
from reports.documents.signing import public_bytes
from reports.documents.verifier import (
    CHANGED,
    NO_KEY,
    OTHER_KEY,
    SOUND,
    UNREADABLE,
    canonical,
    is_signed,
    leaf_hash,
    parse_key,
    root_from,
    seal_hash,
    verify,
)

# Public key, message and signature. Source: RFC 8032, section 7.1.
VECTORS = [
    (
        "d75a980182b10ab7d54bfed3c964073a0ee172f3daa62325af021a68f707511a",
        "",
        "e5564300c360ac729086e2cc806e828a84877f1eb8e5d974d873e065224901555fb8821590a33bacc61e39701cf9b46bd25bf5f0595bbe24655141438e7a100b",
    ),
    (
        "3d4017c3e843895a92b70aa74d1b7ebc9c982ccf2ec4968cc0cd55f12af4660c",
        "72",
        "92a009a9f0d4cab8720e820b5f642540a2b27b5416503f8fb3762223ebdb69da085ac1e43e15996e458f3613d0f11d8c387b2eaeb4302aeeb00d291612bb0c00",
    ),
    (
        "fc51cd8e6218a1a38da47ed00230f0580816ed13ba3303ac5deb911548908025",
        "af82",
        "6291d657deec24024827e69c3abe01a30ce548a284743a445e3680d7db5ac3ac18ff9b538d16f290ae67f760984dc6594a7c15e9716ed28dc027beceea1ec40a",
    ),
]
KEY, OTHER = Ed25519PrivateKey.generate(), Ed25519PrivateKey.generate()
PUBLIC = [public_bytes(KEY)]


@pytest.mark.parametrize(("key", "message", "signature"), VECTORS)
def test_is_signed_agrees_with_the_standard(key: str, message: str, signature: str) -> None:
    parts = [bytes.fromhex(part) for part in (key, message, signature)]

    assert is_signed(*parts)
    for place in (0, 31, 32, 63):
        broken = bytearray(parts[2])
        broken[place] ^= 1
        assert not is_signed(parts[0], parts[1], bytes(broken))
    assert not is_signed(parts[0], parts[1] + b"\0", parts[2])


def test_is_signed_agrees_with_cryptography() -> None:
    for size in (0, 1, 63, 64, 65, 5000):
        message = random.Random(size).randbytes(size)  # noqa: S311  # any bytes will do
        assert is_signed(PUBLIC[0], message, KEY.sign(message))
        assert not is_signed(PUBLIC[0], message, OTHER.sign(message))


def test_is_signed_refuses_the_second_form_of_a_signature() -> None:
    # Added to by the order of the group, the scalar would fit as well. Source: RFC 8032, 8.4.
    order = 2**252 + 27742317777372353535851937790883648493
    signature = KEY.sign(b"once")
    scalar = int.from_bytes(signature[32:], "little") + order

    assert not is_signed(PUBLIC[0], b"once", signature[:32] + scalar.to_bytes(32, "little"))


@pytest.mark.parametrize("count", [1, 2, 3, 5, 8, 13, 33])
def test_path_leads_to_the_root_from_each_leaf_and_from_no_other(count: int) -> None:
    leaves = [leaf_hash({"number": number}) for number in range(count)]
    root = root_of(leaves)

    for place, leaf in enumerate(leaves):
        path = path_to(place, leaves)
        assert root_from(leaf, place, count, path) == root
        assert root_from(leaf_hash({}), place, count, path) != root
        assert root_from(leaf, place + 1, count, path) != root


def pack(*, key: Ed25519PrivateKey = KEY, number: int = 1) -> bytes:
    events = [{"id": str(place), "action": "viewed"} for place in range(3)]
    leaves = [leaf_hash(event) for event in events]
    seal = {"number": 1, "events": 3, "root": root_of(leaves), "previous": "", "key_id": "k"}
    seal = {**seal, "hash": seal_hash(seal), "signature": "00"}
    rows = [
        {"event": event, "seal": 1, "position": place, "path": path_to(place, leaves)}
        for place, event in enumerate(events)
    ]
    target = io.BytesIO()
    writer = PackWriter(target)
    writer.add("detections/1/frame.jpg", bytes(range(number, number + 150)))
    writer.add("detections/1/detection.json", canonical({"number": number}))
    writer.add("audit/events.jsonl", json_lines(rows))
    writer.add("audit/seals.jsonl", json_lines([seal]))
    writer.close(
        manifest={"audit": {"head": seal["hash"]}, "warnings": []},
        public_key=public_bytes(key),
        sign=key.sign,
    )
    return target.getvalue()


def check(content: bytes, keys: list[bytes] = PUBLIC) -> tuple[int, str]:
    report = verify(io.BytesIO(content), keys)
    assert bool(report.problems) == (report.code not in {SOUND, NO_KEY})
    return report.code, " ".join(report.problems)


def test_pack_is_a_zip_that_every_program_reads_and_always_the_same() -> None:
    content = pack()

    assert zipfile.ZipFile(io.BytesIO(content)).testzip() is None
    assert content == pack()
    assert check(content) == (SOUND, "")
    assert check(content, []) == (NO_KEY, "")


def test_every_single_byte_that_changes_is_found() -> None:
    content = pack()
    # All of a header, of the directory's first and last line and of the end, and of the rest some.
    directory = content.index(b"PK\x01\x02")
    places = {
        *range(0, len(content), 9),
        *range(55),
        *range(directory, directory + 70),
        *range(len(content) - 90, len(content)),
    }

    for place in sorted(places):
        altered = bytearray(content)
        altered[place] ^= 1 << (place % 8)
        assert check(bytes(altered))[0] == CHANGED, place


@pytest.mark.parametrize("length", [0, 3, 29, 31, 100, 400, 1000, 1600, -200, -23, -22, -1])
def test_pack_that_is_cut_off_is_found(length: int) -> None:
    code, problems = check(pack()[:length])

    assert code == UNREADABLE
    assert "cut off" in problems or "no evidence pack" in problems


@pytest.mark.parametrize("place", [0, 31, 700, -22])
def test_surplus_bytes_are_found(place: int) -> None:
    content = pack()
    place %= len(content)

    assert check(content[:place] + b"??" + content[place:])[0] == CHANGED
    assert check(content + b"\0")[1].endswith("It is 1 bytes longer.")


def rewritten(content: bytes, **changed: bytes | None) -> bytes:
    """Unpacked and packed again with another program; None removes a file."""
    target = io.BytesIO()
    with zipfile.ZipFile(io.BytesIO(content)) as old, zipfile.ZipFile(target, "w") as new:
        for name in old.namelist():
            content_of = changed.pop(name, old.read(name))
            if content_of is not None:
                new.writestr(name, content_of)
        for name, added in changed.items():
            assert added is not None
            new.writestr(name, added)
    return target.getvalue()


def test_what_was_changed_added_or_removed_is_named() -> None:
    content = pack()
    picture = "detections/1/frame.jpg"

    assert f"changed: {picture}." in check(rewritten(content, **{picture: b"another"}))[1]
    assert f"removed: {picture}." in check(rewritten(content, **{picture: None}))[1]
    assert "added: more.txt," in check(rewritten(content, **{"more.txt": b"more"}))[1]
    code, problems = check(rewritten(content))
    assert code == CHANGED
    assert "the archive around the files" in problems
    assert "manifest.json" in check(rewritten(content, **{"manifest.json": b"{}"}))[1]
    assert "manifest.json" in check(rewritten(content, **{"manifest.json": None}))[1]
    assert "signature.json" in check(rewritten(content, **{"signature.json": None}))[1]


def test_file_added_behind_is_named() -> None:
    target = io.BytesIO(pack())
    with zipfile.ZipFile(target, "a") as archive:
        archive.writestr("more.txt", "more")

    assert "added: more.txt," in check(target.getvalue())[1]


def test_pack_signed_again_by_another_key_is_found() -> None:
    forged = pack(key=OTHER, number=2)

    code, problems = check(forged)
    assert code == OTHER_KEY
    assert "signed by another key" in problems
    # Without a key to hold it against, nobody can know.
    assert check(forged, [])[0] == NO_KEY


def test_signature_of_another_pack_does_not_fit() -> None:
    other = zipfile.ZipFile(io.BytesIO(pack(number=2))).read("signature.json")

    code, problems = check(rewritten(pack(), **{"signature.json": other}))
    assert code == CHANGED
    assert "the signature does not fit" in problems


def test_event_that_is_not_what_was_sealed_is_named() -> None:
    target = io.BytesIO()
    writer = PackWriter(target)
    leaves = [leaf_hash({"id": "1"}), leaf_hash({"id": "2"})]
    seal = {"number": 7, "events": 2, "root": root_of(leaves), "previous": "ab"}
    seal = {**seal, "hash": seal_hash(seal)}
    row = {"event": {"id": "1", "reason": "none"}, "seal": 7, "position": 0, "path": [leaves[1]]}
    writer.add("audit/events.jsonl", json_lines([row]))
    writer.add("audit/seals.jsonl", json_lines([seal]))
    writer.close(
        manifest={"audit": {"head": seal["hash"]}, "warnings": []},
        public_key=PUBLIC[0],
        sign=KEY.sign,
    )

    code, problems = check(target.getvalue())
    assert code == CHANGED
    assert "Audit event 1 is not what was sealed." in problems


@pytest.mark.parametrize("content", [b"", b"PK", b"no archive" * 100, b"PK\x03\x04" + bytes(60)])
def test_what_is_no_pack_is_refused(content: bytes) -> None:
    assert check(content)[0] == UNREADABLE


def test_key_is_read_however_it_is_written() -> None:
    pem = KEY.public_key().public_bytes(Encoding.PEM, PublicFormat.SubjectPublicKeyInfo).decode()
    raw = PUBLIC[0]

    assert parse_key(raw.hex()) == parse_key(pem) == parse_key(f" {raw.hex().upper()}\n") == raw
    for wrong in ("", "00", "zz" * 32, pem.replace("M", "!")):
        with pytest.raises(ValueError, match="public key"):
            parse_key(wrong)
