import itertools
import threading
import time
from collections.abc import Iterator
from http.server import BaseHTTPRequestHandler
from pathlib import Path

import pytest

from cameras.streams.config import SourceConfig, SourceKind
from cameras.streams.errors import AddressNotFoundError, WrongCredentialsError
from cameras.streams.reconnect import ReconnectingSource, StreamPhase, StreamState
from tests.cameras.clips import jpeg, numbered, quarters, write_clip
from tests.cameras.servers import RtspServer, http_camera, send, send_mjpeg, silent_server
from tests.cameras.test_streams_network import needs_rtsp_server


@pytest.fixture
def rtsp(tmp_path: Path) -> Iterator[RtspServer]:
    server = RtspServer(write_clip(tmp_path / "clip.mp4", numbered(45) * 10))
    server.start()
    yield server
    server.kill()


def phases(states: list[StreamState]) -> list[StreamPhase]:
    return [phase for phase, _ in itertools.groupby(state.phase for state in states)]


@needs_rtsp_server
def test_reconnecting_source_comes_back_after_the_server_was_killed(rtsp: RtspServer) -> None:
    stop, states = threading.Event(), list[StreamState]()
    tried_in_vain = ["connecting", "online", "waiting", "connecting", "waiting"]

    def note(state: StreamState) -> None:
        states.append(state)
        if phases(states) == tried_in_vain:
            rtsp.start()

    config = SourceConfig(kind=SourceKind.RTSP, url=rtsp.url, open_timeout_s=30, read_timeout_s=30)
    source = ReconnectingSource(config, stop, note)
    frames = source.frames()
    next(frames)
    rtsp.kill()
    killed_s = time.time()
    last = next(frame for frame in frames if source.reconnects)
    assert last.seen_s > killed_s
    stop.set()
    list(frames)
    assert phases(states)[:5] == tried_in_vain
    assert phases(states)[-2:] == ["online", "stopped"]
    waiting = next(state for state in states if state.phase is StreamPhase.WAITING)
    assert waiting.error is not None
    assert waiting.retry_in_s is not None
    assert 0 <= waiting.retry_in_s <= 1
    assert states[-1].reconnects == 1
    assert source.decoded > 1


def test_reconnecting_source_stop_ends_an_opening_that_hangs() -> None:
    stop = threading.Event()
    with silent_server() as port:
        config = SourceConfig(
            kind=SourceKind.RTSP, url=f"rtsp://127.0.0.1:{port}/live", open_timeout_s=60
        )
        source = ReconnectingSource(config, stop, lambda _: None)
        threading.Timer(0.5, stop.set).start()
        started_s = time.monotonic()
        assert list(source.frames()) == []
        assert time.monotonic() - started_s < 30


def test_reconnecting_source_wrong_password_is_not_tried_again() -> None:
    asked, states = list[str](), list[StreamState]()

    def refuse(request: BaseHTTPRequestHandler) -> None:
        asked.append(request.path)
        send(request, b"", status=401)

    with http_camera(refuse) as url:
        config = SourceConfig(kind=SourceKind.SNAPSHOT, url=f"{url}/snap.jpg")
        source = ReconnectingSource(config, threading.Event(), states.append)
        with pytest.raises(WrongCredentialsError):
            list(source.frames())
    assert len(asked) == 1
    assert phases(states) == ["connecting"]


def test_reconnecting_source_counts_over_all_connections() -> None:
    picture, stop = jpeg(quarters()), threading.Event()
    with http_camera(
        lambda request: send_mjpeg(request, itertools.repeat(picture, 20), fps=40)
    ) as url:
        config = SourceConfig(kind=SourceKind.MJPEG, url=f"{url}/stream")
        source = ReconnectingSource(config, stop, lambda _: None)
        for _ in source.frames():
            if source.reconnects == 2:
                stop.set()
    assert source.decoded > 40


def test_reconnecting_source_file_is_read_once_and_whole(tmp_path: Path) -> None:
    clip = write_clip(tmp_path / "clip.mp4", numbered(20))
    states = list[StreamState]()
    source = ReconnectingSource(
        SourceConfig(kind=SourceKind.FILE, url=str(clip)), threading.Event(), states.append
    )
    assert [frame.index for frame in source.frames()] == list(range(20))
    assert phases(states) == ["connecting", "online", "stopped"]
    assert states[1].info is not None
    assert states[1].info.duration_s == pytest.approx(0.8, abs=0.05)
    assert (source.decoded, source.dropped) == (20, 0)


def test_reconnecting_source_missing_file_is_not_waited_for(tmp_path: Path) -> None:
    config = SourceConfig(kind=SourceKind.FILE, url=str(tmp_path / "missing.mp4"))
    with pytest.raises(AddressNotFoundError):
        list(ReconnectingSource(config, threading.Event(), lambda _: None).frames())
