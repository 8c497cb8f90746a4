"""Programs of reports for `manage.py`."""
