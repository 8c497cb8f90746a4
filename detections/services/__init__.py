"""Writes of detections: partitions, recording, uploads, camera tasks."""
