"""What can go wrong in recognition; every message says what is wrong and what to do."""


class RecognitionError(Exception):
    """Recognition could not give an answer, which is not the same as "nothing there"."""


class ConfigError(RecognitionError):
    """A setting of recognition lies outside its range."""


class ModelFileError(RecognitionError):
    """A model's file is missing, altered, or not what its registry entry says."""


class ModelDownloadError(RecognitionError):
    """A model could not be fetched; nothing was installed."""


class UnknownModelError(RecognitionError):
    """No model or model set has this name."""


class EngineError(RecognitionError):
    """An inference engine is not installed, cannot load its model, or failed on an input."""


class PictureError(RecognitionError):
    """A file is not a picture that can be read safely."""


class FrameError(RecognitionError):
    """An array handed to recognition is not a frame of shape (H, W, 3), uint8."""


class LabelError(RecognitionError):
    """A file of labels cannot be used to measure recognition."""
