"""Settings by surroundings: `base` everywhere, `test` under pytest."""
