"""Plate reading with fast-plate-ocr, on ONNX Runtime."""

import logging
from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING

import cv2
import numpy as np

from detections.recognition.calibration import UNCALIBRATED, Calibration
from detections.recognition.errors import EngineError
from detections.recognition.images import check_frame
from detections.recognition.types import Frame, Reading

if TYPE_CHECKING:
    from fast_plate_ocr import LicensePlateRecognizer
    from fast_plate_ocr.core.types import PlatePrediction


_NOT_A_PLATE = "none"
"""The region by which our readers say that a crop shows no plate."""

_NO_REGIONS = {_NOT_A_PLATE, "unknown", "Unknown"}


class FastPlateOcrReader:
    """Reads plates with a fast-plate-ocr model; satisfies `PlateReader`.

    Thread-safe: the library keeps one ONNX Runtime session and nothing else between calls.

    Args:
        model_path: The `.onnx` file.
        config_path: The plate configuration that it was trained with: slots, alphabet, colour.
        threads: Threads of one inference.
        calibration: Corrects the confidences that the model answers.

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
        calibration: Calibration = UNCALIBRATED,
    ) -> None:
        self._calibration = calibration
        self.recognizer = _load(model_path, config_path, threads)
        config = self.recognizer.config
        self._pad = config.pad_char
        is_rgb = config.image_color_mode == "rgb"
        # Our frames are BGR; the library takes arrays as they come, in the model's own colours.
        self._conversion = cv2.COLOR_BGR2RGB if is_rgb else cv2.COLOR_BGR2GRAY
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
        try:
            predictions = self.recognizer.run(
                pictures, return_confidence=True, remove_pad_char=False
            )
        except Exception as error:  # ONNX Runtime's exceptions have no common base
            raise EngineError(f"The plate reader failed on a crop: {error}") from error
        return [self._reading(prediction) for prediction in predictions]

    def _reading(self, prediction: "PlatePrediction") -> Reading:
        probabilities = np.asarray(prediction.char_probs, np.float64)
        if not np.isfinite(probabilities).all():
            raise EngineError(
                "The reader answered with values that are no numbers. Verify its file."
            )
        characters = [
            (character, self._calibration.text.apply(float(probability)))
            for character, probability in zip(prediction.plate, probabilities, strict=True)
            if character != self._pad
        ]
        return Reading(
            text="".join(character for character, _ in characters),
            char_confidences=tuple(probability for _, probability in characters),
            region=prediction.region if prediction.region not in _NO_REGIONS else None,
            region_confidence=self._calibration.region.apply(prediction.region_prob or 0.0),
            is_plate=prediction.region != _NOT_A_PLATE,
        )

    def _check_slots(self, model_path: Path) -> None:
        """Refuse a configuration of another model: the library would mix up the slots silently."""
        config = self.recognizer.config
        blank = np.zeros((1, config.img_height, config.img_width, config.num_channels), np.uint8)
        try:
            [output] = self.recognizer.model.run(
                [self.recognizer.plate_output_name], {"input": blank}
            )
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
