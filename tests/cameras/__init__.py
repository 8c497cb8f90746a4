"""Cameras and their frame sources."""
