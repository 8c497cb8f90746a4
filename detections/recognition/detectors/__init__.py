"""Plate detectors, one module per inference engine; each imports its engine when it is made."""
