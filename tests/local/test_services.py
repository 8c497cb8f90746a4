"""A private PostgreSQL and Redis: their secrets, their start, their end, and their sudden death."""

import ipaddress
import stat
import struct
import time
from collections.abc import Iterator
from pathlib import Path

import psycopg
import pytest
from redis import Redis
from redis.exceptions import AuthenticationError

from lpr_project.local.postgres import PostgresServer
from lpr_project.local.processes import processes_in
from lpr_project.local.services import (
    Services,
    load_services,
    prepare_services,
    start_services,
    stop_services,
    throwaway_services,
    wait_for_services,
)
from tests.programs import kill_first

LISTEN = "0A"  # include/net/tcp_states.h


@pytest.fixture(scope="module")
def services() -> Iterator[Services]:
    with throwaway_services({}, is_disposable=True) as services:
        yield services


@pytest.fixture
def postgres(services: Services) -> PostgresServer:
    assert services.postgres
    return services.postgres


def listening_addresses(port: int) -> list[str]:
    """The addresses on which somebody listens at a port, as the kernel lists them."""
    addresses = []
    for table in ("/proc/net/tcp", "/proc/net/tcp6"):
        rows = [line.split() for line in Path(table).read_text().splitlines()[1:]]
        for local, state in ((row[1], row[3]) for row in rows):
            address, _, number = local.partition(":")
            if state == LISTEN and int(number, 16) == port:
                # The kernel writes each word of an address in its own order of bytes.
                words = struct.iter_unpack("=I", bytes.fromhex(address))
                packed = b"".join(struct.pack(">I", word) for (word,) in words)
                addresses.append(str(ipaddress.ip_address(packed)))
    return addresses


def test_prepare_services_twice_keeps_secrets_and_ports(services: Services) -> None:
    before = services.environment()
    again = prepare_services(services.local_dir, {}, is_disposable=True)
    assert again.environment() == before
    assert set(before) == {
        "LPR_SECRET_KEY",
        "LPR_ENCRYPTION_KEYS",
        "LPR_DATABASE_URL",
        "LPR_REDIS_URL",
    }


def test_prepare_services_given_addresses_make_no_servers(tmp_path: Path) -> None:
    given = {"LPR_DATABASE_URL": "postgresql://db/lpr", "LPR_REDIS_URL": "redis://cache"}
    services = prepare_services(tmp_path, given)
    assert services.servers == {}
    assert set(services.environment()) == {"LPR_SECRET_KEY", "LPR_ENCRYPTION_KEYS"}


def test_prepare_services_lost_secrets_are_made_anew() -> None:
    with throwaway_services({}, is_disposable=True) as services:
        stop_services(services)
        services.environment_file.unlink()
        again = prepare_services(services.local_dir, {}, is_disposable=True)
        start_services(again)


def test_secrets_are_readable_by_the_owner_alone(services: Services) -> None:
    assert stat.S_IMODE(services.environment_file.stat().st_mode) == 0o600
    assert stat.S_IMODE((services.local_dir / "redis").stat().st_mode) == 0o700


def test_postgres_role_is_no_superuser_and_new_databases_have_postgis(
    postgres: PostgresServer,
) -> None:
    with psycopg.connect(postgres.url, autocommit=True) as connection:
        row = connection.execute(
            "SELECT usesuper, current_setting('is_superuser') FROM pg_user "
            "WHERE usename = current_user"
        ).fetchone()
        assert row == (False, "off")
        connection.execute("CREATE DATABASE made_by_a_test")
    with psycopg.connect(postgres.url, dbname="made_by_a_test") as connection:
        extensions = {name for (name,) in connection.execute("SELECT extname FROM pg_extension")}
    assert {"postgis", "pg_trgm", "fuzzystrmatch", "btree_gin", "btree_gist"} <= extensions


def test_postgres_understands_thai_letters(postgres: PostgresServer) -> None:
    with psycopg.connect(postgres.url) as connection:
        row = connection.execute("SELECT show_trgm('กข') <> '{}', lower('Ä') = 'ä'").fetchone()
    assert row == (True, True)


def test_postgres_without_its_password_is_refused(postgres: PostgresServer) -> None:
    with pytest.raises(psycopg.OperationalError, match="password"):
        psycopg.connect(postgres.url.replace(postgres.password, "guess"))


def test_redis_without_its_password_is_refused(services: Services) -> None:
    assert services.redis
    client = Redis(port=services.redis.port, password="guess")
    with pytest.raises(AuthenticationError):
        client.ping()
    client.close()


def test_services_listen_on_loopback_alone(services: Services) -> None:
    for server in services.servers.values():
        assert listening_addresses(server.port) == ["127.0.0.1"]


@pytest.mark.parametrize("name", ["postgres", "redis"])
def test_start_services_after_a_sudden_death_brings_all_back(services: Services, name: str) -> None:
    server = services.servers[name]
    program = {"postgres": "postgres", "redis": "redis-server"}[name]
    first = kill_first(server.directory, program)
    while server.accepts_connections():
        time.sleep(0.05)
    start_services(services)
    wait_for_services(services)
    assert server.accepts_connections()
    assert first not in processes_in(server.directory, program)


def test_stop_services_leaves_no_process(services: Services) -> None:
    stop_services(services)
    assert not any(server.is_running() for server in services.servers.values())
    start_services(services)


def test_load_services_of_an_unused_directory_has_no_ports(tmp_path: Path) -> None:
    assert [server.port for server in load_services(tmp_path, {}).servers.values()] == [0, 0]
