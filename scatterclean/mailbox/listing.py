"""Which messages an open folder holds, by UID; it opens none and fetches no mail."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import date

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
    day = f" SINCE {imap_date(since.year, since.month, since.day)}" if since else ""
    # Ranges of a few bytes stand for all of them, unless many are missing in between.
    ranged = session.can("ESEARCH") and not since and _has_few_gaps(opened, portions.found)
    size = portions.found_in_ranges if ranged else portions.found
    found: list[int] = []
    for start, end in _windows(session, opened, first, size):
        # "n:*" means the last message even if n is higher (RFC 3501, 6.4.8).
        found += [uid for uid in _search(session, opened, f"UID {start}:{end}{day}") if uid >= first]
    return sets.each_once(found)


def _has_few_gaps(opened: Opened, most: int) -> bool:
    """Is a set of all its UIDs as ranges no longer than one of `most` single ones?  Each gap between two ranges misses
    a UID, and a range is as long as two."""
    return opened.uidnext is not None and 2 * (opened.uidnext - opened.exists) <= most


def _windows(session: Session, opened: Opened, first: int, size: int) -> Iterator[tuple[int, int | str]]:
    """Stretches of UIDs that leave none out and hold no more messages than one answer may.

    Sequence numbers only say where to cut; if they shift meanwhile the stretches are longer or shorter.
    """
    start = first
    if opened.exists > size:
        cuts = range(size, opened.exists, size)
        for text, _ in sets.cut(cuts, 500, sets.LINE - 100):
            answer = session.demand("FETCH", text.encode(), b"(UID)", about=opened.folder)
            for uid in sorted(fetched(answer.untagged.get("FETCH", ()))):
                if uid >= start:
                    yield start, uid
                    start = uid + 1
    yield start, "*"


def _search(session: Session, opened: Opened, criteria: str) -> list[int]:
    """By ESEARCH (RFC 4731), if what the server says leaves no doubt: a UID less would be a sent message that nobody
    knows of.  One that does it otherwise is not asked so again."""
    asked = criteria.encode()
    if session.can("ESEARCH"):
        counted = counted_uids(session.venture("UID SEARCH", b"RETURN (ALL COUNT) " + asked))
        if counted is not None:
            return counted
        session.capabilities -= {"ESEARCH"}
    answer = session.demand("UID SEARCH", asked, about=opened.folder)
    try:
        return found_uids(answer)
    except ValueError as broken:
        session.drop()
        raise lost(broken, session.exchange("UID SEARCH", opened.folder)) from None
