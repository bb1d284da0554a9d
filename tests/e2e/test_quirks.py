"""A whole sweep with the quirks of large providers, as far as they are documented: the books balance all the same."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import ExitStack, closing
from dataclasses import dataclass
from pathlib import Path

import pytest

from scatterclean.config import load
from scatterclean.demo.dovecot import ScratchDovecot
from scatterclean.errors import ServerBusy
from scatterclean.mailbox.login import open_mailbox, open_session
from scatterclean.model import Verdict
from scatterclean.wire import Household
from tests.e2e.program import Books, Program, expected, messages, whole_story
from tests.hosts.quirks import Gmail, ICloud, Microsoft, Proton, Provider, Quirky, Talk, Yahoo
from tests.servers import RealHand, access_to, fresh_user

pytestmark = pytest.mark.slow


@dataclass
class Stage:
    """A provider with a fresh user in it, and the user's other client, which goes past the quirks."""

    provider: Quirky
    user: str
    hand: RealHand
    folder: Path

    def program(self, more: str = "") -> Program:
        return Program.at(self.folder, self.provider, self.user, more=more)


@pytest.fixture
def stage(dovecot: ScratchDovecot, tmp_path: Path, request: pytest.FixtureRequest) -> Iterator[Stage]:
    provider: Provider = request.param()
    user = fresh_user()
    with ExitStack() as stack:
        quirky = stack.enter_context(Quirky(dovecot.port, dovecot.password, provider))
        hand = stack.enter_context(closing(RealHand(dovecot, user)))
        for name in provider.folders:
            if name not in (*hand.folder_names(), "Backscatter", "[Gmail]"):
                hand.create(name)
        yield Stage(quirky, user, hand, tmp_path)


def on(provider: type[Provider]) -> pytest.MarkDecorator:
    return pytest.mark.parametrize("stage", [provider], indirect=True, ids=[provider.__name__])


def sweep(program: Program) -> None:
    """In this process."""
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("MAIL_PASSWORD", program.password)
        with Household.open(load(program.config)) as household:
            household.sweep("home")


# --- Gmail ------------------------------------------------------------------------------------------------


@on(Gmail)
def test_gmail_a_sweep_leaves_all_mail_alone_and_asks_for_whole_words(stage: Stage) -> None:
    books = Books.filled(stage.hand, sent="[Gmail]/Sent Mail")
    for letter in books.inbox:
        stage.hand.append("[Gmail]/All Mail", letter.raw, flags=letter.flags, arrival=letter.arrival)
    before = messages(stage.hand.messages("[Gmail]/All Mail"))
    whole_story(stage.program(), books)
    assert messages(stage.hand.messages("[Gmail]/All Mail")) == before
    heard = stage.provider.provider.heard
    assert not [c for c in heard if c.startswith(("SELECT", "UID STORE")) and "All Mail" in c]
    assert [c for c in heard if c.startswith("UID MOVE")]


@on(Gmail)
def test_gmail_with_all_its_connections_taken_nothing_is_touched_and_later_all_is_well(stage: Stage) -> None:
    books = Books.filled(stage.hand, sent="[Gmail]/Sent Mail")
    program = stage.program()
    access = access_to(stage.provider, stage.user)
    taken = [open_session(access) for _ in range(15)]
    with pytest.raises(ServerBusy, match="Too many simultaneous connections"):
        sweep(program)
    told = program("sweep")
    assert told["exit"] == 1
    assert "asks for patience" in told["said"] + str(told)
    books.untouched()
    for one in taken:
        one.close()
    sweep(program)
    books.swept()


@on(Gmail)
def test_gmail_finds_no_part_of_a_word(stage: Stage) -> None:
    """The stub does what it says: else the tests above would prove nothing."""
    books = Books.filled(stage.hand, sent="[Gmail]/Sent Mail")
    ident = books.world.sent[0].raw.partition(b"Message-ID: <")[2].partition(b">")[0].decode()
    with closing(open_mailbox(access_to(stage.provider, stage.user))) as box:
        place = box.state("[Gmail]/Sent Mail").place
        assert len(box.with_message_ids(place, [ident])) == 1
        assert box.with_message_ids(place, [ident.partition("@")[0]]) == []


# --- Microsoft --------------------------------------------------------------------------------------------


@on(Microsoft)
def test_microsoft_a_whole_sweep(stage: Stage) -> None:
    whole_story(stage.program(), Books.filled(stage.hand, sent="Sent Items"))
    assert not [c for c in stage.provider.provider.heard if c.startswith(("COMPRESS", "ENABLE", "XLIST"))]


@on(Microsoft)
def test_microsoft_throttling_at_any_command_loses_nothing_and_its_backoff_is_obeyed(stage: Stage) -> None:
    books = Books.filled(stage.hand, sent="Sent Items")
    # What arrives during the test is fresh: it would wait for ten minutes.
    program, provider = stage.program('settle = "0s"\n'), stage.provider.provider
    assert isinstance(provider, Microsoft)
    throttled: list[ServerBusy] = []
    for command in range(1, 200):
        books.another(command)
        provider.bears = command
        try:
            sweep(program)
        except ServerBusy as busy:
            throttled.append(busy)
        books.whole()
        if provider.bears > 0:  # the whole sweep needed fewer commands
            break
    else:
        pytest.fail("a sweep of more than 200 commands")
    assert len(throttled) > 15
    assert all(one.retry_after == pytest.approx(92.415) for one in throttled)
    assert all("Request is throttled" in one.what for one in throttled)
    provider.bears = 1 << 30
    sweep(program)  # what came just before the last was younger than the look at Sent
    away = {m.raw for m in books.away()}
    assert away >= {letter.raw for letter in books.world.moving}
    assert away <= {x.raw for x in books.world.inbox if x.verdict in (Verdict.ORPHAN, Verdict.WAITING)}


# --- iCloud -----------------------------------------------------------------------------------------------


@on(ICloud)
def test_icloud_a_whole_sweep_without_move_and_without_a_marked_sent_folder(stage: Stage) -> None:
    books = Books.filled(stage.hand, sent="Sent Messages")
    told = whole_story(stage.program(), books)
    assert told["sweep"]["accounts"][0]["refusal"] is None
    heard = stage.provider.provider.heard
    assert not [c for c in heard if c.upper().startswith(("UID MOVE", "MOVE", "EXPUNGE", "CLOSE", "ENABLE"))]
    assert [c for c in heard if c.startswith("UID COPY")]
    assert [c for c in heard if c.startswith("UID EXPUNGE")]


class Stubborn(ICloud):
    """Copies, marks, and will not expunge for the moment."""

    refusing = True

    def refuses(self, talk: Talk, command: str) -> str:
        return "NO [INUSE] not now" if self.refusing and command.upper().startswith(self.what) else ""

    what = "UID EXPUNGE"


class Readable(Stubborn):
    """No right to change a flag in the inbox."""

    what = "UID STORE"


@pytest.mark.parametrize("stage", [Stubborn, Readable], indirect=True, ids=["EXPUNGE", "STORE"])
def test_a_copy_that_cannot_be_completed_is_completed_by_a_later_sweep(stage: Stage) -> None:
    provider = stage.provider.provider
    assert isinstance(provider, Stubborn)
    books = Books.filled(stage.hand, sent="Sent Messages")
    program = stage.program()
    for _ in range(2):
        told = program("sweep")
        assert told["exit"] != 0
        assert messages(stage.hand.messages("INBOX")) == expected(books.inbox)
        assert len(books.away()) == len(books.world.moving)
    provider.refusing = False
    told = program("sweep")
    assert told["exit"] == 0, told
    books.whole()
    assert len(books.away()) == len(books.world.moving)


# --- Yahoo ------------------------------------------------------------------------------------------------


@on(Yahoo)
def test_yahoo_more_than_a_hundred_go_in_batches_that_it_bears(stage: Stage) -> None:
    books = Books.filled(stage.hand, orphans=130)
    whole_story(stage.program(), books)
    provider = stage.provider.provider
    assert isinstance(provider, Yahoo)
    assert sum(provider.moves) == 2 * 130  # there and back
    assert max(provider.moves) <= 100


@on(Yahoo)
def test_yahoo_unavailable_in_the_middle_costs_only_time(stage: Stage) -> None:
    books = Books.filled(stage.hand, orphans=130)
    provider = stage.provider.provider
    assert isinstance(provider, Yahoo)
    provider.bears = 1
    program = stage.program()
    told = program("sweep")
    assert told["exit"] == 1
    books.whole()
    away = len(books.away())
    assert 0 < away <= 100
    provider.bears = 1 << 30
    told = program("sweep")
    assert told["exit"] == 0
    assert told["accounts"][0]["moved"] == 130 - away
    books.swept()


# --- Proton Bridge ----------------------------------------------------------------------------------------


def pairs(books: Books, number: int) -> list[tuple[int, int]]:
    """UIDs in INBOX of orphans, each with that of a message that must stay."""
    moving = {letter.raw for letter in books.world.moving}
    there = books.hand.messages("INBOX")
    go, stay = ([m.uid for m in there if (m.raw in moving) is wanted] for wanted in (True, False))
    return list(zip(go[:number], stay[1:], strict=False))


@on(Proton)
def test_proton_a_whole_sweep(stage: Stage) -> None:
    whole_story(stage.program(), Books.filled(stage.hand))


@on(Proton)
@pytest.mark.parametrize("when", ["read", "between"])
def test_proton_a_uid_that_names_another_message_by_now_is_not_moved(stage: Stage, when: str) -> None:
    books = Books.filled(stage.hand)
    program, provider = stage.program(), stage.provider.provider
    assert isinstance(provider, Proton)
    swapped = pairs(books, 5)
    assert len(swapped) == 5
    if when == "between":
        assert program("sweep", "--observe")["exit"] == 0
    provider.swap("INBOX", *swapped, when="read" if when == "read" else "now")
    told = program("sweep")
    assert told["exit"] == 0
    assert provider.when == "now"  # the UIDs did change in the middle
    books.whole()
    moving = {letter.raw for letter in books.world.moving}
    away = books.away()
    assert {m.raw for m in away} <= moving
    assert len(away) == told["accounts"][0]["moved"] == len(moving) - 5
    program("sweep", "--folder", "INBOX")  # looks at all again
    books.swept()


@on(Proton)
def test_proton_an_undo_brings_back_no_other_message_that_has_the_uid_by_now(stage: Stage) -> None:
    books = Books.filled(stage.hand)
    program, provider = stage.program(), stage.provider.provider
    assert isinstance(provider, Proton)
    assert program("sweep")["exit"] == 0
    away = [m.uid for m in books.away()]
    own = [
        stage.hand.append("Backscatter", books.world.sent[n].raw, arrival=books.world.sent[n].arrival)
        for n in (0, 1, 2)
    ]
    provider.swap("Backscatter", *zip(away, own, strict=False))
    told = program("undo", "--all")
    assert len(told["accounts"][0]["back"]) == len(books.world.moving)
    assert {m.raw for m in books.away()} == {letter.raw for letter in books.world.sent[:3]}
