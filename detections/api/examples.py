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
