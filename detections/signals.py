"""News of detections for the apps above, sent after commit."""

from django.dispatch import Signal

# Keyword `detections`: a list of Detection, in the order of their ids, all of one transaction.
detections_recorded = Signal()
# Keyword `changes`: a list of detections.models.ReviewEntry, all of one transaction, each with its
# `detection` as it now stands; `before` and `after` hold what counts and hits go by.
detections_reviewed = Signal()
