"""A network that fails: every phase of a sweep times every fault, on a real Dovecot; then the books must balance.

A sixth of the matrix is run each time, all of it with SCATTERCLEAN_EVERY_FAULT=1.  SCATTERCLEAN_EVERY_BYTE=1 cuts
the connection at every byte of what the server says, not at a sample.
"""

from __future__ import annotations

import os
from collections.abc import Callable

import pytest

from tests.faults.case import LONG, Begin, swept_with_a_fault
from tests.faults.proxy import FAULTS, Proxy
from tests.servers import Host

_EARLY = ("GREETING", "LOGIN", "ID", "NAMESPACE", "LIST", "STATUS", "OPEN", "UID SEARCH")
_READING = ("HARVEST", "GATHER", "EVIDENCE")
WITH_MOVE = (*_EARLY, *_READING, "UID MOVE", "LOOK", "UID STORE", "LOGOUT")
WITHOUT_MOVE = ("UID COPY", "UID STORE", "UID EXPUNGE", "LOOK")


MATRIX = [("dovecot", phase, fault) for phase in WITH_MOVE for fault in FAULTS]
MATRIX += [("dovecot without MOVE", phase, fault) for phase in WITHOUT_MOVE for fault in FAULTS]
if not os.environ.get("SCATTERCLEAN_EVERY_FAULT"):
    MATRIX = MATRIX[::6]  # a diagonal: every phase has its faults, and every fault its phases


@pytest.mark.parametrize(("kind", "phase", "fault"), MATRIX)
def test_nothing_is_lost_and_the_account_works_again(
    kind: str, phase: str, fault: str, hosts: Callable[[str], Host], begin: Begin
) -> None:
    with Proxy(hosts(kind).port, phase, fault).running() as proxy:
        case, _ = swept_with_a_fault(
            lambda patience: begin(kind, proxy.port, patience=patience), lambda: proxy.struck
        )
        case.nothing_wrong_moved()
        proxy.clear()
        case.patient(LONG)
        assert case.sweep() is None
        if fault == "OK though not done" and phase in LOOKING:
            case.in_peace()
        elif kind == "dovecot without MOVE" and (phase, fault) in LYING:
            case.in_both()
        else:
            case.balanced()


# What says that it removed what was copied, or shows that it is gone, and it is not: then both are left alone.  What
# refuses it is asked again.
LOOKING = ("HARVEST", "UID SEARCH", "GATHER", "EVIDENCE")
LYING = {(phase, "OK though not done") for phase in ("UID STORE", "UID EXPUNGE", "LOOK")}


def test_a_cut_at_any_byte_of_what_the_server_says_loses_nothing(
    hosts: Callable[[str], Host], begin: Begin
) -> None:
    with Proxy(hosts("dovecot").port).running() as proxy:
        whole = begin("dovecot", proxy.port)
        assert whole.sweep() is None
        whole.balanced()
        said = proxy.heard
    step = 1 if os.environ.get("SCATTERCLEAN_EVERY_BYTE") else max(1, said // 23)
    for byte in range(0, said - 200, step):
        with Proxy(hosts("dovecot").port, cut_at=byte).running() as proxy:
            case = begin("dovecot", proxy.port)
            case.sweep()
            assert proxy.struck, byte
            case.nothing_wrong_moved()
            proxy.clear()
            case.patient(LONG)
            assert case.sweep() is None, byte
            case.balanced()
