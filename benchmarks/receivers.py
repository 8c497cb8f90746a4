"""Receivers of messages that note what came and when, as processes of their own.

python -m benchmarks.receivers PORT FILE takes webhooks, and writes every key that is new into the
file before it answers; a key that it knows it answers and counts as repeated.
"""

import asyncio
import os
import sys
import time
from collections.abc import Callable
from email.header import decode_header, make_header
from email.parser import BytesHeaderParser
from multiprocessing.connection import Connection
from pathlib import Path
from typing import Any

import orjson
from aiosmtpd.controller import Controller

ANSWER = b"HTTP/1.1 200 OK\r\nContent-Length: 2\r\nConnection: close\r\n\r\nok"
Take = Callable[[dict[str, str], bytes], None]


async def serve_http(port: int, take: Take) -> asyncio.Server:
    """Take each POST's headers, in lower case, and body, then answer that all is well."""

    async def handle(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        try:
            head = (await reader.readuntil(b"\r\n\r\n")).decode("latin-1").split("\r\n")[1:]
            headers = {
                name.lower(): value
                for name, _, value in (line.partition(": ") for line in head if line)
            }
            body = await reader.readexactly(int(headers.get("content-length", "0")))
            take(headers, body)
            writer.write(ANSWER)
            await writer.drain()
        except (asyncio.IncompleteReadError, ConnectionError):
            pass
        finally:
            writer.close()

    return await asyncio.start_server(handle, "127.0.0.1", port)


class Mails:
    """Notes when a mail came, by the first word of its subject: the plate."""

    def __init__(self, arrivals: dict[str, list[float]]) -> None:
        self._arrivals = arrivals

    async def handle_DATA(  # noqa: N802  # aiosmtpd's name
        self, _server: Any, _session: Any, envelope: Any
    ) -> str:
        now = time.monotonic()
        subject = BytesHeaderParser().parsebytes(envelope.content)["Subject"]
        plate = str(make_header(decode_header(subject))).partition(" ")[0]
        self._arrivals.setdefault(plate, []).append(now)
        return "250 taken"


def note_arrivals(parent: Connection, http_port: int, smtp_port: int) -> None:
    """Run both receivers; when the parent asks, send it when each plate came over each."""
    asyncio.run(_note_arrivals(parent, http_port, smtp_port))


async def _note_arrivals(parent: Connection, http_port: int, smtp_port: int) -> None:
    webhooks: dict[str, list[float]] = {}
    mails: dict[str, list[float]] = {}

    def take(_headers: dict[str, str], body: bytes) -> None:
        now = time.monotonic()
        plate = orjson.loads(body)["alert"]["plate"]["number"]
        webhooks.setdefault(plate, []).append(now)

    controller = Controller(Mails(mails), hostname="127.0.0.1", port=smtp_port)
    controller.start()
    async with await serve_http(http_port, take):
        parent.send("ready")
        await asyncio.to_thread(parent.recv)
    controller.stop()
    parent.send((webhooks, mails))


async def _keep_keys(port: int, path: Path, known: set[str]) -> None:
    with path.open("a") as keys, path.with_suffix(".repeated").open("a") as repeated:

        def take(headers: dict[str, str], _body: bytes) -> None:
            key = headers["idempotency-key"]
            file = repeated if key in known else keys
            file.write(f"{key}\n")
            file.flush()
            os.fsync(file.fileno())
            known.add(key)

        async with await serve_http(port, take) as server:
            await server.serve_forever()


if __name__ == "__main__":
    kept = Path(sys.argv[2])
    before = set(kept.read_text().split()) if kept.exists() else set()
    asyncio.run(_keep_keys(int(sys.argv[1]), kept, before))
