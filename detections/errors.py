"""What detections refuse."""

from lpr_project.common.errors import LprError


class DetectionRefusedError(LprError):
    """One item cannot become a detection; others of its batch are not touched.

    `detail["field"]` names the field that is wrong.
    """

    code = "detection_refused"


class RepeatedKeyError(DetectionRefusedError):
    """An idempotency key came again with another plate: two events cannot share one key."""

    code = "key_reused"
    status = 409


class PlateIgnoredError(DetectionRefusedError):
    """The organization keeps nothing of this plate; sending it again changes nothing."""

    code = "plate_ignored"


class UploadRefusedError(LprError):
    """A file cannot be taken."""

    code = "upload_refused"


class RecognitionUnavailableError(LprError):
    """No recognition worker answered in time."""

    code = "recognition_unavailable"
    status = 503
    retryable = True


class RecognitionBusyError(RecognitionUnavailableError):
    """Recognition workers are alive, and too slow for what is asked of them."""

    code = "recognition_busy"


class ReviewRefusedError(LprError):
    """A decision cannot be taken as it was asked for; `detail["field"]` names what is wrong."""

    code = "review_refused"


class AlreadyReviewedError(LprError):
    """Somebody else decided, or has it before him: look at it again first."""

    code = "already_reviewed"
    status = 409


class TrainingExportError(LprError):
    """Pictures cannot be exported for training as it was asked for."""

    code = "training_export_refused"


class ModelSetRefusedError(LprError):
    """A camera cannot be set to this model set."""

    code = "model_set_refused"


class ModelsUnknownError(LprError):
    """The model registry cannot be read, so nobody knows which models there are."""

    code = "models_unknown"
    status = 503


class SeedRefusedError(LprError):
    """A seeded city cannot be put here."""

    code = "seed_refused"


class CriteriaRefusedError(LprError):
    """What somebody searches for cannot be read; `detail` names each parameter that is wrong."""

    code = "invalid"


class HoldRefusedError(LprError):
    """A legal hold cannot be made or ended so; `detail["field"]` names what is wrong, if any."""

    code = "hold_refused"


class HoldEndedError(HoldRefusedError):
    """A hold that keeps nothing any more cannot be ended."""

    code = "hold_ended"
    status = 409


class TooManySavedError(LprError):
    """Somebody keeps more searches than a person can know."""

    code = "too_many_saved_searches"


class PlateRequestRefusedError(LprError):
    """All about a plate cannot be exported or erased so."""

    code = "plate_request_refused"
