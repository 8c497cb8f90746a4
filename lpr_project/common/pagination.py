"""Pages by key: the next page starts after the last row's id, and nothing is ever counted."""

from rest_framework.pagination import CursorPagination


class KeysetPagination(CursorPagination):
    """Cursor pages in the order of ids, newest first; UUIDv7 ids make that the order of time."""

    ordering: str | tuple[str, ...] = "-id"
    page_size = 50
    page_size_query_param = "page_size"
    max_page_size = 500
