"""A session with the server of one account, and the bell that wakes a sweep."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import date
from typing import Protocol

from scatterclean.model import Place, Sighting


@dataclass(frozen=True, slots=True)
class Folder:
    """A folder on the server: `name` decoded (not UTF-7), `use` its SPECIAL-USE, lower-cased ("sent")."""

    name: str
    use: frozenset[str] = frozenset()
    selectable: bool = True


@dataclass(frozen=True, slots=True)
class FolderState:
    """A folder now.  `uidnext` is what the next message will at least get."""

    place: Place
    uidnext: int
    exists: int


class Mailbox(Protocol):
    """One logged-in session with one account.  Looking never changes anything, not even `\\Seen`.

    Methods that take a `place` raise FolderChanged if the folder has another UIDVALIDITY now, and
    FolderMissing if it is gone.  UIDs that no longer exist are passed over silently everywhere.
    Lists of UIDs may be of any length and order; the adapter cuts and compresses them.
    """

    def folders(self) -> Sequence[Folder]:
        """All folders of the person, in the server's order."""

    def personal(self, name: str) -> str:
        """The full name of a top-level folder of the person ("Backscatter" -> "INBOX.Backscatter")."""

    def state(self, folder: str) -> FolderState:
        """Raises FolderMissing."""

    def create(self, folder: str) -> None:
        """Create and subscribe; if it exists already, only subscribe."""

    def uids(self, place: Place, first: int = 1, *, since: date | None = None) -> list[int]:
        """The UIDs >= `first`, ascending; `since` keeps those whose INTERNALDATE is that day or later."""

    def with_message_ids(self, place: Place, message_ids: Sequence[str]) -> list[int]:
        """UIDs, ascending, of messages whose Message-ID holds one of these texts (SEARCH HEADER: a substring, any
        case).  Texts that are not printable ASCII are passed over."""

    def headers(self, place: Place, uids: Sequence[int], fields: Sequence[str]) -> Iterator[Sighting]:
        """Look at the named header fields of these messages, ascending by UID, fetched in batches as it goes.

        When one is given out, those below it were given out before, or are gone."""

    def raw(self, place: Place, uids: Sequence[int], cap: int) -> Iterator[tuple[int, bytes]]:
        """(uid, the first `cap` bytes of the message); shorter than `cap` means that it is whole."""

    def can_move(self) -> None:
        """Raises CannotMoveSafely if the server can neither MOVE nor UID EXPUNGE."""

    def moves_atomically(self) -> bool:
        """Has the server MOVE?  If not, `move` only copies: the caller looks, and removes what is there twice."""

    def move(self, place: Place, uids: Sequence[int], target: Place) -> Mapping[int, int]:
        """Move by MOVE; without it COPY, and leave the sources where they are.

        Returns {old uid: new uid} as far as the server told (COPYUID); it proves nothing: look.
        Raises OverQuota (nothing changed), CannotMoveSafely, FolderMissing (the target).
        """

    def copy(self, place: Place, uids: Sequence[int], target: Place) -> None:
        """COPY, and no more: where originals are to stay.  Raises OverQuota (nothing changed), FolderMissing."""

    def remove(self, place: Place, uids: Sequence[int]) -> None:
        """STORE \\Deleted and UID EXPUNGE exactly these: only to finish a move, after a look at its COPY.

        Raises CommandRefused: then some may be gone, and what is left bears no mark."""

    def mark(self, place: Place, uids: Sequence[int], keyword: str) -> bool:
        """Add a keyword, or `\\Flagged`; False if the folder's PERMANENTFLAGS do not allow it (nothing was done)."""

    def unmark(self, place: Place, uids: Sequence[int], keyword: str) -> bool:
        """Take a keyword away, or the `\\Deleted` that a `remove` that was cut off left; False as with `mark`."""

    def append(self, folder: str, message: bytes) -> int | None:
        """Put a message into a folder, without flags; its UID, if the server told it (APPENDUID).

        Raises OverQuota (nothing changed), FolderMissing, CommandRefused; after ConnectionLost it may be there."""

    def close(self) -> None:
        """Log out; never raises."""

    def abort(self) -> None:
        """Cut the connection, from any thread, at once: whoever waits on it gets ConnectionLost."""


class Bell(Protocol):
    """A session with one account, of its own, that listens to one folder; it reads nothing and changes nothing.

    For one thread; `abort` is for any.  Made by opening it, which raises PushUnavailable where the server does not
    announce new mail, and all that opening a mailbox raises.  Also `wait` and `renew` raise PushUnavailable, and
    ConnectionLost or ServerBusy when the session is over: a closed connection is never mistaken for silence.
    """

    def mark(self) -> tuple[int, int]:
        """How the folder stood when it was opened or renewed last: it is another if anything came meanwhile."""

    def wait(self, seconds: float) -> bool:
        """True as soon as something arrived since the last call; False if nothing came within so many seconds.

        False does not prove that the server is still there: `renew` does."""

    def renew(self) -> bool:
        """Ask the server for a sign of life and listen on; True if something arrived that was not announced."""

    def close(self) -> None:
        """Log out, briefly; never raises."""

    def abort(self) -> None:
        """Cut the connection, from any thread, at once: whoever waits on it gets ConnectionLost."""
