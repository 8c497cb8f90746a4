"""Programs of cameras for `manage.py`."""
