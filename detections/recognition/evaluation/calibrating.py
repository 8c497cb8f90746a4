"""How sure recognition says it is, against how often it is right.

Pictures are split in two by the hash of their names. Every figure about a calibration is out of
fold: each half is judged by the line that was fitted to the other one.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from hashlib import sha256
from typing import Any

import numpy as np
from numpy.typing import NDArray

from detections.recognition.calibration import Scaling, log_odds
from detections.recognition.evaluation.labels import LabelledPicture, LabelledPlate
from detections.recognition.evaluation.measuring import read_labelled
from detections.recognition.evaluation.tally import Share
from detections.recognition.passing import Passing
from detections.recognition.pipeline import Recognizer
from vehicles.plates.evidence import countries_of_region
from vehicles.plates.provinces import find_province

LEAST_SAMPLES = 40
"""Fewer say nothing about a probability."""

_BINS = 10
_THRESHOLDS = tuple(step / 20 for step in range(4, 20))
_ROUNDS = 100
_PRIOR = 1.0
"""How strongly a line is held to changing nothing: as if one more sample spoke for it. Without it,
a half in which all is right would call everything certain."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Sample:
    """Something said with a confidence, and whether it was right; `fold` is 0 or 1."""

    confidence: float
    is_right: bool
    fold: int


@dataclass(slots=True)
class Samples:
    """Of the texts and of the regions of a reader.

    `labelled` counts the texts to be read, with those that were not found and have no sample.
    """

    texts: list[Sample]
    regions: list[Sample]
    labelled: int = 0


def collect_samples(recognizer: Recognizer, picture: LabelledPicture, samples: Samples) -> None:
    """Read one labelled picture and add what was said about its plates.

    Args:
        recognizer: With a reader that is not calibrated.

    Raises:
        RecognitionError: the picture cannot be read, or an engine failed.
    """
    fold = sha256(picture.path.name.encode()).digest()[0] % 2
    answers = read_labelled(recognizer, picture)
    for plate in picture.plates:
        samples.labelled += plate.text is not None
        for passing in answers.about(plate)[:1]:
            if plate.text and passing.frames_read:
                right = passing.text == plate.text
                samples.texts.append(
                    Sample(confidence=passing.confidence, is_right=right, fold=fold)
                )
            samples.regions += _region_samples(plate, passing, fold)


def _region_samples(plate: LabelledPlate, passing: Passing, fold: int) -> list[Sample]:
    """At most one: labels without province or country, and readers without regions, say nothing."""
    reading = passing.best.reading if passing.best else None
    if reading is None or reading.region is None or not (plate.province or plate.country):
        return []
    is_right = _is_of_country(reading.region, plate.country or "")
    if plate.province:
        province = find_province(reading.region)
        is_right = province is not None and province.code == plate.province
    return [Sample(confidence=reading.region_confidence, is_right=is_right, fold=fold)]


def _is_of_country(region: str, country: str) -> bool:
    """Say whether a region is of a label's country, or the other way round: labels say EU, too.

    >>> _is_of_country("EU", "DE"), _is_of_country("TH-10", "TH"), _is_of_country("US", "BR")
    (True, True, False)
    """
    is_shared = bool(countries_of_region(region) & countries_of_region(country))
    return is_shared or region.upper() == country


def calibrate(samples: Sequence[Sample], labelled: int | None = None) -> dict[str, Any] | None:
    """Fit a line, with an offset where that is better out of fold, and tell how well it does.

    Args:
        samples: From an uncalibrated reader.
        labelled: How many there were to be said; None counts the samples.

    Returns:
        JSON values, or None where there are too few samples.
    """
    if len(samples) < LEAST_SAMPLES or len({sample.fold for sample in samples}) < 2:  # noqa: PLR2004
        return None
    tried = {
        has_offset: _out_of_fold(samples, has_offset=has_offset) for has_offset in (False, True)
    }
    has_offset = min(tried, key=lambda key: expected_calibration_error(tried[key]))
    scaling = fit(samples, has_offset=has_offset)
    corrected = tried[has_offset]
    return {
        "samples": len(samples),
        "right": Share(count=sum(one.is_right for one in samples), total=len(samples)).described(),
        "temperature": round(scaling.temperature, 4),
        "offset": round(scaling.offset, 4),
        "ece_before": round(expected_calibration_error(samples), 4),
        "ece_temperature_only": round(expected_calibration_error(tried[False]), 4),
        "ece_after": round(expected_calibration_error(corrected), 4),
        "reliability_before": reliability(samples),
        "reliability_after": reliability(corrected),
        "thresholds": [
            at_threshold(corrected, threshold, labelled or len(samples))
            for threshold in _THRESHOLDS
        ],
    }


def fit(samples: Sequence[Sample], *, has_offset: bool) -> Scaling:
    """Fit a line through log-odds by the likelihood of what was right and what was not.

    Source: J. Platt, 1999; Newton's method, with the prior `_PRIOR` towards the identity.
    """
    odds = np.array([log_odds(sample.confidence) for sample in samples])
    inputs = np.stack([odds, np.ones_like(odds)], axis=1)[:, : 2 if has_offset else 1]
    right = np.array([sample.is_right for sample in samples], np.float64)
    identity = np.array([1.0, 0.0])[: inputs.shape[1]]
    weights = identity.copy()
    for _ in range(_ROUNDS):
        slope, curvature = _derivatives(inputs, right, weights, identity)
        step = np.linalg.solve(curvature, slope)
        weights -= step / max(1.0, float(np.abs(step).max()))
        if np.abs(step).max() < 1e-9:  # noqa: PLR2004 - no digit of the result changes any more
            break
    scale = max(float(weights[0]), 1e-3)
    return Scaling(temperature=1 / scale, offset=float(weights[1]) if has_offset else 0.0)


def _derivatives(
    inputs: NDArray[np.float64],
    right: NDArray[np.float64],
    weights: NDArray[np.float64],
    identity: NDArray[np.float64],
) -> tuple[NDArray[np.float64], NDArray[np.float64]]:
    """First and second derivative of the loss at `weights`."""
    said = 1 / (1 + np.exp(-inputs @ weights))
    slope = inputs.T @ (said - right) + _PRIOR * (weights - identity)
    curvature = (inputs * (said * (1 - said))[:, None]).T @ inputs
    return slope, curvature + _PRIOR * np.eye(len(weights))


def _out_of_fold(samples: Sequence[Sample], *, has_offset: bool) -> list[Sample]:
    """Each half as the line of the other half corrects it."""
    corrected = []
    for fold in (0, 1):
        scaling = fit([one for one in samples if one.fold != fold], has_offset=has_offset)
        corrected += [
            Sample(confidence=scaling.apply(one.confidence), is_right=one.is_right, fold=one.fold)
            for one in samples
            if one.fold == fold
        ]
    return corrected


def expected_calibration_error(samples: Sequence[Sample]) -> float:
    """How far what is said lies from what is so, on average over ten equal spans of confidence.

    Source: M. Naeini et al., "Obtaining well calibrated probabilities using Bayesian binning",
        2015.

    >>> said = [Sample(confidence=0.75, is_right=right, fold=0) for right in (1, 1, 0, 0)]
    >>> expected_calibration_error(said)
    0.25
    """
    return sum(
        len(members) / len(samples) * abs(_said(members) - _right(members))
        for members in _binned(samples)
        if members
    )


def reliability(samples: Sequence[Sample]) -> list[dict[str, Any]]:
    """For each span of confidence: what was said on average, and how many were right."""
    return [
        {
            "from": index / _BINS,
            "until": (index + 1) / _BINS,
            "said": round(_said(members), 4),
            "right": Share(
                count=sum(one.is_right for one in members), total=len(members)
            ).described(),
        }
        for index, members in enumerate(_binned(samples))
        if members
    ]


def at_threshold(samples: Sequence[Sample], threshold: float, labelled: int) -> dict[str, Any]:
    """What accepting from a confidence on would mean.

    Returns:
        `false_accepts`: the wrong ones among those accepted; `missed`: of all that were labelled,
        those not both accepted and right.
    """
    accepted = [sample for sample in samples if sample.confidence >= threshold]
    right = sum(sample.is_right for sample in accepted)
    wrong = Share(count=len(accepted) - right, total=len(accepted))
    return {
        "threshold": threshold,
        "accepted": len(accepted),
        "false_accepts": wrong.described(),
        "missed": Share(count=labelled - right, total=labelled).described(),
    }


def _binned(samples: Sequence[Sample]) -> list[list[Sample]]:
    bins: list[list[Sample]] = [[] for _ in range(_BINS)]
    for sample in samples:
        bins[min(int(sample.confidence * _BINS), _BINS - 1)].append(sample)
    return bins


def _said(members: Sequence[Sample]) -> float:
    return sum(sample.confidence for sample in members) / len(members)


def _right(members: Sequence[Sample]) -> float:
    return sum(sample.is_right for sample in members) / len(members)
