"""Pages: exports, evidence packs, and how evidence is checked."""
