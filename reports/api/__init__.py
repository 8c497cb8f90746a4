"""REST entry points of exports, evidence packs and signing keys."""
