"""Writes of exports, evidence packs, and the seals over the audit trail."""
