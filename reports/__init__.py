"""Counts, dashboards and scheduled documents."""
