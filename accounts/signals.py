"""News of accounts for the apps above, sent after commit."""

from django.dispatch import Signal

# Keywords `user` and `organization`: somebody is no longer a member.
member_removed = Signal()
