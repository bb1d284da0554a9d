"""Which messages an open folder holds, by UID; it opens none and fetches no mail."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import date

from scatterclean.errors import CommandRefused
from scatterclean.mailbox import sets
from scatterclean.mailbox.answers import counted_uids, fetched, found_uids, imap_date
from scatterclean.mailbox.portions import Portions
from scatterclean.mailbox.session import Opened, Session
from scatterclean.mailbox.translate import lost


def uids_in(
    session: Session, opened: Opened, first: int, since: date | None, portions: Portions
) -> list[int]:
    """Ascending, from `first` on.  Raises what `Session.demand` does; an absurd answer ends the session."""
    if not opened.exists:
        return []
    found = None
    if session.can("ESEARCH"):
        found = _by_ranges(session, opened, first, since, portions)
        if found is None:
            session.capabilities -= {"ESEARCH"}  # it does that otherwise, and is not asked so again
    if found is None:
        found = _one_by_one(session, opened, first, since, portions)
    if not found and first == 1 and not since:
        raise CommandRefused(
            f"{session.account}: {session.where} says that {opened.exists} messages are in {opened.folder!r}, and "
            "names none of them",
            hint="Nothing is decided by that; it is asked again the next time.",
        )
    return found


def _by_ranges(
    session: Session, opened: Opened, first: int, since: date | None, portions: Portions
) -> list[int] | None:
    """By ESEARCH (RFC 4731); None if what the server says leaves a doubt: a UID less would be a sent message that
    nobody knows of."""
    # Ranges of a few bytes stand for all of them, unless many are missing in between.
    few = not since and _has_few_gaps(opened, portions.found)
    size = portions.found_in_ranges if few else portions.found
    found: list[int] = []
    for criteria in _criteria(session, opened, first, since, size):
        counted = counted_uids(session.venture("UID SEARCH", b"RETURN (ALL COUNT) " + criteria))
        if counted is None:
            return None
        found += counted
    return [uid for uid in sets.each_once(found) if uid >= first]


def _one_by_one(
    session: Session, opened: Opened, first: int, since: date | None, portions: Portions
) -> list[int]:
    found: list[int] = []
    for criteria in _criteria(session, opened, first, since, portions.found):
        answer = session.demand("UID SEARCH", criteria, about=opened.folder)
        try:
            found += found_uids(answer)
        except ValueError as broken:
            session.drop()
            raise lost(broken, session.exchange("UID SEARCH", opened.folder)) from None
    return [uid for uid in sets.each_once(found) if uid >= first]


def _criteria(session: Session, opened: Opened, first: int, since: date | None, size: int) -> Iterator[bytes]:
    """One for each window.  The last, `n:*`, means the last message even if n is higher (RFC 3501, 6.4.8)."""
    day = f" SINCE {imap_date(since.year, since.month, since.day)}" if since else ""
    for start, end in windows(session, opened, size, first):
        yield f"UID {start}:{end}{day}".encode()


def _has_few_gaps(opened: Opened, most: int) -> bool:
    """Is a set of all its UIDs as ranges no longer than one of `most` single ones?  Each gap between two ranges misses
    a UID, and a range is as long as two."""
    return opened.uidnext is not None and 2 * (opened.uidnext - opened.exists) <= most


def windows(session: Session, opened: Opened, size: int, first: int = 1) -> Iterator[tuple[int, int | str]]:
    """Stretches of UIDs that leave none out and hold no more messages than one answer may.

    Sequence numbers only say where to cut; if they shift meanwhile the stretches are longer or shorter.
    """
    start = first
    if opened.exists > size:
        cuts = range(size, opened.exists, size)
        for text, _ in sets.cut(cuts, min(size, 500), sets.LINE - 100):
            answer = session.demand("FETCH", text.encode(), b"(UID)", about=opened.folder)
            for uid in sorted(fetched(answer.untagged.get("FETCH", ()))):
                if uid >= start:
                    yield start, uid
                    start = uid + 1
    yield start, "*"
