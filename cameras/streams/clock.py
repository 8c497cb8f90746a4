"""Time as a source tells it: when a frame was seen, when it is due, when to play it."""

_MAX_JITTER_S = 2.0
_MAX_DRIFT = 0.001
_TICK_S = 0.001
# A frame counts as due this share of a period early: camera clocks tremble.
_EARLY = 0.1


class LiveClock:
    """Unix time of the frames of a live source, from their timestamps and their arrival.

    Timestamps are regular and have an unknown zero; arrival has a known zero and is late by a
    varying delay. The frame that came with the least delay ties the two together. Clocks of
    cameras drift by some 100 ppm, so the tie gives way slowly; where the two part by more than two
    seconds (the camera restarted its count, this machine's clock was set), it is tied anew.
    """

    def __init__(self) -> None:
        self._offset_s: float | None = None
        self._last_s = 0.0
        self._last_media_s = 0.0

    def seen_s(self, media_s: float | None, arrival_s: float) -> float:
        """When the picture was taken, as Unix time.

        Args:
            media_s: The frame's timestamp; None where the source has none.
            arrival_s: Unix time at which the frame arrived.

        Returns:
            Later than for the frame before, unless this machine's clock was set back.
        """
        seen_s = arrival_s if media_s is None else self._tied(media_s, arrival_s)
        if self._last_s - _MAX_JITTER_S < seen_s <= self._last_s:
            seen_s = self._last_s + _TICK_S
        self._last_s = seen_s
        return seen_s

    def _tied(self, media_s: float, arrival_s: float) -> float:
        offset_s = arrival_s - media_s
        if self._offset_s is None or abs(offset_s - self._offset_s) > _MAX_JITTER_S:
            self._offset_s = offset_s
        else:
            passed_s = max(0.0, media_s - self._last_media_s)
            self._offset_s = min(offset_s, self._offset_s + passed_s * _MAX_DRIFT)
        self._last_media_s = media_s
        return media_s + self._offset_s


class RateLimit:
    """Chooses frames so that at most so many a second are handed out, evenly spread."""

    def __init__(self, frames_per_second: float | None) -> None:
        self._period_s = 1 / frames_per_second if frames_per_second else 0.0
        self._due_s: float | None = None

    def is_due(self, seen_s: float) -> bool:
        """Whether the frame of this moment is one of the chosen; to be asked in order of time."""
        if self._due_s is None or abs(seen_s - self._due_s) > self._period_s + _MAX_JITTER_S:
            self._due_s = seen_s
        if seen_s < self._due_s - _EARLY * self._period_s:
            return False
        self._due_s += self._period_s
        if self._due_s < seen_s:
            self._due_s = seen_s + self._period_s
        return True
