"""Finds pictures without detections and detections without pictures, and mends both."""

import hashlib
import posixpath
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from itertools import chain, islice
from typing import Literal
from uuid import UUID

from django.core.files.storage import Storage, storages
from django.db import transaction
from django.utils import timezone

from detections.models import Detection
from detections.selectors import in_time

Kind = Literal["file_without_row", "row_without_file", "altered"]
# A picture is written before its row is committed.
GRACE = timedelta(hours=1)
_AT_ONCE = 500
_DEPTH = 5  # organization, year, month, day, camera
_ID_LENGTH = 36


@dataclass(frozen=True, slots=True, kw_only=True)
class Finding:
    """One picture that is not as it should be; `detection_id` None: its name tells of none."""

    kind: Kind
    name: str
    detection_id: UUID | None
    is_repaired: bool = False


def check_files(*, repairs: bool) -> Iterator[Finding]:
    """Walk the storage, one camera's day at a time, and find files that no detection names.

    Args:
        repairs: Delete them, and folders of earlier days that are left empty.
    """
    storage = storages["pictures"]
    for folder in _folders(storage, "", _DEPTH):
        _none, files = storage.listdir(folder)
        names = (posixpath.join(folder, file) for file in files)
        orphans = 0
        for part in _batches(names):
            for name in _unnamed(storage, part):
                if repairs:
                    storage.delete(name)
                orphans += 1
                yield Finding(
                    kind="file_without_row",
                    name=name,
                    detection_id=_id_in(name),
                    is_repaired=repairs,
                )
        if repairs and orphans == len(files):
            _remove_folder(storage, folder)


def check_rows(
    *, since: datetime, until: datetime, repairs: bool, reads_hashes: bool
) -> Iterator[Finding]:
    """Find detections whose pictures are gone, or are not what was recorded.

    Args:
        repairs: Let such a detection name no picture; its evidence says which it was, and the
            hash stays. An altered picture is only reported.
        reads_hashes: Read every picture, which takes as long as reading the disk.
    """
    storage = storages["pictures"]
    last: UUID | None = None
    while True:
        rows = Detection.objects.filter(in_time(since=since, until=until)).order_by("id")
        if last is not None:
            rows = rows.filter(pk__gt=last)
        names = ("pk", "frame_name", "frame_sha256", "crop_name", "crop_sha256")
        page = list(rows.values_list(*names)[:_AT_ONCE])
        if not page:
            return
        last = page[-1][0]
        for pk, *pictures in page:
            for which, name, recorded in (("frame", *pictures[:2]), ("crop", *pictures[2:])):
                kind = _state(storage, name, recorded if reads_hashes else "")
                if kind is None:
                    continue
                is_repaired = repairs and kind == "row_without_file"
                if is_repaired:
                    forget_picture(detection_id=pk, which=which, name=name)
                yield Finding(kind=kind, name=name, detection_id=pk, is_repaired=is_repaired)


@transaction.atomic
def forget_picture(*, detection_id: UUID, which: str, name: str) -> None:
    """Let a detection name a lost picture no more; its hash stays, and its evidence says so."""
    found = Detection.objects.select_for_update().filter(pk=detection_id, **{f"{which}_name": name})
    for detection in found:
        setattr(detection, f"{which}_name", "")
        lost = detection.evidence.get("lost_pictures", {})
        detection.evidence["lost_pictures"] = {**lost, which: name}
        detection.save(update_fields=[f"{which}_name", "evidence"])


def _folders(storage: Storage, folder: str, depth: int) -> Iterator[str]:
    if not depth:
        yield folder
        return
    try:
        inner, _files = storage.listdir(folder)
    except FileNotFoundError:
        return
    for name in sorted(inner):
        yield from _folders(storage, posixpath.join(folder, name), depth - 1)


def _unnamed(storage: Storage, names: Sequence[str]) -> Iterator[str]:
    """Those of these files that no detection names, and that are not being recorded now."""
    ids = sorted({pk for name in names if (pk := _id_in(name))}, key=lambda pk: pk.int)
    rows = Detection.objects.filter(pk__in=ids)
    if ids:
        rows = rows.filter(pk__range=(ids[0], ids[-1]))
    known = set(chain.from_iterable(rows.values_list("frame_name", "crop_name")))
    for name in names:
        if name not in known and _is_settled(storage, name):
            yield name


def _is_settled(storage: Storage, name: str) -> bool:
    try:
        return timezone.now() - storage.get_modified_time(name) > GRACE
    except FileNotFoundError:
        return False  # its retention has just ended


def _id_in(name: str) -> UUID | None:
    try:
        return UUID(posixpath.basename(name)[:_ID_LENGTH])
    except ValueError:
        return None


def _state(storage: Storage, name: str, recorded: str) -> Kind | None:
    """What is wrong with a picture; without `recorded`, its content is not looked at."""
    if not name:
        return None
    if not recorded:
        return None if storage.exists(name) else "row_without_file"
    try:
        with storage.open(name) as stored:
            found = hashlib.file_digest(stored, "sha256").hexdigest()
    except FileNotFoundError:
        return "row_without_file"
    return None if found == recorded else "altered"


def _remove_folder(storage: Storage, folder: str) -> None:
    _organization, *date, _camera = folder.split("/")
    today = f"{timezone.now() - 2 * GRACE:%Y/%m/%d}"
    if "/".join(date) < today:
        try:
            storage.delete(folder)
        except OSError:
            return  # somebody records late news into it


def _batches(names: Iterable[str]) -> Iterator[list[str]]:
    source = iter(names)
    while part := list(islice(source, _AT_ONCE)):
        yield part
