"""Pages: live, detections, uploads, cameras, and the pictures on them."""
