"""Try a source once: the first picture and its figures, or the reason why there is none."""

import time
from dataclasses import dataclass
from pathlib import Path

from cameras.streams.config import SourceConfig
from cameras.streams.errors import StreamEndedError
from cameras.streams.frame import StreamFrame
from cameras.streams.source import StreamInfo, open_source


@dataclass(frozen=True, slots=True, kw_only=True)
class StreamProbe:
    """What a source delivered when it was tried; `took_s` runs from the call to the first frame."""

    frame: StreamFrame
    info: StreamInfo
    took_s: float


def probe_source(config: SourceConfig, *, allowed_root: Path | None = None) -> StreamProbe:
    """Open a source, take one frame and close it.

    Raises:
        StreamError: The reason, in a sentence for the person who pressed the button.
    """
    started_s = time.monotonic()
    with open_source(config, allowed_root=allowed_root) as source:
        for frame in source.frames():
            return StreamProbe(frame=frame, info=source.info, took_s=time.monotonic() - started_s)
    raise StreamEndedError("The source ended before its first picture.")
