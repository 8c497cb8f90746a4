"""Pages of exports and evidence."""

from django.urls import path

from reports.views import exports, keys

app_name = "reports"
urlpatterns = [
    path("exports/", exports.export_list, name="exports"),
    path("exports/new/", exports.new, name="new"),
    path("exports/evidence/", exports.new_evidence, name="new-evidence"),
    path("exports/<uuid:export_id>/cancel", exports.cancel, name="cancel"),
    path("exports/<uuid:export_id>/download", exports.download, name="download"),
    path("exports/<uuid:export_id>/file", exports.file, name="file"),
    path("evidence/", keys.evidence, name="evidence"),
    path("evidence/verify_evidence.py", keys.verifier, name="verifier"),
]
