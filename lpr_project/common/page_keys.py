"""Pages by key: where the next one begins stands in the address as the id of a row."""

from uuid import UUID

from django.http import Http404, HttpRequest


def key_in(request: HttpRequest, name: str) -> UUID | None:
    """The id that the address carries under this name; None where it carries none.

    Raises:
        Http404: It is no id.
    """
    text = request.GET.get(name, "")
    try:
        return UUID(text) if text else None
    except ValueError as error:
        raise Http404 from error
