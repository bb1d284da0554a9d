"""What a look at folders shows of messages that were moved or are to be: by fingerprint, for a UID alone is no proof.

It changes nothing and decides nothing.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping, Sequence
from contextlib import suppress
from datetime import date, timedelta
from typing import TypeVar

from scatterclean.errors import CommandRefused, FolderChanged, FolderMissing
from scatterclean.fingerprint import FIELDS as FINGERPRINT_FIELDS
from scatterclean.fingerprint import fingerprints
from scatterclean.model import Move, Place, Sighting
from scatterclean.ports import FolderState, Mailbox

K = TypeVar("K")
M = TypeVar("M")

# SPECIAL-USE (RFC 6154, 2; RFC 8457): providers empty Trash and Junk, drafts are sent, and the others are views of
# mail that is elsewhere (Gmail), or are read as what the person sent.
USED_OTHERWISE = frozenset(("trash", "junk", "drafts", "sent", "all", "flagged", "important"))


def look(mailbox: Mailbox, place: Place, uids: Sequence[int]) -> dict[int, tuple[Sighting, str]]:
    """uid -> (sighting, fingerprint) of those that are there now; {} if the folder is gone or another."""
    try:
        return _seen(mailbox, place, uids)
    except (FolderMissing, FolderChanged):
        return {}


def _seen(mailbox: Mailbox, place: Place, uids: Sequence[int]) -> dict[int, tuple[Sighting, str]]:
    seen = [*mailbox.headers(place, uids, FINGERPRINT_FIELDS)] if uids else []
    known_as = fingerprints([s.header for s in seen])
    return {s.uid: (s, known) for s, known in zip(seen, known_as, strict=True)}


def copies(
    mailbox: Mailbox, moves: Sequence[Move], given: Iterable[int] = ()
) -> tuple[dict[int, tuple[Sighting, str]], bool]:
    """What is in the target, under whatever name it has now, and was not there before the deed (see `look`), and True.

    False if its UIDs are others since (after a repair or from a backup): then all that is in it, for nobody can tell
    what came when; nothing is finished on its word.  Some servers keep UIDVALIDITY over it, which is forbidden: then
    UIDNEXT is lower than it was, or does not fit the UIDs that the server has `given`.
    """
    first, target = moves[0].target_uidnext, Place(moves[0].intent.target_folder, moves[0].target_uidvalidity)
    seen = None
    with suppress(FolderMissing, FolderChanged):
        seen = _seen(mailbox, target, mailbox.uids(target, first))
        if {m.intent.fingerprint for m in moves} <= {known_as for _, known_as in seen.values()}:
            return seen, True
    try:
        state = state_of(mailbox, target)
    except FolderMissing:
        return {}, True
    now = state.place
    fits = first <= state.uidnext and all(first <= uid < state.uidnext for uid in given)
    if now.uidvalidity != target.uidvalidity or not fits:
        return _seen(mailbox, now, mailbox.uids(now, since=earliest(moves))), False
    return (_seen(mailbox, now, mailbox.uids(now, first)) if seen is None else seen), True


def state_of(mailbox: Mailbox, was: Place) -> FolderState:
    """Of the folder that has this name; else of the one that it was renamed to.  Raises FolderMissing."""
    try:
        return mailbox.state(was.folder)
    except FolderMissing:
        now = renamed(mailbox, was)
        if now is None:
            raise
        return mailbox.state(now.folder)


def equal_ones(mailbox: Mailbox, place: Place, first: int) -> Mapping[str, list[int]]:
    """fingerprint -> UIDs, from the UID `first` on; {} if the folder is gone or another."""
    try:
        return by_fingerprint(look(mailbox, place, mailbox.uids(place, first)))
    except (FolderMissing, FolderChanged):
        return {}


def renamed(mailbox: Mailbox, place: Place) -> Place | None:
    """Under which name a folder that is not at `place` any more goes on; None if it is there, or nobody can tell.

    RENAME keeps the UIDs (RFC 3501, 6.3.5), and on Dovecot 2.3, Cyrus 3.6 and pymap UIDVALIDITY too; Courier 5.0 gives
    a new one.  Cyrus and Courier make it of the time: if two folders have the same, it names none.
    """
    with suppress(FolderMissing):
        if mailbox.state(place.folder).place == place:
            return None
    found = []
    for folder in mailbox.folders():
        # INBOX is nobody's new name: it cannot be renamed to.
        if folder.selectable and folder.name != "INBOX" and folder.use.isdisjoint(USED_OTHERWISE):
            with suppress(FolderMissing, CommandRefused):
                state = mailbox.state(folder.name)
                if state.place.uidvalidity == place.uidvalidity:
                    found.append(state.place)
    return found[0] if len(found) == 1 else None


def by_fingerprint(seen: Mapping[int, tuple[Sighting, str]]) -> dict[str, list[int]]:
    found: dict[str, list[int]] = {}
    for uid, (_, known_as) in sorted(seen.items()):
        found.setdefault(known_as, []).append(uid)
    return found


def sources(mailbox: Mailbox, moves: Sequence[Move]) -> dict[int, Sighting]:
    """move id -> the message, of those that are still where they were."""
    seen = look(mailbox, moves[0].intent.source.place, [m.intent.source.uid for m in moves])
    found = ((m, seen.get(m.intent.source.uid)) for m in moves)
    return {m.id: there[0] for m, there in found if there is not None and there[1] == m.intent.fingerprint}


def earliest(moves: Sequence[Move]) -> date | None:
    """No message of these has an earlier INTERNALDATE, whatever the zone of the server is."""
    return min((m.intent.arrival.date() - timedelta(days=1) for m in moves if m.intent.arrival), default=None)


def grouped(moves: Iterable[M], key: Callable[[M], K]) -> list[tuple[K, list[M]]]:
    groups: dict[K, list[M]] = {}
    for move in moves:
        groups.setdefault(key(move), []).append(move)
    return list(groups.items())
