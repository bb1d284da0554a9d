"""A server that says how long it wants to be left in peace is left so long, whatever command it was that it refused."""

from __future__ import annotations

import os
from collections.abc import Callable
from datetime import timedelta

import pytest

from scatterclean.errors import ServerBusy
from scatterclean.service import daemon, followups, health, watcher
from tests.faults.case import Begin
from tests.faults.proxy import Proxy
from tests.faults.running import in_the_end, running
from tests.servers import Host

_SOON = 0.05
_CLOCKS = 0.02  # seconds by which the clock that plans and the clock that measures may part
# Not among them is what ends something that was begun: SUBSCRIBE, the mark of a moved message, LOGOUT.
_EARLY = (
    "GREETING",
    "LOGIN",
    "ID",
    "NAMESPACE",
    "LIST",
    "STATUS",
    "OPEN",
    "UID SEARCH",
    "HARVEST",
    "GATHER",
)
THROTTLED = [("dovecot", phase) for phase in (*_EARLY, "EVIDENCE", "CREATE", "UID MOVE", "LOOK")]
THROTTLED += [("dovecot without MOVE", phase) for phase in ("UID COPY", "UID STORE", "UID EXPUNGE", "LOOK")]
# What the daemon hears, and for how many milliseconds it is to wait: more than it would by itself.
HEARD = [("LOGIN", 1000), ("IDLE", 2200), ("DONE", 2200)]
HEARD += [(phase, 1000) for phase in ("GREETING", "EVIDENCE", "UID MOVE")]
if not os.environ.get("SCATTERCLEAN_EVERY_FAULT"):
    THROTTLED, HEARD = THROTTLED[::6], HEARD[:2]


@pytest.fixture
def quick(monkeypatch: pytest.MonkeyPatch) -> None:
    """Whatever else it waits for is short: what is seen to be waited for is what the server suggested."""
    monkeypatch.setattr(daemon, "HEARTBEAT", _SOON)
    monkeypatch.setattr(watcher, "BEAT", _SOON)
    monkeypatch.setattr(watcher, "RENEWAL", 0.4)
    monkeypatch.setattr(watcher, "CROWDED_FOR", _SOON)
    monkeypatch.setattr(health, "FIRST_BACKOFF", timedelta(seconds=_SOON))
    monkeypatch.setattr(followups, "BETWEEN_WAKES", timedelta(seconds=_SOON))


@pytest.mark.parametrize(("kind", "phase"), THROTTLED)
def test_the_suggested_wait_comes_through_whatever_was_refused(
    kind: str, phase: str, hosts: Callable[[str], Host], begin: Begin
) -> None:
    with Proxy(hosts(kind).port, phase, "throttled", backoff=92_415).running() as proxy:
        case = begin(kind, proxy.port)
        trouble = case.sweep()
        assert isinstance(trouble, ServerBusy)
        assert trouble.retry_after == pytest.approx(92.415)
        assert "Request is throttled" in trouble.what
        case.nothing_wrong_moved()
        proxy.clear()
        assert case.sweep() is None
        case.balanced()


@pytest.mark.usefixtures("quick")
@pytest.mark.parametrize(("phase", "milliseconds"), HEARD)
def test_until_then_nobody_connects_neither_to_sweep_nor_to_listen(
    phase: str, milliseconds: int, hosts: Callable[[str], Host], begin: Begin
) -> None:
    with Proxy(hosts("dovecot").port, phase, "throttled", backoff=milliseconds).running() as proxy:
        case = begin("dovecot", proxy.port, held=1)
        with running(case, poll=timedelta(seconds=1)) as home:
            home.wait(lambda: proxy.struck, "it never came to this phase")
            case.arrive()
            home.wait(lambda: proxy.accepted[-1] > proxy.struck_at, "it does not come back")
            home.wait_for_sweep()
        first = min(moment for moment in proxy.accepted if moment > proxy.struck_at)
        assert first - proxy.struck_at > milliseconds / 1000 - _CLOCKS
        in_the_end(case)
