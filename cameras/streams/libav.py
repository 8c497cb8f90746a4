"""Opening with libav: what it may open, within which limits, and its errors as sentences."""

import errno
import ssl
import time
from typing import BinaryIO, NoReturn
from urllib.parse import urlsplit

import av
from av.container import InputContainer
from av.video.stream import VideoStream

from cameras.streams.address import find_address
from cameras.streams.config import SourceConfig, SourceKind
from cameras.streams.errors import (
    AccessDeniedError,
    AddressNotFoundError,
    ConnectionBrokenError,
    NoAnswerError,
    NotAVideoError,
    PortClosedError,
    RedirectedError,
    ServerFailedError,
    StreamError,
    UnsupportedVideoError,
    WrongCredentialsError,
)
from cameras.streams.relay import Relay

MAX_PIXELS = 64_000_000

# Formats that name other files (hls, dash, concat, image patterns) are not among them.
_VIDEOS = (
    "mov,matroska,avi,mpegts,mpeg,mpegvideo,flv,asf,ogg,mxf,nut,ivf,h264,hevc,m4v,obu,gif,dhav,"
    "mjpeg,mpjpeg"
)
_PICTURES = "jpeg_pipe,png_pipe,webp_pipe,bmp_pipe,tiff_pipe"
# Without redirects a checked address stays the address that is asked.
_HTTP = {"protocol_whitelist": "http,https,tcp,tls", "max_redirects": "0"}
_RTSP = {
    "protocol_whitelist": "rtsp,rtp,udp,tcp,tls,srtp",
    "allowed_media_types": "video",
    # Three frames tell the rate; libav would wait a second for more.
    "fpsprobesize": "3",
}
_OPTIONS: dict[SourceKind, dict[str, str]] = {
    SourceKind.RTSP: {**_RTSP, "format_whitelist": "rtsp"},
    SourceKind.HTTP: {**_HTTP, "format_whitelist": _VIDEOS},
    SourceKind.MJPEG: {**_HTTP, "format_whitelist": "mpjpeg,mjpeg,jpeg_pipe"},
    SourceKind.SNAPSHOT: _HTTP,
    SourceKind.FILE: {"format_whitelist": _VIDEOS},
    SourceKind.FOLDER: {"format_whitelist": _PICTURES},
    SourceKind.USB: {},
}
_PORTS = {"rtsp": 554, "rtsps": 322, "https": 443}
# Where guessing goes wrong: by the ending .jpg libav would take a demuxer for numbered files.
_FORMATS = {SourceKind.SNAPSHOT: "jpeg_pipe", SourceKind.USB: "v4l2"}
# Enough for any real file; each stream costs memory before a frame is read.
_LIMITS = {"max_streams": "64", "max_pixels": str(MAX_PIXELS)}


def open_video(
    config: SourceConfig, file: BinaryIO | None = None
) -> tuple[InputContainer, VideoStream]:
    """Open a source, or an already open file of it, and find its picture.

    Raises:
        StreamError: It cannot be opened within `open_timeout_s`, or holds no video.
    """
    container = _open_container(config, file)
    try:
        return container, _video_stream(container, config)
    except StreamError:
        container.close()
        raise


def explain(error: Exception, config: SourceConfig, waited_s: float, limit_s: float) -> StreamError:
    """The error of libav as the sentence that an operator needs.

    Args:
        error: What libav raised. Its own text holds the address with the password, so it must be
            neither shown nor chained.
        config: The source.
        waited_s: How long the failed call took. libav does not always say that it ran out of time.
        limit_s: How long it was allowed to take.
    """
    place = source_name(config)
    if isinstance(error, av.error.ExitError | TimeoutError) or waited_s >= limit_s:
        return NoAnswerError(
            f"{place} sent nothing usable within {limit_s:g} s: check that it is switched on, that "
            "the address is right and that the network lets it through."
        )
    if isinstance(error, av.error.HTTPUnauthorizedError | av.error.HTTPForbiddenError):
        return _credentials_error(place, config)
    for classes, error_class, sentence in _SENTENCES:
        if isinstance(error, classes):
            return error_class(sentence.format(place=place))
    if isinstance(error, OSError) and error.errno == errno.EBUSY:
        return AccessDeniedError(f"{place} is in use by another program.")
    if config.kind in {SourceKind.FILE, SourceKind.FOLDER}:
        return NotAVideoError(f"{place} is empty or damaged.")
    reason = "has no valid certificate" if config.verify_tls else "sent what makes no sense"
    return ConnectionBrokenError(f"{place} broke the connection, or {reason}.")


_SENTENCES: tuple[tuple[tuple[type[Exception], ...], type[StreamError], str], ...] = (
    (
        (av.error.HTTPNotFoundError,),
        AddressNotFoundError,
        "{place} answers and does not know this path: look the stream's path up in its manual.",
    ),
    (
        (av.error.HTTPServerError, av.error.HTTPTooManyRequestsError),
        ServerFailedError,
        "{place} answers with an error of its own: it may be starting, or have too many viewers.",
    ),
    (
        (av.error.HTTPError,),
        AddressNotFoundError,
        "{place} answers and refuses this request: check path, transport and kind of source.",
    ),
    (
        (ConnectionRefusedError,),
        PortClosedError,
        "{place} refuses the connection: check the port, and that the camera's service is on.",
    ),
    (
        (av.error.DecoderNotFoundError, av.error.PatchWelcomeError, NotImplementedError),
        UnsupportedVideoError,
        "{place} delivers a video in a format that cannot be decoded: set it to H.264 or H.265.",
    ),
    ((PermissionError,), AccessDeniedError, "{place} may not be read by this program."),
    ((FileNotFoundError,), AddressNotFoundError, "{place} does not exist."),
    (
        # ValueError covers libav's "invalid data", "invalid argument" and a refused format.
        (ValueError, av.error.LookupError),
        NotAVideoError,
        (
            "{place} delivers neither a video nor a picture that can be read, or one of more than "
            f"{MAX_PIXELS // 1_000_000} million pixels."
        ),
    ),
)


def _credentials_error(place: str, config: SourceConfig) -> StreamError:
    if config.username:
        return WrongCredentialsError(
            f"{place} refused the user name and password: check both, and that the user may see "
            "the video. Some cameras lock an account after a few wrong tries."
        )
    return WrongCredentialsError(f"{place} asks for a user name and password: fill them in.")


def source_name(config: SourceConfig) -> str:
    """The source as the subject of a sentence, without password."""
    if config.kind in {SourceKind.FILE, SourceKind.FOLDER}:
        return f"The {config.kind} {config.url.rpartition('/')[2]}"
    if config.kind is SourceKind.USB:
        return f"The device {config.url}"
    return urlsplit(config.url).netloc


def _open_container(config: SourceConfig, file: BinaryIO | None) -> InputContainer:
    options = _OPTIONS[config.kind] | _LIMITS
    if config.kind is SourceKind.RTSP:
        options |= {"rtsp_transport": config.rtsp_transport}
    if file is not None or config.kind is SourceKind.USB:
        return _open(config, file or config.url, options)
    address = find_address(config)
    if config.kind is not SourceKind.RTSP:
        options |= {"headers": f"Host: {urlsplit(config.url).netloc}\r\n"}
    if config.kind is SourceKind.RTSP or _is_tls(config):
        return _open_by_relay(config, address, options)
    # An address and no name: libav's own look-up may lead elsewhere.
    return _open(config, config.url_with_credentials(address), options)


def _open_by_relay(config: SourceConfig, address: str, options: dict[str, str]) -> InputContainer:
    """Let libav have a connection to the checked address, and nothing that leads elsewhere."""
    parts = urlsplit(config.url)
    started_s = time.monotonic()
    try:
        relay = Relay(
            address,
            parts.port or _PORTS[parts.scheme.lower()],
            tls=_tls_context(config) if _is_tls(config) else None,
            server_name=parts.hostname or "",
            limit_s=config.open_timeout_s,
        )
    except ssl.SSLError:
        raise explain(OSError(), config, 0, config.open_timeout_s) from None
    except OSError as error:
        waited_s = time.monotonic() - started_s
        raise explain(error, config, waited_s, config.open_timeout_s) from None
    scheme = "rtsp" if config.kind is SourceKind.RTSP else "http"
    with relay:
        try:
            return _open(config, config.url_with_credentials(f"{scheme}://{relay.netloc}"), options)
        except StreamError:
            if relay.was_redirected:
                raise RedirectedError(
                    f"{source_name(config)} sends us on to another address, which is not followed: "
                    "give the address at which the camera itself answers."
                ) from None
            raise


def _open(config: SourceConfig, target: str | BinaryIO, options: dict[str, str]) -> InputContainer:
    started_s = time.monotonic()
    try:
        return av.open(
            target,
            mode="r",
            format=_FORMATS.get(config.kind),
            options=options,
            timeout=(config.open_timeout_s, config.read_timeout_s),
            io_open=None if isinstance(target, str) else _refuse_other_files,
        )
    except (av.FFmpegError, OSError) as error:
        waited_s = time.monotonic() - started_s
        raise explain(error, config, waited_s, config.open_timeout_s) from None


def _is_tls(config: SourceConfig) -> bool:
    return config.url.lower().startswith(("https:", "rtsps:"))


def _tls_context(config: SourceConfig) -> ssl.SSLContext:
    context = ssl.create_default_context()
    if not config.verify_tls:
        context.check_hostname = False
        context.verify_mode = ssl.CERT_NONE
        # Old cameras know no better; what is not verified is not secret anyway.
        context.set_ciphers("DEFAULT:@SECLEVEL=0")
    return context


def _video_stream(container: InputContainer, config: SourceConfig) -> VideoStream:
    cover = av.stream.Disposition.attached_pic
    streams = [stream for stream in container.streams.video if not stream.disposition & cover]
    if not streams:
        raise NotAVideoError(f"{source_name(config)} has no video in it.")
    stream = streams[0]
    if stream.codec_context is None:
        raise UnsupportedVideoError(
            f"{source_name(config)} delivers a video in a codec that is not known here: set it to "
            "H.264 or H.265."
        )
    if stream.codec_context.width * stream.codec_context.height > MAX_PIXELS:
        raise UnsupportedVideoError(
            f"{source_name(config)} has frames of {stream.codec_context.width} x "
            f"{stream.codec_context.height} pixels; at most {MAX_PIXELS // 1_000_000} million "
            "pixels are read."
        )
    # Threads by frame would hold back as many frames as there are threads.
    stream.codec_context.thread_count = config.decoder_threads
    stream.codec_context.thread_type = "SLICE" if config.is_live else "AUTO"
    stream.codec_context.options = {"max_pixels": str(MAX_PIXELS)}
    if config.kind in {SourceKind.FOLDER, SourceKind.SNAPSHOT}:
        # Half a JPEG is otherwise a picture with a gray lower half.
        stream.codec_context.options |= {"err_detect": "explode"}
    return stream


def _refuse_other_files(*_: object) -> NoReturn:
    """A file from outside names other files or addresses only to have them read for it."""
    raise PermissionError(errno.EPERM, "A video may not refer to other files")
