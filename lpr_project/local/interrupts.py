"""Every polite request to end is the same one."""

import signal
from types import FrameType

STOP_SIGNALS = (signal.SIGINT, signal.SIGTERM, signal.SIGHUP)


def treat_signals_as_ctrl_c() -> None:
    """End in the same order at Ctrl-C, at a polite kill and when the terminal is closed."""
    for number in STOP_SIGNALS:
        signal.signal(number, _interrupt)


def _interrupt(_number: int, _frame: FrameType | None) -> None:
    # One is enough: `make` passes on what the terminal has sent already.
    for number in STOP_SIGNALS:
        signal.signal(number, signal.SIG_IGN)
    raise KeyboardInterrupt
