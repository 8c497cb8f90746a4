"""Places: locations, zones, journeys and maps."""
