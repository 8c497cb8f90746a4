"""What can go wrong on a person's machine, each as one sentence with the way out."""


class LocalError(Exception):
    """The machine cannot do what was asked; the message says what is wrong and what to do."""
