"""Showing the log files of all processes as one, each line with its process's name."""

from collections.abc import Iterable, Iterator
from io import BufferedReader
from pathlib import Path


class FollowedLog:
    """One file, read to its end again and again, also past its rotation."""

    def __init__(self, path: Path) -> None:
        """Begin at the present end of the file, which may not be there yet."""
        self._path = path
        self._begun_line = b""
        self._file = self._open()
        if self._file:
            self._file.seek(0, 2)

    def new_lines(self) -> Iterator[str]:
        """Give the whole lines that came since the last time."""
        yield from self._read_lines()
        if self._was_rotated():
            self.close()
            yield from self._read_lines()

    def close(self) -> None:
        """Let go of the file."""
        if self._file:
            self._file.close()
        self._file = None

    def _read_lines(self) -> Iterator[str]:
        self._file = self._file or self._open()
        if not self._file:
            return
        *lines, self._begun_line = (self._begun_line + self._file.read()).split(b"\n")
        for line in lines:
            yield line.decode("utf-8", errors="replace")

    def _open(self) -> BufferedReader | None:
        return self._path.open("rb") if self._path.exists() else None

    def _was_rotated(self) -> bool:
        if not self._file or not self._path.exists():
            return False
        return not self._path.samefile(f"/proc/self/fd/{self._file.fileno()}")


class LogFollower:
    """The logs of several processes."""

    def __init__(self, folder: Path, names: Iterable[str]) -> None:
        """Begin at the present end of each file."""
        self._logs = {name: FollowedLog(folder / f"{name}.log") for name in names}
        self._width = max(len(name) for name in self._logs)

    def new_lines(self) -> Iterator[str]:
        """Give what came since the last time, process by process."""
        for name, log in self._logs.items():
            for line in log.new_lines():
                yield f"{name:{self._width}} | {line}"

    def close(self) -> None:
        """Let go of all files."""
        for log in self._logs.values():
            log.close()
