"""What a start that takes long says, and when it gives up waiting."""

import json
from collections.abc import Iterator
from contextlib import contextmanager
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from threading import Thread
from typing import Any

import pytest

from lpr_project.local.ports import free_port
from lpr_project.local.run import NO_ANSWER, how_it_starts, what_lacks

SILENT = {"workers": "No process of this kind has been heard of lately: streams. Start one."}
FULL = {"storage": "Nothing can be written to /data."}


@contextmanager
def web(status: int, answer: Any) -> Iterator[dict[str, str]]:
    """A web process that answers so; the environment that names it."""

    class Answer(BaseHTTPRequestHandler):
        def do_GET(self) -> None:
            self.send_response(status)
            self.end_headers()
            self.wfile.write(answer if isinstance(answer, bytes) else json.dumps(answer).encode())

        def log_message(self, *_arguments: Any) -> None:
            pass

    server = ThreadingHTTPServer(("127.0.0.1", 0), Answer)
    Thread(target=server.serve_forever, args=(0.01,), daemon=True).start()
    try:
        yield {"LPR_HOST": "127.0.0.1", "LPR_PORT": str(server.server_port)}
    finally:
        server.shutdown()
        server.server_close()


def test_what_lacks_is_what_the_server_says_of_its_parts() -> None:
    with web(200, {"status": "ready"}) as environment:
        assert what_lacks(environment) == {}
    parts = {"parts": {"database": "works", **SILENT}}
    with web(503, parts) as environment:
        assert what_lacks(environment) == SILENT
    odd_answers: tuple[Any, ...] = (b"<html>", {"parts": {}}, [])
    for odd in odd_answers:
        with web(503, odd) as environment:
            assert what_lacks(environment) == NO_ANSWER
    nowhere = {"LPR_HOST": "127.0.0.1", "LPR_PORT": str(free_port())}
    assert what_lacks(nowhere) == NO_ANSWER


@pytest.mark.parametrize("lacks", [NO_ANSWER, SILENT])
def test_slow_start_is_no_error_while_the_processes_live(lacks: dict[str, str]) -> None:
    for seconds in (60, 120, 600):
        sentence, may_help = how_it_starts(lacks, [], seconds=seconds)
        assert may_help
        assert sentence.startswith(f"Still starting after {seconds} seconds.")
        assert "Start one" not in sentence


def test_start_that_time_does_not_mend_says_what_is_wrong() -> None:
    assert how_it_starts(FULL, [], seconds=60)[1]
    sentence, may_help = how_it_starts({**SILENT, **FULL}, [], seconds=120)
    assert not may_help
    assert FULL["storage"] in sentence
    sentence, may_help = how_it_starts(NO_ANSWER, ["web"], seconds=130)
    assert not may_help
    assert "These end again and again: web." in sentence
