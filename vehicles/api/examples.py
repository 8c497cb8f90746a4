"""Examples in the description of the API."""

from typing import Any

PLATE: dict[str, Any] = {
    "id": "0199f3a2-7c00-7d1e-b0a1-6f1d2c3b4a59",
    "organization": "harbour",
    "number": "1กข1234",
    "country": "TH",
    "province": "TH-10",
    "status": "active",
    "vehicle": "0199f3a2-7c00-7d1e-b0a1-6f1d2c3b4a60",
    "first_seen_at": "2026-01-02T03:04:05.678Z",
    "last_seen_at": "2026-02-03T04:05:06.789Z",
    "detections_count": 17,
}
TENURE: dict[str, Any] = {
    "id": 12,
    "vehicle": "0199f3a2-7c00-7d1e-b0a1-6f1d2c3b4a60",
    "plate": PLATE,
    "since": "2026-01-01",
    "until": None,
}
NEW_TENURE: dict[str, Any] = {
    "vehicle": "0199f3a2-7c00-7d1e-b0a1-6f1d2c3b4a60",
    "number": "1กข-1234",
    "province": "กรุงเทพมหานคร",
    "since": "2026-01-01",
}
NEW_VEHICLE: dict[str, Any] = {
    "name": "Post van",
    "kind": "van",
    "make": "Toyota",
    "model": "Commuter",
    "color": "white",
    "owner_name": "Somchai",
    "tags": ["staff"],
    "custom": {"permit_until": "2027-01-31"},
}
VEHICLE: dict[str, Any] = {
    "id": "0199f3a2-7c00-7d1e-b0a1-6f1d2c3b4a60",
    "organization": "harbour",
    **NEW_VEHICLE,
    "owner_contact": "",
    "notes": "",
    "plates": [TENURE],
    "created_at": "2026-01-01T03:04:05.678Z",
    "updated_at": "2026-01-01T03:04:05.678Z",
}
TAG: dict[str, Any] = {"id": 3, "organization": "harbour", "name": "VIP"}
NEW_CUSTOM_FIELD: dict[str, Any] = {
    "key": "permit_until",
    "label": "Permit until",
    "kind": "date",
}
CUSTOM_FIELD: dict[str, Any] = {
    "id": 4,
    "organization": "harbour",
    **NEW_CUSTOM_FIELD,
    "choices": [],
    "is_active": True,
}
NEW_IGNORED_PLATE: dict[str, Any] = {
    "number": "1กข 1234",
    "province": "TH-10",
    "reason": "Staff car",
    "until": "2099-01-01T00:00:00Z",
}
IGNORED_PLATE: dict[str, Any] = {
    "id": "0199f3a2-7c00-7d1e-b0a1-6f1d2c3b4a61",
    "organization": "harbour",
    **NEW_IGNORED_PLATE,
    "number": "1กข1234",
    "country": "TH",
    "created_at": "2026-01-01T03:04:05.678Z",
}
IMPORT: dict[str, Any] = {
    "id": "0199f3a2-7c00-7d1e-b0a1-6f1d2c3b4a62",
    "organization": "harbour",
    "original_name": "vehicles.csv",
    "sha256": "9f86d081884c7d659a2feaa0c55ad015a3bf4f1b2b0b822cd15d6c15b0f00a08",
    "size_bytes": 5120,
    "headers": ["ทะเบียน", "ยี่ห้อ"],
    "mapping": ["number", "make"],
    "state": "checked",
    "error": "",
    "lines_done": None,
    "new_count": 80,
    "changed_count": 3,
    "unchanged_count": 17,
    "wrong_count": 0,
    "may_be_applied": True,
    "created_at": "2026-01-01T03:04:05.678Z",
}
MAPPING: dict[str, Any] = {"mapping": ["number", "make"]}
IMPORT_LINE: dict[str, Any] = {
    "line": 2,
    "outcome": "changed",
    "label": "1กข1234 TH TH-10",
    "changes": {"make": ["", "Toyota"]},
    "errors": [],
}
LOOK_UP_SOURCE: dict[str, Any] = {
    "id": "0199f3a2-7c00-7d1e-b0a1-6f1d2c3b4a63",
    "organization": "harbour",
    "name": "Licensing authority",
    "kind": "http",
    "cache_seconds": 3600,
    "resting_until": None,
}
NEW_LOOK_UP: dict[str, Any] = {
    "plate": "0199f3a2-7c00-7d1e-b0a1-6f1d2c3b4a59",
    "source": "0199f3a2-7c00-7d1e-b0a1-6f1d2c3b4a63",
    "reason": "Report 12/2569",
}
LOOK_UP: dict[str, Any] = {
    "id": "0199f3a2-7c00-7d1e-b0a1-6f1d2c3b4a64",
    **NEW_LOOK_UP,
    "at": "2026-01-01T03:04:05.678Z",
    "outcome": "found",
    "found": {"make": "Toyota"},
    "error": "",
    "took_ms": 84,
}
