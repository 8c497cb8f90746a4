"""Pages of the audit trail."""

from django.urls import path

from accounts import views

app_name = "accounts"
urlpatterns = [
    path("audit/", views.audit, name="audit"),
    path("audit/export", views.audit_export, name="audit-export"),
    path("audit/unusual/", views.unusual_use, name="unusual-use"),
    path("reason/", views.reason, name="reason"),
]
