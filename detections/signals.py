"""News of detections for the apps above, sent after commit."""

from django.dispatch import Signal

# Keyword `detections`: a list of Detection, in the order of their ids, all of one transaction.
detections_recorded = Signal()
