"""Pages of vehicles and plates."""

from django.urls import path

from vehicles.views import imports, plates, vehicles

app_name = "vehicles"
urlpatterns = [
    path("vehicles/", vehicles.vehicle_list, name="list"),
    path("vehicles/new/", vehicles.vehicle_new, name="new"),
    path("vehicles/import/", imports.import_list, name="imports"),
    path("vehicles/import/template.csv", imports.import_template, name="import-template"),
    path("vehicles/import/<uuid:import_id>/", imports.import_detail, name="import"),
    path("vehicles/import/<uuid:import_id>/do", imports.import_act, name="import-act"),
    path("vehicles/<uuid:vehicle_id>/", vehicles.vehicle_detail, name="detail"),
    path("vehicles/<uuid:vehicle_id>/edit/", vehicles.vehicle_edit, name="edit"),
    path("vehicles/<uuid:vehicle_id>/delete", vehicles.vehicle_delete, name="delete"),
    path("vehicles/<uuid:vehicle_id>/plates", vehicles.plate_add, name="plate-add"),
    path("vehicles/plates/<int:tenure_id>", vehicles.tenure_change, name="tenure"),
    path("plates/<uuid:plate_id>/", plates.plate_detail, name="plate"),
    path("plates/<uuid:plate_id>/look-up", plates.plate_look_up, name="plate-look-up"),
    path("plates/<uuid:plate_id>/status", plates.plate_status, name="plate-status"),
]
