"""Which hosts a source may be read from, and that it is read from the one that was looked up."""

import http.server
import socket
from itertools import chain, repeat
from typing import Any

import pytest
from pytest_django import Settings

from cameras.models import Camera
from cameras.selectors import source_config
from cameras.streams.address import find_address
from cameras.streams.config import SourceConfig, SourceKind
from cameras.streams.errors import InsideAddressError
from cameras.streams.source import open_source
from tests.cameras.clips import jpeg, numbered
from tests.cameras.servers import http_camera, send

INSIDE = [
    "127.0.0.1",
    "localhost",
    "[::1]",
    "169.254.169.254",
    "0.0.0.0",  # noqa: S104  # an address to refuse
    "[::ffff:127.0.0.1]",
]


def name_server(monkeypatch: pytest.MonkeyPatch, *answers: str) -> None:
    """A name server that gives one address after the other, then the last for ever."""
    coming = chain(answers, repeat(answers[-1]))

    def look_up(*_: Any, **__: Any) -> list[Any]:
        return [(socket.AF_INET, socket.SOCK_STREAM, 6, "", (next(coming), 0))]

    monkeypatch.setattr("socket.getaddrinfo", look_up)


@pytest.mark.parametrize("host", INSIDE)
def test_source_on_the_server_itself_is_refused(host: str, settings: Settings) -> None:
    settings.ALLOW_LOOPBACK_SOURCES = False
    camera = Camera(source_kind="http", source_url=f"http://{host}:8000/video")

    with pytest.raises(InsideAddressError, match="the server itself"):
        find_address(source_config(camera))


def test_source_in_a_private_network_is_open(settings: Settings) -> None:
    settings.ALLOW_LOOPBACK_SOURCES = False
    camera = Camera(source_kind="rtsp", source_url="rtsp://10.1.2.3/stream")

    assert find_address(source_config(camera)) == "10.1.2.3"


def test_source_whose_name_leads_inside_at_its_second_opening_is_refused(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    name_server(monkeypatch, "192.0.2.7", "127.0.0.1")
    config = SourceConfig(kind=SourceKind.RTSP, url="rtsp://camera.example/", outside_only=True)

    assert find_address(config) == "192.0.2.7"
    with pytest.raises(InsideAddressError):
        open_source(config)


def test_source_is_opened_at_the_address_that_was_looked_up(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    seen: list[str] = []

    def answer(request: http.server.BaseHTTPRequestHandler) -> None:
        seen.append(request.headers["Host"])
        send(request, jpeg(numbered(1)[0]), "image/jpeg")

    with http_camera(answer) as url:
        name_server(monkeypatch, "127.0.0.1")
        named = url.replace("127.0.0.1", "camera.example")
        config = SourceConfig(kind=SourceKind.SNAPSHOT, url=named)
        open_source(config).close()

    assert seen[0].startswith("camera.example:")


def test_ipv6_address_is_bracketed() -> None:
    config = SourceConfig(kind=SourceKind.RTSP, url="rtsp://camera.example:8554/a", username="me")

    assert config.url_with_credentials("2001:db8::7") == "rtsp://me:@[2001:db8::7]:8554/a"
