"""Try a source once: the first picture and its figures, or the reason why there is none."""

from dataclasses import dataclass
from pathlib import Path

from cameras.streams.config import SourceConfig
from cameras.streams.frame import StreamFrame
from cameras.streams.source import StreamInfo


@dataclass(frozen=True, slots=True, kw_only=True)
class StreamProbe:
    """What a source delivered when it was tried; `took_s` runs from the call to the first frame."""

    frame: StreamFrame
    info: StreamInfo
    took_s: float


def test_connection(config: SourceConfig, *, allowed_root: Path | None = None) -> StreamProbe:
    """Open a source, take one frame and close it.

    Raises:
        StreamError: The reason, in a sentence for the person who pressed the button.
    """
    raise NotImplementedError
