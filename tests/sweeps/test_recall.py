"""What the person received, however long ago, and whose bounce comes back now: a forwarding of the person's own."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import timedelta
from typing import ClassVar

import pytest

from scatterclean import recall
from scatterclean.demo.dovecot import ScratchDovecot
from scatterclean.mailbox.login import open_mailbox
from scatterclean.mailbox.memory import MemoryMailbox
from scatterclean.model import Because, Mode, Place, Verdict
from tests.servers import RealHand, access_to, fresh_user

from .world import World, letter

# Nothing of the way of the returned message is shown, so that the log alone would condemn it.
NO_WAY = "by mx.elsewhere.example (qmail 1 invoked by uid 89)"


def forwarded(world: World, ident: str) -> None:
    world.bounced(ident, hop=NO_WAY, number=len(world.inbox()))


def reasons(world: World) -> list[Because]:
    return [case.finding.because[0].because for case in world.store.docket.open_cases("home")]


def test_what_lies_in_the_archive_was_received(world: World) -> None:
    world.server.create("Archive")
    at = world.now - timedelta(days=500)
    world.server.append("Archive", letter("Minutes", ident="old.1@firm.example", at=at), arrival=at)
    forwarded(world, "old.1@firm.example")
    forwarded(world, "forged@spam.example")
    assert world.sweep().verdicts == {Verdict.UNDECIDED: 1, Verdict.ORPHAN: 1}
    assert reasons(world) == [Because.RECEIVED]
    assert len(world.away()) == 1


def test_a_bounce_that_bears_the_id_of_what_it_is_about_is_not_taken_for_that(world: World) -> None:
    raw = world.server.messages("INBOX")
    forwarded(world, "twin@spam.example")
    [case] = [m for m in world.server.messages("INBOX") if m not in raw]
    world.server.delete("INBOX", case.uid)
    twin = case.raw.replace(b"Message-Id: <0.twin@mx.elsewhere.example>", b"Message-Id: <twin@spam.example>")
    assert twin != case.raw
    world.server.append("INBOX", twin, arrival=case.arrival)
    assert world.sweep().moved == 1


FOLDED = b"<=?us-ascii?Q?old=2E1?=\r\n =?us-ascii?Q?=40firm=2Eexample?=>"


def encoded(number: int) -> bytes:
    """A letter whose program wrote its id as RFC 2047 words, on two lines."""
    raw = letter("Minutes", ident=f"old.{number}@firm.example")
    return raw.replace(b"<old.%d@firm.example>" % number, FOLDED.replace(b"2E1", b"2E%d" % number))


def test_what_was_received_with_an_id_that_was_folded_as_encoded_words_acquits(world: World) -> None:
    world.server.create("Archive")
    world.server.append("Archive", encoded(1), arrival=world.now - timedelta(days=500))
    at = world.now - timedelta(days=400)
    world.server.append("Archive", letter("Plain", ident="old.3@firm.example", at=at), arrival=at)
    for number in (1, 2, 3):
        forwarded(world, f"old.{number}@firm.example")
    assert world.sweep().verdicts == {Verdict.UNDECIDED: 2, Verdict.ORPHAN: 1}
    assert reasons(world) == [Because.RECEIVED] * 2


def test_recall_reads_ids_of_encoded_words_on_a_real_server(dovecot: ScratchDovecot, world: World) -> None:
    forwarded(world, "old.1@firm.example")
    forwarded(world, "old.2@firm.example")
    world.set(mode=Mode.OBSERVE)
    world.sweep()
    cases = world.store.docket.open_cases("home")
    access = access_to(dovecot, fresh_user())
    hand, box = RealHand(dovecot, access.username), open_mailbox(access)
    try:
        hand.append("INBOX", encoded(1))
        lessons = recall.received(box, world.account, cases, world.now)
    finally:
        hand.close()
        box.close()
    assert set(lessons.received) == {"old.1@firm.example"}


class Watching(MemoryMailbox):
    """Counts what is searched for."""

    searched: ClassVar[list[list[str]]] = []

    def with_message_ids(self, place: Place, message_ids: Sequence[str]) -> list[int]:
        self.searched.append(list(message_ids))
        return super().with_message_ids(place, message_ids)


def test_the_archive_is_searched_once_for_each(world: World, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(world, "mailbox", lambda: Watching(world.server))
    world.set(mode=Mode.OBSERVE)  # the orphan stays, and is judged at each sweep
    forwarded(world, "forged@spam.example")
    for _ in range(3):
        assert world.sweep().verdicts == {Verdict.ORPHAN: 1}
    folders = len({"INBOX", "Archive"} & set(world.server.folder_names()))
    assert Watching.searched == [["forged@spam.example"], ["=?"]] * folders


def test_what_a_strangers_machine_sent_needs_no_look_into_the_archive(world: World) -> None:
    world.server.create("Archive")
    world.bounced("forged@spam.example")
    assert world.sweep().moved == 1
