"""Staff pages of watchlists, feeds, recipients, messages and escalation."""

from alerts.admin import deliveries, endpoints, escalation, feeds, watchlists

__all__ = ["deliveries", "endpoints", "escalation", "feeds", "watchlists"]
