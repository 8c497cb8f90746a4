"""Answers that are sent piece by piece, so that memory stays the same however long they are."""

from collections.abc import AsyncIterator, Iterator
from typing import TypeVar

from asgiref.sync import sync_to_async
from django.core.handlers.asgi import ASGIRequest
from django.http import HttpRequest

_Piece = TypeVar("_Piece", str, bytes)


def streamed(
    request: HttpRequest, pieces: Iterator[_Piece]
) -> Iterator[_Piece] | AsyncIterator[_Piece]:
    """Pieces as the server at hand sends them one by one; under ASGI Django would gather them."""
    return _in_turn(pieces) if isinstance(request, ASGIRequest) else pieces


async def _in_turn(pieces: Iterator[_Piece]) -> AsyncIterator[_Piece]:
    turn = sync_to_async(lambda: next(pieces, None))
    while (piece := await turn()) is not None:
        yield piece


# Programs for tables run what begins so. Source: OWASP, CSV Injection.
_BEGINS_FORMULA = ("=", "+", "-", "@", "\t", "\r", "\n", "|", "%")


def harmless_cell(text: str) -> str:
    """A text that no program for tables takes for a formula.

    >>> harmless_cell("=1+1"), harmless_cell("1กข1234")
    ("'=1+1", '1กข1234')
    """
    return f"'{text}" if text.startswith(_BEGINS_FORMULA) else text
