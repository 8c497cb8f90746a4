"""What kind of vehicle carries a plate, and its colour, where an operator supplies the models."""
