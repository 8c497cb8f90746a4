"""Where the work at hand comes from: set once at the door, read by the audit trail."""

from contextvars import ContextVar
from dataclasses import dataclass


@dataclass(frozen=True, slots=True, kw_only=True)
class Origin:
    """Client address, program and correlation id of a request, socket or task."""

    ip_address: str | None = None
    user_agent: str = ""
    request_id: str = ""


NOWHERE = Origin()
current_origin: ContextVar[Origin] = ContextVar("current_origin", default=NOWHERE)
