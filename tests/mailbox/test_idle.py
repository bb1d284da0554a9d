"""Listening (IDLE) where announcements are lost, or lie: nothing that arrives goes unnoticed past the next renewal."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import closing

import pytest

from scatterclean.demo.dovecot import ScratchDovecot
from scatterclean.mailbox.idle import ImapBell, open_bell
from tests.contracts.worlds import MESSAGE, NOON
from tests.servers import RealHand, access_to, fresh_user


@pytest.fixture
def user() -> str:
    return fresh_user()


@pytest.fixture
def hand(dovecot: ScratchDovecot, user: str) -> Iterator[RealHand]:
    with closing(RealHand(dovecot, user)) as hand:
        yield hand


@pytest.fixture
def bell(dovecot: ScratchDovecot, user: str, hand: RealHand) -> Iterator[ImapBell]:
    hand.append("INBOX", MESSAGE % 1, arrival=NOON)
    with closing(open_bell(access_to(dovecot, user), "INBOX")) as bell:
        yield bell


def test_what_takes_the_place_of_a_message_that_left_while_nobody_listened_rings(
    bell: ImapBell, hand: RealHand, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Between DONE and EXAMINE nothing is announced: as many messages as before are not the same messages."""
    look = bell._look

    def late() -> None:
        [old] = hand.messages("INBOX")
        hand.delete("INBOX", old.uid)
        hand.append("INBOX", MESSAGE % 2, arrival=NOON)
        look()

    monkeypatch.setattr(bell, "_look", late)
    assert bell.renew()
    monkeypatch.undo()
    assert not bell.renew()


def test_what_was_announced_does_not_ring_again_at_the_renewal(bell: ImapBell, hand: RealHand) -> None:
    hand.append("INBOX", MESSAGE % 2, arrival=NOON)
    assert bell.wait(20)
    assert not bell.renew()
    [first, second] = hand.messages("INBOX")
    hand.delete("INBOX", first.uid)
    hand.delete("INBOX", second.uid)
    assert not bell.renew()


def test_a_count_that_falls_without_a_reason_rings(bell: ImapBell) -> None:
    """RFC 3501, 7.3.1: only EXPUNGE makes it fall.  After a number that was too high, the next true one is news."""
    bell._heard(b"* 4000 EXISTS")
    assert bell._told()
    bell._heard(b"* 2 EXISTS")
    assert bell._told()
