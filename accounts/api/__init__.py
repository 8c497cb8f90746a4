"""How programs prove who they are, and what their keys allow."""
