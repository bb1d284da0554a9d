"""How folders are: alone, or several at once, as a poll asks; it opens none to be left open, and fetches no mail."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence

from scatterclean.errors import FolderMissing
from scatterclean.mailbox.answers import Record, fetched, status_of, statuses
from scatterclean.mailbox.folders import quoted
from scatterclean.mailbox.session import Opened, Session
from scatterclean.model import Place
from scatterclean.ports import FolderState

_ITEMS = b"(MESSAGES UIDNEXT UIDVALIDITY)"
# So many STATUS in one write; no server has to hold more than a few packets of ours.
_MOST = 40


def inbox(folder: str) -> str:
    """INBOX is the one name that has no case (RFC 3501, 5.1)."""
    return "INBOX" if folder.upper() == "INBOX" else folder


def state_of(session: Session, folder: str) -> FolderState:
    """By STATUS; by EXAMINE if the folder is the selected one (RFC 3501, 6.3.10) or STATUS tells no UIDNEXT."""
    folder = inbox(folder)
    if session.opened is None or session.opened.folder != folder:
        answer = session.ask("STATUS", session.naming.wire(folder), _ITEMS, about=folder)
        if answer.status != "OK":
            raise session.no_folder(answer, "STATUS", folder)
        if (told := _state(folder, status_of(answer))) is not None:
            return told
    opened = session.open(folder, again=True)
    return FolderState(Place(folder, opened.uidvalidity), _uidnext(session, opened), opened.exists)


def states_of(session: Session, folders: Iterable[str]) -> dict[str, FolderState]:
    """All that are there, in one round trip where the server bears it.  Raises ConnectionLost, ServerBusy."""
    wanted = list(dict.fromkeys(map(inbox, folders)))
    found: dict[str, FolderState] = {}
    if session.together:
        for start in range(0, len(wanted), _MOST):
            asked = [name for name in wanted[start : start + _MOST] if _may_ask(session, name)]
            told = session.ask_together([_status(session, name) for name in asked]).untagged if asked else {}
            found |= _told(session, asked, told.get("STATUS", ()))
    for name in wanted:
        if name not in found:
            try:
                found[name] = state_of(session, name)
            except FolderMissing:
                continue
    return found


class Overview:
    """What a sweep asks first, asked at once: LIST, and STATUS of the folders that are `known`.

    The answers are given out once, and only as long as nothing else was said to the server since: whoever took a moment
    before it called `ask` can be sure that they are not from before that moment.
    """

    def __init__(self, session: Session, known: Sequence[str]) -> None:
        self._session = session
        self._known = list(dict.fromkeys(map(inbox, known)))[:_MOST]
        self._states: dict[str, FolderState] = {}
        self._asked = 0

    def ask(self) -> None:
        """Once; later it does nothing."""
        session, known = self._session, self._known
        self._known = []
        if not known or not session.together:
            return
        asked = [name for name in known if _may_ask(session, name)]
        everything = (
            b"LIST",
            b'""',
            b'"*"',
            *((b"RETURN (SPECIAL-USE)",) if session.naming.extended else ()),
        )
        commands = [everything, *(_status(session, name) for name in asked)]
        if session.naming.namespace_due:
            commands.append((b"NAMESPACE",))
        answers = session.ask_together(commands)
        told = answers.untagged
        session.naming.heard_namespace(told.get("NAMESPACE", ()))
        if answers.tagged[0].status == "OK" and "LIST" in told:
            session.naming.heard_list(told["LIST"])
        self._states = _told(session, asked, told.get("STATUS", ()))
        self._asked = session.asked

    def state(self, folder: str) -> FolderState | None:
        """None if it has to be asked for."""
        if self._asked != self._session.asked:
            self._states.clear()
        return self._states.pop(inbox(folder), None)


def _may_ask(session: Session, folder: str) -> bool:
    return session.opened is None or session.opened.folder != folder


def _status(session: Session, folder: str) -> tuple[bytes, ...]:
    return b"STATUS", quoted(session.naming.known_wire(folder)), _ITEMS


def _told(session: Session, folders: Sequence[str], records: Sequence[Record]) -> dict[str, FolderState]:
    """The states of those of the folders of which a STATUS response tells all, by the name that stands in it."""
    named = {session.naming.known_wire(folder): folder for folder in folders}
    found: dict[str, FolderState] = {}
    for wire, told in statuses(records):
        folder = named.get(b"INBOX" if wire.upper() == b"INBOX" else wire)
        if folder is not None and (state := _state(folder, told)) is not None:
            found[folder] = state
    return found


def _state(folder: str, told: Mapping[str, int]) -> FolderState | None:
    if not told.keys() >= {"MESSAGES", "UIDNEXT", "UIDVALIDITY"} or not told["UIDNEXT"]:
        return None
    return FolderState(Place(folder, told["UIDVALIDITY"]), told["UIDNEXT"], told["MESSAGES"])


def _uidnext(session: Session, opened: Opened) -> int:
    if opened.uidnext:
        return opened.uidnext
    if not opened.exists:
        return 1
    answer = session.demand("UID FETCH", b"*", b"(UID)", about=opened.folder)
    return max(fetched(answer.untagged.get("FETCH", ())), default=0) + 1
