"""Programs of detections for `manage.py`."""
