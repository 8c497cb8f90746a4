"""Talking to the person at the terminal, who may have closed it."""

import contextlib
import sys


def say(text: str) -> None:
    """Print a line at once; a terminal that is gone is no reason to stop halfway."""
    with contextlib.suppress(OSError):
        sys.stdout.write(f"{text}\n")
        sys.stdout.flush()
