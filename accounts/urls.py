"""Pages of the audit trail."""

from django.urls import path

from accounts.views import audit

app_name = "accounts"
urlpatterns = [
    path("audit/", audit.audit, name="audit"),
    path("audit/export", audit.audit_export, name="audit-export"),
    path("audit/unusual/", audit.unusual_use, name="unusual-use"),
    path("reason/", audit.reason, name="reason"),
]
