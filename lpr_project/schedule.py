"""Periodic tasks of the product itself. Schedules that people make are rows of the scheduler."""

from typing import Any

from celery.schedules import crontab

PERIODIC_TASKS: dict[str, dict[str, Any]] = {
    "ensure-streams": {
        "task": "detections.tasks.ensure_streams",
        "schedule": 3.0,
        # A message that waited longer than one period has a fresher one behind it.
        "options": {"expires": 3},
    },
    "ensure-partitions": {
        "task": "detections.tasks.ensure_partitions",
        "schedule": crontab(minute=7, hour="*/6"),
        "options": {"expires": 3600},
    },
    "resume-uploads": {
        "task": "detections.tasks.resume_uploads",
        "schedule": 30.0,
        "options": {"expires": 30},
    },
    "tell-search-subscribers": {
        "task": "detections.tasks.tell_subscribers",
        "schedule": 60.0,
        "options": {"expires": 60},
    },
    "forget-orphaned-review-entries": {
        "task": "detections.tasks.forget_orphaned_entries",
        "schedule": crontab(minute=37, hour=3),
        "options": {"expires": 3600},
    },
    "add-up-counts": {
        "task": "detections.tasks.add_up_counts",
        "schedule": 60.0,
        "options": {"expires": 60},
    },
    "reconcile-counts": {
        "task": "detections.tasks.reconcile_counts",
        "schedule": crontab(minute=17, hour=4),
        "options": {"expires": 3600},
    },
    "sweep-deliveries": {
        "task": "alerts.tasks.sweep_deliveries",
        "schedule": 2.0,
        "options": {"expires": 2},
    },
    "escalate-alerts": {
        "task": "alerts.tasks.escalate_alerts",
        "schedule": 2.0,
        "options": {"expires": 2},
    },
    "raise-missed-alerts": {
        "task": "alerts.tasks.raise_missed",
        "schedule": 10.0,
        "options": {"expires": 10},
    },
    "watch-states-for-rules": {
        "task": "alerts.tasks.watch_states",
        "schedule": 30.0,
        "options": {"expires": 30},
    },
    "tend-feeds": {
        "task": "alerts.tasks.tend_feeds",
        "schedule": 60.0,
        "options": {"expires": 60},
    },
    "tend-lists": {
        "task": "alerts.tasks.tend_lists",
        "schedule": crontab(minute=11),
        "options": {"expires": 3600},
    },
    "match-pending": {
        "task": "alerts.tasks.match_pending",
        "schedule": 5.0,
        "options": {"expires": 5},
    },
    "tidy-vehicle-imports": {
        "task": "vehicles.tasks.tidy_imports",
        "schedule": 60.0,
        "options": {"expires": 60},
    },
    "follow-plates-of-vehicles": {
        "task": "vehicles.tasks.follow_tenures",
        "schedule": crontab(minute=3),
        "options": {"expires": 1800},
    },
    "purge-expired": {
        "task": "detections.tasks.purge_expired",
        "schedule": crontab(minute="*/15"),
        "options": {"expires": 600},
    },
    "check-pictures": {
        "task": "detections.tasks.check_pictures",
        "schedule": crontab(minute=7, hour=2),
        "options": {"expires": 3600},
    },
    "resume-plate-requests": {
        "task": "detections.tasks.resume_plate_requests",
        "schedule": 300.0,
        "options": {"expires": 300},
    },
    "forget-unseen-plates": {
        "task": "detections.tasks.forget_unseen_plates",
        "schedule": crontab(minute=47, hour=3),
        "options": {"expires": 3600},
    },
    "watch-camera-health": {
        "task": "cameras.tasks.refresh_health",
        "schedule": 10.0,
        "options": {"expires": 10},
    },
    "resume-exports": {
        "task": "reports.tasks.resume_exports",
        "schedule": 60.0,
        "options": {"expires": 60},
    },
    "expire-exports": {
        "task": "reports.tasks.expire_exports",
        "schedule": crontab(minute=23),
        "options": {"expires": 3600},
    },
    "seal-audit-trail": {
        "task": "reports.tasks.seal_audit_trail",
        "schedule": crontab(minute="*/10"),
        "options": {"expires": 600},
    },
}
