"""One command, one answer, one selected folder: what went wrong becomes an error of `errors`; no mail is read."""

from __future__ import annotations

import imaplib
import logging
import re
import socket
from collections import deque
from collections.abc import Iterable, Iterator, Sequence
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from functools import lru_cache

from scatterclean.errors import CommandRefused, ConnectionLost, FolderChanged, ServerBusy, Trouble
from scatterclean.mailbox import fetching
from scatterclean.mailbox.answers import Answer, flags_in, rows
from scatterclean.mailbox.connection import Connection
from scatterclean.mailbox.naming import Naming
from scatterclean.mailbox.together import Answers, Manners, ask_together, manners_of
from scatterclean.mailbox.translate import Exchange, lost, missing, printable, refusal

_log = logging.getLogger(__name__)

# What imaplib, sockets and parsers of answers raise.  ValueError: imaplib's int() and bytes() (field guide, 6).
BROKEN = (imaplib.IMAP4.error, OSError, ValueError, EOFError)
_LOGOUT_SECONDS = 5.0
_PARTING_SECONDS = 0.5
# A server to which connecting takes longer is not in the same house: the line may be slow.
_DISTANT = 0.005


@dataclass(frozen=True, slots=True)
class Opened:
    """A folder as SELECT or EXAMINE showed it.

    `uidnext` is None on servers that do not tell (Courier).  `permanent` are the flags that can be changed
    for good, `\\*` if new keywords can be made; None if the server did not say.
    """

    folder: str
    uidvalidity: int
    uidnext: int | None
    exists: int
    writable: bool
    permanent: frozenset[str] | None


class Session:
    """A connection that is either in step or dropped; there is nothing in between."""

    def __init__(self, connection: Connection, account: str, where: str) -> None:
        self.account = account
        self.where = where
        self.capabilities: frozenset[str] = frozenset()
        self.opened: Opened | None = None
        self.asked = 0  # how often anything was said
        self._silence: float | None = None
        self.together = False  # was it shown that the server bears several commands at once?
        self._connection: Connection | None = connection
        self._posted: deque[fetching.Posted] = deque()
        self._lightened = False
        self.naming = Naming(self)

    # --- one command -------------------------------------------------------------------------------------

    def ask(
        self,
        command: str,
        *args: bytes,
        about: str = "",
        keep: int = 2**16,
        replies: Iterable[bytes] = (),
        secrets: Sequence[str] = (),
    ) -> Answer:
        """The answer, be it OK, NO or BAD.  Anything but a clean one ends the session (field guide, 6).

        `command` may begin with "UID ".  `secrets`: what no error and no log line may repeat after the server.
        Raises ConnectionLost, or ServerBusy if the server's BYE says so.
        """
        name, *rest = command.split(" ")
        with self.line(command, about, secrets) as connection:
            answer = connection.ask(
                name, *(word.encode() for word in rest), *args, keep=keep, replies=replies
            )
        self._hear(answer, secrets)
        return answer

    @contextmanager
    def line(self, command: str, about: str = "", secrets: Sequence[str] = ()) -> Iterator[Connection]:
        """The connection itself, also for what is no question with one answer (IDLE); what breaks it ends the session.

        What was posted before is read first, to its end.
        Raises what `ask` does, and whatever else is raised inside: that, too, leaves it out of step.
        """
        while self._posted:
            self._read_on()
        with self._line(command, about, secrets) as connection:
            yield connection

    @contextmanager
    def _line(self, command: str, about: str, secrets: Sequence[str] = ()) -> Iterator[Connection]:
        asked = self.exchange(command, about)
        self.asked += 1
        connection = self.living(command)
        try:
            yield connection
        except BROKEN as broken:
            goodbye = connection.untagged_responses.get("BYE")
            said = goodbye[-1] if goodbye else b""
            self.drop()
            # Not "from broken": its text may quote mail or the password.
            text = printable(said, secrets) if isinstance(said, bytes) else ""
            raise lost(broken, asked, text) from None
        except BaseException:  # Ctrl-C in the middle of an answer: what follows would be read as another's
            self.drop()
            raise

    def living(self, command: str) -> Connection:
        if self._connection is None:
            raise ConnectionLost(f"{self.account}: the session with {self.where} ended before {command}")
        return self._connection

    def demand(self, command: str, *args: bytes, about: str = "", keep: int = 2**16) -> Answer:
        """The answer if it is OK; else raises what the table of `translate` makes of it.

        After NO to a FETCH the session ends: what was sent before the NO is not known to be whole.
        """
        return self._granted(self.ask(command, *args, about=about, keep=keep), command, about)

    def ask_together(self, commands: Sequence[Sequence[bytes]], about: str = "") -> Answers:
        """Several commands at once, by the rules of `together`; NO and BAD are answers.  Raises what `venture` does.

        A server that says BAD is asked one thing at a time from then on."""
        names = ", ".join(dict.fromkeys(name.decode("ascii") for name, *_ in commands))
        with self.line(names, about) as connection:
            answers = ask_together(connection, commands)
        for answer in answers.tagged:
            self._hear(answer, ())
        self.together = not answers.refused
        if answers.refused:
            self.manners.dislikes_it()
        for (name, *_), answer in zip(commands, answers.tagged, strict=True):
            self._patience(answer, name.decode("ascii"))
        return answers

    @property
    def manners(self) -> Manners:
        return manners_of(self.where)

    def venture(self, command: str, *args: bytes) -> Answer:
        """The answer to what may be refused without harm.  Raises ServerBusy if the server asks for patience: what
        comes next would be asked against its word."""
        return self._patience(self.ask(command, *args), command)

    def _patience(self, answer: Answer, command: str) -> Answer:
        if answer.status != "OK" and isinstance(busy := refusal(answer, self.exchange(command)), ServerBusy):
            raise busy
        return answer

    def fetch(self, uids: bytes, items: bytes, *, about: str = "", keep: int = 2**16) -> fetching.Rows:
        """UID FETCH, as `demand` does it; the rows by UID."""
        return self.rows(self.post(uids, items, about=about, keep=keep))

    def post(self, uids: bytes, items: bytes, *, about: str = "", keep: int = 2**16) -> fetching.Posted:
        """Send UID FETCH and go on; `rows` are asked for later, those of other posted ones before or after."""
        with self._line("UID FETCH", about) as connection:
            posted = fetching.post(connection, uids, items, about=about, keep=keep)
        self._posted.append(posted)
        return posted

    def rows(self, posted: fetching.Posted) -> fetching.Rows:
        """The rows by UID of what was posted, once; raises as `demand` does, also for one that was posted earlier."""
        while posted.rows is None:
            self._read_on()
        found, posted.rows = posted.rows, {}
        return found

    def _read_on(self) -> None:
        """Read the answer that is due next."""
        with self._line("UID FETCH", self._posted[0].about if self._posted else "") as connection:
            posted = self._posted.popleft()
            answer, found = fetching.answer(connection, posted)
        self._hear(answer, ())
        self._granted(answer, "UID FETCH", posted.about)
        posted.rows = found if posted.wanted else {}

    def _granted(self, answer: Answer, command: str, about: str) -> Answer:
        if answer.status != "OK" or answer.partial:
            if command.endswith("FETCH"):
                self.drop()
            raise refusal(answer, self.exchange(command, about))
        return answer

    def exchange(self, command: str, about: str = "") -> Exchange:
        """What the words of an error need to know."""
        return Exchange(command, self.account, self.where, about, self.naming.separator)

    def offered(self) -> frozenset[str]:
        """What was advertised on connecting, upper-cased."""
        return frozenset(self._connection.capabilities if self._connection is not None else ())

    def can(self, capability: str) -> bool:
        """Was it advertised after the login?"""
        return capability in self.capabilities

    def _hear(self, answer: Answer, secrets: Sequence[str]) -> None:
        for text in answer.texts():
            if re.match(rb"\[ALERT\]", text, re.I):  # RFC 3501, 7.1: must be shown to the person
                said = printable(text[len(b"[ALERT]") :], secrets)
                if said:
                    _alert(self.account, self.where, said)
        if "BYE" in answer.untagged:
            self.drop()

    # --- the end -----------------------------------------------------------------------------------------

    def drop(self) -> None:
        """Close the socket without a word; later calls raise ConnectionLost."""
        connection, self._connection, self.opened = self._connection, None, None
        self._posted.clear()
        if connection is not None:
            with suppress(*BROKEN):
                connection.shutdown()

    def abort(self) -> None:
        """Cut the connection from another thread; who waits on it gets ConnectionLost."""
        connection = self._connection
        if connection is not None:
            with suppress(*BROKEN):
                connection.sock.shutdown(socket.SHUT_RDWR)

    def close(self) -> None:
        """Log out, briefly; never raises.  LOGOUT expunges nothing, unlike CLOSE (RFC 3501, 6.1.3).

        While answers are due that nobody will read, the connection is dropped."""
        connection = self._connection
        if connection is not None and not self._posted:
            with suppress(*BROKEN):
                connection.sock.settimeout(_LOGOUT_SECONDS)
                connection.ask("LOGOUT", within=_LOGOUT_SECONDS)
        self.drop()

    # --- from one sweep to the next ----------------------------------------------------------------------

    def patience(self, seconds: float | None) -> None:
        """How long the server may be silent; None: as when it was opened.  Without a session it does nothing."""
        connection = self._connection
        if connection is not None:
            if self._silence is None:
                self._silence = connection.sock.gettimeout()
            with suppress(OSError):
                connection.sock.settimeout(self._silence if seconds is None else seconds)

    def rest(self) -> bool:
        """No folder is open any more, and nothing of it was expunged: by UNSELECT (RFC 3691), never by CLOSE.

        False if the session is over, or cannot be used by another sweep."""
        connection = self._connection
        if connection is None or self._posted or self.state() not in ("AUTH", "SELECTED"):
            return False
        if self.state() == "SELECTED":
            try:
                if not self.can("UNSELECT") or self.ask("UNSELECT").status != "OK":
                    return False
            except Trouble:
                return False
            self.opened = None
            self.enter("AUTH")
        self.naming.forget_what_was_guessed()
        with suppress(OSError):
            connection.keep_alive()
        return self.state() == "AUTH"  # else the server took its leave

    def part(self) -> None:
        """LOGOUT, whose answer nobody waits for."""
        connection = self._connection
        if connection is not None and not self._posted:
            with suppress(*BROKEN):
                connection.sock.settimeout(_PARTING_SECONDS)
                connection.begin("LOGOUT")
        self.drop()

    # --- much to read ------------------------------------------------------------------------------------

    def lighten(self) -> None:
        """Have all that follows compressed (RFC 4978), if the server can, and is so far away that it may help: header
        fields shrink to a quarter.  A server that refuses it is not asked again; raises what `ask` does."""
        connection = self._connection
        if connection is None or self._lightened or self._posted or connection.distance < _DISTANT:
            return
        if self.can("COMPRESS=DEFLATE"):
            self._lightened = True
            if self.venture("COMPRESS", b"DEFLATE").status == "OK":
                connection.deflate()

    # --- the selected folder -----------------------------------------------------------------------------

    def open(self, folder: str, *, write: bool = False, again: bool = False) -> Opened:
        """EXAMINE, or SELECT if `write`; a folder that is open already stays open unless `again`.

        Leaving a folder never expunges: a second SELECT or EXAMINE closes the first without that.
        """
        now = self.opened
        if now is not None and now.folder == folder and not again and (now.writable or not write):
            return now
        command = "SELECT" if write else "EXAMINE"
        wire = self.naming.wire(folder)
        self.opened = None
        answer = self.ask(command, wire, about=folder)
        if answer.status != "OK":
            self.enter("AUTH")  # RFC 3501, 6.3.1: a SELECT that fails leaves no folder selected
            raise self.no_folder(answer, command, folder)
        self.enter("SELECTED")
        uidvalidity = answer.number("UIDVALIDITY")
        if uidvalidity is None:
            self.drop()
            raise refusal(Answer("OK", b"no UIDVALIDITY told"), self.exchange(command, folder))
        permanent = answer.code("PERMANENTFLAGS")
        self.opened = Opened(
            folder,
            uidvalidity,
            answer.number("UIDNEXT"),
            answer.number("EXISTS") or 0,
            write and answer.code("READ-ONLY") is None,
            next((flags_in(row[0]) for row in rows([permanent]) if row), None) if permanent else None,
        )
        return self.opened

    def state(self) -> str:
        """NONAUTH, AUTH, SELECTED, or LOGOUT if the session was dropped."""
        return "LOGOUT" if self._connection is None else str(self._connection.state)

    def enter(self, state: str) -> None:
        """Tell the connection which commands are legal now."""
        if self._connection is not None:
            self._connection.entered(state)

    def no_folder(self, answer: Answer, command: str, folder: str) -> Trouble:
        """Not every server says NONEXISTENT; so look at the list before calling it anything else."""
        trouble = refusal(answer, self.exchange(command, folder))
        if not isinstance(trouble, CommandRefused):
            return trouble
        if folder not in {one.folder.name for one in self.naming.list_folders()}:
            return missing(self.exchange(command, folder), printable(answer.text))
        return trouble

    def changed(self, folder: str, planned: int, now: int) -> FolderChanged:
        """The error for another UIDVALIDITY than the one that was planned with."""
        return FolderChanged(
            f"{self.account}: the folder {folder!r} was made anew on {self.where}",
            hint=f"UIDVALIDITY {planned} is now {now}; the folder is looked at anew next time.",
        )


@lru_cache(maxsize=256)
def _alert(account: str, where: str, said: str) -> None:
    """Once in the life of the process: a daemon logs in every few minutes, and hears the same each time."""
    about = {"event": "server-says", "account": account}
    _log.warning("%s: %s says: %s", account, where, said, extra=about)
