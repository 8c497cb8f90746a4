"""Pages of detections, uploads and cameras."""

from django.urls import path

from detections.views import cameras, detections, live, pictures, uploads

app_name = "detections"
urlpatterns = [
    path("", live.live, name="live"),
    path("session", live.session, name="session"),
    path("detections/", detections.detection_list, name="list"),
    path("detections/<uuid:detection_id>/", detections.detection_detail, name="detail"),
    path("detections/<uuid:detection_id>/frame", pictures.detection_frame, name="frame"),
    path("detections/<uuid:detection_id>/crop", pictures.detection_crop, name="crop"),
    path("detections/<uuid:detection_id>/verify", detections.detection_verify, name="verify"),
    path("uploads/", uploads.upload_list, name="uploads"),
    path("uploads/<uuid:upload_id>/", uploads.upload_detail, name="upload"),
    path("cameras/", cameras.camera_list, name="cameras"),
    path("cameras/<uuid:camera_id>/frame", pictures.camera_frame, name="camera-frame"),
]
