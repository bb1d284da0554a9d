"""Mail that never reached a Sent folder: found in files, kept until the database is free, taken into the log.

files    paths -> messages
copies   a message in a file -> what the log keeps of it
logs     the log of Postfix or Exim -> what went through it
spool    records that wait, in files beside the database

Each is one more acquittal: a row of `<account>/outbox` proves no coverage, no habit and no address.
"""

from __future__ import annotations

from datetime import datetime
from pathlib import Path

from scatterclean.model import OUTBOX, Cursor, Place
from scatterclean.outbox import spool
from scatterclean.ports import SentLog

# `glean` keeps the cursors of real folders under the same name: no folder has the UIDVALIDITY 0 (RFC 3501, 9), and no
# configuration can name one with a control character.
PLACE = Place("\x01spool", 0)


def take_in(database: Path, log: SentLog, account: str, person: str, now: datetime) -> tuple[int, list[str]]:
    """The spool of an account -> its log: (how many were new to it, troubles).

    A file is removed when its records are committed.  A damaged one is left; what can be read of it counts.
    """
    new = 0
    troubles = []
    for spooled in spool.pending(database, account):
        if spooled.messages:
            cursor = Cursor(PLACE, 1, len(spooled.messages), now)
            new += log.record(account + OUTBOX, person, spooled.messages, cursor)
        if spooled.damage:
            troubles.append(
                f"{spooled.path} is damaged: {spooled.damage}\n"
                "  It holds records of mail that you sent. Import that mail once more, then delete the file."
            )
            continue
        try:
            spool.remove(spooled)
        except OSError as error:
            troubles.append(
                f"{spooled.path} cannot be removed: {error.strerror or type(error).__name__}\n"
                "  The log has taken it over; it does no harm, and is read again by every sweep."
            )
    return new, troubles
