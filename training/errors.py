"""What can go wrong in training."""


class TrainingError(Exception):
    """Training cannot go on; the message says why and what to do."""
