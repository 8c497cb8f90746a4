"""Pages of alerts."""

from django.urls import path

from alerts.views import console, precision, push, rules

app_name = "alerts"
urlpatterns = [
    path("alerts/", console.console, name="console"),
    path("alerts/act", console.act, name="act"),
    path("alerts/precision/", precision.precision, name="precision"),
    path("alerts/rules/", rules.rule_list, name="rules"),
    path("alerts/rules/new", rules.new_rule, name="new-rule"),
    path("alerts/rules/try", rules.try_rule, name="try-rule"),
    path("alerts/rules/<int:alert_rule_id>/", rules.change_rule, name="alert-rule"),
    path("alerts/rules/<int:alert_rule_id>/delete", rules.remove_rule, name="alert-rule-delete"),
    path("alerts/note", console.leave_note, name="note"),
    path("alerts/subscribe", push.subscribe, name="subscribe"),
    path("alerts/<uuid:alert_id>/", console.alert_detail, name="alert"),
    path("alerts/<uuid:alert_id>/panel", console.alert_panel, name="panel"),
    path("alerts/picture/<str:token>", console.picture, name="picture"),
]
