"""Examples for the description of the API."""

from typing import Any

ASKED: dict[str, Any] = {
    "kind": "detections",
    "format": "csv",
    "columns": ["captured_at", "camera", "number", "province", "confidence"],
    "criteria": {"text": "1กข*", "since": "2026-01-01T00:00:00+07:00", "camera": []},
    "reason": "Hit and run on Rama IV",
    "case_number": "2569/114",
}
EXPORT: dict[str, Any] = {
    "id": "019b7d1a-5e8c-7a31-9d20-6f1d2c3b4a59",
    "kind": "detections",
    "format": "csv",
    "organization": "harbour",
    "columns": ASKED["columns"],
    "criteria": {"text": "1กข*", "match": "wildcard", "since": "2026-01-01T00:00:00+07:00"},
    "reason": ASKED["reason"],
    "case_number": ASKED["case_number"],
    "state": "done",
    "progress": 1.0,
    "rows_count": 48210,
    "error": "",
    "warnings": [],
    "created_at": "2026-01-02T03:04:05.678Z",
    "finished_at": "2026-01-02T03:04:19.012Z",
    "expires_at": "2026-01-05T03:04:19.012Z",
    "size_bytes": 4102330,
    "sha256": "9f86d081884c7d659a2feaa0c55ad015a3bf4f1b2b0b822cd15d6c15b0f00a08",
    "key_id": "",
    "file_url": (
        "https://lpr.example.org/api/v1/exports/019b7d1a-5e8c-7a31-9d20-6f1d2c3b4a59/file/"
        "?token=1vXk3s:Qy3rT"
    ),
}
PACK_ASKED: dict[str, Any] = {
    "detections": ["0199f3a2-7c00-7d1e-b0a1-1f2e3d4c5b6a"],
    "reason": "Hit and run on Rama IV",
    "case_number": "2569/114",
}
PACK: dict[str, Any] = {
    **EXPORT,
    "kind": "evidence",
    "format": "zip",
    "columns": [],
    "criteria": {"detections": PACK_ASKED["detections"]},
    "rows_count": 1,
    "key_id": "c38e26ba55934c42",
    "file_url": EXPORT["file_url"].replace("/exports/", "/evidence-packs/"),
}
KEY: dict[str, Any] = {
    "key_id": "c38e26ba55934c42",
    "public_key": "6ae55162405bb04c8cf709c84b4dcf6097719fbe3ee3c8584c176ce1d2732a4b",
    "created_at": "2026-01-02T03:04:05.678Z",
    "retired_at": None,
}
