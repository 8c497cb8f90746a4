"""Where names lead, and which addresses the server may be sent to: one policy for all callers.

Free of Django, so that the pure rooms may share it.
"""

import socket
import threading
from collections.abc import Iterable
from ipaddress import (
    IPv4Address,
    IPv4Network,
    IPv6Address,
    IPv6Network,
    ip_address,
    ip_network,
)
from queue import Empty, SimpleQueue

IPAddress = IPv4Address | IPv6Address
IPNetwork = IPv4Network | IPv6Network

# Cloud machines tell their secrets to whoever asks here from inside; 169.254/16 is link-local.
_METADATA_ADDRESSES = frozenset({ip_address("100.100.100.200"), ip_address("fd00:ec2::254")})
_NAT64 = ip_network("64:ff9b::/96")


def read_address(text: str) -> IPAddress:
    """The address that packets reach: an IPv4 address inside an IPv6 one is taken out of it.

    Source: RFC 4291 section 2.5.5.2 (mapped), RFC 6052 (NAT64), RFC 3056 (6to4), RFC 4380 (Teredo).

    >>> [str(read_address(a)) for a in ("::ffff:10.0.0.1", "64:ff9b::7f00:1", "2002:7f00:1::")]
    ['10.0.0.1', '127.0.0.1', '127.0.0.1']
    """
    address = ip_address(text.partition("%")[0])
    if isinstance(address, IPv4Address):
        return address
    if address in _NAT64:
        return IPv4Address(int(address) & 0xFFFFFFFF)
    teredo = address.teredo
    return address.ipv4_mapped or address.sixtofour or (teredo[1] if teredo else address)


def is_inside(text: str) -> bool:
    """Whether this machine, its neighbours' cloud or its own services answer at an address.

    Private networks are outside: cameras live there.

    >>> [is_inside(a) for a in ("127.0.0.1", "::ffff:127.0.0.1", "169.254.169.254", "10.1.2.3")]
    [True, True, True, False]
    """
    address = read_address(text)
    return (
        address.is_loopback
        or address.is_link_local
        or address.is_unspecified
        or address.is_multicast
        or address in _METADATA_ADDRESSES
    )


def is_public(text: str) -> bool:
    """Whether an address lies in the public internet.

    Private, shared (carrier-grade NAT), loopback, link-local, multicast, reserved and documentation
    addresses do not.

    >>> [is_public(a) for a in ("8.8.8.8", "10.1.2.3", "100.64.0.1", "224.0.0.1", "240.0.0.1")]
    [True, False, False, False, False]
    >>> [is_public(a) for a in ("2606:4700::1111", "fd00::1", "fe80::1%eth0", "::ffff:10.0.0.1")]
    [True, False, False, False]
    """
    address = read_address(text)
    return address.is_global and not (
        address.is_multicast or address.is_reserved or is_inside(text)
    )


def may_be_called(text: str, allowed: Iterable[IPNetwork]) -> bool:
    """Whether a call may go to an address: a public one, or one of the networks allowed.

    >>> may_be_called("10.1.2.3", []), may_be_called("10.1.2.3", [ip_network("10.0.0.0/8")])
    (False, True)
    """
    address = read_address(text)
    # An IPv6 address is not in an IPv4 network, which `in` says by itself.
    return is_public(text) or any(address in network for network in allowed)


def look_up(host: str, limit_s: float) -> list[str]:
    """The IP addresses of a host, in the order in which the system prefers them.

    In a thread: the system's own look-up has no limit.

    Raises:
        TimeoutError: The name server did not answer in time.
        OSError: The name is not known.
    """
    answers: SimpleQueue[list[str] | OSError] = SimpleQueue()

    def ask() -> None:
        try:
            found = socket.getaddrinfo(host, None, type=socket.SOCK_STREAM)
        except OSError as error:
            answers.put(error)
        except UnicodeError as error:
            # A label of a name is empty or longer than 63 characters.
            answers.put(OSError(str(error)))
        else:
            answers.put([str(address[0]) for *_, address in found])

    threading.Thread(target=ask, name="look-up", daemon=True).start()
    try:
        answer = answers.get(timeout=max(limit_s, 0))
    except Empty:
        raise TimeoutError(f"no answer within {limit_s:g} s") from None
    if isinstance(answer, OSError):
        raise answer
    return list(dict.fromkeys(answer))
