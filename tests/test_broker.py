"""Workers outlive the death of Redis: what they hold is closed without an error."""

import contextlib
import subprocess
from collections.abc import Iterator
from pathlib import Path
from typing import Any, NamedTuple

import pytest
from kombu import Connection, Queue
from kombu.transport import redis as transport
from redis.exceptions import ConnectionError as RedisConnectionError

from lpr_project.celery import app
from lpr_project.common.broker import Transport
from lpr_project.local.redis_server import redis_program
from tests.programs import start_on_a_port


class Broker(NamedTuple):
    """A Redis of its own, to be killed."""

    port: int
    process: subprocess.Popen[bytes]


@pytest.fixture
def broker(tmp_path: Path) -> Iterator[Broker]:
    program = [str(redis_program(tmp_path)), "--bind", "127.0.0.1", "--save", ""]

    def start(port: int) -> "subprocess.Popen[bytes]":
        command = [*program, "--dir", str(tmp_path), "--port", str(port)]
        return subprocess.Popen(command, stdout=subprocess.DEVNULL)

    process, port = start_on_a_port(start)
    yield Broker(port, process)
    process.kill()
    process.wait()


def close_after_a_kill(broker: Broker, transport_class: Any) -> None:
    """Hold a message that is not acknowledged, lose Redis, give up, and close."""
    connection = Connection(f"redis://127.0.0.1:{broker.port}/0")
    # Its URL names the transport otherwise.
    connection.transport_cls = transport_class
    queue = Queue("work", routing_key="work")
    channel = connection.default_channel
    with connection.Producer(channel) as producer:
        producer.publish({}, routing_key="work", declare=[queue])
    taken: list[Any] = []
    consumer = connection.Consumer(queue(channel), callbacks=[lambda _, one: taken.append(one)])
    consumer.consume()
    while not taken:
        connection.drain_events(timeout=60)
    broker.process.kill()
    broker.process.wait()
    # As far as the first closing of a channel comes, of several that fail.
    channel._disconnect_pools()  # type: ignore[attr-defined]  # nothing public leaves it half closed
    connection.transport.client = None
    # As Celery does when it is told that its broker is away.
    with contextlib.suppress(*connection.connection_errors):
        connection.close()


def test_what_a_worker_holds_is_closed_when_redis_was_killed(broker: Broker) -> None:
    close_after_a_kill(broker, Transport)


def test_kombu_itself_still_needs_the_help(broker: Broker) -> None:
    with pytest.raises(AttributeError, match="hostname"):
        close_after_a_kill(broker, transport.Transport)


def test_workers_use_the_transport_that_outlives_redis() -> None:
    with app.connection_for_write() as connection:
        assert isinstance(connection.transport, Transport)
        assert RedisConnectionError in connection.transport.connection_errors
