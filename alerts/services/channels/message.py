"""A message as every channel takes it, and where it goes."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any, Protocol
from uuid import UUID


@dataclass(frozen=True, slots=True, kw_only=True)
class Message:
    """Words for people and facts for programs.

    `key` is the idempotency key: the same message, however often it is tried. `picture` is the crop
    as JPEG or WebP, where the endpoint wants it attached. `link` leads to the alert; empty where
    the server does not know its own address.
    """

    key: UUID
    subject: str
    body: str
    facts: Mapping[str, Any] = field(repr=False)
    link: str = ""
    picture: bytes | None = field(default=None, repr=False)
    picture_type: str = "image/jpeg"
    age_s: float = 0


@dataclass(frozen=True, slots=True, kw_only=True)
class Target:
    """Where an endpoint's messages go: what may be shown, and what may not."""

    name: str
    options: Mapping[str, Any]
    secret: Mapping[str, Any] = field(repr=False)


class Sender(Protocol):
    """Sends one message, once.

    Raises:
        DeliveryFailedError: It did not arrive, or nobody can know; the sentence says why.
    """

    def __call__(self, message: Message, target: Target) -> None: ...
