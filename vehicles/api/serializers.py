"""JSON shapes of vehicles."""

from rest_framework import serializers

from vehicles.models import Plate


class PlateSerializer(serializers.ModelSerializer[Plate]):
    """A distinct registration: when it was first and last seen, and how often."""

    organization = serializers.SlugField(source="organization.slug", read_only=True)

    class Meta:
        model = Plate
        fields = [
            "id",
            "organization",
            "number",
            "country",
            "province",
            "first_seen_at",
            "last_seen_at",
            "detections_count",
        ]
