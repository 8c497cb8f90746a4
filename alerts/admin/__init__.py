"""Staff pages of recipients, messages and escalation."""

from alerts.admin import deliveries, endpoints, escalation

__all__ = ["deliveries", "endpoints", "escalation"]
