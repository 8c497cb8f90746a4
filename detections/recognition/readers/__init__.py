"""Plate readers, one module per engine; each imports its engine when it is made."""
