"""The REST API's table of resources."""

from django.urls import path
from rest_framework.routers import DefaultRouter

from accounts.api.viewsets import MeView
from alerts.api.alerts import AlertPrecisionView, AlertViewSet
from alerts.api.feeds import EntriesFileView, FeedRunViewSet, FeedViewSet
from alerts.api.setting_up import (
    DeliveryViewSet,
    EscalationPolicyViewSet,
    MessageTemplateViewSet,
    RecipientViewSet,
    RuleViewSet,
)
from alerts.api.watchlists import (
    BulkEntriesView,
    EntryViewSet,
    HitViewSet,
    WatchlistViewSet,
)
from cameras.api.viewsets import CameraGroupViewSet, CameraViewSet
from detections.api.ingest import IngestView
from detections.api.keeping import DeletionCertificateViewSet, LegalHoldViewSet
from detections.api.reviews import (
    AccuracyView,
    CorrectionBatchViewSet,
    CorrectionRuleViewSet,
    ReviewViewSet,
)
from detections.api.search import SearchView
from detections.api.statistics import StatisticsView
from detections.api.viewsets import DetectionViewSet, ModelRegistryView, UploadViewSet
from reports.api.viewsets import EvidencePackViewSet, ExportViewSet, SigningKeyView
from vehicles.api.imports import VehicleImportViewSet
from vehicles.api.look_ups import LookUpSourceViewSet, LookUpViewSet
from vehicles.api.plates import PlateViewSet
from vehicles.api.viewsets import (
    CustomFieldViewSet,
    IgnoredPlateViewSet,
    TagViewSet,
    TenureViewSet,
    VehicleViewSet,
)

router = DefaultRouter()
router.include_root_view = False
router.include_format_suffixes = False
router.register("alerts", AlertViewSet, "alert")
router.register("alert-rules", RuleViewSet, "alert-rule")
router.register("cameras", CameraViewSet, "camera")
router.register("camera-groups", CameraGroupViewSet, "camera-group")
router.register("correction-batches", CorrectionBatchViewSet, "correction-batch")
router.register("correction-rules", CorrectionRuleViewSet, "correction-rule")
router.register("deletion-certificates", DeletionCertificateViewSet, "deletion-certificate")
router.register("deliveries", DeliveryViewSet, "delivery")
router.register("detections", DetectionViewSet, "detection")
router.register("escalation-policies", EscalationPolicyViewSet, "escalation-policy")
router.register("ignored-plates", IgnoredPlateViewSet, "ignored-plate")
router.register("evidence-packs", EvidencePackViewSet, "evidence-pack")
router.register("exports", ExportViewSet, "export")
router.register("legal-holds", LegalHoldViewSet, "legal-hold")
router.register("entries", EntryViewSet, "entry")
router.register("feeds", FeedViewSet, "feed")
router.register("feed-runs", FeedRunViewSet, "feed-run")
router.register("hits", HitViewSet, "hit")
router.register("message-templates", MessageTemplateViewSet, "message-template")
router.register("recipients", RecipientViewSet, "recipient")
router.register("watchlists", WatchlistViewSet, "watchlist")
router.register("look-up-sources", LookUpSourceViewSet, "look-up-source")
router.register("look-ups", LookUpViewSet, "look-up")
router.register("plates", PlateViewSet, "plate")
router.register("vehicle-fields", CustomFieldViewSet, "vehicle-field")
router.register("vehicle-imports", VehicleImportViewSet, "vehicle-import")
router.register("vehicle-plates", TenureViewSet, "vehicle-plate")
router.register("vehicle-tags", TagViewSet, "vehicle-tag")
router.register("vehicles", VehicleViewSet, "vehicle")
router.register("reviews", ReviewViewSet, "review")
router.register("uploads", UploadViewSet, "upload")

app_name = "api"
urlpatterns = [
    path("accuracy/", AccuracyView.as_view(), name="accuracy"),
    path("alert-precision/", AlertPrecisionView.as_view(), name="alert-precision"),
    path("me/", MeView.as_view(), name="me"),
    path("models/", ModelRegistryView.as_view(), name="models"),
    path("detections/ingest/", IngestView.as_view(), name="ingest"),
    path("search/", SearchView.as_view(), name="search"),
    path("statistics/", StatisticsView.as_view(), name="statistics"),
    path("signing-keys/", SigningKeyView.as_view(), name="signing-keys"),
    path("watchlists/<uuid:pk>/import/", EntriesFileView.as_view(), name="entries-file"),
    path("watchlists/<uuid:pk>/bulk/", BulkEntriesView.as_view(), name="bulk-entries"),
    *router.urls,
]
