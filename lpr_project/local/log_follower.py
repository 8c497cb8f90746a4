"""Showing the log files of all processes as one, each line with its process's name."""

from collections.abc import Iterable, Iterator
from dataclasses import dataclass, field
from io import BufferedReader
from pathlib import Path


@dataclass(slots=True)
class FollowedLog:
    """One file, read to its end again and again, also past its rotation."""

    path: Path
    _file: BufferedReader | None = field(default=None, init=False)
    _rest: bytes = field(default=b"", init=False)

    def skip_to_end(self) -> None:
        """Leave out what is there already."""
        self._open()
        if self._file:
            self._file.seek(0, 2)

    def new_lines(self) -> Iterator[str]:
        """Give the whole lines that came since the last time."""
        yield from self._read_lines()
        if self._was_rotated():
            self._file = None
            yield from self._read_lines()

    def _read_lines(self) -> Iterator[str]:
        self._open()
        if not self._file:
            return
        *lines, self._rest = (self._rest + self._file.read()).split(b"\n")
        for line in lines:
            yield line.decode("utf-8", errors="replace")

    def _open(self) -> None:
        if self._file is None and self.path.exists():
            self._file = self.path.open("rb")

    def _was_rotated(self) -> bool:
        if not self._file or not self.path.exists():
            return False
        return not self.path.samefile(f"/proc/self/fd/{self._file.fileno()}")


class LogFollower:
    """The logs of several processes."""

    def __init__(self, folder: Path, names: Iterable[str]) -> None:
        """Begin at the present end of each file."""
        self._logs = {name: FollowedLog(folder / f"{name}.log") for name in names}
        self._width = max(len(name) for name in self._logs)
        for log in self._logs.values():
            log.skip_to_end()

    def new_lines(self) -> Iterator[str]:
        """Give what came since the last time, process by process."""
        for name, log in self._logs.items():
            for line in log.new_lines():
                yield f"{name:{self._width}} | {line}"
