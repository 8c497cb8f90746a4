"""Staff pages of plates, vehicles, tags, custom fields and what is ignored."""

from vehicles.admin import ignoring, imports, lookups, plates, vehicles  # noqa: F401
