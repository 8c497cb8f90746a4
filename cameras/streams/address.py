"""Where the name of a network source leads, and whether a source may be read from there."""

import socket
import threading
from ipaddress import IPv4Address, IPv6Address, ip_address
from queue import Empty, SimpleQueue
from urllib.parse import urlsplit

from cameras.streams.config import SourceConfig
from cameras.streams.errors import HostNotFoundError, InsideAddressError, NoAnswerError

# Cloud machines tell their secrets to whoever asks here from inside; 169.254/16 is link-local.
_METADATA_ADDRESSES = frozenset({ip_address("100.100.100.200"), ip_address("fd00:ec2::254")})


def find_address(config: SourceConfig) -> str:
    """The IP address of a network source's host, IPv4 where there is one.

    Looked up here because libav's own look-up has no limit and no error of its own.

    Raises:
        HostNotFoundError: The name is not known.
        InsideAddressError: It leads to this machine, and the source must lie outside.
        NoAnswerError: The name server did not answer within `open_timeout_s`.
    """
    host = urlsplit(config.url).hostname or ""
    found = _look_up(host, config.open_timeout_s)
    if config.outside_only and any(is_inside(address) for address in found):
        raise InsideAddressError(
            "This address is the server itself or a link-local one. Give the camera's own address; "
            "LPR_ALLOW_LOOPBACK_SOURCES=true opens these too."
        )
    return next((address for address in found if ":" not in address), found[0])


def is_inside(address: str) -> bool:
    """Whether this machine, its neighbours' cloud or its own services answer at an address.

    Cameras live in private networks, so those are outside.

    >>> [is_inside(a) for a in ("127.0.0.1", "::ffff:127.0.0.1", "169.254.169.254", "10.1.2.3")]
    [True, True, True, False]
    """
    ip: IPv4Address | IPv6Address = ip_address(address.partition("%")[0])
    if isinstance(ip, IPv6Address) and ip.ipv4_mapped:
        ip = ip.ipv4_mapped
    return (
        ip.is_loopback
        or ip.is_link_local
        or ip.is_unspecified
        or ip.is_multicast
        or ip in _METADATA_ADDRESSES
    )


def _look_up(host: str, limit_s: float) -> list[str]:
    answers: SimpleQueue[list[str] | OSError] = SimpleQueue()

    def ask() -> None:
        try:
            found = socket.getaddrinfo(host, None)
        except OSError as error:
            answers.put(error)
        else:
            answers.put([str(address[0]) for *_, address in found])

    threading.Thread(target=ask, name="look-up", daemon=True).start()
    try:
        answer = answers.get(timeout=limit_s)
    except Empty:
        raise NoAnswerError(
            f"The name server did not answer for {host} within {limit_s:g} s."
        ) from None
    if isinstance(answer, OSError):
        raise HostNotFoundError(
            f"The host {host} is not known: check the name, or use the camera's IP address."
        )
    return answer
