"""Calls to other servers, through one client that cannot be turned inward."""

from lpr_project.common.outgoing.calls import read_url, send
from lpr_project.common.outgoing.errors import (
    AddressRefusedError,
    AnswerTooLargeError,
    CallRefusedError,
    NoConnectionError,
    OutgoingError,
    RedirectRefusedError,
    RefusedByServerError,
    ServerFailingError,
    TooSlowError,
    UntrustedServerError,
)
from lpr_project.common.outgoing.values import Answer, Call, Limits, Method

__all__ = [
    "AddressRefusedError",
    "Answer",
    "AnswerTooLargeError",
    "Call",
    "CallRefusedError",
    "Limits",
    "Method",
    "NoConnectionError",
    "OutgoingError",
    "RedirectRefusedError",
    "RefusedByServerError",
    "ServerFailingError",
    "TooSlowError",
    "UntrustedServerError",
    "read_url",
    "send",
]
