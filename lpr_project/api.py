"""The REST API's table of resources."""

from rest_framework.routers import DefaultRouter

router = DefaultRouter()
router.include_format_suffixes = False
