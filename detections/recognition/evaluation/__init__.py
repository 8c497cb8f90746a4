"""How well recognition finds, reads and knows how sure it is, measured on labelled pictures."""
