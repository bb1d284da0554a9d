"""A network that fails while the watcher listens (IDLE): every fault in every phase of it, on a real Dovecot.

What arrives is swept all the same, nothing is lost, and the watch comes back without a restart.  A part of the matrix
is run each time, all of it with SCATTERCLEAN_EVERY_FAULT=1.
"""

from __future__ import annotations

import os
from collections.abc import Callable
from datetime import timedelta

import pytest

from scatterclean.service import daemon, followups, health, watcher
from tests.faults.case import LONG, SHORT, Begin
from tests.faults.proxy import FAULTS, Proxy
from tests.faults.running import in_the_end, running
from tests.servers import Host

PHASES = ("IDLE", "LISTENING", "DONE")
MATRIX = [(phase, fault) for phase in PHASES for fault in FAULTS]
if not os.environ.get("SCATTERCLEAN_EVERY_FAULT"):
    MATRIX = MATRIX[::10]
_SOON = 0.05


@pytest.fixture(autouse=True)
def _quick(monkeypatch: pytest.MonkeyPatch) -> None:
    """Minutes become tenths of a second: nothing here is about how long a pause is."""
    monkeypatch.setattr(daemon, "HEARTBEAT", _SOON)
    monkeypatch.setattr(watcher, "BEAT", _SOON)
    monkeypatch.setattr(watcher, "RENEWAL", 0.4)
    monkeypatch.setattr(watcher, "LEARNS_WITHIN", 0.4)
    monkeypatch.setattr(watcher, "CROWDED_FOR", 0.4)
    monkeypatch.setattr(health, "FIRST_BACKOFF", timedelta(seconds=_SOON))
    monkeypatch.setattr(health, "MAX_BACKOFF", timedelta(seconds=1))
    monkeypatch.setattr(health, "MOST_PATIENCE", timedelta(seconds=1))
    monkeypatch.setattr(followups, "BETWEEN_WAKES", timedelta(seconds=_SOON))


@pytest.mark.parametrize(("phase", "fault"), MATRIX)
def test_the_watch_comes_back_without_a_restart_and_wakes_again(
    phase: str, fault: str, hosts: Callable[[str], Host], begin: Begin
) -> None:
    with Proxy(hosts("dovecot").port, phase, fault).running() as proxy:
        case = begin("dovecot", proxy.port, patience=SHORT, held=2)
        with running(case, poll=timedelta(hours=1)) as home:
            home.wait(lambda: proxy.struck, "the watcher never came to this phase")
            case.patient(LONG)
            case.nothing_wrong_moved()
            # Nobody polls: what arrives is swept because the watch stands, or because it came back and looked.
            case.arrive()
            home.wait_for_sweep()
            home.wakes_again()
        in_the_end(case)


LASTING = [
    ("LISTENING", "after: stall"),
    ("LISTENING", "after: corrupt"),
    ("LISTENING", "OK though not done"),
    ("IDLE", "rst"),
    ("IDLE", "stall"),
    ("IDLE", "LIMIT"),
    ("DONE", "after: truncate"),
]
if not os.environ.get("SCATTERCLEAN_EVERY_FAULT"):
    LASTING = LASTING[::3]


@pytest.mark.parametrize(("phase", "fault"), LASTING)
def test_while_the_watch_cannot_stand_polling_does_the_work(
    phase: str, fault: str, hosts: Callable[[str], Host], begin: Begin
) -> None:
    with Proxy(hosts("dovecot").port, phase, fault, lasting=True).running() as proxy:
        case = begin("dovecot", proxy.port, patience=SHORT, held=2)
        with running(case, poll=timedelta(seconds=1)) as home:
            home.wait(lambda: proxy.struck, "the watcher never came to this phase")
            case.arrive()
            home.wait_for_sweep()
            proxy.clear()
            case.patient(LONG)
            home.wakes_again()
        in_the_end(case)
