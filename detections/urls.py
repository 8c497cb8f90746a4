"""Pages of detections, uploads and cameras."""

from django.urls import path

from detections.views import (
    analytics,
    cameras,
    corrections,
    detections,
    live,
    pictures,
    reviews,
    saved_searches,
    search,
    sightings,
    uploads,
)

app_name = "detections"
urlpatterns = [
    path("", live.live, name="live"),
    path("session", live.session, name="session"),
    path("detections/", detections.detection_list, name="list"),
    path("detections/<uuid:detection_id>/", detections.detection_detail, name="detail"),
    path("detections/<uuid:detection_id>/frame", pictures.detection_frame, name="frame"),
    path("detections/<uuid:detection_id>/crop", pictures.detection_crop, name="crop"),
    path("detections/<uuid:detection_id>/verify", detections.detection_verify, name="verify"),
    path("search/", search.search, name="search"),
    path("search/saved/", saved_searches.saved_searches, name="saved-searches"),
    path("search/saved/<uuid:search_id>/", saved_searches.change, name="saved-search"),
    path("search/unsubscribe/", saved_searches.end_mails, name="unsubscribe"),
    path("search/plates/<uuid:plate_id>/sightings", search.sightings, name="sightings"),
    path("analytics/", analytics.analytics, name="analytics"),
    path("review/", reviews.review, name="review"),
    path("review/next", reviews.next_item, name="review-next"),
    path("review/hold", reviews.hold, name="review-hold"),
    path("review/release", reviews.release, name="review-release"),
    path("review/<uuid:detection_id>/decide", reviews.decide, name="review-decide"),
    path("review/<uuid:detection_id>/merge", reviews.merge, name="review-merge"),
    path("review/<uuid:detection_id>/split", reviews.split, name="review-split"),
    path("review/entries/<uuid:entry_id>/undo", reviews.undo, name="review-undo"),
    path("review/accuracy/", reviews.accuracy, name="accuracy"),
    path("review/corrections/", corrections.corrections, name="corrections"),
    path("review/corrections/<uuid:batch_id>/undo", corrections.undo, name="correction-batch-undo"),
    path(
        "review/rules/<int:rule_id>/switch-off",
        corrections.switch_off,
        name="correction-rule-switch-off",
    ),
    path("uploads/", uploads.upload_list, name="uploads"),
    path("uploads/<uuid:upload_id>/", uploads.upload_detail, name="upload"),
    path("vehicles/<uuid:vehicle_id>/passes", sightings.vehicle_passes, name="vehicle-passes"),
    path("vehicles/<uuid:vehicle_id>/gallery", sightings.vehicle_gallery, name="vehicle-gallery"),
    path("vehicles/<uuid:vehicle_id>/visits", sightings.vehicle_visits, name="vehicle-visits"),
    path("plates/<uuid:plate_id>/passes", sightings.plate_passes, name="plate-passes"),
    path("plates/<uuid:plate_id>/rhythm", sightings.plate_rhythm, name="plate-rhythm"),
    path("cameras/", cameras.camera_list, name="cameras"),
    path("cameras/<uuid:camera_id>/frame", pictures.camera_frame, name="camera-frame"),
]
