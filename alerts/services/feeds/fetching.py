"""Fetches a feed's file: from the web, an SFTP server or the sources folder."""

import base64
import hashlib
import socket
import stat
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import BinaryIO, NamedTuple

import paramiko
from django.conf import settings
from django.core.exceptions import ValidationError
from django.utils.translation import gettext as _

from alerts.errors import FeedRefusedError
from alerts.models import Feed
from alerts.models.feeds import SftpPlace, host_keys, read_sftp_address
from alerts.services.feeds.files import FILE_MOST_BYTES, check_size, copy_bounded
from lpr_project.common.addresses import look_up, may_be_called
from lpr_project.common.outgoing import Call, Limits, send

CONNECT_S, SILENT_S, TOTAL_S = 10, 60, 300
_PIECE_BYTES = 32 * 1024
# A key of one kind signs in several ways. Source: RFC 8332.
_SIGNED_BY = {"ssh-rsa": ("rsa-sha2-512", "rsa-sha2-256", "ssh-rsa")}


class Fetched(NamedTuple):
    """What a server said of a file; nothing where it does not know such a thing."""

    is_unchanged: bool = False
    etag: str = ""
    last_modified: str = ""


def fetch(feed: Feed, target: Path) -> Fetched:
    """Fetch a feed's file into another.

    Raises:
        FeedRefusedError: It is not there, too large, or its server is not the one that it was.
        OutgoingError: The web server did not give it.
    """
    if feed.kind == Feed.Kind.HTTP:
        return _from_web(feed, target)
    if feed.kind == Feed.Kind.SFTP:
        return _from_sftp(feed, target)
    if feed.kind == Feed.Kind.FOLDER:
        return _from_folder(feed, target)
    raise FeedRefusedError(_("This feed is a file that a person uploads."))


def sha256_of(path: Path) -> str:
    """The SHA-256 of a file, in hexadecimal."""
    with path.open("rb") as file:
        return hashlib.file_digest(file, "sha256").hexdigest()


def _from_web(feed: Feed, target: Path) -> Fetched:
    headers = {}
    if feed.username and feed.password:
        credentials = base64.b64encode(f"{feed.username}:{feed.password}".encode()).decode()
        headers["Authorization"] = f"Basic {credentials}"
    elif feed.password:
        headers["Authorization"] = f"Bearer {feed.password}"
    if feed.etag:
        headers["If-None-Match"] = feed.etag
    if feed.last_modified:
        headers["If-Modified-Since"] = feed.last_modified
    call = Call(
        url=feed.address,
        headers=headers,
        limits=Limits(
            connect_s=CONNECT_S, read_s=SILENT_S, total_s=TOTAL_S, most_bytes=FILE_MOST_BYTES
        ),
        most_redirects=3,
    )
    with target.open("wb") as file:
        answer = send(call, into=file).expect_success()
    return Fetched(
        is_unchanged=answer.is_unchanged,
        etag=answer.headers.get("etag", "")[:200],
        last_modified=answer.headers.get("last-modified", "")[:60],
    )


def _from_folder(feed: Feed, target: Path) -> Fetched:
    # Each organization has a folder of its own, so that none reads another's lists.
    folder = (Path(settings.SOURCES_DIR) / "feeds" / feed.organization.slug).resolve()
    path = _inside(folder, feed.address)
    if path is None:
        raise FeedRefusedError(
            _("There is no file %(name)s in feeds/%(folder)s of the sources folder.")
            % {"name": feed.address, "folder": feed.organization.slug}
        )
    copy_bounded(path, target)
    return Fetched()


def _inside(folder: Path, name: str) -> Path | None:
    """The file of a folder that a name leads to, nothing where it leads out or to no file."""
    try:
        path = (folder / name).resolve()
        return path if path.is_relative_to(folder) and path.is_file() else None
    except (OSError, ValueError):  # too long, or a NUL in it
        return None


def _from_sftp(feed: Feed, target: Path) -> Fetched:
    try:
        place = read_sftp_address(feed.address)
    except ValidationError as error:
        raise FeedRefusedError(error.messages[0]) from error
    with _sftp(feed, place) as client:
        try:
            found = client.stat(place.path)
            if not stat.S_ISREG(found.st_mode or 0):
                raise FeedRefusedError(_("%(path)s is no file.") % {"path": place.path})
            check_size(found.st_size or 0)
            marker = f"{found.st_mtime}-{found.st_size}"
            if marker == feed.etag:
                return Fetched(is_unchanged=True, etag=marker)
            with client.open(place.path, "rb") as source, target.open("wb") as file:
                _copy(source, file)
        except FileNotFoundError as error:
            raise FeedRefusedError(
                _("The server has no file %(path)s.") % {"path": place.path}
            ) from error
        except PermissionError as error:
            raise FeedRefusedError(_("The server does not let this user read it.")) from error
    return Fetched(etag=marker)


def _copy(source: paramiko.SFTPFile, file: BinaryIO) -> None:
    """Piece by piece, each asked for by itself.

    What the server says of the size may be a lie, and asking for all of it at once would hold
    whatever it sends in memory.
    """
    done = 0
    while piece := source.read(_PIECE_BYTES):
        done += len(piece)
        check_size(done)
        file.write(piece)


@contextmanager
def _sftp(feed: Feed, place: SftpPlace) -> Iterator[paramiko.SFTPClient]:
    """A client of a server whose key was entered; cut off when the time is up, whatever it does."""
    transport = paramiko.Transport(_connected(place.host, place.port))
    is_late = threading.Event()

    def cut() -> None:
        is_late.set()
        transport.close()

    timer = threading.Timer(TOTAL_S, cut)
    timer.daemon = True
    timer.start()
    try:
        yield _opened(feed, transport)
    except paramiko.AuthenticationException as error:
        raise FeedRefusedError(_("The server refuses this user name and password.")) from error
    except (paramiko.SSHException, EOFError, OSError) as error:
        if is_late.is_set():
            message = _("The server took more than %(most)d seconds and was cut off.")
            raise FeedRefusedError(message % {"most": TOTAL_S}) from error
        if transport.is_authenticated():
            raise FeedRefusedError(_("The connection broke before the file was whole.")) from error
        raise FeedRefusedError(
            _(
                "%(host)s does not answer as an SSH server does: check the port, and try again "
                "later if it is the right one."
            )
            % {"host": place.host}
        ) from error
    finally:
        timer.cancel()
        transport.close()


def _opened(feed: Feed, transport: paramiko.Transport) -> paramiko.SFTPClient:
    keys = host_keys(feed.host_key)
    options = transport.get_security_options()
    # Of its keys the server is to show one that was entered, not the one that it likes best.
    kinds = {signature for kind in keys.values() for signature in _SIGNED_BY.get(kind, (kind,))}
    if wanted := tuple(kind for kind in options.key_types if kind in kinds):
        options.key_types = wanted
    transport.banner_timeout = transport.auth_timeout = transport.channel_timeout = CONNECT_S
    transport.start_client(timeout=CONNECT_S)
    shown = transport.get_remote_server_key()
    if shown.asbytes() not in keys:
        raise FeedRefusedError(
            _(
                "The server shows another key than the one that was entered (%(kind)s). Ask who "
                "runs it before you enter the new one."
            )
            % {"kind": shown.get_name()}
        )
    transport.auth_password(feed.username, feed.password or "")
    client = paramiko.SFTPClient.from_transport(transport)
    if client is None:
        raise FeedRefusedError(_("The server offers no SFTP."))
    channel = client.get_channel()
    if channel is not None:
        channel.settimeout(SILENT_S)
    return client


def _connected(host: str, port: int) -> socket.socket:
    """A connection to an address that was checked; all that the name leads to are."""
    try:
        addresses = look_up(host, CONNECT_S)
    except OSError as error:
        raise FeedRefusedError(
            _("The host %(host)s is not known: check its name.") % {"host": host}
        ) from error
    if not all(may_be_called(one, settings.OUTGOING_ALLOWED_NETWORKS) for one in addresses):
        raise FeedRefusedError(
            _(
                "%(host)s leads into a private or reserved network, where the server does not "
                "call. If it should, add the network to LPR_OUTGOING_ALLOWED_NETWORKS."
            )
            % {"host": host}
        )
    try:
        return socket.create_connection((addresses[0], port), timeout=CONNECT_S)
    except OSError as error:
        raise FeedRefusedError(
            _("Nobody answers at %(host)s: check the host and port.") % {"host": host}
        ) from error
