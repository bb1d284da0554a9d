"""`ports.Bell` over IMAP IDLE (RFC 2177): it says when mail arrives, and looks at none.

Not imapclient's idle: that one answers "nothing" for ever after the server closed the connection, and an untagged
line before the "+" leaves it out of step (field guide, 6).
"""

from __future__ import annotations

import re
import time
from contextlib import suppress

from scatterclean.errors import CommandRefused, PushUnavailable, Trouble
from scatterclean.mailbox.answers import Answer
from scatterclean.mailbox.connection import Connection
from scatterclean.mailbox.login import Access, open_session
from scatterclean.mailbox.session import Session
from scatterclean.mailbox.states import inbox
from scatterclean.mailbox.translate import lost, printable, refusal

# A server that ends an IDLE of its own accord sooner than this would be asked for ever.
_SHORTEST = 60.0
_FAREWELL = 2.0
_NUMBERED = re.compile(rb"\* (\d{1,10}) (EXISTS|EXPUNGE)\b", re.I)
_BYE = re.compile(rb"\* BYE\b ?", re.I)
_LITERAL = re.compile(rb"\{\d+\}$")


def open_bell(access: Access, folder: str) -> ImapBell:
    """Connect, log in, and listen to the folder.

    Raises PushUnavailable, FolderMissing, and what `open_session` raises.
    """
    session = open_session(access)
    try:
        return ImapBell(session, folder, access.read_timeout)
    except BaseException:
        session.drop()
        raise


class ImapBell:
    """One session that idles in one folder, opened by EXAMINE; see `ports.Bell` for what each method promises.

    `patience`: seconds within which a renewal has to be answered.
    """

    def __init__(self, session: Session, folder: str, patience: float) -> None:
        self._session = session
        self._folder = inbox(folder)
        self._patience = patience
        self._tag = b""  # of the IDLE that goes on, or empty
        self._began = 0.0
        self._arrived = False
        if not session.can("IDLE"):
            raise PushUnavailable(f"{session.account}: {session.where} does not announce new mail (no IDLE)")
        self._look()
        self._begin()

    def mark(self) -> tuple[int, int]:
        return self._mark

    def wait(self, seconds: float) -> bool:
        until = time.monotonic() + seconds
        with self._session.line("IDLE", self._folder) as line:
            while not self._arrived and (left := until - time.monotonic()) > 0:
                said = line.hear(left)
                if said is None:
                    break
                self._heard(said)
        if not self._tag:  # the server has ended it
            self._begin()
        return self._told()

    def renew(self) -> bool:
        """DONE, EXAMINE, IDLE: between the first and the last nothing is announced, so the folder is looked at."""
        self._done()
        before, count, announced = self._mark, self._count, self._announced
        self._look()
        # Another message may have left in the same moment: the count alone does not tell (a count stands in for
        # UIDNEXT on servers that do not show it; there it is all that is known).
        self._arrived |= (
            self._mark[0] != before[0] or self._count > count or self._mark[1] > before[1] + announced
        )
        self._begin()
        return self._told()

    def close(self) -> None:
        self._patience = min(self._patience, _FAREWELL)
        with suppress(Trouble):  # whoever breaks the line drops the session
            self._done()
        self._session.close()

    def abort(self) -> None:
        self._session.abort()

    # --- inside ------------------------------------------------------------------------------------------

    def _look(self) -> None:
        """EXAMINE anew: where it was made anew or an announcement was lost, this tells."""
        opened = self._session.open(self._folder, again=True)
        self._count = opened.exists
        self._announced = 0  # how many have arrived since, by what was announced
        self._mark = (opened.uidvalidity, opened.uidnext or opened.exists)

    def _begin(self) -> None:
        with self._session.line("IDLE", self._folder) as line:
            self._tag = line.begin("IDLE")
            self._began = time.monotonic()
            self._until(line, b"+")

    def _done(self) -> None:
        with self._session.line("DONE", self._folder) as line:
            if self._tag:
                line.send(b"DONE\r\n")
                self._until(line, b"")

    def _until(self, line: Connection, sign: bytes) -> None:
        """Hear the server out until a line with this sign, or the tagged line; ConnectionLost if none comes."""
        until = time.monotonic() + self._patience
        while self._tag:
            left = until - time.monotonic()
            said = line.hear(left) if left > 0 else None
            if said is None:
                raise TimeoutError
            if sign and said.startswith(sign):
                return
            self._heard(said, asked=not sign)

    def _heard(self, said: bytes, *, asked: bool = False) -> None:
        """`asked`: DONE was said, so the tagged line is due."""
        if numbered := _NUMBERED.match(said):
            number = int(numbered[1])
            if numbered[2].upper() == b"EXPUNGE":
                self._count -= 1
            else:
                # It falls by EXPUNGE only (RFC 3501, 7.3.1): if not, one of the two numbers was wrong, and whoever
                # took the wrong one for true would miss as many arrivals.
                self._arrived |= number != self._count
                self._announced += max(0, number - self._count)
                self._count = number
        elif bye := _BYE.match(said):
            asking = self._session.exchange("IDLE", self._folder)
            self._session.drop()
            raise lost(EOFError(), asking, printable(said[bye.end() :]) or "BYE")
        elif self._tag and said.startswith(self._tag + b" "):
            self._ended(said[len(self._tag) + 1 :], asked=asked)
        elif _LITERAL.search(said):
            # Nothing that is announced needs one; what follows would be read as lines.
            raise ValueError("a literal while listening")

    def _ended(self, told: bytes, *, asked: bool) -> None:
        """The tagged line of IDLE: the wait is over, or was refused."""
        status, _, text = told.partition(b" ")
        session, self._tag = self._session, b""
        if status.upper() != b"OK":
            trouble = refusal(Answer(status.decode("latin-1"), text), session.exchange("IDLE", self._folder))
            if isinstance(trouble, CommandRefused):
                raise PushUnavailable(
                    f"{session.account}: {session.where} refuses to announce new mail: {printable(told)}"
                )
            raise trouble
        if not asked and time.monotonic() - self._began < _SHORTEST:
            raise PushUnavailable(
                f"{session.account}: {session.where} ends every wait for new mail at once: {printable(told)}"
            )

    def _told(self) -> bool:
        arrived, self._arrived = self._arrived, False
        return arrived
