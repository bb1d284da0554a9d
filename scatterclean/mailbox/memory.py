"""A mail server in memory, and `ports.Mailbox` on it: for tests and for trying ideas; it speaks no protocol.

What other hands do while a sweep runs (another program, the person, the provider) are methods of the server.
"""

from __future__ import annotations

import re
import threading
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field, replace
from datetime import UTC, date, datetime

from scatterclean.errors import (
    CannotMoveSafely,
    CommandRefused,
    ConnectionLost,
    FolderChanged,
    OverQuota,
)
from scatterclean.mailbox.folders import Namespaces
from scatterclean.mailbox.lasting import Lasting
from scatterclean.mailbox.sets import ordered
from scatterclean.mailbox.translate import Exchange, missing
from scatterclean.model import Place, Sighting
from scatterclean.ports import Folder, FolderState

_LINE_END = re.compile(rb"\r\n|\r|\n")
_USES = {"Sent": "sent", "Drafts": "drafts", "Junk": "junk", "Trash": "trash"}
_KNOWN_USES = {**_USES, "Archive": "archive"}  # not every mailbox has one


@dataclass(frozen=True, slots=True)
class Stored:
    """A message in a folder; `raw` has CRLF line ends."""

    uid: int
    arrival: datetime
    flags: frozenset[str]
    raw: bytes


@dataclass(slots=True)
class _Shelf:
    uidvalidity: int
    uidnext: int = 1
    subscribed: bool = False
    messages: dict[int, Stored] = field(default_factory=dict)


class MemoryServer:
    """One person's folders: INBOX, Sent, Drafts, Junk and Trash to begin with.

    `prefix` and `separator` shape the namespace ("INBOX." and "." as with Courier).  `move`, `uidplus` and
    `keywords` say what the server knows.  While `over_quota`, COPY and APPEND fail and MOVE works (as with Dovecot).
    `cut_after = n` lets the connection break after n more effects: a message moved, marked or expunged, or a
    whole COPY, which is one effect (RFC 3501, 6.4.7).  `bodies` are the (folder, uid) whose text was read.
    `idle`: does it announce new mail (through `news`)?
    """

    def __init__(
        self,
        *,
        separator: str = "/",
        prefix: str = "",
        move: bool = True,
        uidplus: bool = True,
        keywords: bool = True,
        idle: bool = True,
    ) -> None:
        self.namespaces = Namespaces(prefix, separator)
        self.knows_move = move
        self.knows_uidplus = uidplus
        self.knows_keywords = keywords
        self.knows_idle = idle
        self.over_quota = False
        self.cut_after: int | None = None
        self.bodies: list[tuple[str, int]] = []
        self.news = threading.Condition()
        self._next_uidvalidity = 1_700_000_000
        self._shelves: dict[str, _Shelf] = {}
        for name in ("INBOX", *_USES):
            self.create(self.namespaces.personal(name))

    # --- other hands -------------------------------------------------------------------------------------

    def create(self, folder: str) -> None:
        """A new folder, with a UIDVALIDITY that none had before."""
        if folder not in self._shelves:
            self._shelves[folder] = _Shelf(self._next_uidvalidity)
            self._next_uidvalidity += 1

    def drop(self, folder: str) -> None:
        """The folder and all in it are gone."""
        del self._shelves[folder]

    def renew(self, folder: str) -> None:
        """Deleted and made again: empty, with another UIDVALIDITY."""
        self.drop(folder)
        self.create(folder)

    def rename(self, folder: str, to: str) -> None:
        """Messages, UIDs and UIDVALIDITY stay."""
        self._shelves[to] = self._shelves.pop(folder)

    def append(
        self, folder: str, raw: bytes, *, flags: Iterable[str] = (), arrival: datetime | None = None
    ) -> int:
        """Deliver or file a message; returns its UID.  `arrival` is INTERNALDATE, by default now."""
        moment = (arrival or datetime.now(UTC)).astimezone(UTC).replace(microsecond=0)
        return self._add(folder, Stored(0, moment, frozenset(flags), _LINE_END.sub(b"\r\n", raw)))

    def delete(self, folder: str, uid: int) -> None:
        """Gone for good."""
        del self._shelves[folder].messages[uid]

    def move(self, folder: str, uid: int, to: str) -> int:
        """Returns the new UID."""
        return self._add(to, self._shelves[folder].messages.pop(uid))

    def flag(self, folder: str, uid: int, *flags: str) -> None:
        """Add flags or keywords."""
        shelf = self._shelves[folder]
        shelf.messages[uid] = replace(shelf.messages[uid], flags=shelf.messages[uid].flags | set(flags))

    def unflag(self, folder: str, uid: int, *flags: str) -> None:
        """Take flags or keywords away."""
        shelf = self._shelves[folder]
        shelf.messages[uid] = replace(shelf.messages[uid], flags=shelf.messages[uid].flags - set(flags))

    def messages(self, folder: str) -> list[Stored]:
        """What is in the folder, by UID."""
        return [self._shelves[folder].messages[uid] for uid in sorted(self._shelves[folder].messages)]

    def folder_names(self) -> list[str]:
        """In order of their making."""
        return list(self._shelves)

    def subscribed(self) -> list[str]:
        """The folders that mail programs show."""
        return [name for name, shelf in self._shelves.items() if shelf.subscribed]

    # --- for MemoryMailbox -------------------------------------------------------------------------------

    def shelf(self, folder: str) -> _Shelf | None:
        return self._shelves.get("INBOX" if folder.upper() == "INBOX" else folder)

    def _add(self, folder: str, message: Stored) -> int:
        shelf = self._shelves[folder]
        uid = shelf.uidnext
        shelf.uidnext += 1
        shelf.messages[uid] = replace(message, uid=uid)
        with self.news:
            self.news.notify_all()
        return uid

    def copy(self, folder: str, uid: int, to: str) -> int:
        """A second one, flags and all; returns the new UID."""
        return self._add(to, self._shelves[folder].messages[uid])


class MemoryMailbox(Lasting):
    """One session with a MemoryServer; see `ports.Mailbox` for what each method promises."""

    def __init__(self, server: MemoryServer, account: str = "memory") -> None:
        self.server = server
        self._account = account
        self._alive = True

    def folders(self) -> Sequence[Folder]:
        self._living()
        uses = {self.server.namespaces.personal(name): frozenset({use}) for name, use in _KNOWN_USES.items()}
        return [Folder(name, uses.get(name, frozenset())) for name in self.server.folder_names()]

    def personal(self, name: str) -> str:
        self._living()
        return self.server.namespaces.personal(name)

    def state(self, folder: str) -> FolderState:
        self._living()
        shelf = self._shelf(folder)
        name = "INBOX" if folder.upper() == "INBOX" else folder
        return FolderState(Place(name, shelf.uidvalidity), shelf.uidnext, len(shelf.messages))

    def create(self, folder: str) -> None:
        self._living()
        spaces = self.server.namespaces
        if self.server.shelf(folder) is None and (not folder or spaces.personal(folder) != folder):
            raise CommandRefused(
                f"{self._account}: memory answered NO to CREATE about {folder!r}",
                hint=f"Names begin with {spaces.prefix!r}.",
            )
        self.server.create(folder)
        self._shelf(folder).subscribed = True

    def uids(self, place: Place, first: int = 1, *, since: date | None = None) -> list[int]:
        messages = self._enter(place).messages
        return sorted(
            uid
            for uid, one in messages.items()
            if uid >= first and (not since or one.arrival.date() >= since)
        )

    def with_message_ids(self, place: Place, message_ids: Sequence[str]) -> list[int]:
        wanted = [
            text.lower().encode() for text in message_ids if text and text.isascii() and text.isprintable()
        ]
        found = []
        for uid, one in sorted(self._enter(place).messages.items()):
            field = _chosen(one.raw, frozenset({b"message-id"})).lower()
            if any(text in field for text in wanted):
                found.append(uid)
        return found

    def headers(self, place: Place, uids: Sequence[int], fields: Sequence[str]) -> Iterator[Sighting]:
        wanted = frozenset(name.lower().encode() for name in fields)
        for uid in ordered(uids):
            message = self._enter(place).messages.get(uid)
            if message is not None:
                yield Sighting(
                    uid, message.arrival, message.flags, len(message.raw), _chosen(message.raw, wanted)
                )

    def raw(self, place: Place, uids: Sequence[int], cap: int) -> Iterator[tuple[int, bytes]]:
        for uid in ordered(uids):
            message = self._enter(place).messages.get(uid)
            if message is not None:
                self.server.bodies.append((place.folder, uid))
                yield uid, message.raw[:cap]

    def can_move(self) -> None:
        if not (self.server.knows_move or self.server.knows_uidplus):
            raise CannotMoveSafely(f"{self._account}: memory knows neither MOVE nor UIDPLUS", hint="Observe.")

    def moves_atomically(self) -> bool:
        return self.server.knows_move

    def move(self, place: Place, uids: Sequence[int], target: Place) -> Mapping[int, int]:
        self._living()
        if not uids:
            return {}
        self.can_move()
        self._enter(target)
        messages = self._enter(place).messages
        there = [uid for uid in ordered(uids) if uid in messages]
        if self.server.knows_move:
            went = {}
            for uid in there:
                self._effect()
                went[uid] = self.server.move(place.folder, uid, target.folder)
            self._effect(last=True)
            return went
        if self.server.over_quota:
            raise OverQuota(f"{self._account}: the mailbox is full", hint="Delete or archive some mail.")
        self._effect()
        went = {uid: self.server.copy(place.folder, uid, target.folder) for uid in there}
        self._effect(last=True)
        return went

    def copy(self, place: Place, uids: Sequence[int], target: Place) -> None:
        self._enter(target)
        messages = self._enter(place).messages
        if self.server.over_quota:
            raise OverQuota(f"{self._account}: the mailbox is full", hint="Delete or archive some mail.")
        if there := [uid for uid in ordered(uids) if uid in messages]:
            self._effect()
            for uid in there:
                self.server.copy(place.folder, uid, target.folder)
            self._effect(last=True)

    def remove(self, place: Place, uids: Sequence[int]) -> None:
        self._living()
        if not uids:
            return
        if not self.server.knows_uidplus:
            raise CannotMoveSafely(f"{self._account}: memory does not know UID EXPUNGE", hint="Observe.")
        messages = self._enter(place).messages
        there = [uid for uid in ordered(uids) if uid in messages]
        for uid in there:
            self._effect()
            self.server.flag(place.folder, uid, "\\Deleted")
        for uid in there:
            self._effect()
            self.server.delete(place.folder, uid)
        self._effect(last=True)

    def append(self, folder: str, message: bytes) -> int | None:
        self._living()
        self._shelf(folder)
        if self.server.over_quota:
            raise OverQuota(f"{self._account}: the mailbox is full", hint="Delete or archive some mail.")
        self._effect()
        uid = self.server.append("INBOX" if folder.upper() == "INBOX" else folder, message)
        self._effect(last=True)
        return uid if self.server.knows_uidplus else None

    def mark(self, place: Place, uids: Sequence[int], keyword: str) -> bool:
        if keyword == "\\Deleted":
            raise ValueError("not a keyword: only `remove` marks for deletion")
        return self._flags(self.server.flag, place, uids, keyword)

    def unmark(self, place: Place, uids: Sequence[int], keyword: str) -> bool:
        return self._flags(self.server.unflag, place, uids, keyword)

    def _flags(
        self, change: Callable[[str, int, str], None], place: Place, uids: Sequence[int], keyword: str
    ) -> bool:
        messages = self._enter(place).messages
        if not self.server.knows_keywords and not keyword.startswith("\\"):
            return not uids
        for uid in ordered(uids):
            if uid in messages:
                self._effect()
                change(place.folder, uid, keyword)
        self._effect(last=True)
        return True

    def close(self) -> None:
        self._alive = False

    def abort(self) -> None:
        self._alive = False

    # --- inside ------------------------------------------------------------------------------------------

    def _living(self) -> None:
        if not self._alive:
            raise ConnectionLost(f"{self._account}: the session with memory ended before")

    def _effect(self, *, last: bool = False) -> None:
        """Before each effect, and once after the last: is it here that the connection breaks?"""
        left = self.server.cut_after
        if left == 0:
            self.server.cut_after = None
            self._alive = False
            raise ConnectionLost(f"{self._account}: the connection to memory broke")
        if left is not None and not last:
            self.server.cut_after = left - 1

    def _shelf(self, folder: str) -> _Shelf:
        shelf = self.server.shelf(folder)
        if shelf is None:
            raise missing(Exchange("EXAMINE", self._account, "memory", folder))
        return shelf

    def _enter(self, place: Place) -> _Shelf:
        self._living()
        shelf = self._shelf(place.folder)
        if shelf.uidvalidity != place.uidvalidity:
            raise FolderChanged(
                f"{self._account}: the folder {place.folder!r} was made anew",
                hint="It is looked at anew next time.",
            )
        return shelf


def _chosen(raw: bytes, wanted: frozenset[bytes]) -> bytes:
    """BODY[HEADER.FIELDS (...)]: the named fields as they stand, folded lines too, and the blank line."""
    kept: list[bytes] = []
    taking = False
    for line in raw.split(b"\r\n"):
        if not line:
            break
        if line[:1] not in b" \t":
            taking = line.partition(b":")[0].strip().lower() in wanted
        if taking:
            kept.append(line)
    return b"".join(line + b"\r\n" for line in (*kept, b""))
