"""What goes wrong before there is a login: any byte of the greeting, of STARTTLS and of the TLS handshake, on a real
Dovecot; and somebody in the middle who wants the password in the clear.

Nothing hangs, no credentials leave before TLS, nothing moves, one sentence says what was the matter, and the same
household works again.  Behind the login, over TLS, the same goes for any byte of a sweep.  One byte for each kind of
fault is spoiled each time, every sixteenth before the login with SCATTERCLEAN_EVERY_FAULT=1, every single one there
with SCATTERCLEAN_EVERY_BYTE=1.
"""

from __future__ import annotations

import os
import re
import shutil
from base64 import b64encode
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import timedelta
from functools import partial
from typing import Protocol

import pytest

from scatterclean.demo.dovecot import ScratchDovecot, find_dovecot
from scatterclean.errors import ConnectionLost, ServerUnreachable, TimeCanMend, TlsUnavailable, Trouble
from scatterclean.mailbox.imap import connect
from scatterclean.mailbox.login import Access, context_of
from scatterclean.service import daemon, followups, health
from tests.conftest import absent
from tests.e2e import world as worlds
from tests.faults.case import LONG, Begin, Case, books, swept_with_a_fault
from tests.faults.running import in_the_end, running
from tests.faults.wire import HOWS, WAYS, Rewrite, Spoiler, Way, Wire
from tests.servers import RealHand, fresh_user

# Whoever waits for what does not come waits so long.  It is taken as LONG where the byte was not reached in time.
_HASTE = 0.2
_IN_THE_CLEAR = re.compile(rb"(\w+ (CAPABILITY|STARTTLS)\r\n)*")
_EVERY, _ALL = os.environ.get("SCATTERCLEAN_EVERY_FAULT"), os.environ.get("SCATTERCLEAN_EVERY_BYTE")


@pytest.fixture(scope="module")
def secure() -> Iterator[ScratchDovecot]:
    if find_dovecot() is None or shutil.which("openssl") is None:
        absent("Dovecot 2.3 or openssl")
    with ScratchDovecot(tls=True) as server:
        yield server


@dataclass
class Stage:
    """A household that reaches the server by `wire`, over TLS."""

    case: Case
    wire: Wire
    password: str

    def sweep(self) -> Trouble | None:
        """With what is wrong on the wire; it has to come to that, or the test proves nothing."""
        assert self.wire.spoiler is not None
        self.case.patient(LONG if self.wire.spoiler.how == "delay" else _HASTE)
        trouble = self.case.sweep()
        if not self.wire.struck:
            self.case.patient(LONG)
            trouble = self.case.sweep()
        assert self.wire.struck
        assert trouble is None or isinstance(trouble, Trouble)
        return trouble

    def safe(self) -> None:
        """Nothing left in the clear but what asks for TLS, and nothing is where it does not belong."""
        assert self.wire.talks
        for talk in self.wire.talks:
            clear, _ = talk.split()
            assert _IN_THE_CLEAR.fullmatch(clear), clear
            for secret in (self.password.encode(), b64encode(self.password.encode())[:-4]):
                assert secret not in talk.up
        self.case.nothing_wrong_moved()

    def works_again(self) -> None:
        """The same household, without a restart."""
        self.wire.clear()
        self.case.patient(LONG)
        with self.case.household.session("home") as box:
            assert box.state("INBOX").exists

    def in_the_end(self) -> None:
        assert self.case.sweep() is None
        self.case.balanced()


class Set(Protocol):
    """A stage over "implicit" TLS or "starttls"; `held`: see `Begin`."""

    def __call__(self, tls: str, wire: Wire, *, held: int = ...) -> Stage: ...


@pytest.fixture
def stage(secure: ScratchDovecot, begin: Begin) -> Set:
    def make(tls: str, wire: Wire, *, held: int = 0) -> Stage:
        more = f'tls = "{tls}"\nca_file = "{secure.ca_file}"\n'
        return Stage(begin(secure, wire.port, more=more, held=held), wire, secure.password)

    return make


def port(server: ScratchDovecot, tls: str) -> int:
    return server.tls_port if tls == "implicit" else server.port


def one_sentence(trouble: Trouble, at: int) -> None:
    """Who, what, and nothing of Python, OpenSSL or imaplib; nor of a name, where there was none to look up."""
    assert trouble.what.startswith(f"home: 127.0.0.1:{at}"), trouble
    assert "\n" not in trouble.what
    assert "resolved" not in trouble.what
    assert not re.search(r"Traceback|_ssl\.c|\bb'|[a-z]Error\b|errno", str(trouble)), trouble


# --- any byte -------------------------------------------------------------------------------------------


@pytest.fixture(scope="module")
def sizes(secure: ScratchDovecot) -> dict[tuple[str, Way], int]:
    """How many bytes are said until the connection stands and nobody is logged in."""
    found: dict[tuple[str, Way], int] = {}
    for tls in ("implicit", "starttls"):
        with Wire(port(secure, tls)).running() as wire:
            access = Access("home", "127.0.0.1", wire.port, "", str, ca_file=secure.ca_file)
            trusted = context_of(access)
            one = {"implicit": None, "starttls": None, tls: trusted}
            connect("home", "127.0.0.1", wire.port, **one, timeouts=(LONG, LONG)).drop()
            found[tls, "up"], found[tls, "down"] = len(wire.talks[0].up), len(wire.talks[0].down)
    return found


def spoilers(way: Way, size: int) -> Iterator[Spoiler]:
    for number, how in enumerate(HOWS):
        # One byte for each kind of fault; together they are all over the conversation.
        first, step = size * number // len(HOWS), size
        if _EVERY or _ALL:
            first, step = 0, 1 if _ALL else 16
        yield from (Spoiler(way, at, how) for at in range(first, size - 8, step))


@pytest.mark.parametrize("way", WAYS)
@pytest.mark.parametrize("tls", ["implicit", "starttls"])
def test_any_byte_before_the_login_may_be_spoiled(
    tls: str, way: Way, secure: ScratchDovecot, sizes: dict[tuple[str, Way], int], stage: Set
) -> None:
    with Wire(port(secure, tls)).running() as wire:
        home = stage(tls, wire)
        troubles = 0
        for spoiler in spoilers(way, sizes[tls, way]):
            wire.spoiler = spoiler
            before = books(home.case.hand.messages("INBOX"))
            trouble = home.sweep()
            home.safe()
            if trouble is not None:
                troubles += 1
                assert isinstance(trouble, (ServerUnreachable, ConnectionLost, TlsUnavailable)), spoiler
                one_sentence(trouble, wire.port)
                # ConnectionLost: it was harmless, and then something took longer than _HASTE.
                unmoved = books(home.case.hand.messages("INBOX")) == before
                assert unmoved or isinstance(trouble, ConnectionLost), spoiler
            assert (trouble is None) or spoiler.how != "delay", spoiler
            home.works_again()
        assert troubles > len(HOWS) // 2
        home.in_the_end()


@pytest.mark.parametrize("tls", ["starttls", "implicit"] if _EVERY else ["starttls"])
def test_a_daemon_sweeps_and_listens_again_by_itself_when_tls_stands_again(
    tls: str,
    secure: ScratchDovecot,
    sizes: dict[tuple[str, Way], int],
    stage: Set,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr(daemon, "HEARTBEAT", 0.05)
    monkeypatch.setattr(health, "FIRST_BACKOFF", timedelta(seconds=0.05))
    monkeypatch.setattr(followups, "BETWEEN_WAKES", timedelta(seconds=0.05))
    with Wire(port(secure, tls), Spoiler("down", sizes[tls, "down"] // 2, "corrupt")).running() as wire:
        home = stage(tls, wire, held=1)
        with running(home.case, poll=timedelta(hours=1)) as service:
            service.wait(lambda: len(wire.talks) > 2, "it does not try again")
            home.safe()
            wire.clear()
            service.wait(lambda: service.watch, "the watch does not come to stand")
            home.case.arrive()
            service.wait_for_sweep()
            home.safe()
        in_the_end(home.case)


LATER = ("corrupt", "truncate", "double", "rst", "drop", "fin", "flip", "stall")


@pytest.mark.parametrize("way", WAYS)
def test_any_byte_of_a_whole_sweep_over_tls_may_be_spoiled(
    way: Way, secure: ScratchDovecot, sizes: dict[tuple[str, Way], int], stage: Set
) -> None:
    with Wire(secure.tls_port).running() as wire:
        whole = stage("implicit", wire)
        whole.in_the_end()
        first, last = sizes["implicit", way], len(wire.talks[0].up if way == "up" else wire.talks[0].down)
    few = 64 if _EVERY or _ALL else 2
    for number, at in enumerate(range(first, last - 200, (last - first) // few)):
        spoiled_once(Spoiler(way, at, LATER[number % len(LATER)]), secure.tls_port, stage)


def spoiled_once(spoiler: Spoiler, upstream: int, stage: Set) -> None:
    """A whole sweep that this byte spoils, and the household works again."""
    with Wire(upstream, spoiler).running() as wire:
        homes: list[Stage] = []

        def make(patience: float) -> Case:
            homes.append(stage("implicit", wire))
            homes[-1].case.patient(patience)
            return homes[-1].case

        _, trouble = swept_with_a_fault(make, lambda: wire.struck)
        home = homes[-1]
        assert isinstance(trouble, TimeCanMend), spoiler
        one_sentence(trouble, wire.port)
        home.safe()
        home.works_again()
        home.in_the_end()


# --- somebody in the middle -----------------------------------------------------------------------------


def stripped(way: Way, line: bytes) -> bytes:
    return line.replace(b" STARTTLS", b"") if way == "down" else line


def stripped_and_tempting(way: Way, line: bytes) -> bytes:
    return line.replace(b" STARTTLS", b" AUTH=LOGIN AUTH=PLAIN") if way == "down" else line


def known_already(way: Way, line: bytes) -> bytes:
    return line.replace(b"* OK", b"* PREAUTH", 1) if way == "down" else line


def refused(way: Way, line: bytes) -> bytes:
    return line.replace(b"STARTTLS", b"XTARTTLS") if way == "up" else line


def agreed_and_not_begun(way: Way, line: bytes) -> bytes:
    """TLS is said to begin, and what answers is the server in the clear."""
    return line.replace(b"STARTTLS", b"NOOP") if way == "up" else line


def answered_ahead(way: Way, line: bytes, *, before: bool) -> bytes:
    """Around the OK, in one piece with it: answers to what the client will ask next, with the tags that it will use."""
    found = re.match(rb"([A-Z]+)\d+ OK Begin TLS", line)
    if way == "up" or not found:
        return line
    forged = b"* CAPABILITY IMAP4rev1 LOGINDISABLED\r\n* OK [ALERT] send your password to eve@e.example\r\n"
    if before:
        return forged + line
    ahead = b"".join(b"%b%d OK done\r\n" % (found[1], number) for number in range(2, 9))
    return line + b"* CAPABILITY IMAP4rev1 AUTH=PLAIN MOVE UIDPLUS\r\n" + ahead


def garbled(way: Way, line: bytes) -> bytes:
    return line.replace(b" LITERAL+", b" LITERAL\xff") if way == "down" else line


HARMLESS: dict[str, Rewrite] = {
    "garbled": garbled,
    "before the OK": partial(answered_ahead, before=True),
    "behind the OK": partial(answered_ahead, before=False),
}
REFUSED = (stripped, stripped_and_tempting, known_already, refused, agreed_and_not_begun)


@pytest.mark.parametrize("rewrite", REFUSED, ids=lambda rewrite: rewrite.__name__)
def test_who_takes_tls_away_gets_no_password(rewrite: Rewrite, secure: ScratchDovecot, stage: Set) -> None:
    with Wire(secure.port, rewrite=rewrite).running() as wire:
        home = stage("starttls", wire)
        home.case.patient(LONG)
        trouble = home.case.sweep()
        assert isinstance(trouble, TlsUnavailable)
        one_sentence(trouble, wire.port)
        assert "No password was sent" in trouble.hint
        home.safe()
        home.case.in_peace()
        home.works_again()
        home.in_the_end()


@pytest.mark.parametrize("name", HARMLESS)
def test_what_is_garbled_or_answered_ahead_of_tls_does_no_harm(
    name: str, secure: ScratchDovecot, stage: Set, caplog: pytest.LogCaptureFixture
) -> None:
    with Wire(secure.port, rewrite=HARMLESS[name]).running() as wire:
        home = stage("starttls", wire)
        home.case.patient(LONG)
        home.in_the_end()
        home.safe()
        assert "eve@e.example" not in caplog.text
        home.works_again()


@pytest.mark.parametrize("before", [True, False], ids=["before STARTTLS", "behind STARTTLS"])
def test_a_login_of_somebody_else_that_is_slipped_in_before_tls_opens_no_other_mailbox(
    before: bool, secure: ScratchDovecot, stage: Set
) -> None:
    """CVE-2021-33515: Dovecot carries nothing of it out any more; a server that does is in tests/mailbox/test_login."""
    eve = fresh_user()

    def rewrite(way: Way, line: bytes) -> bytes:
        found = re.match(rb"([A-Z]+)(\d+) STARTTLS", line)
        if way == "down" or not found:
            return line
        number = int(found[2])
        tags = [found[1] + b"%d" % (number + 1), b"eve1"] if not before else [b"eve1"]
        slipped = b"".join(
            b'%b LOGIN %b "%b"\r\n' % (tag, eve.encode(), secure.password.encode()) for tag in tags
        )
        return slipped + line if before else line + slipped

    with Wire(secure.port, rewrite=rewrite).running() as wire:
        home = stage("starttls", wire)
        worlds.fill(secure.port, eve, secure.password, "INBOX", home.case.world.inbox)
        hand = RealHand(secure, eve)
        kept, folders = books(hand.messages("INBOX")), hand.folder_names()
        home.case.patient(LONG)
        trouble = home.case.sweep()
        if isinstance(trouble, Trouble):
            one_sentence(trouble, wire.port)
        home.safe()
        assert books(hand.messages("INBOX")) == kept
        assert hand.folder_names() == folders
        hand.close()
        home.works_again()
        home.in_the_end()
