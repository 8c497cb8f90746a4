"""How plates are written: clean a text, recognise its country, repair it by position."""
