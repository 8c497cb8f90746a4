"""What cameras ask the apps above."""

from django.dispatch import Signal

# Keyword `model_set`, a name: asked before a camera is set to other models, within the
# transaction. A receiver that knows models raises LprError where this set cannot work.
model_set_choosing = Signal()
