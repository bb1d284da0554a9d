"""Where messages are now: looks into folders, by UID, fingerprint and UIDVALIDITY.  It changes nothing."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from contextlib import suppress
from datetime import date, timedelta

from scatterclean.errors import CommandRefused, FolderChanged, FolderMissing
from scatterclean.fingerprint import FIELDS as FINGERPRINT_FIELDS
from scatterclean.fingerprint import fingerprint
from scatterclean.model import Errand, Move, Place, Sighting
from scatterclean.ports import FolderState, Mailbox


def look(mailbox: Mailbox, place: Place, uids: Sequence[int]) -> dict[int, tuple[Sighting, str]]:
    """uid -> (sighting, fingerprint) of those that are there now; {} if the folder is gone or another."""
    try:
        return _seen(mailbox, place, uids)
    except (FolderMissing, FolderChanged):
        return {}


def _seen(mailbox: Mailbox, place: Place, uids: Sequence[int]) -> dict[int, tuple[Sighting, str]]:
    seen = mailbox.headers(place, uids, FINGERPRINT_FIELDS) if uids else ()
    return {s.uid: (s, fingerprint(s.header)) for s in seen}


def by_fingerprint(seen: Mapping[int, tuple[Sighting, str]]) -> dict[str, list[int]]:
    """fingerprint -> UIDs, ascending."""
    found: dict[str, list[int]] = {}
    for uid, (_, known_as) in sorted(seen.items()):
        found.setdefault(known_as, []).append(uid)
    return found


def sources_of(mailbox: Mailbox, moves: Sequence[Move]) -> dict[int, Sighting]:
    """move id -> the message, of those that are still where they were."""
    seen = look(mailbox, moves[0].intent.source.place, [m.intent.source.uid for m in moves])
    found = ((m, seen.get(m.intent.source.uid)) for m in moves)
    return {m.id: there[0] for m, there in found if there is not None and there[1] == m.intent.fingerprint}


def copies_of(
    mailbox: Mailbox, moves: Sequence[Move], given: Iterable[int] = ()
) -> tuple[dict[int, tuple[Sighting, str]], bool]:
    """What is in the target, under whatever name it has now, and was not there before the deed (see `look`), and True.

    False if its UIDs are others since (after a repair or from a backup): then all that is in it, for nobody can tell
    what came when; nothing is finished on its word.  Some servers keep UIDVALIDITY over it, which is forbidden: then
    UIDNEXT is lower than it was, or does not fit the UIDs that the server has `given`."""
    first, target = moves[0].target_uidnext, Place(moves[0].intent.target_folder, moves[0].target_uidvalidity)
    seen = None
    with suppress(FolderMissing, FolderChanged):
        seen = _seen(mailbox, target, mailbox.uids(target, first))
        if {m.intent.fingerprint for m in moves} <= {known_as for _, known_as in seen.values()}:
            return seen, True
    try:
        state = _state(mailbox, target)
    except FolderMissing:
        return {}, True
    now = state.place
    fits = first <= state.uidnext and all(first <= uid < state.uidnext for uid in given)
    if now.uidvalidity != target.uidvalidity or not fits:
        return _seen(mailbox, now, mailbox.uids(now, since=since(moves))), False
    return (_seen(mailbox, now, mailbox.uids(now, first)) if seen is None else seen), True


def _state(mailbox: Mailbox, was: Place) -> FolderState:
    """Of the folder that has this name; else of the one that has its UIDVALIDITY, which a rename keeps."""
    try:
        return mailbox.state(was.folder)
    except FolderMissing:
        same = []
        for folder in mailbox.folders():
            with suppress(FolderMissing, CommandRefused):  # it may hold other folders and no mail
                same += [s for s in (mailbox.state(folder.name),) if s.place.uidvalidity == was.uidvalidity]
        if len(same) != 1:
            raise
        return same[0]


def since(moves: Sequence[Move]) -> date | None:
    """No message of these has an earlier INTERNALDATE, whatever the zone of the server is."""
    return min((m.intent.arrival.date() - timedelta(days=1) for m in moves if m.intent.arrival), default=None)


def unaccounted(
    mailbox: Mailbox, moves: Sequence[Move], sources: Mapping[int, Sighting], copies: Mapping[str, list[int]]
) -> bool:
    """Did something come into Backscatter since the deed that is not to be seen?  COPY takes all or none (RFC 3501,
    6.4.7): asked only where a message seems not to have been copied."""
    if moves[0].intent.errand is not Errand.SWEEP or all(
        m.id not in sources or copies.get(m.intent.fingerprint) for m in moves
    ):
        return False
    first, place = moves[0].target_uidnext, Place(moves[0].intent.target_folder, moves[0].target_uidvalidity)
    try:
        state = mailbox.state(place.folder)
        return state.place == place and sum(map(len, copies.values())) < state.uidnext - first
    except (FolderMissing, FolderChanged):
        return False


def renumbered(mailbox: Mailbox, moves: Sequence[Move], sources: Mapping[int, Sighting]) -> frozenset[int]:
    """Ids of the moves whose message is not at its UID, but still in its folder, which was renamed, or whose UIDs the
    server made anew (after a repair, or from a backup): then a copy is not all that there is of it."""
    missing = [m for m in moves if m.id not in sources]
    if not missing:
        return frozenset()
    was = missing[0].intent.source.place
    try:
        state = _state(mailbox, was)
        given = state.place == was and all(m.intent.source.uid < state.uidnext for m in missing)
        # A UID is never given twice (RFC 3501, 2.3.1.1): another message under it has all UIDs anew.
        if given and not look(mailbox, was, [m.intent.source.uid for m in missing]):
            return frozenset()
        there = by_fingerprint(look(mailbox, state.place, mailbox.uids(state.place, since=since(missing))))
    except (FolderMissing, FolderChanged):
        return frozenset()
    return frozenset(m.id for m in missing if m.intent.fingerprint in there)
