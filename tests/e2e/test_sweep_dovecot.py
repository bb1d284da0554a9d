"""`scatterclean sweep` and `undo` as processes on a real Dovecot, in a mailbox of thousands of messages.

What is looked at is the mailbox itself, by another client, and all that was said between the two programs.
"""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import pytest

from scatterclean.demo.dovecot import ScratchDovecot, find_dovecot
from scatterclean.mailbox.memory import Stored
from scatterclean.model import Verdict
from tests.conftest import absent
from tests.e2e import world as worlds
from tests.e2e.program import KEYWORD, Program, messages
from tests.e2e.world import World
from tests.servers import DovecotHand, fresh_user

pytestmark = pytest.mark.slow


@dataclass
class Story:
    """What was told and what lay in INBOX and Backscatter after each step; `trace`: all that was said by then."""

    world: World
    told: dict[str, dict[str, Any]]
    inbox: dict[str, list[Stored]]
    away: dict[str, list[Stored]]
    sent: dict[str, list[Stored]]
    trace: dict[str, tuple[bytes, bytes]]


STEPS = {
    "observe": ("sweep", "--observe"),
    "sweep": ("sweep",),
    "second": ("sweep",),
    "undo": ("undo", "--all"),
    "third": ("sweep",),
    "from the start": ("sweep", "--folder", "INBOX"),
}


@pytest.fixture(scope="module")
def story(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Story]:
    if find_dovecot() is None:
        absent("Dovecot 2.3")
    world = worlds.make(datetime.now(UTC))
    with ScratchDovecot(trace=True) as server:
        user = fresh_user()
        for folder, letters in (("Sent", world.sent), ("INBOX", world.inbox)):
            worlds.fill(server.port, user, server.password, folder, letters)
        hand = DovecotHand(server, user)
        hand.create("Backscatter")
        server.tracing(user)  # the hand is logged in already: what it reads is no part of the trace
        program = Program.at(tmp_path_factory.mktemp("home"), server, user)
        story = Story(world, {}, {}, {}, {}, {})
        for step in ("before", *STEPS):
            if step in STEPS:
                story.told[step] = program(*STEPS[step])
            story.inbox[step] = hand.messages("INBOX")
            story.away[step] = hand.messages("Backscatter")
            story.sent[step] = hand.messages("Sent")
            story.trace[step] = server.trace_of(user)
        hand.close()
        yield story


def texts(letters: list[worlds.Letter]) -> Counter[bytes]:
    return Counter(letter.raw for letter in letters)


def test_the_mailbox_is_as_large_as_promised(story: Story) -> None:
    inbox = story.world.inbox
    assert (len(inbox), len(story.inbox["before"]), len(story.sent["before"])) == (2000, 2000, 3000)
    assert sum(letter.verdict is not None for letter in inbox) == 300
    assert story.world.count(Verdict.GENUINE) == 40
    assert len(worlds.SHAPES) >= 12
    assert messages(story.inbox["before"]) == Counter((m.raw, m.arrival, m.flags) for m in inbox)


def test_observing_changes_nothing_and_finds_each_verdict(story: Story) -> None:
    assert messages(story.inbox["observe"]) == messages(story.inbox["before"])
    [account] = story.told["observe"]["accounts"]
    assert account["verdicts"] == {
        str(verdict): story.world.count(verdict) for verdict in Verdict if story.world.count(verdict)
    }
    assert account["refusal"] == "observing"
    assert len(account["would_put_away"]) == len(story.world.moving)


def test_one_sweep_moves_exactly_the_orphans(story: Story) -> None:
    moving = texts(story.world.moving)
    assert story.told["sweep"]["exit"] == 0
    assert story.told["sweep"]["accounts"][0]["moved"] == moving.total() == 236
    assert Counter(m.raw for m in story.away["sweep"]) == moving
    assert Counter(m.raw for m in story.inbox["sweep"]) == texts(story.world.inbox) - moving


def test_flags_and_dates_of_all_others_are_as_before_and_no_message_was_marked_as_read(story: Story) -> None:
    before = messages(story.inbox["before"])
    after = messages(story.inbox["sweep"])
    assert after <= before
    assert before.total() - after.total() == len(story.world.moving)
    assert messages(story.sent["sweep"]) == messages(story.sent["before"])


def test_what_was_moved_kept_its_flags_and_date(story: Story) -> None:
    assert messages(story.away["sweep"]) == Counter(
        (letter.raw, letter.arrival, letter.flags | {KEYWORD}) for letter in story.world.moving
    )


def test_no_ordinary_body_was_sent_by_the_server(story: Story) -> None:
    for step in STEPS:
        _, answered = story.trace[step]
        assert worlds.ORDINARY.encode() not in answered, step
    # The proof is worth something: the trace holds what was fetched, marks in bodies too.
    _, answered = story.trace["sweep"]
    assert worlds.LOOKALIKE.encode() in answered
    assert b"Luxury watches" in answered
    assert answered.count(b"reporting-mta") + answered.count(b"Reporting-MTA") >= 200


def test_bodies_were_asked_for_only_without_marking_and_only_of_few(story: Story) -> None:
    said, _ = story.trace["sweep"]
    fetches = re.findall(rb"UID FETCH (\S+) \(([^\r\n]*)\)\r?\n", said)
    assert fetches
    asked: set[int] = set()
    for uids, items in fetches:
        assert not re.search(rb"(?<!PEEK)\[|RFC822(?!\.SIZE)", items.replace(b"BODY.PEEK[", b"PEEK["))
        if b"PEEK[]" in items:
            for part in uids.split(b","):
                first, _, last = part.partition(b":")
                asked.update(range(int(first), int(last or first) + 1))
    lookalikes = sum(worlds.LOOKALIKE.encode() in letter.raw for letter in story.world.inbox)
    assert 300 <= len(asked) <= 300 + lookalikes


def test_nothing_was_expunged_by_a_plain_expunge_and_nothing_closed_with_one(story: Story) -> None:
    said, _ = story.trace["from the start"]
    words = [line.split(b" ", 2)[2].strip().upper() for line in said.splitlines() if line.count(b" ") >= 2]
    assert not [
        w for w in words if w.startswith((b"EXPUNGE", b"CLOSE", b"COPY", b"STORE", b"MOVE", b"FETCH"))
    ]


def test_a_second_sweep_moves_nothing_and_fetches_no_body(story: Story) -> None:
    assert story.told["second"]["accounts"][0]["moved"] == 0
    assert messages(story.inbox["second"]) == messages(story.inbox["sweep"])
    assert messages(story.away["second"]) == messages(story.away["sweep"])
    new = story.trace["second"][0].replace(story.trace["sweep"][0], b"")
    assert b"UID SEARCH" in new or b"STATUS" in new
    assert b"PEEK[]" not in new


def test_undo_puts_every_message_back_with_its_flags_and_date(story: Story) -> None:
    assert story.told["undo"]["exit"] == 0
    assert len(story.told["undo"]["accounts"][0]["back"]) == len(story.world.moving)
    assert story.away["undo"] == []
    without = [Stored(m.uid, m.arrival, m.flags - {KEYWORD}, m.raw) for m in story.inbox["undo"]]
    assert messages(without) == messages(story.inbox["before"])


@pytest.mark.parametrize("step", ["third", "from the start"])
def test_later_sweeps_leave_alone_what_was_brought_back(story: Story, step: str) -> None:
    assert story.told[step]["accounts"][0]["moved"] == 0
    assert story.inbox[step] == story.inbox["undo"]
    assert story.away[step] == []


# --- the Sent folder --------------------------------------------------------------------------------------


@dataclass
class Small:
    """A small mailbox with three orphans in it."""

    server: ScratchDovecot
    user: str
    hand: DovecotHand
    world: World
    folder: Path

    def program(self, more: str = "") -> Program:
        return Program.at(self.folder, self.server, self.user, more=more)

    def fill_sent(self, folder: str = "Sent") -> None:
        worlds.fill(self.server.port, self.user, self.server.password, folder, self.world.sent)

    def untouched(self) -> bool:
        return len(self.hand.messages("INBOX")) == len(self.world.inbox)


@pytest.fixture
def small(dovecot: ScratchDovecot, tmp_path: Path) -> Iterator[Small]:
    user = fresh_user()
    world = worlds.make(datetime.now(UTC), sent=120, ordinary=5, orphans=3)
    worlds.fill(dovecot.port, user, dovecot.password, "INBOX", world.inbox)
    hand = DovecotHand(dovecot, user)
    yield Small(dovecot, user, hand, world, tmp_path)
    hand.close()


def nothing_moved(small: Small, told: dict[str, Any], refusal: str, *hints: str) -> None:
    [account] = told["accounts"]
    assert (account["moved"], account["refusal"], told["exit"]) == (0, refusal, 1)
    assert small.untouched()
    text = "\n".join(account["troubles"])
    assert "nothing is moved" in text or "does not exist" in text
    for hint in hints:
        assert hint in text


def test_with_an_empty_sent_folder_nothing_moves_and_it_says_what_to_do(small: Small) -> None:
    told = small.program()("sweep")
    nothing_moved(small, told, "sent-empty", "'Sent' is empty", "sent = [...]")


def test_with_a_missing_sent_folder_nothing_moves_and_it_says_what_to_do(small: Small) -> None:
    small.fill_sent()
    told = small.program('sent = ["Outgoing"]\n')("sweep")
    nothing_moved(small, told, "sent-unknown", "'Outgoing'", "The server has:", "sent = [...]")


def test_with_a_renamed_sent_folder_nothing_moves_until_the_configuration_names_it(small: Small) -> None:
    small.fill_sent()
    assert small.program()("sweep", "--observe")["exit"] == 0
    small.hand.rename("Sent", "Correspondence")  # Dovecot makes an empty Sent in its place
    nothing_moved(small, small.program()("sweep"), "sent-empty", "held 120 messages before", "sent = [...]")
    told = small.program('sent = ["Correspondence"]\n')("sweep")
    assert (told["exit"], told["accounts"][0]["moved"]) == (0, 3)


def test_with_a_renamed_folder_that_was_configured_nothing_moves_and_it_is_named(small: Small) -> None:
    small.hand.create("Outgoing")
    small.fill_sent("Outgoing")
    program = small.program('sent = ["Outgoing"]\n')
    assert program("sweep", "--observe")["exit"] == 0
    small.hand.rename("Outgoing", "Elsewhere")
    nothing_moved(small, program("sweep"), "sent-unknown", "'Outgoing' does not exist", "'Elsewhere'")


class WithoutSpecialUse(ScratchDovecot):
    """A server that has no Sent folder at all and marks no folder."""

    def _settings(self) -> str:
        return re.sub(r"  mailbox \w+ \{.*?\n  \}\n", "", super()._settings(), flags=re.DOTALL)


def test_on_a_server_without_any_sent_folder_nothing_moves_and_it_says_what_to_do(tmp_path: Path) -> None:
    if find_dovecot() is None:
        absent("Dovecot 2.3")
    with WithoutSpecialUse() as server:
        user = fresh_user()
        world = worlds.make(datetime.now(UTC), sent=120, ordinary=5, orphans=3)
        worlds.fill(server.port, user, server.password, "INBOX", world.inbox)
        hand = DovecotHand(server, user)
        small = Small(server, user, hand, world, tmp_path)
        nothing_moved(small, small.program()("sweep"), "sent-unknown", "no Sent folder was found", "sent = [")
        hand.create("Gesendete Objekte")
        small.fill_sent("Gesendete Objekte")
        assert small.program()("sweep")["accounts"][0]["moved"] == 3
        hand.close()
