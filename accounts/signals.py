"""News of accounts for the apps above, sent after commit."""

from django.dispatch import Signal

# Keywords `user` and `organization`: somebody is no longer a member.
member_removed = Signal()
# Keywords `user` and `ids`, a set of UUIDs that events of the trail hold: asked while the user
# reads them. A receiver answers a dict from id to name, of those that the user may see.
names_asked = Signal()
