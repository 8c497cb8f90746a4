"""Cameras: where frames come from, who may see them, and how they fare."""
