"""The renderer that training draws its plates and scenes with."""
