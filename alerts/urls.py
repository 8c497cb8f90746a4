"""Pages of alerts."""

from django.urls import path

from alerts.views import console

app_name = "alerts"
urlpatterns = [
    path("alerts/", console.console, name="console"),
    path("alerts/<uuid:alert_id>/", console.alert_detail, name="alert"),
    path("alerts/picture/<str:token>", console.picture, name="picture"),
]
