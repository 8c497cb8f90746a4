"""What the description of the API shows."""

_ID = "019b7d1a-5e8c-7a31-9d20-6f1d2c3b4a59"
_CAMERA = "0199f3a2-7c00-7d1e-b0a1-6f1d2c3b4a59"

DETECTION = {
    "id": _ID,
    "captured_at": "2026-01-02T05:13:00.108Z",
    "recorded_at": "2026-01-02T05:13:00.391Z",
    "camera": _CAMERA,
    "camera_name": "Gate 1",
    "origin": "camera",
    "upload": None,
    "plate": {
        "id": "0199f3a2-7c00-7d1e-b0a1-1f2e3d4c5b6a",
        "number": "1กข1234",
        "country": "TH",
        "province": "TH-10",
    },
    "read": {"text": "1กข 1234", "number": "1กข1234", "country": "TH", "province": "TH-10"},
    "confidence": 0.93,
    "frames_agreed": 7,
    "frames_read": 8,
    "review": "accepted",
    "verdict": "",
    "is_sampled": False,
    "merged_into": None,
    "direction": "approaching",
    "travel_degrees": 180,
    "vehicle_kind": "pickup",
    "vehicle_color": "white",
    "frame_width_px": 1920,
    "frame_height_px": 1080,
    "box": {"x": 911, "y": 640, "width": 182, "height": 61},
    "frame": {
        "url": f"https://lpr.example.org/api/v1/detections/{_ID}/frame/",
        "sha256": "9f86d081884c7d659a2feaa0c55ad015a3bf4f1b2b0b822cd15d6c15b0f00a08",
    },
    "crop": {
        "url": f"https://lpr.example.org/api/v1/detections/{_ID}/crop/",
        "sha256": "60303ae22b998861bce3b28f33eec1be758a213c86c93c076dbe9f558c11c752",
    },
}

UPLOAD = {
    "id": "019b7d1b-0d40-7c02-8e5f-2a3b4c5d6e7f",
    "camera": _CAMERA,
    "original_name": "gate.mp4",
    "kind": "video",
    "size_bytes": 7340032,
    "sha256": "2c26b46b68ffc68ff99b453c1d30413413422d706483bfa0f98a5e886266e7ae",
    "captured_at": "2026-01-02T05:00:00Z",
    "created_at": "2026-01-02T05:20:11.512Z",
    "state": "reading",
    "progress": 0.42,
    "error": "",
    "detections_count": 12,
    "finished_at": None,
}

INGEST = {
    "items": [
        {
            "key": "gate1-000017",
            "camera": _CAMERA,
            "captured_at": "2026-01-02T05:13:00.108Z",
            "text": "1กข 1234",
            "country": "TH",
            "province": "TH-10",
            "confidence": 0.93,
            "box": {"x": 911, "y": 640, "width": 182, "height": 61},
            "frame_width_px": 1920,
            "frame_height_px": 1080,
        },
        {
            "key": "gate1-000018",
            "camera": _CAMERA,
            "captured_at": "1970-01-01T00:00:00Z",
            "text": "<b>AB12</b>",
            "confidence": 0.88,
        },
    ]
}

INGEST_RESULT = {
    "results": [
        {"index": 0, "status": "created", "id": _ID, "error": None},
        {
            "index": 1,
            "status": "refused",
            "id": None,
            "error": {
                "code": "detection_refused",
                "message": "captured_at is more than five years ago. Set the sender's clock.",
                "detail": {"field": "captured_at"},
            },
        },
    ],
    "created": 1,
    "repeated": 0,
    "refused": 1,
}

DECISION = {
    "detection": _ID,
    "decision": "correct",
    "number": "1กข 1284",
    "country": "TH",
    "province": "กรุงเทพมหานคร",
    "seen": "pending",
    "reason": "8, not 3",
}

REVIEW = {
    "id": "019b7d1c-4a10-7b6e-a1f0-3b4c5d6e7f80",
    "at": "2026-01-02T05:21:40.202Z",
    "by": "reviewer@example.org",
    "camera": _CAMERA,
    "detection": _ID,
    "decision": "corrected",
    "reject_reason": "",
    "reason": "8, not 3",
    "other_detection": None,
    "batch": None,
    "undoes": None,
    "before": {
        "review": "pending",
        "verdict": "",
        "number": "1กข1234",
        "country": "TH",
        "province": "TH-10",
        "merged_into": None,
    },
    "after": {
        "review": "corrected",
        "verdict": "wrong",
        "number": "1กข1284",
        "country": "TH",
        "province": "TH-10",
        "merged_into": None,
    },
}

RULE = {
    "camera": _CAMERA,
    "match": "whole",
    "read_number": "0ABC",
    "number": "OABC",
    "reason": "The first letter is an O with a bolt in it.",
}

BATCH = {**RULE, "since": "2026-01-01T00:00:00Z", "until": "2026-02-01T00:00:00Z"}

ACCURACY = {
    "results": [
        {
            "camera": _CAMERA,
            "camera_name": "Gate 1",
            "model_set": "default",
            "sample": {"count": 94, "total": 100, "rate": 0.94, "interval": [0.875, 0.972]},
            "reviewed": {"count": 121, "total": 180, "rate": 0.672, "interval": [0.6, 0.737]},
        }
    ]
}

STATISTICS = {
    "step": "hour",
    "time_zone": "Asia/Bangkok",
    "results": [
        {
            "start": "2026-01-02T05:00:00Z",
            "camera": None,
            "passes": 418,
            "accepted": 391,
            "pending": 14,
            "confirmed": 9,
            "corrected": 4,
            "rejected": 2,
            "merged": 1,
            "hits": 3,
        }
    ],
}

NEW_HOLD = {
    "reason": "Court order",
    "case_number": "A 17/2026",
    "ends_at": "2026-07-01T00:00:00Z",
    "spans": [
        {"camera": _CAMERA, "since": "2026-01-02T05:00:00Z", "until": "2026-01-02T06:00:00Z"}
    ],
}

LEGAL_HOLD = {
    "id": "019b7d1c-11aa-7c02-8e5f-2a3b4c5d6e7f",
    "organization": 1,
    "created_at": "2026-01-03T08:00:00Z",
    "lifted_at": None,
    "lift_reason": "",
    "is_active": True,
    "detections": [],
    "plates": [],
    **NEW_HOLD,
}
