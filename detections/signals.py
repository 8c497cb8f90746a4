"""News of detections for the apps above, sent after commit; and what is heard before it."""

from django.dispatch import Signal

# Keyword `detections`: a list of Detection, in the order of their ids, all of one transaction.
detections_recorded = Signal()
# Keyword `changes`: a list of detections.models.ReviewEntry, all of one transaction, each with its
# `detection` as it now stands; `before` and `after` hold what counts and hits go by.
detections_reviewed = Signal()
# The same keywords, sent within the transaction: what a receiver writes is committed with it, so
# that work to be done on commit is not forgotten by a process that dies. An error undoes both.
detections_recording = Signal()
detections_reviewing = Signal()
# Asked while detections are shown, so that apps above may say what they know of them. Keywords
# `user` and `ids`, those of detections that the user sees; a receiver returns LiveMarks by id.
marks_asked = Signal()
# Keyword `user`: a receiver returns the `of` of the marks that the user may see.
mark_sources_asked = Signal()
# Keyword `user`: a receiver returns the condition, a Q of detections, that a hit fulfils which the
# user may see; None where it may see every hit.
hits_asked = Signal()
# Keyword `ids`: those of detections that are gone, all of one transaction, oldest first.
detections_removed = Signal()
# Keyword `plate`: one that is being erased, sent within the transaction: apps above erase what they
# keep of it.
plate_erased = Signal()
