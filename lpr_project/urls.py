"""Every page and every door, one table."""

from django.contrib import admin
from django.http import Http404
from django.urls import include, path, re_path
from django.views.defaults import page_not_found
from django.views.i18n import JavaScriptCatalog
from drf_spectacular.views import SpectacularAPIView, SpectacularSwaggerSplitView

from lpr_project import dashboard, health, metrics

closed = {"exception": Http404()}
urlpatterns = [
    path("healthz", health.alive, name="healthz"),
    path("readyz", health.ready, name="readyz"),
    path("metrics", metrics.metrics, name="metrics"),
    path("i18n/", include("django.conf.urls.i18n")),
    path("i18n/texts.js", JavaScriptCatalog.as_view(packages=["lpr_project"]), name="texts"),
    # Invitations and the audit trail know people by their e-mail: whoever could change their own
    # might be invited, and remembered, as somebody else. Superusers change it in the admin.
    path("accounts/email/", page_not_found, closed),
    re_path(r"^api/auth/\w+/v1/account/email$", page_not_found, closed),
    path("accounts/", include("allauth.account.urls")),
    path("accounts/2fa/", include("allauth.mfa.urls")),
    path("api/auth/", include("allauth.headless.urls")),
    path("api/v1/schema/", SpectacularAPIView.as_view(), name="schema"),
    path("api/v1/docs/", SpectacularSwaggerSplitView.as_view(url_name="schema"), name="api-docs"),
    path("api/v1/", include("lpr_project.api")),
    path(
        "admin/system-state/",
        admin.site.admin_view(dashboard.state_panels),
        name="admin-system-state",
    ),
    path(
        "admin/host-state/",
        admin.site.admin_view(dashboard.host_state),
        name="admin-host-state",
    ),
    path("admin/", admin.site.urls),
    path("", include("accounts.urls")),
    path("", include("alerts.urls")),
    path("", include("vehicles.urls")),
    path("", include("detections.urls")),
    path("", include("reports.urls")),
]

handler400 = "lpr_project.failures.wrong"
handler403 = "lpr_project.failures.refused"
handler404 = "lpr_project.failures.not_found"
handler500 = "lpr_project.failures.failed"
