"""Pages of detections."""

from django.urls import URLPattern

app_name = "detections"
urlpatterns: list[URLPattern] = []
