"""Pages by key: the next page starts after the last row's id, and nothing is ever counted."""

from typing import Any

from django.core.exceptions import ValidationError
from django.utils.translation import gettext_lazy as _
from rest_framework.exceptions import NotFound
from rest_framework.pagination import CursorPagination


class KeysetPagination(CursorPagination):
    """Cursor pages in the order of ids, newest first; UUIDv7 ids make that the order of time."""

    ordering: str | tuple[str, ...] = "-id"
    page_size = 50
    page_size_query_param = "page_size"
    max_page_size = 500
    invalid_cursor_message = _(  # type: ignore[assignment]  # translated when it is said
        "There is no such page. Follow `next` and `previous` as they are."
    )

    def paginate_queryset(self, *args: Any, **kwargs: Any) -> list[Any] | None:
        """A page of rows; a cursor that holds another thing than an id names no page."""
        try:
            return super().paginate_queryset(*args, **kwargs)
        except (ValidationError, ValueError) as error:
            raise NotFound(self.invalid_cursor_message) from error
