"""Asks registers of others about a plate."""
