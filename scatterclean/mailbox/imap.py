"""`ports.Mailbox` over IMAP, where every oddity of it ends; it decides nothing and logs nobody in.

The only file that imports imapclient: that one connects and speaks STARTTLS.  All else goes through
`Session.ask`, because imapclient's fetch, search and move cannot send ranges, merge the stale answers of a
failed FETCH and lose COPYUID (field guide, 6).
"""

from __future__ import annotations

import re
import ssl
from collections.abc import Iterator, Mapping, Sequence
from contextlib import suppress
from datetime import UTC, date, datetime

import imapclient

from scatterclean.errors import CannotMoveSafely, CommandRefused, ServerBusy, TlsUnavailable, Trouble
from scatterclean.mailbox import sets
from scatterclean.mailbox.answers import (
    appended,
    copied,
    found_uids,
)
from scatterclean.mailbox.connection import Connection
from scatterclean.mailbox.fetching import Posted, Row
from scatterclean.mailbox.lasting import Lasting
from scatterclean.mailbox.listing import uids_in, windows
from scatterclean.mailbox.portions import Portions
from scatterclean.mailbox.searching import searches
from scatterclean.mailbox.session import BROKEN, Opened, Session
from scatterclean.mailbox.states import Overview, inbox, state_of, states_of
from scatterclean.mailbox.stream import ahead_of
from scatterclean.mailbox.translate import Exchange, printable, refusal, unconnected
from scatterclean.model import Place, Sighting
from scatterclean.ports import Folder, FolderState


class _Client(imapclient.IMAPClient):  # type: ignore[misc]  # imapclient carries no types
    """imapclient on our bounded connection, and silent: its DEBUG lines quote mail."""

    connection: Connection

    def __init__(
        self, host: str, port: int, context: ssl.SSLContext | None, connect: float, read: float
    ) -> None:
        timeout = imapclient.SocketTimeout(connect, read)
        super().__init__(host, port, ssl=context is not None, ssl_context=context, timeout=timeout)
        self.connection.debug = 0  # also 1.4 times less CPU (field guide, 6)

    def _create_IMAP4(self) -> Connection:  # noqa: N802 - imapclient's name
        context = self.ssl_context if self.ssl else None
        self.connection = Connection(self.host, self.port, context, self._timeout.connect)
        return self.connection


def connect(
    account: str,
    host: str,
    port: int,
    *,
    implicit: ssl.SSLContext | None,
    starttls: ssl.SSLContext | None,
    timeouts: tuple[float, float],
) -> Session:
    """Connect, read the greeting, speak TLS as told; nobody is logged in yet.

    `timeouts`: seconds to connect (for each address, and for the TLS handshake and the greeting), seconds to
    wait for anything later.  Raises ServerUnreachable, ServerBusy, CertificateRefused, TlsUnavailable.
    """
    where = f"{host}:{port}"
    asked = Exchange("connect", account, where)
    try:
        client = _Client(host, port, implicit, *timeouts)
    except BROKEN as broken:
        raise unconnected(broken, asked, _said(broken)) from None
    session = Session(client.connection, account, where)
    if starttls is None:
        return session
    no_tls = TlsUnavailable(
        f"{account}: {where} offers no STARTTLS", hint='Try tls = "implicit". No password was sent.'
    )
    try:
        # RFC 3501, 6.2.1: only in the not-authenticated state.  A PREAUTH greeting, or a capability list
        # without STARTTLS, is what somebody in the middle sends to keep us in the clear.
        if client.connection.state != "NONAUTH" or not client.has_capability("STARTTLS"):
            raise no_tls
        client.connection.sock.settimeout(timeouts[0])
        client.starttls(starttls)
        client.connection.sock.settimeout(timeouts[1])
        client.connection.untagged_responses.clear()  # what came in the clear is nobody's word
    except BROKEN as broken:
        session.drop()
        trouble = unconnected(broken, asked, _said(broken))
        if isinstance(trouble, ServerBusy):
            raise trouble from None
        refused = isinstance(broken, imapclient.IMAPClient.Error)
        if refused and not isinstance(broken, imapclient.IMAPClient.AbortError):
            raise no_tls from None  # a clean NO or BAD
        raise trouble from None
    except BaseException:
        session.drop()
        raise
    return session


def _said(broken: Exception) -> str:
    """What the server said, where the exception holds that and not imaplib's own text."""
    return printable(broken.args[0]) if broken.args and isinstance(broken.args[0], bytes) else ""


# The most that is kept of the header fields of one message; Postfix cuts headers at 102,400 bytes
# (header_size_limit), Exim refuses more than 1 MB (header_maxsize).
_MOST_HEADER = 2**17
_FIELD_NAME = re.compile(r"[A-Za-z0-9-]{1,76}")
# RFC 3501, 9: flag-keyword
_KEYWORD = re.compile(r"\\(?:Flagged|Deleted)|[!#$&'+,\-./0-9:;<=>?@A-Z^_`a-z|~]{1,64}")
# Courier (5.0.13) says this of a message whose file is gone since the folder was opened; it has neither
# date nor id.  Were it read, a sent message would be missing in the log, and no hole would show it.
_MADE_UP = b"From: System Administrator <root@localhost>\r\nSubject: message unavailable\r\n\r\n"
_COMMAND = 60  # tag, command and blanks around the set on its line
_NO_DATE = datetime(1970, 1, 1, tzinfo=UTC)


class ImapMailbox(Lasting):
    """One logged-in session; see `ports.Mailbox` for what each method promises."""

    def __init__(self, session: Session, portions: Portions | None = None) -> None:
        self._session = session
        self._portions = (portions or Portions()).within(session.capabilities)
        self.begin(())

    # --- folders -----------------------------------------------------------------------------------------

    def folders(self) -> Sequence[Folder]:
        """Without the folders of other people and shared ones (RFC 2342)."""
        self._overview.ask()
        listed = self._session.naming.list_folders()
        spaces = self._session.naming.namespaces(listed)
        return [one.folder for one in listed if spaces.own(one.folder.name)]

    def personal(self, name: str) -> str:
        return self._session.naming.namespaces().personal(name)

    def state(self, folder: str) -> FolderState:
        """As it was when `folders` asked for all of them, if nothing was said to the server since; see `Overview`."""
        state = self._overview.state(folder) or state_of(self._session, folder)
        self._first.setdefault(state.place.folder, state)
        return state

    def create(self, folder: str) -> None:
        session = self._session
        wire = session.naming.wire(folder)
        answer = session.ask("CREATE", wire, about=folder)
        if answer.status != "OK":
            # RFC 5530 has ALREADYEXISTS, but not every server says it.
            exists = session.ask("STATUS", wire, b"(UIDVALIDITY)", about=folder)
            if exists.status != "OK":
                session.naming.namespaces()
                raise refusal(answer, session.exchange("CREATE", folder))
        session.ask("SUBSCRIBE", wire, about=folder)  # a server without subscriptions says NO: no harm

    # --- looking -----------------------------------------------------------------------------------------

    def _enter(self, place: Place, *, write: bool = False, again: bool = True) -> Opened:
        """Open the folder, if it still is the one that was meant.

        `again` even if it is open already: Dovecot shows an open folder neither what came nor, for certain,
        that it was deleted and made anew; NOOP would help against the first only, at the same price.
        """
        folder = inbox(place.folder)
        opened = self._session.open(folder, write=write, again=again)
        if opened.uidvalidity != place.uidvalidity:
            raise self._session.changed(folder, place.uidvalidity, opened.uidvalidity)
        return opened

    def uids(self, place: Place, first: int = 1, *, since: date | None = None) -> list[int]:
        """`since` counts days as the server does: by its own clock's zone."""
        return uids_in(self._session, self._enter(place), first, since, self._portions)

    def with_message_ids(self, place: Place, message_ids: Sequence[str]) -> list[int]:
        session, most = self._session, self._portions.searched
        found: set[int] = set()
        for number, criteria in enumerate(searches(message_ids)):
            opened = self._enter(place, again=not number)
            parts = windows(session, opened, most) if opened.exists > most else ()
            for words in [f"UID {start}:{end} ".encode() + criteria for start, end in parts] or [criteria]:
                found.update(found_uids(session.demand("UID SEARCH", words, about=place.folder)))
        return sorted(found)

    def headers(self, place: Place, uids: Sequence[int], fields: Sequence[str]) -> Iterator[Sighting]:
        """A message without INTERNALDATE (or an absurd one) arrived in 1970: no log covers that."""
        if not fields or not all(_FIELD_NAME.fullmatch(name) for name in fields):
            raise ValueError("not names of header fields")
        items = f"(UID INTERNALDATE FLAGS RFC822.SIZE BODY.PEEK[HEADER.FIELDS ({' '.join(fields)})])"
        portions = self._portions
        most, ahead = portions.headers, portions.ahead
        for row in self._fetch(place, uids, items, most=most, keep=_MOST_HEADER, ahead=ahead):
            if row.body == _MADE_UP:
                continue
            if None not in row:
                yield Sighting._make(row)
            elif row.body is not None and row.flags is not None:
                yield Sighting(row.uid, row.arrival or _NO_DATE, row.flags, row.size or 0, row.body)
            # Else gone meanwhile (Dovecot: NIL), or news about flags only.

    def raw(self, place: Place, uids: Sequence[int], cap: int) -> Iterator[tuple[int, bytes]]:
        if cap < 1:
            raise ValueError("nothing to read")
        # Two such answers at once: the server sends the next one while we read the first.
        ahead = min(2, self._portions.ahead)
        most = max(1, self._portions.raw // cap // ahead)
        for row in self._fetch(place, uids, f"(UID BODY.PEEK[]<0.{cap}>)", most=most, keep=cap, ahead=ahead):
            if row.body is not None and not row.body.startswith(_MADE_UP):
                yield row.uid, row.body[:cap]

    def _fetch(
        self, place: Place, uids: Sequence[int], items: str, *, most: int, keep: int, ahead: int = 1
    ) -> Iterator[Row]:
        """Rows ascending by UID; `ahead`: see `Portions`."""
        pieces = sets.cut(uids, most, sets.LINE - len(items) - _COMMAND)
        if len(uids) > 2 * most:
            self._session.lighten()

        def post(text: str, again: bool) -> Posted:
            # Between two batches the caller may have done anything with this session.
            self._enter(place, again=again)
            return self._session.post(text.encode(), items.encode(), about=place.folder, keep=keep)

        return ahead_of(self._session, pieces, post, 1 if self._session.manners.alone else ahead)

    # --- moving ------------------------------------------------------------------------------------------

    def can_move(self) -> None:
        if not (self._session.can("MOVE") or self._session.can("UIDPLUS")):
            raise CannotMoveSafely(
                f"{self._session.account}: {self._session.where} knows neither MOVE nor UIDPLUS",
                hint="A move could destroy or double mail on such a server, so none is made; "
                'mode = "observe" still tells what would move, and without_uidplus = "copy-and-mark" copies it and '
                "marks the originals.",
            )

    def moves_atomically(self) -> bool:
        return self._session.can("MOVE")

    def move(self, place: Place, uids: Sequence[int], target: Place) -> Mapping[int, int]:
        """UIDs that are gone are answered OK (Dovecot); after NO a part may have moved (RFC 6851, 3.3).

        Without MOVE it is a COPY; nothing is removed on the word of COPYUID alone."""
        wanted = sets.ordered(uids)
        if not wanted:
            return {}
        self.can_move()
        return self._transfer("UID MOVE" if self._session.can("MOVE") else "UID COPY", place, wanted, target)

    def copy(self, place: Place, uids: Sequence[int], target: Place) -> None:
        if wanted := sets.ordered(uids):
            self._transfer("UID COPY", place, wanted, target)

    def _transfer(self, command: str, place: Place, uids: Sequence[int], target: Place) -> Mapping[int, int]:
        went: dict[int, int] = {}
        now = self.state(target.folder)
        if now.place.uidvalidity != target.uidvalidity:
            raise self._session.changed(target.folder, target.uidvalidity, now.place.uidvalidity)
        wire = self._session.naming.wire(target.folder)
        self._enter_for_writing(place)
        # One after another: what is under way when the line breaks the server may carry out later than anybody looks.
        for text, _ in sets.cut(uids, self._portions.moved, sets.LINE - len(wire) - _COMMAND):
            answer = self._session.demand(command, text.encode(), wire, about=target.folder)
            went.update(copied(answer, target.uidvalidity))
        return went

    def remove(self, place: Place, uids: Sequence[int]) -> None:
        wanted = sets.ordered(uids)
        if not wanted:
            return
        if not self._session.can("UIDPLUS"):
            raise CannotMoveSafely(
                f"{self._session.account}: {self._session.where} does not know UID EXPUNGE",
                hint="A plain EXPUNGE would also destroy what other programs have marked as deleted.",
            )
        self._enter_for_writing(place)
        self._expunge(place.folder, wanted)

    def _expunge(self, folder: str, uids: Sequence[int]) -> None:
        """RFC 4315, 2.1: UID EXPUNGE removes only what is in the set *and* has \\Deleted.  If it is refused the mark
        comes off again: any program could expunge what bears it, also after its copy was deleted by the person."""
        for text, _ in sets.cut(uids, self._portions.moved, sets.LINE - _COMMAND):
            self._session.demand("UID STORE", text.encode(), rb"+FLAGS.SILENT (\Deleted)", about=folder)
            try:
                self._session.demand("UID EXPUNGE", text.encode(), about=folder)
            except Trouble:
                with suppress(Trouble):  # the session may be over
                    self._session.ask("UID STORE", text.encode(), rb"-FLAGS.SILENT (\Deleted)", about=folder)
                raise

    def mark(self, place: Place, uids: Sequence[int], keyword: str) -> bool:
        """False also for a server that allows keywords and then refuses this one (too many of them)."""
        if keyword == "\\Deleted":
            raise ValueError("not a keyword: only `remove` marks for deletion")
        return self._flags("+", place, uids, keyword)

    def unmark(self, place: Place, uids: Sequence[int], keyword: str) -> bool:
        return self._flags("-", place, uids, keyword)

    def append(self, folder: str, message: bytes) -> int | None:
        """Its bytes are sent when the server asks for them: not every one knows LITERAL+ (RFC 7888), and one that
        refuses (no such folder, no room) says so before."""
        session, name = self._session, inbox(folder)
        if session.opened is not None and session.opened.folder == name:
            session.open(name, write=True)  # Courier: "Current box is selected READ-ONLY"
        size = b"{%d}" % len(message)
        answer = session.ask("APPEND", session.naming.wire(name), size, about=name, replies=(message,))
        if answer.status != "OK":
            raise refusal(answer, session.exchange("APPEND", name))
        return appended(answer)

    def _flags(self, sign: str, place: Place, uids: Sequence[int], keyword: str) -> bool:
        if not _KEYWORD.fullmatch(keyword):
            raise ValueError("not a keyword")
        wanted = sets.ordered(uids)
        if not wanted:
            return True
        opened = self._enter(place, write=True)
        allowed = {flag.lower() for flag in opened.permanent or ()}
        if not opened.writable or allowed.isdisjoint((keyword.lower(), "\\*")):
            return False
        for text, _ in sets.cut(wanted, self._portions.headers, sets.LINE - _COMMAND - len(keyword)):
            flags = f"{sign}FLAGS.SILENT ({keyword})".encode()
            if self._session.ask("UID STORE", text.encode(), flags, about=place.folder).status != "OK":
                return False
        return True

    def _enter_for_writing(self, place: Place) -> None:
        if not self._enter(place, write=True).writable:
            raise CommandRefused(
                f"{self._session.account}: {place.folder!r} on {self._session.where} is read-only",
                hint="You have no right to change that folder; ask whoever runs the server.",
            )

    # --- from one sweep to the next --------------------------------------------------------------------------

    def begin(self, known: Sequence[str]) -> None:
        self._overview = Overview(self._session, known if self._portions.ahead > 1 else ())
        self._first: dict[str, FolderState] = {}

    def first_states(self) -> Mapping[str, FolderState]:
        return self._first

    def states(self, folders: Sequence[str]) -> Mapping[str, FolderState]:
        return states_of(self._session, folders)

    def alive(self) -> bool:
        return self._session.ask("NOOP").status == "OK"

    def patience(self, seconds: float | None) -> None:
        self._session.patience(seconds)

    def rest(self) -> bool:
        return self._session.rest()

    def part(self) -> None:
        self._session.part()

    def close(self) -> None:
        self._session.close()

    def abort(self) -> None:
        self._session.abort()
