"""Watchlists, entries, hits, and what people must act on."""

from alerts.models.alerts import Alert, AlertChange, AlertRejectReason, Occurrence, ShiftNote
from alerts.models.changes import ListChange
from alerts.models.deliveries import (
    Channel,
    Delivery,
    DeliveryAttempt,
    Endpoint,
    Lane,
    MessageTemplate,
    PushSubscription,
)
from alerts.models.entries import Entry
from alerts.models.escalation import EscalationPolicy, EscalationStep
from alerts.models.feeds import Feed, FeedRun
from alerts.models.hits import Hit, PendingMatch
from alerts.models.rules import Rule, RuleClock, ShadowFiring
from alerts.models.watchlists import Agreement, Watchlist, WatchlistGrant

__all__ = [
    "Agreement",
    "Alert",
    "AlertChange",
    "AlertRejectReason",
    "Channel",
    "Delivery",
    "DeliveryAttempt",
    "Endpoint",
    "Entry",
    "EscalationPolicy",
    "EscalationStep",
    "Feed",
    "FeedRun",
    "Hit",
    "Lane",
    "ListChange",
    "MessageTemplate",
    "Occurrence",
    "PendingMatch",
    "PushSubscription",
    "Rule",
    "RuleClock",
    "ShadowFiring",
    "ShiftNote",
    "Watchlist",
    "WatchlistGrant",
]
