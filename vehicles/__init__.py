"""Vehicles: registrations, what is known about them, and how plates are written."""
