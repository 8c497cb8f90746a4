"""Pages of vehicles and plates."""

from django.urls import path

from vehicles.views import plates, vehicles

app_name = "vehicles"
urlpatterns = [
    path("vehicles/", vehicles.vehicle_list, name="list"),
    path("vehicles/new/", vehicles.vehicle_new, name="new"),
    path("vehicles/<uuid:vehicle_id>/", vehicles.vehicle_detail, name="detail"),
    path("vehicles/<uuid:vehicle_id>/edit/", vehicles.vehicle_edit, name="edit"),
    path("vehicles/<uuid:vehicle_id>/delete", vehicles.vehicle_delete, name="delete"),
    path("vehicles/<uuid:vehicle_id>/plates", vehicles.plate_add, name="plate-add"),
    path("vehicles/plates/<int:tenure_id>", vehicles.tenure_change, name="tenure"),
    path("plates/<uuid:plate_id>/", plates.plate_detail, name="plate"),
    path("plates/<uuid:plate_id>/status", plates.plate_status, name="plate-status"),
]
