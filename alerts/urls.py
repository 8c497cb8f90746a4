"""Pages of alerts."""

from django.urls import path

from alerts.views import console, feeds, panels, past, precision, push, rules, watchlists

app_name = "alerts"
urlpatterns = [
    path("alerts/", console.console, name="console"),
    path("alerts/act", console.act, name="act"),
    path("alerts/unanswered", console.unanswered, name="unanswered"),
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
    path("watchlists/", watchlists.watchlists, name="watchlists"),
    path("watchlists/new", watchlists.edit, name="watchlist-new"),
    path("watchlists/preview", watchlists.preview, name="watchlist-preview"),
    path("watchlists/hits", watchlists.hits, name="hits"),
    path("watchlists/detections/<uuid:detection_id>", panels.of_detection, name="of-detection"),
    path("watchlists/plates/<uuid:plate_id>", panels.of_plate, name="of-plate"),
    path("watchlists/<uuid:list_id>/", watchlists.watchlist, name="watchlist"),
    path("watchlists/<uuid:list_id>/edit", watchlists.edit, name="watchlist-edit"),
    path("watchlists/<uuid:list_id>/archive", watchlists.archive, name="watchlist-archive"),
    path("watchlists/<uuid:list_id>/import", feeds.import_file, name="watchlist-import"),
    path("watchlists/entries/<uuid:listed_id>/", watchlists.entry_act, name="entry-act"),
    path("watchlists/entries/<uuid:listed_id>/edit", watchlists.edit_entry, name="entry-edit"),
    path("watchlists/entries/<uuid:listed_id>/past", past.past, name="entry-past"),
    path("watchlists/entries/<uuid:listed_id>/past/note", past.note_past, name="entry-past-note"),
    path("watchlists/changes/<int:change_id>/undo", watchlists.undo, name="change-undo"),
    path("watchlists/updates/<uuid:run_id>/", feeds.feed_run, name="run"),
    path("watchlists/updates/<uuid:run_id>/apply", feeds.apply_run, name="run-apply"),
    path("watchlists/<uuid:list_id>/feeds/new", feeds.new_feed, name="feed-new"),
    path("watchlists/feeds/<uuid:feed_id>/", feeds.change_feed, name="feed"),
    path("watchlists/feeds/<uuid:feed_id>/try", feeds.attempt_feed, name="feed-try"),
    path("watchlists/feeds/<uuid:feed_id>/delete", feeds.remove_feed, name="feed-delete"),
    path("watchlists/feeds/<uuid:feed_id>/fetch", feeds.fetch_feed, name="feed-fetch"),
]
