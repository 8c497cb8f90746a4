"""Staff pages of cameras, their groups, who may see them, and how they fare."""

from cameras.admin import cameras, groups, retention, status  # noqa: F401
