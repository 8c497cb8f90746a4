"""Plate reading with fast-plate-ocr, on ONNX Runtime or what is asked as it is."""

import logging
from collections.abc import Callable, Mapping, Sequence
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING, Any, Protocol

import cv2
import numpy as np
from numpy.typing import NDArray

from detections.recognition.calibration import UNCALIBRATED, Calibration, Scaling
from detections.recognition.errors import EngineError
from detections.recognition.images import check_frame
from detections.recognition.readers.glances import GLANCES, WHOLE, glances
from detections.recognition.types import Frame, Reading
from detections.recognition.voting import vote

if TYPE_CHECKING:
    from fast_plate_ocr import LicensePlateRecognizer
    from fast_plate_ocr.inference.config import PlateConfig


_NOT_A_PLATE = "none"
"""The region by which our readers say that a crop shows no plate."""

_SURELY_NO_PLATE = 0.8
"""From this on a crop is believed to show no plate. No plate that a detector found in the real sets
was lost so (285 plates), and of its boxes that show none half went."""

_NO_REGIONS = {_NOT_A_PLATE, "unknown", "Unknown", "UNKNOWN"}

_LEAST_POSSIBLE = 0.02
"""An answer of less probability is not told."""

_LEAST_DOUBT = 1e-6

_SURE = 0.9
"""Below this probability of any slot a crop is looked at again. From 0.7 on more looks gained
nothing on labelled crops."""

_Probabilities = NDArray[np.floating[Any]]
_Answer = tuple[_Probabilities, _Probabilities]
_Place = tuple[str, float, Mapping[str, float]]


class Session(Protocol):
    """A loaded model, asked as ONNX Runtime's are. Thread-safe."""

    def run(self, names: Sequence[str], feed: Mapping[str, NDArray[Any]], /) -> Sequence[Any]:
        """The outputs of these names."""
        ...


class FastPlateOcrReader:
    """Reads plates with a fast-plate-ocr model; satisfies `PlateReader`.

    Thread-safe: the library keeps one session and nothing else between calls.

    Args:
        model_path: The `.onnx` file.
        config_path: The plate configuration that it was trained with: slots, alphabet, colour.
        threads: Threads of one inference.
        session: What runs the model; None leaves that to ONNX Runtime.
        calibration: Corrects the confidences that the model answers.
        looks_again: Whether a doubtful crop is read in several cut-outs, which then vote.

    Attributes:
        recognizer: The library's own object, for measuring it alone.

    Raises:
        EngineError: fast-plate-ocr is not installed, or the two files do not fit each other.
    """

    def __init__(
        self,
        model_path: Path,
        config_path: Path,
        *,
        threads: int = 1,
        session: Session | None = None,
        calibration: Calibration = UNCALIBRATED,
        looks_again: bool = True,
    ) -> None:
        self._calibration = calibration
        self._looks_again = looks_again
        self.recognizer = _load(model_path, config_path, threads)
        if session is not None:
            self.recognizer.model = session
        config = self.recognizer.config
        self._pad = config.pad_char
        is_rgb = config.image_color_mode == "rgb"
        # Our frames are BGR; the library takes arrays as they come, in the model's own colours.
        self._conversion = cv2.COLOR_BGR2RGB if is_rgb else cv2.COLOR_BGR2GRAY
        self._resize = _resizer(config)
        self._check_slots(model_path)

    @property
    def alphabet(self) -> str:
        """Characters that the model can answer."""
        return self.recognizer.config.alphabet.replace(self._pad, "")

    @property
    def max_characters(self) -> int:
        """Longest text that the model can answer."""
        return self.recognizer.config.max_plate_slots

    def read(self, crops: Sequence[Frame]) -> list[Reading]:
        """One reading for each BGR crop, in order; the text is empty where nothing was legible.

        Raises:
            FrameError: a crop is not a frame.
            EngineError: the engine failed.
        """
        if not crops:
            return []
        for crop in crops:
            check_frame(crop)
        pictures = [cv2.cvtColor(crop, self._conversion) for crop in crops]
        answers = [[answer] for answer in self._answers(pictures)]
        doubtful = [
            index
            for index, [(slots, _)] in enumerate(answers)
            if self._looks_again and _is_doubtful(slots)
        ]
        again = [picture for index in doubtful for picture in glances(pictures[index])]
        for number, answer in enumerate(self._answers(again)):
            answers[doubtful[number // len(GLANCES)]].append(answer)
        return [self._reading(of_crop) for of_crop in answers]

    def _answers(self, pictures: Sequence[NDArray[Any]]) -> list[_Answer]:
        """What the model says of each picture.

        Raises:
            EngineError: the engine failed.
        """
        if not pictures:
            return []
        try:
            slots, regions = self._run(pictures)
        except Exception as error:  # ONNX Runtime's exceptions have no common base
            raise EngineError(f"The plate reader failed on a crop: {error}") from error
        if not (np.isfinite(slots).all() and np.isfinite(regions).all()):
            raise EngineError(
                "The reader answered with values that are no numbers. Verify its file."
            )
        return list(zip(slots, regions, strict=True))

    def _run(self, pictures: Sequence[NDArray[Any]]) -> tuple[_Probabilities, _Probabilities]:
        """Run the model as the library's own `run` does, which keeps only the likeliest answers.

        Returns:
            Probabilities of characters, shape (N, slots, characters of the alphabet), and of
            regions, shape (N, regions), which may be none.
        """
        recognizer, config = self.recognizer, self.recognizer.config
        batch = np.stack([self._resize(picture) for picture in pictures])
        if not (recognizer.has_region_head and recognizer.region_output_name):
            [slots] = recognizer.model.run([recognizer.plate_output_name], {"input": batch})
            regions = np.zeros((len(pictures), 0))
        else:
            names = [recognizer.plate_output_name, recognizer.region_output_name]
            slots, regions = recognizer.model.run(names, {"input": batch})
        shape = len(pictures), config.max_plate_slots, len(config.alphabet)
        return np.reshape(slots, shape), np.asarray(regions)

    def _reading(self, answers: Sequence[_Answer]) -> Reading:
        """One reading of all cut-outs of a crop, which vote where there are several."""
        config = self.recognizer.config
        seen = self._voted([slots for slots, _ in answers])
        places = [
            _corrected(confidence, others, self._calibration.text) for _, confidence, others in seen
        ]
        region: str | None = None
        region_confidence, others = 0.0, dict[str, float]()
        shares = [region for _, region in answers]
        regions = np.mean([shares[index] for index in WHOLE if index < len(shares)], axis=0)
        if regions.size:
            [(region, raw, rest)] = _ranked(regions[None], _regions(config))
            region_confidence, others = _corrected(raw, rest, self._calibration.region)
        return Reading(
            text="".join(character for character, _, _ in seen),
            char_confidences=tuple(confidence for confidence, _ in places),
            region=region if region not in _NO_REGIONS else None,
            region_confidence=region_confidence,
            is_plate=region != _NOT_A_PLATE or region_confidence < _SURELY_NO_PLATE,
            char_alternatives=tuple(possible for _, possible in places),
            region_alternatives={key: p for key, p in others.items() if key not in _NO_REGIONS},
        )

    def _voted(self, cut_outs: Sequence[_Probabilities]) -> list[_Place]:
        """The characters that the cut-outs of one crop show together."""
        alphabet = self.recognizer.config.alphabet
        each: list[list[_Place]] = [
            [
                (character, raw, {key: p for key, p in others.items() if key != self._pad})
                for character, raw, others in _ranked(slots, alphabet)
                if character != self._pad
            ]
            for slots in cut_outs
        ]
        if len(each) == 1:
            return each[0]
        voted = vote(
            [
                Reading(
                    text="".join(character for character, _, _ in places),
                    char_confidences=tuple(raw for _, raw, _ in places),
                    char_alternatives=tuple(others for _, _, others in places),
                )
                for places in each
            ]
        )
        shares = voted.alternatives or ({},) * len(voted.text)
        return [
            (character, raw, {key: p for key, p in others.items() if key != character})
            for character, raw, others in zip(
                voted.text, voted.char_confidences, shares, strict=True
            )
        ]

    def _check_slots(self, model_path: Path) -> None:
        """Refuse a configuration of another model: the library would mix up the slots silently."""
        config = self.recognizer.config
        blank = np.zeros((1, config.img_height, config.img_width, config.num_channels), np.uint8)
        names = [self.recognizer.plate_output_name]
        if self.recognizer.has_region_head and self.recognizer.region_output_name:
            names.append(self.recognizer.region_output_name)
        try:
            output, *regions = self.recognizer.model.run(names, {"input": blank})
        except Exception as error:  # ONNX Runtime's exceptions have no common base
            message = f"{model_path.name} is no model of fast-plate-ocr's kind: {error}"
            raise EngineError(message) from error
        answered, promised = np.asarray(output).size, config.max_plate_slots * len(config.alphabet)
        if answered != promised:
            message = (
                f"{model_path.name} answers {answered} values a plate, and its configuration "
                f"promises {promised}. Use the configuration of this model."
            )
            raise EngineError(message)
        answered, promised = sum(np.asarray(one).size for one in regions), len(_regions(config))
        if regions and answered != promised:
            message = (
                f"{model_path.name} answers {answered} regions, and its configuration names "
                f"{promised}. Use the configuration of this model."
            )
            raise EngineError(message)


def _regions(config: "PlateConfig") -> list[str]:
    return config.plate_regions or []


def _resizer(config: "PlateConfig") -> Callable[[NDArray[Any]], NDArray[Any]]:
    """Make the library's own step from a picture to what its model takes."""
    from fast_plate_ocr.core.process import resize_image  # noqa: PLC0415 - absent from the web

    return partial(
        resize_image,
        img_height=config.img_height,
        img_width=config.img_width,
        image_color_mode=config.image_color_mode,
        keep_aspect_ratio=config.keep_aspect_ratio,
        interpolation_method=config.interpolation,
        padding_color=config.padding_color,
    )


def _is_doubtful(slots: _Probabilities) -> bool:
    """Say whether a crop deserves more looks, be it that a character or the end is unsure."""
    return bool(slots.max(axis=-1).min() < _SURE)


def _ranked(probabilities: _Probabilities, answers: Sequence[str]) -> list[_Place]:
    """For each row the likeliest answer, its probability, and the others that are possible."""
    best = probabilities.argmax(axis=-1).tolist()
    possible: list[dict[str, float]] = [{} for _ in best]
    for row, index in np.argwhere(probabilities >= _LEAST_POSSIBLE).tolist():
        possible[row][answers[index]] = float(probabilities[row, index])
    for row, index in enumerate(best):
        possible[row].pop(answers[index], None)
    return [
        (answers[index], float(probabilities[row, index]), possible[row])
        for row, index in enumerate(best)
    ]


def _corrected(
    raw: float, others: Mapping[str, float], scaling: Scaling
) -> tuple[float, dict[str, float]]:
    """Correct the probability of the likeliest answer, and those of the others with it.

    What a correction takes from the likeliest goes to the others in proportion, but to none more
    than leaves the order as it was: a doubt of the whole is no vote for the second best.
    """
    corrected = scaling.apply(raw)
    share = min((1 - corrected) / max(1 - raw, _LEAST_DOUBT), corrected / max(raw, _LEAST_DOUBT))
    possible = {key: p * share for key, p in others.items() if p * share >= _LEAST_POSSIBLE}
    return corrected, possible


def _load(model_path: Path, config_path: Path, threads: int) -> "LicensePlateRecognizer":
    try:
        import onnxruntime  # noqa: PLC0415 - heavy, and absent from the web process
        from fast_plate_ocr import LicensePlateRecognizer  # noqa: PLC0415 - as above
    except ImportError as error:
        message = "fast-plate-ocr is not installed. Install requirements/recognition.txt."
        raise EngineError(message) from error
    # It tells of its device at info, which is no news and would mix with what programs print.
    logging.getLogger("fast_plate_ocr").setLevel(logging.WARNING)
    options = onnxruntime.SessionOptions()
    options.intra_op_num_threads = threads
    options.inter_op_num_threads = 1
    try:
        return LicensePlateRecognizer(
            device="cpu",
            onnx_model_path=model_path,
            plate_config_path=config_path,
            sess_options=options,
        )
    except Exception as error:  # ONNX Runtime's exceptions have no common base
        raise EngineError(f"fast-plate-ocr cannot load {model_path.name}: {error}") from error
