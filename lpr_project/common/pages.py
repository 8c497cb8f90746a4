"""To whom a page is offered: said beside its view, read by the navigation of every page."""

from collections.abc import Callable
from functools import lru_cache
from typing import Any, NamedTuple, TypeVar

from django.urls import resolve, reverse

_View = TypeVar("_View", bound=Callable[..., Any])


class Offer(NamedTuple):
    """Whoever holds one of `roles` in an organization, or for whom `or_if` says so."""

    roles: frozenset[str]
    or_if: Callable[[Any], bool] | None

    def is_for(self, user: Any, roles: set[str]) -> bool:
        """Whether a person with these roles has use of the page."""
        return bool(self.roles & roles) or bool(self.or_if and self.or_if(user))


def offered_to(*roles: str, or_if: Callable[[Any], bool] | None = None) -> Callable[[_View], _View]:
    """Mark the view of a page that is of no use to others, who are told so if they come to it."""

    def mark(view: _View) -> _View:
        view.offer = Offer(frozenset(roles), or_if)  # type: ignore[attr-defined]  # of a function
        return view

    return mark


@lru_cache(maxsize=256)
def offer_of(name: str) -> Offer | None:
    """To whom the page of a URL name is offered; None: to everybody."""
    offer: Offer | None = getattr(resolve(reverse(name)).func, "offer", None)
    return offer
