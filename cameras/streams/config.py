"""Where pictures come from, and how an address is checked, completed and masked."""

import re
from dataclasses import dataclass, field
from enum import StrEnum
from typing import Literal
from urllib.parse import quote, urlsplit, urlunsplit

from cameras.streams.errors import InvalidAddressError


class SourceKind(StrEnum):
    """How a source delivers."""

    RTSP = "rtsp"
    HTTP = "http"
    MJPEG = "mjpeg"
    SNAPSHOT = "snapshot"
    FILE = "file"
    FOLDER = "folder"
    USB = "usb"


# Everything else that libav would open (concat:, subfile:, data:, file: behind http) stays shut.
SCHEMES: dict[SourceKind, frozenset[str]] = {
    SourceKind.RTSP: frozenset({"rtsp", "rtsps"}),
    SourceKind.HTTP: frozenset({"http", "https"}),
    SourceKind.MJPEG: frozenset({"http", "https"}),
    SourceKind.SNAPSHOT: frozenset({"http", "https"}),
}
_USB_DEVICE = re.compile(r"/dev/(video\d{1,3}|v4l/by-(id|path)/[\w.:+-]+)")
# libav cuts RTSP user info after 127 bytes without a word, and then sends half a password.
_RTSP_USER_INFO_BYTES = 127


@dataclass(frozen=True, slots=True, kw_only=True)
class SourceConfig:
    """One source and the limits under which it is read.

    Attributes:
        kind: How the source delivers.
        url: Address without user name and password, for SNAPSHOT that of a JPEG; for FILE and
            FOLDER a path, for USB a device such as `/dev/video0`.
        username: Empty where the source asks for none.
        password: Never part of a message, a log line or a `repr`.
        open_timeout_s: Limit for connecting, and again for the first picture.
        read_timeout_s: Limit for the wait for the next frame.
        loop: A FILE or FOLDER begins again at its end.
        realtime: A FILE or FOLDER is played at its own speed, as a camera would deliver it, and
            drops what the consumer has no time for; otherwise as fast as the consumer takes it,
            every frame.
        analyse_fps: At most so many frames a second are handed out, chosen by the source's clock;
            None for all. For SNAPSHOT the rate of polling (None: one a second), for FOLDER the
            rate at which its pictures count as taken (None: one a second).
        rtsp_transport: TCP loses nothing and passes firewalls; UDP is for cameras without it.
        verify_tls: Check the certificate of rtsps and https. Off by default, since cameras sign
            their own.
        outside_only: Refuse a host on this machine itself or on a link-local address.
        decoder_threads: One adds no delay and costs the least; more only help files that must be
            read fast.

    Raises:
        InvalidAddressError: The address does not fit the kind.
    """

    kind: SourceKind
    url: str
    username: str = ""
    password: str = field(default="", repr=False)
    open_timeout_s: float = 5.0
    read_timeout_s: float = 5.0
    loop: bool = False
    realtime: bool = False
    analyse_fps: float | None = None
    rtsp_transport: Literal["tcp", "udp"] = "tcp"
    verify_tls: bool = False
    outside_only: bool = False
    decoder_threads: int = 1

    def __post_init__(self) -> None:
        if "\0" in self.url or not self.url.strip():
            raise InvalidAddressError("Give the address of the source.")
        if self.kind in SCHEMES:
            self._check_network_address()
        elif self.kind is SourceKind.USB and not _USB_DEVICE.fullmatch(self.url):
            raise InvalidAddressError("Give the device of the USB camera, for example /dev/video0.")

    @property
    def is_live(self) -> bool:
        """Whether frames carry Unix time and are dropped when the consumer is busy."""
        return self.kind not in {SourceKind.FILE, SourceKind.FOLDER} or self.realtime

    @property
    def masked_url(self) -> str:
        """The address as it may be shown and logged."""
        return mask_url(self.url)

    def url_with_credentials(self, host: str = "") -> str:
        """The address that is opened. Never log it.

        Args:
            host: IP address that takes the place of the host, or scheme, host and port that take
                the place of all three.
        """
        parts = urlsplit(self.url)
        if "://" in host:
            scheme, _, netloc = host.partition("://")
            parts = parts._replace(scheme=scheme, netloc=netloc)
        elif host:
            name = f"[{host}]" if ":" in host else host
            parts = parts._replace(netloc=name if parts.port is None else f"{name}:{parts.port}")
        if not self.username:
            return urlunsplit(parts) if host else self.url
        user_info = f"{quote(self.username, safe='')}:{quote(self.password, safe='')}"
        return urlunsplit(parts._replace(netloc=f"{user_info}@{parts.netloc}"))

    def _check_network_address(self) -> None:
        schemes = SCHEMES[self.kind]
        beginnings = " or ".join(f"{scheme}://" for scheme in sorted(schemes))
        expected = f"{self.kind} addresses begin with {beginnings}"
        try:
            parts = urlsplit(self.url)
            host, _ = parts.hostname, parts.port
        except ValueError:
            raise InvalidAddressError(f"This is not an address; {expected}.") from None
        if parts.scheme.lower() not in schemes or not host:
            raise InvalidAddressError(f"This address cannot be used; {expected}, then the host.")
        if re.search(r"[\s\x00-\x1f\x7f]", self.url):
            raise InvalidAddressError("The address has a space or control character in it.")
        if "@" in parts.netloc:
            raise InvalidAddressError(
                "Leave user name and password out of the address and fill in their own fields."
            )
        if ":" in self.username:
            raise InvalidAddressError("A user name cannot have a colon in it.")
        # libav would write them into the head of its request.
        if re.search(r"[\x00-\x1f\x7f]", self.username + self.password):
            raise InvalidAddressError("User name or password has a control character in it.")
        user_info = quote(self.username, safe="") + ":" + quote(self.password, safe="")
        if self.kind is SourceKind.RTSP and len(user_info) > _RTSP_USER_INFO_BYTES:
            raise InvalidAddressError(
                "User name and password are too long for RTSP: use shorter ones."
            )


def mask_url(url: str) -> str:
    """Cut user name, password and query out of an address, for messages and logs.

    The query goes too: many cameras take their password there.

    >>> mask_url("rtsp://admin:secret@10.0.0.5:554/live?user=admin&pwd=secret")
    'rtsp://***@10.0.0.5:554/live?***'
    >>> mask_url("/media/clip.mp4")
    '/media/clip.mp4'
    """
    scheme, separator, rest = url.partition("://")
    if not separator:
        return url
    rest, query, _ = rest.partition("?")
    authority, slash, path = rest.partition("/")
    if "@" in authority:
        authority = "***@" + authority.rpartition("@")[2]
    return f"{scheme}://{authority}{slash}{path}" + ("?***" if query else "")
