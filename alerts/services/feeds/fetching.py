"""Fetches a feed's file: from the web, an SFTP server or the sources folder."""

import base64
import binascii
import hashlib
import socket
import stat
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import NamedTuple
from urllib.parse import unquote, urlsplit

import paramiko
from django.conf import settings
from django.utils.translation import gettext as _

from alerts.errors import FeedRefusedError
from alerts.models import Feed
from alerts.services.feeds.files import FILE_MOST_BYTES, check_size, copy_bounded
from lpr_project.common.addresses import look_up, may_be_called
from lpr_project.common.outgoing import Call, Limits, send

CONNECT_S, TOTAL_S = 10, 300
_SFTP_PORT = 22


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
        limits=Limits(connect_s=CONNECT_S, read_s=60, total_s=TOTAL_S, most_bytes=FILE_MOST_BYTES),
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
    path = unquote(urlsplit(feed.address).path)
    with _sftp(feed) as client:
        try:
            found = client.stat(path)
            if not stat.S_ISREG(found.st_mode or 0):
                raise FeedRefusedError(_("%(path)s is no file.") % {"path": path})
            check_size(found.st_size or 0)
            marker = f"{found.st_mtime}-{found.st_size}"
            if marker == feed.etag:
                return Fetched(is_unchanged=True, etag=marker)
            with target.open("wb") as file:
                client.getfo(path, file, callback=lambda done, _all: check_size(done))
        except FileNotFoundError as error:
            raise FeedRefusedError(
                _("The server has no file %(path)s.") % {"path": path}
            ) from error
        except PermissionError as error:
            raise FeedRefusedError(_("The server does not let this user read it.")) from error
        except (OSError, EOFError, paramiko.SSHException) as error:
            raise FeedRefusedError(_("The connection broke before the file was whole.")) from error
    return Fetched(etag=marker)


@contextmanager
def _sftp(feed: Feed) -> Iterator[paramiko.SFTPClient]:
    parts = urlsplit(feed.address)
    host = parts.hostname or ""
    if parts.scheme != "sftp" or not host or parts.password:
        raise FeedRefusedError(_("Write the address as sftp://host:22/path, without a password."))
    transport = paramiko.Transport(_connected(host, parts.port or _SFTP_PORT))
    try:
        transport.banner_timeout = transport.auth_timeout = CONNECT_S
        transport.start_client(timeout=CONNECT_S)
        _check_host_key(feed, transport.get_remote_server_key())
        transport.auth_password(feed.username, feed.password or "")
        client = paramiko.SFTPClient.from_transport(transport)
        if client is None:
            raise FeedRefusedError(_("The server offers no SFTP."))
        channel = client.get_channel()
        if channel is not None:
            channel.settimeout(60)
        yield client
    except paramiko.AuthenticationException as error:
        raise FeedRefusedError(_("The server refuses this user name and password.")) from error
    except (paramiko.SSHException, EOFError) as error:
        raise FeedRefusedError(_("%(host)s speaks no SSH.") % {"host": host}) from error
    finally:
        transport.close()


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


def _check_host_key(feed: Feed, key: paramiko.PKey) -> None:
    """Refuse a server whose key is not the one that a person entered.

    Source: RFC 4253 section 4.1.
    """
    pinned = feed.host_key.split()
    # As ssh-keyscan prints it, with or without the host before it.
    wanted = next((part for part in pinned if part.startswith("AAAA")), "")
    try:
        is_same = base64.b64decode(wanted, validate=True) == key.asbytes()
    except binascii.Error:
        is_same = False
    if not is_same:
        raise FeedRefusedError(
            _(
                "The server shows another key than the one that was entered (%(kind)s). Ask who "
                "runs it before you enter the new one."
            )
            % {"kind": key.get_name()}
        )
