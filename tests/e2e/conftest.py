"""A server of the tests' own, a browser, and people in front of it."""

import os
import re
import shutil
import socket
import subprocess
import sys
import threading
import time
import urllib.request
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any
from urllib.error import URLError
from urllib.parse import quote

import pytest
from django.conf import settings
from django.core.cache import cache
from django.db import connection
from playwright.sync_api import ConsoleMessage, Page, expect
from pytest_django import DjangoDbBlocker

from accounts.models import User
from lpr_project.common.heartbeat import BEAT_SECONDS, EXPIRES_SECONDS, PROCESSES, alive_key
from tests.accounts.factories import PASSWORD

# Playwright keeps an event loop in this thread, in which nothing else runs while a test does.
os.environ["DJANGO_ALLOW_ASYNC_UNSAFE"] = "true"

# A machine that is busy answers late; what never comes is waited for only where a test fails.
expect.set_options(timeout=40_000)

START_SECONDS = 150
"""Less than a test may take, so that what a server printed that did not start is seen."""

INSIDE = re.compile("^(?!.*/accounts/login/)")
"""The address of any page but the one to log in on."""

FLAGS = (
    "--headless",
    "--no-sandbox",
    "--disable-gpu",
    "--disable-quic",
    "--no-first-run",
    "--disable-background-networking",
    "--disable-component-update",
    "--disable-sync",
)


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """Every test here drives a browser against committed rows."""
    here = Path(__file__).parent
    for item in items:
        if here in item.path.parents:
            item.add_marker(pytest.mark.e2e)
            item.add_marker(pytest.mark.django_db(transaction=True))


@pytest.fixture(scope="session")
def browser_type_launch_args() -> dict[str, Any]:
    """The distribution's browser, which fetches nothing of its own."""
    # The first has no windows to draw, and takes a quarter of the processor time.
    names = ("chromium-headless-shell", "chromium", "chromium-browser", "google-chrome")
    browser = next((path for name in names if (path := shutil.which(name))), None)
    if browser is None:
        pytest.fail("There is no Chromium. Install the distribution's: apt-get install chromium")
    return {"executable_path": browser, "args": list(FLAGS)}


@pytest.fixture(scope="session")
def server_log(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """What the running server prints."""
    log = tmp_path_factory.mktemp("server") / "log"
    log.touch()
    return log


@pytest.fixture(scope="session")
def server(
    django_db_setup: None,
    django_db_blocker: DjangoDbBlocker,
    tmp_path_factory: pytest.TempPathFactory,
    server_log: Path,
) -> Iterator[str]:
    """The address of a running server on the tests' database."""
    with django_db_blocker.unblock():
        environment = os.environ | {"LPR_DATABASE_URL": database_url()}
    folders = [str(settings.DATA_DIR), str(tmp_path_factory.mktemp("static"))]
    with socket.create_server(("127.0.0.1", 0), backlog=500) as listener:
        # Bound from here on, so that nobody takes the port while the server starts.
        fd = listener.fileno()
        url = f"http://127.0.0.1:{listener.getsockname()[1]}"
        command = [sys.executable, "-m", "tests.e2e.serve", str(fd), *folders]
        with server_log.open("wb") as output:
            process = subprocess.Popen(
                command,
                env=environment,
                cwd=settings.BASE_DIR,
                stdout=output,
                stderr=output,
                pass_fds=[fd],
            )
    try:
        wait_until_alive(url, process, server_log)
        yield url
    finally:
        process.terminate()
        try:
            process.wait(timeout=60)
        except subprocess.TimeoutExpired:
            process.kill()
            process.wait()


def database_url() -> str:
    """The tests' database, as the environment names databases."""
    db = connection.settings_dict
    account = f"{quote(db['USER'], safe='')}:{quote(db['PASSWORD'], safe='')}"
    return f"postgresql://{account}@{db['HOST']}:{db['PORT']}/{db['NAME']}"


def wait_until_alive(url: str, process: "subprocess.Popen[bytes]", log: Path) -> None:
    """Wait until the server answers; fail with its output if it ends or takes too long."""
    until = time.monotonic() + START_SECONDS
    while time.monotonic() < until and process.poll() is None:
        try:
            urllib.request.urlopen(f"{url}/healthz", timeout=2)  # noqa: S310  # our own server
        except (URLError, OSError):
            time.sleep(0.2)
        else:
            return
    pytest.fail(f"The server did not start:\n{log.read_text()[-4000:]}")


@pytest.fixture(autouse=True)
def _other_processes_are_alive(_emptied_redis: None) -> Iterator[None]:
    """Only the web process runs here; of the others pages would say that they are away."""
    is_over = threading.Event()

    def beat() -> None:
        while not is_over.wait(BEAT_SECONDS):
            cache.set_many(beats, timeout=EXPIRES_SECONDS)

    beats = {alive_key(process): "here" for process in PROCESSES}
    cache.set_many(beats, timeout=EXPIRES_SECONDS)
    thread = threading.Thread(target=beat)
    thread.start()
    yield
    is_over.set()
    thread.join()


@pytest.fixture(scope="session")
def base_url(server: str) -> str:
    """What `page.goto("/…")` starts from."""
    return server


@pytest.fixture(autouse=True)
def complaints(request: pytest.FixtureRequest, server_log: Path) -> Iterator[list[str]]:
    """What a browser complains of, a broken content policy too; a test fails if there is any.

    A failed test shows what the server printed meanwhile.
    """
    heard: list[str] = []
    before = server_log.stat().st_size
    page: Page = request.getfixturevalue("page")
    page.set_default_timeout(60_000)

    def listen(message: ConsoleMessage) -> None:
        if message.type in {"error", "warning"}:
            heard.append(f"{message.text} ({message.location.get('url', '')})")

    page.on("console", listen)
    page.on("pageerror", lambda error: heard.append(str(error)))
    yield heard
    with server_log.open("rb") as log:
        log.seek(before)
        print(log.read().decode(errors="replace"))  # noqa: T201  # shown under a failed test
    assert not heard


@pytest.fixture
def log_in(page: Page) -> Callable[[User], None]:
    """A function that logs a person in through the log-in page."""
    return lambda user: enter(page, user)


def enter(page: Page, user: User, *, language: str = "") -> None:
    """Log in through the log-in page, in a language that is chosen there first."""
    page.goto("/accounts/login/")
    if language:
        with page.expect_navigation():
            page.get_by_role("button", name=language).click()
    page.locator("[name=login]").fill(user.email)
    page.locator("[name=password]").fill(PASSWORD)
    page.locator("[type=submit].btn-main").click()
    page.wait_for_url(INSIDE)
