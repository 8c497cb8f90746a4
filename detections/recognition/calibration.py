"""How sure a model may say it is: its own probabilities corrected by what was measured.

Networks are as sure of what they misread as of what they read. A calibration moves their log-odds
along a straight line, which keeps the order of confidences, so that of the readings called 0.9 some
90 % are right. `manage.py calibrate_recognition` measures it; the registry keeps it.
"""

from dataclasses import dataclass, field
from math import exp, log

from detections.recognition.errors import ConfigError

_CERTAIN = 1e-6
"""Probabilities are held this far from 0 and 1, whose log-odds are infinite."""

_MOST_OFFSET = 100.0
_LEAST_TEMPERATURE, _MOST_TEMPERATURE = 1e-3, 1e6
"""Beyond these everything is sure or nothing is, and numbers end."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Scaling:
    """A straight line through log-odds: divided by `temperature`, moved by `offset`.

    Raises:
        ConfigError: the temperature is not above 0, or one of both is beyond all measure.

    Source: J. Platt, "Probabilistic outputs for support vector machines", 1999; with the offset at
        0, temperature scaling: C. Guo et al., "On calibration of modern neural networks", 2017.

    >>> round(Scaling(temperature=0.5, offset=-1.0).apply(0.9), 3)
    0.968
    >>> Scaling().apply(0.9)
    0.9
    """

    temperature: float = 1.0
    offset: float = 0.0

    def __post_init__(self) -> None:
        if not self.temperature > 0:
            message = f"A calibration's temperature must be above 0, and is {self.temperature}."
            raise ConfigError(message)
        if not _LEAST_TEMPERATURE <= self.temperature <= _MOST_TEMPERATURE:
            message = (
                f"A calibration's temperature must be {_LEAST_TEMPERATURE} to "
                f"{_MOST_TEMPERATURE:.0f}, and is {self.temperature}."
            )
            raise ConfigError(message)
        if not abs(self.offset) <= _MOST_OFFSET:
            message = (
                f"A calibration's offset must be -{_MOST_OFFSET:.0f} to {_MOST_OFFSET:.0f}, "
                f"and is {self.offset}."
            )
            raise ConfigError(message)

    @property
    def is_identity(self) -> bool:
        return self.temperature == 1 and self.offset == 0

    def apply(self, confidence: float) -> float:
        """Correct a confidence, 0 to 1; a higher one stays higher."""
        if self.is_identity:
            return confidence
        odds = log_odds(confidence) / self.temperature + self.offset
        # Of what is below 0 `exp` only ever ends in 0; of what is above it overflows.
        small = exp(-abs(odds))
        return (1 if odds >= 0 else small) / (1 + small)


@dataclass(frozen=True, slots=True, kw_only=True)
class Calibration:
    """Of one reader: of each character's confidence, and of its label for country or province.

    The line for the text is fitted to the least certain character of a reading, against whether the
    whole text was right.
    """

    text: Scaling = field(default_factory=Scaling)
    region: Scaling = field(default_factory=Scaling)


UNCALIBRATED = Calibration()


def log_odds(confidence: float) -> float:
    """Write a probability as the logarithm of its odds.

    >>> log_odds(0.5), round(log_odds(0.9), 3)
    (0.0, 2.197)
    """
    held = min(max(confidence, _CERTAIN), 1 - _CERTAIN)
    return log(held / (1 - held))
