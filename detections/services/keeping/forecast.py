"""Says how long the disks last, from what the last days brought."""

import shutil
from contextlib import suppress
from dataclasses import dataclass
from datetime import timedelta
from pathlib import Path
from typing import Literal

from django.conf import settings
from django.core.cache import cache
from django.core.files.storage import storages
from django.db import DatabaseError, connection
from django.utils import timezone
from django.utils.translation import gettext as _
from redis.exceptions import RedisError

from cameras.models import Camera
from detections.models import Detection
from detections.selectors.statistics import counts_by_step, utc

Level = Literal["fine", "note", "warning", "full"]
# From these shares of a disk on, somebody should know, should act, must act.
LEVELS: tuple[tuple[float, Level], ...] = ((0.9, "full"), (0.8, "warning"), (0.7, "note"))
DAYS = 7
_SAMPLED = 200
_KEPT_SECONDS = 300
# Who has longer than this need not change what is kept.
_HARDLY_DAYS = 180
_YEARS_DAYS = 2 * 365


@dataclass(frozen=True, slots=True, kw_only=True)
class Forecast:
    """One place that fills. None: unknown.

    `bytes_per_day` is what comes in; what retention takes away again is not deducted, so the days
    are the fewest that are left.
    """

    name: str
    used_bytes: int
    total_bytes: int | None
    free_bytes: int | None
    bytes_per_day: float
    level: Level
    sentence: str

    @property
    def used_percent(self) -> float | None:
        """How full the disk is."""
        if not self.total_bytes or self.free_bytes is None:
            return None
        return round(100 * (1 - self.free_bytes / self.total_bytes), 1)

    @property
    def days_left(self) -> float | None:
        """Until nothing is free, if nothing is deleted."""
        if self.free_bytes is None or self.bytes_per_day <= 0:
            return None
        return round(self.free_bytes / self.bytes_per_day, 1)


def level_of(used: float) -> Level:
    """How a disk fares of which so much, 0 to 1, is used.

    >>> [level_of(share) for share in (0.69, 0.7, 0.8, 0.95)]
    ['fine', 'note', 'warning', 'full']
    """
    return next((level for least, level in LEVELS if used >= least), "fine")


def forecasts() -> list[Forecast]:
    """Where pictures and uploads lie, and the database.

    Raises:
        OSError: The folder of pictures cannot be looked at.
        DatabaseError: PostgreSQL does not answer.
    """
    per_day = _per_day()
    return [_pictures(per_day), _database(per_day)]


def _pictures(per_day: "_PerDay") -> Forecast:
    folder: Path = settings.DATA_DIR
    existing = next(path for path in (folder, *folder.parents) if path.exists())
    usage = shutil.disk_usage(existing)
    # The database may lie on the same disk, and then fills it, too.
    incoming = per_day.picture_bytes
    place = _database_folder()
    if place is not None and place.exists() and place.stat().st_dev == existing.stat().st_dev:
        incoming += per_day.database_bytes
    share = 1 - usage.free / usage.total
    return Forecast(
        name="pictures",
        used_bytes=usage.total - usage.free,
        total_bytes=usage.total,
        free_bytes=usage.free,
        bytes_per_day=incoming,
        level=level_of(share),
        sentence=_sentence(share, usage.free, incoming),
    )


def _database(per_day: "_PerDay") -> Forecast:
    with connection.cursor() as cursor:
        cursor.execute("SELECT pg_database_size(current_database())")
        [(size,)] = cursor.fetchall()
    place = _database_folder()
    usage = shutil.disk_usage(place) if place is not None and place.exists() else None
    share = 1 - usage.free / usage.total if usage else 0.0
    return Forecast(
        name="database",
        used_bytes=size,
        total_bytes=usage.total if usage else None,
        free_bytes=usage.free if usage else None,
        bytes_per_day=per_day.database_bytes,
        level=level_of(share),
        sentence=_sentence(share, usage.free, per_day.database_bytes) if usage else "",
    )


def _database_folder() -> Path | None:
    """Where PostgreSQL keeps its files, if it lies on this machine and says so."""
    host = str(connection.settings_dict["HOST"])
    if host not in {"", "localhost", "127.0.0.1"} and not host.startswith("/"):
        return None
    with connection.cursor() as cursor:
        cursor.execute("SELECT setting FROM pg_settings WHERE name = 'data_directory'")
        found = cursor.fetchone()
    return Path(found[0]) if found and found[0] else None


def _sentence(share: float, free_bytes: float, bytes_per_day: float) -> str:
    level = level_of(share)
    if level == "fine":
        return ""
    used, days = round(100 * share), int(free_bytes / bytes_per_day) if bytes_per_day > 0 else None
    if days is None:
        left = _("nothing came in lately")
    elif days > _YEARS_DAYS:
        left = _("at what the last days brought, the rest lasts for years")
    else:
        left = _("at what the last days brought, it is full in %(days)d days") % {"days": days}
    what = {
        "note": _("Plan for more room, or a shorter retention."),
        "warning": _("Give it more room or shorten the retention of cameras now."),
        "full": _("Make room today: shorten the retention of cameras, or no picture can be kept."),
    }[level]
    if days is None or days > _HARDLY_DAYS:
        # A shorter retention would hardly help: the cameras are not what fills it.
        what = {
            "note": _("Detections hardly fill it: look what else takes the room."),
            "warning": _("Detections hardly fill it: look what else takes the room, and soon."),
            "full": _("Make room today: detections hardly fill it, so look what else does."),
        }[level]
    told = _("The disk is %(used)d %% full; %(left)s.") % {"used": used, "left": left}
    return f"{told} {what}"


@dataclass(frozen=True, slots=True, kw_only=True)
class _PerDay:
    """What comes in on a day of these."""

    picture_bytes: float
    database_bytes: float


def _per_day() -> _PerDay:
    key = "disk-forecast"
    try:
        known = cache.get(key)
    except (RedisError, OSError):
        known = None
    if known is None:
        rows = _rows_per_day()
        known = [rows * _picture_bytes(), rows * _row_bytes()]
        with suppress(RedisError, OSError):
            cache.set(key, known, _KEPT_SECONDS)
    return _PerDay(picture_bytes=known[0], database_bytes=known[1])


def _rows_per_day() -> float:
    now = timezone.now()
    cameras = list(Camera.objects.order_by().values_list("pk", flat=True))
    rows = counts_by_step(
        cameras, step="day", since=now - timedelta(days=DAYS), until=now, zone=utc()
    )
    if not rows:
        return 0.0
    # A server that was set up yesterday has fewer days.
    days = max((now - rows[0].start).total_seconds() / 86_400, 1 / 24)
    count = sum(row.passes + row.counts["rejected"] + row.counts["merged"] for row in rows)
    return count / min(days, DAYS)


def _picture_bytes() -> float:
    """What the pictures of one detection take, from the newest ones."""
    storage = storages["pictures"]
    newest = Detection.objects.order_by("-id").values_list("frame_name", "crop_name")[:_SAMPLED]
    sizes = []
    for names in newest:
        try:
            sizes.append(sum(storage.size(name) for name in names if name))
        except OSError:
            continue
    return sum(sizes) / len(sizes) if sizes else 0.0


def _row_bytes() -> float:
    """What one detection takes with its indexes, by PostgreSQL's own estimates."""
    with connection.cursor() as cursor:
        cursor.execute(
            """
            SELECT coalesce(sum(pg_total_relation_size(part.oid)), 0),
                coalesce(sum(greatest(part.reltuples, stat.n_live_tup)), 0)
            FROM pg_inherits
            JOIN pg_class AS part ON part.oid = inhrelid
            LEFT JOIN pg_stat_user_tables AS stat ON stat.relid = inhrelid
            WHERE inhparent = 'detections_detection'::regclass
            """
        )
        [(size, rows)] = cursor.fetchall()
    return float(size) / float(rows) if rows else 0.0


def warnings() -> dict[str, str]:
    """A sentence for each place that is 70 per cent full or more, as far as it can be known."""
    try:
        return {row.name: row.sentence for row in forecasts() if row.sentence}
    except (OSError, DatabaseError):
        return {}
