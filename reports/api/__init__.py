"""REST entry points of detections, uploads and recognition models."""
