"""News of hits, sent after commit."""

from django.dispatch import Signal

# Keyword `hits`: a list of alerts.models.Hit, all of one transaction, each with its `detection`,
# `watchlist`, `entry` and `camera` at hand. A hit that was withdrawn and counts again comes again.
hits_recorded = Signal()
# Keyword `hits`: a list of alerts.models.Hit that a correction took the plate from.
hits_withdrawn = Signal()
# As `hits_recorded`, within the transaction that writes them: what a receiver writes is committed
# with the hits, so that no alert is forgotten by a process that dies. An error undoes both.
hits_recording = Signal()
# Keyword `detections`: a list of detections.models.Detection whose matching was put off or
# forgotten, and is done. Comes after `hits_recorded` of their hits.
passes_matched = Signal()
