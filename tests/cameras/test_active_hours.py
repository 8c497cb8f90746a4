from datetime import datetime
from zoneinfo import ZoneInfo

import pytest

from accounts.models import Organization
from cameras.models import Camera

BANGKOK = ZoneInfo("Asia/Bangkok")
WORKDAYS = [{"days": [0, 1, 2, 3, 4], "from": 420, "to": 1140}]
FRIDAY_NIGHT = [{"days": [4], "from": 1320, "to": 360}]


@pytest.mark.parametrize(
    ("hours", "moment", "is_active"),
    [
        ([], "2026-11-21T03:00", True),
        (WORKDAYS, "2026-11-20T07:00", True),
        (WORKDAYS, "2026-11-20T06:59", False),
        (WORKDAYS, "2026-11-20T19:00", False),
        (WORKDAYS, "2026-11-21T12:00", False),
        (FRIDAY_NIGHT, "2026-11-20T23:30", True),
        (FRIDAY_NIGHT, "2026-11-21T05:59", True),
        (FRIDAY_NIGHT, "2026-11-21T06:00", False),
        (FRIDAY_NIGHT, "2026-11-20T05:00", False),
    ],
)
def test_is_active_at(hours: list[object], moment: str, is_active: bool) -> None:  # a table
    camera = Camera(organization=Organization(time_zone="Asia/Bangkok"), active_hours=hours)
    local = datetime.fromisoformat(moment).replace(tzinfo=BANGKOK)
    assert camera.is_active_at(local.astimezone(ZoneInfo("UTC"))) is is_active
