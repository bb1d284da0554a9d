"""sd_notify(3): the real `scatterclean run` and a real datagram socket; and when no sign of life is given any more."""

from __future__ import annotations

import os
import secrets
import signal
import socket
import subprocess
import sys
import threading
import time
from collections.abc import Iterator
from contextlib import closing, contextmanager
from datetime import UTC, datetime, timedelta
from pathlib import Path
from queue import SimpleQueue

import pytest

from scatterclean.config import load
from scatterclean.service import Service, jobs
from scatterclean.service.jobs import Jobs, Round
from scatterclean.service.notify import Notifier
from scatterclean.wire import Household

# How long something that has to happen may take before the test gives up; not a measure of speed.
PATIENCE = 20.0

ACCOUNT = (
    '[accounts.home]\nhost = "127.0.0.1"\nport = 1\nusername = "me"\npassword_env = "NOTHING"\npush = false\n'
)


@pytest.fixture
def config(tmp_path: Path) -> Path:
    path = tmp_path / "scatterclean.toml"
    path.write_text(f'database = "log.db"\n{ACCOUNT}')
    return path


@pytest.fixture(params=["a path", "an abstract name"])
def supervisor(request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[tuple[socket.socket, str]]:
    """Its socket, and what it writes into NOTIFY_SOCKET."""
    name = f"@scatterclean-{secrets.token_hex(8)}"
    address = str(tmp_path / "notify") if request.param == "a path" else name
    with closing(socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM)) as ear:
        ear.bind(address.replace("@", "\0", 1) if address == name else address)
        ear.settimeout(PATIENCE)
        yield ear, address


@contextmanager
def daemon(config: Path, **environment: str) -> Iterator[subprocess.Popen[bytes]]:
    process = subprocess.Popen(
        [sys.executable, "-m", "scatterclean", "--config", str(config), "run"],
        stdin=subprocess.DEVNULL,
        stderr=subprocess.DEVNULL,
        env={**os.environ, "NOTHING": "x", **environment},
    )
    try:
        yield process
    finally:
        process.kill()
        process.wait()


def hear(ear: socket.socket, wanted: str) -> str:
    """The next datagram with that line."""
    until, heard = time.monotonic() + PATIENCE, list[str]()
    while time.monotonic() < until:
        heard.append(ear.recv(4096).decode())
        if wanted in heard[-1].splitlines():
            return heard[-1]
    raise AssertionError(f"{wanted} was not said, but {set(heard)}")


def test_systemd_hears_ready_signs_of_life_reloading_and_leaving(
    config: Path, supervisor: tuple[socket.socket, str]
) -> None:
    ear, address = supervisor
    with daemon(config, NOTIFY_SOCKET=address, WATCHDOG_USEC="300000") as process:
        assert "STATUS=watching home" in hear(ear, "READY=1")
        hear(ear, "STATUS=watching home; in trouble: home")  # port 1 refuses
        for _ in range(3):
            hear(ear, "WATCHDOG=1")
        process.send_signal(signal.SIGHUP)
        assert "MONOTONIC_USEC=" in hear(ear, "RELOADING=1")
        hear(ear, "READY=1")
        process.send_signal(signal.SIGTERM)
        hear(ear, "STOPPING=1")
        assert process.wait(PATIENCE) == 0


def test_a_reload_that_is_refused_ends_all_the_same_for_systemd(
    config: Path, supervisor: tuple[socket.socket, str]
) -> None:
    ear, address = supervisor
    with daemon(config, NOTIFY_SOCKET=address) as process:
        hear(ear, "READY=1")
        config.write_text("nonsense = [")
        process.send_signal(signal.SIGHUP)
        hear(ear, "RELOADING=1")
        hear(ear, "READY=1")


def test_a_supervisor_that_is_gone_troubles_nobody(config: Path, tmp_path: Path) -> None:
    notifier = Notifier.of({"NOTIFY_SOCKET": str(tmp_path / "gone"), "WATCHDOG_USEC": "3000000"})
    assert notifier.every == 1.0
    notifier.ready("watching home")
    notifier.alive()
    assert notifier.due(), "a sign of life that nobody heard is given again"


@pytest.mark.parametrize(
    "environment",
    [{}, {"NOTIFY_SOCKET": ""}, {"NOTIFY_SOCKET": "vsock:2:1234"}, {"WATCHDOG_USEC": "1000000"}],
    ids=["no systemd", "empty", "a virtual machine's", "no socket"],
)
def test_without_a_socket_nothing_is_said(environment: dict[str, str]) -> None:
    notifier = Notifier.of(environment)
    assert (notifier.address, notifier.every, notifier.due()) == (None, None, False)
    assert environment == {}


@pytest.mark.parametrize(
    ("more", "every"),
    [
        ({"WATCHDOG_USEC": "3000000"}, 1.0),
        ({"WATCHDOG_USEC": "3000000", "WATCHDOG_PID": str(os.getpid())}, 1.0),
        ({"WATCHDOG_USEC": "3000000", "WATCHDOG_PID": "1"}, None),
        ({"WATCHDOG_USEC": "soon"}, None),
        ({"WATCHDOG_USEC": "0"}, None),
    ],
)
def test_signs_of_life_are_given_only_to_who_asked_this_process(
    more: dict[str, str], every: float | None
) -> None:
    assert Notifier.of({"NOTIFY_SOCKET": "/run/notify", **more}).every == every


# --- is it alive? -----------------------------------------------------------------------------------------


@pytest.fixture
def household(config: Path) -> Iterator[Household]:
    with Household.open(load(config)) as household:
        yield household


def test_a_round_that_hangs_and_cannot_be_cut_makes_the_process_one_to_be_restarted(
    household: Household,
) -> None:
    work = Jobs(household, SimpleQueue(), threading.Event())
    limit = jobs.SILENCE.total_seconds() + jobs.LOST
    settings = household.accounts["home"]
    work.rounds["home"] = Round(settings, time.monotonic() - limit + 60)
    assert work.stuck() is None
    work.rounds["home"] = Round(settings, time.monotonic() - limit - 60)
    assert work.stuck() == "home"


def test_a_round_that_is_due_and_never_begun_does_so_too(
    household: Household, monkeypatch: pytest.MonkeyPatch
) -> None:
    work = Jobs(household, SimpleQueue(), threading.Event())
    work.scheduler.start(paused=True)  # as if its thread had died
    try:
        work.schedule("home")
        assert work.stuck() is None, "due just now"
        monkeypatch.setattr(jobs, "LATE", -1.0)
        assert work.stuck() == "home"
        work.scheduler.get_job("home").modify(next_run_time=datetime.now(UTC) + timedelta(hours=1))
        assert work.stuck() is None
    finally:
        work.scheduler.shutdown(wait=False)


def test_the_daemon_gives_no_sign_of_life_while_an_account_is_stuck_and_says_why_once(
    household: Household,
    supervisor: tuple[socket.socket, str],
    monkeypatch: pytest.MonkeyPatch,
    caplog: pytest.LogCaptureFixture,
) -> None:
    ear, address = supervisor
    monkeypatch.setattr("logging.Logger.propagate", True, raising=False)
    stuck: list[str | None] = ["home"]
    monkeypatch.setattr(Jobs, "stuck", lambda _: stuck[0])
    service = Service(
        household,
        lambda: household.settings,
        notifier=Notifier.of({"NOTIFY_SOCKET": address, "WATCHDOG_USEC": "3"}),
    )
    for _ in range(3):
        service._show_life()
    assert ear.recv(4096) == b"STATUS=watching home"
    ear.settimeout(0.0)
    with pytest.raises(BlockingIOError):
        ear.recv(4096)
    ear.settimeout(PATIENCE)
    assert caplog.text.count("waiting to be restarted") == 1
    stuck[0] = None
    service._show_life()
    assert ear.recv(4096) == b"WATCHDOG=1"
