"""The one client for calls that leave the server: webhooks, feeds, look-ups, relays.

Whoever may write an address into a form must not reach the server's own network with it. So the
name is looked up once, every address that it leads to is checked, and the connection goes to an
address that was checked, while TLS still asks for the certificate of the name.
"""

import re
import ssl
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import replace
from functools import lru_cache
from typing import Any, BinaryIO
from urllib.parse import urljoin

import structlog
import urllib3
from django.conf import settings
from urllib3.exceptions import (
    ConnectTimeoutError,
    HTTPError,
    LocationParseError,
    NewConnectionError,
    ReadTimeoutError,
    SSLError,
)
from urllib3.util import Timeout, Url, parse_url

from lpr_project.common.addresses import look_up, may_be_called
from lpr_project.common.outgoing.errors import (
    AddressRefusedError,
    AnswerTooLargeError,
    CallRefusedError,
    NoConnectionError,
    OutgoingError,
    RedirectRefusedError,
    TooSlowError,
    UntrustedServerError,
)
from lpr_project.common.outgoing.pinned import Deadline, PinnedHttp, PinnedHttps
from lpr_project.common.outgoing.values import SUCCESS, Answer, Call

log = structlog.get_logger(__name__)

USER_AGENT = "LPR-Server"
_NUMBER = re.compile(r"0x[0-9a-f]*|[0-9]+")
_DOTTED = re.compile(r"(?:0|[1-9][0-9]{0,2})(?:\.(?:0|[1-9][0-9]{0,2})){3}")
_PIECE_BYTES = 64 * 1024
# What a refusal says is shown to people; a page of it is enough.
_MOST_REFUSAL_BYTES = 64 * 1024
_REDIRECTS = frozenset({301, 302, 303, 307, 308})
# Headers that say nothing about who asks, and may follow a redirect to another host.
_HARMLESS_HEADERS = frozenset({"accept", "accept-language", "if-none-match", "if-modified-since"})


def send(call: Call, *, into: BinaryIO | None = None) -> Answer:
    """Make a call and read its answer; one attempt, repeating is the caller's.

    Args:
        into: A file that takes the body of a success as it comes; after an error it may hold a
            part. The body of another status is in the answer, its beginning at least.

    Raises:
        OutgoingError: There is no answer, and the message says why. An answer of any status is one,
            but for redirects.
    """
    deadline = Deadline(call.limits.total_s)
    left = call.most_redirects
    with deadline.running():
        while True:
            answer = _send_once(call, deadline, into)
            if answer.status not in _REDIRECTS:
                return answer
            call = _redirected(call, answer, left)
            left -= 1


def _send_once(call: Call, deadline: Deadline, into: BinaryIO | None) -> Answer:
    url = read_url(call.url)
    host = url.host or ""
    pool = _pool(call, url, _checked_addresses(host, call, deadline), deadline)
    try:
        with _in_words(host, call, deadline), pool:
            response = pool.urlopen(
                call.method,
                url.request_uri,
                body=call.body,
                headers=_headers(call),
                retries=False,
                redirect=False,
                assert_same_host=False,
                preload_content=False,
            )
            try:
                return _read(response, host, call, deadline, into)
            finally:
                response.close()
    finally:
        # Host and time only: paths and queries carry tokens.
        log.debug("outgoing_call", host=host, elapsed_s=round(deadline.elapsed_s, 3))


def read_url(text: str) -> Url:
    """Read an address as the client will use it, for forms to check too.

    Raises:
        CallRefusedError: It is none, has another scheme, or carries a password.
    """
    try:
        url = parse_url(text)
    except LocationParseError:
        raise CallRefusedError("This is not an address. Write https://host/path.") from None
    if url.scheme not in {"http", "https"} or not url.host:
        raise CallRefusedError("The address must begin with https:// or http:// and name a host.")
    if _is_disguised(url.host):
        raise CallRefusedError("Write the IP address as four numbers with dots, or a name.")
    if url.auth:
        raise CallRefusedError(
            "The address must not carry a user name or password; put them into a header."
        )
    return url


def _is_disguised(host: str) -> bool:
    """Whether a host is a number that the system reads as an address: 0x7f.1, 2130706433.

    Source: https://url.spec.whatwg.org/#ends-in-a-number-checker
    """
    last = host.rstrip(".").rpartition(".")[2].lower()
    return bool(_NUMBER.fullmatch(last)) and not _DOTTED.fullmatch(host)


def _checked_addresses(host: str, call: Call, deadline: Deadline) -> list[str]:
    host = host.strip("[]")
    limit_s = min(call.limits.connect_s, deadline.remaining_s)
    try:
        found = look_up(host, limit_s)
    except TimeoutError:
        raise TooSlowError(f"The name server did not answer for {host} in time.") from None
    except OSError:
        raise NoConnectionError(f"The host {host} is not known: check its name.") from None
    # All of them: a name that leads inside and outside is made to deceive.
    if not all(may_be_called(one, settings.OUTGOING_ALLOWED_NETWORKS) for one in found):
        raise AddressRefusedError(
            f"{host} leads into a private or reserved network, where the server does not call. "
            "If it should, add the network to LPR_OUTGOING_ALLOWED_NETWORKS.",
            host=host,
        )
    return found


def _pool(
    call: Call, url: Url, addresses: list[str], deadline: Deadline
) -> urllib3.HTTPConnectionPool:
    limits = call.limits
    options: dict[str, Any] = {
        "host": url.host,
        "port": url.port,
        "timeout": Timeout(connect=limits.connect_s, read=limits.read_s),
        "maxsize": 1,
        "addresses": addresses,
        "deadline": deadline,
    }
    if url.scheme == "http":
        pool = urllib3.HTTPConnectionPool(**options)
        pool.ConnectionCls = PinnedHttp
        return pool
    try:
        context = _tls(call.ca_certificate)
    except (ssl.SSLError, ValueError):
        raise CallRefusedError(
            "The certificate of the authority cannot be read: it must be PEM text."
        ) from None
    secure = urllib3.HTTPSConnectionPool(ssl_context=context, **options)
    secure.ConnectionCls = PinnedHttps
    return secure


@lru_cache(maxsize=32)
def _tls(ca_certificate: str) -> ssl.SSLContext:
    # Reading the system's authorities takes 10 ms.
    return ssl.create_default_context(cadata=ca_certificate or None)


def _headers(call: Call) -> dict[str, str]:
    return {"User-Agent": USER_AGENT, "Accept-Encoding": "gzip", **call.headers}


def _read(
    response: urllib3.BaseHTTPResponse,
    host: str,
    call: Call,
    deadline: Deadline,
    into: BinaryIO | None,
) -> Answer:
    is_refusal = response.status not in SUCCESS
    most = _MOST_REFUSAL_BYTES if is_refusal else call.limits.most_bytes
    pieces: list[bytes] = []
    size = 0
    for piece in _pieces(response):
        size += len(piece)
        if size > most and is_refusal:
            break
        if size > most:
            raise AnswerTooLargeError(
                f"{host} sends more than {most:,} bytes, which is the most that is taken.",
                host=host,
            )
        if into is None or is_refusal:
            pieces.append(piece)
        else:
            into.write(piece)
    if deadline.has_passed:
        # Where the end of the connection is the end of the body, a cut looks like an end.
        raise _too_slow(host, deadline)
    return Answer(
        status=response.status,
        headers={name.lower(): value for name, value in response.headers.items()},
        body=b"".join(pieces),
        size_bytes=size,
        host=host,
        elapsed_s=deadline.elapsed_s,
    )


def _pieces(response: urllib3.BaseHTTPResponse) -> Iterator[bytes]:
    if response.status in _REDIRECTS:
        return iter(())
    return response.stream(_PIECE_BYTES, decode_content=True)


def _too_slow(host: str, deadline: Deadline) -> TooSlowError:
    return TooSlowError(f"{host} took longer than {deadline.seconds:g} s.", host=host)


@contextmanager
def _in_words(host: str, call: Call, deadline: Deadline) -> Iterator[None]:
    """Say what went wrong without what the call carries."""
    try:
        yield
    except (HTTPError, ConnectionError, TimeoutError, ssl.SSLError, ValueError) as error:
        # `from None`: urllib3's messages and the traceback's values hold the whole address.
        raise _failure(error, host, call, deadline) from None


def _failure(error: Exception, host: str, call: Call, deadline: Deadline) -> OutgoingError:
    if deadline.has_passed or deadline.remaining_s == 0:
        return _too_slow(host, deadline)
    for kinds, make, sentence in _FAILURES:
        if isinstance(error, kinds):
            return make(
                sentence.format(
                    host=host,
                    connect_s=call.limits.connect_s,
                    read_s=call.limits.read_s,
                    tls=_tls_reason(error),
                ),
                host=host,
            )
    return NoConnectionError(
        f"The connection to {host} broke before the answer was whole.", host=host
    )


# The first that fits; urllib3's errors of connecting are errors of time too.
_FAILURES: tuple[tuple[tuple[type[Exception], ...], type[OutgoingError], str], ...] = (
    (
        (NewConnectionError,),
        NoConnectionError,
        "Nobody answers at {host}: check the host and port.",
    ),
    (
        (ConnectTimeoutError,),
        TooSlowError,
        "{host} did not take the call within {connect_s:g} s.",
    ),
    (
        (ReadTimeoutError, TimeoutError),
        TooSlowError,
        "{host} was silent for more than {read_s:g} s.",
    ),
    (
        (SSLError, ssl.SSLError),
        UntrustedServerError,
        "{host} does not prove who it is ({tls}). Check its certificate.",
    ),
    (
        (ValueError,),
        CallRefusedError,
        "A header of the call holds a line break or a character that headers cannot carry.",
    ),
)


def _tls_reason(error: BaseException) -> str:
    inner = error.args[0] if error.args else error
    if isinstance(inner, ssl.SSLCertVerificationError):
        return inner.verify_message
    return str(getattr(inner, "reason", None) or "TLS failed").lower().replace("_", " ")


def _redirected(call: Call, answer: Answer, left: int) -> Call:
    """The call that a redirect asks for, if it may be made; its address is checked anew."""
    if left <= 0 or call.method not in {"GET", "HEAD"}:
        raise RedirectRefusedError(
            f"{answer.host} sends the call to another address (status {answer.status}). "
            "Enter the final address instead.",
            host=answer.host,
            answered_status=answer.status,
        )
    before = read_url(call.url)
    target = urljoin(before.url, answer.headers.get("location", ""))
    after = read_url(target)
    if before.scheme == "https" and after.scheme == "http":
        raise RedirectRefusedError(
            f"{answer.host} sends the call from https to http, where anybody could read it.",
            host=answer.host,
        )
    if (before.scheme, before.host, before.port) == (after.scheme, after.host, after.port):
        return replace(call, url=target)
    kept = {k: v for k, v in call.headers.items() if k.lower() in _HARMLESS_HEADERS}
    return replace(call, url=target, headers=kept)
