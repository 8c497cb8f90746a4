"""Ids of rows in addresses and forms: where the next page begins, and what was chosen."""

from uuid import UUID

from django.http import Http404, HttpRequest

_MOST_DIGITS = 19
"""Of the largest number that a row can have."""


def key_in(request: HttpRequest, name: str) -> UUID | None:
    """The id that the address carries under this name; None where it carries none.

    Raises:
        Http404: It is no id.
    """
    text = request.GET.get(name, "")
    return key_of(text) if text else None


def key_of(text: str) -> UUID:
    """The id that a form or an address must carry.

    Raises:
        Http404: It is no id.
    """
    try:
        return UUID(text)
    except ValueError as error:
        raise Http404 from error


def number_of(text: str) -> int | None:
    """The id of a row that is numbered, such as an organization; None where nothing is chosen.

    Raises:
        Http404: It is no number that a row can have.

    >>> number_of("17"), number_of("")
    (17, None)
    """
    if not text:
        return None
    # `int` takes digits of all scripts, and fails from the 4,301st on.
    if not (text.isascii() and text.isdigit() and len(text) <= _MOST_DIGITS):
        raise Http404
    return int(text)


def only_key_in(request: HttpRequest, name: str) -> UUID | None:
    """The same on a page that goes one way; the key of the other way leads to no page of it.

    Raises:
        Http404: It is no id, or the other key is given.
    """
    if ({"after", "before"} - {name}) & request.GET.keys():
        raise Http404
    return key_in(request, name)
