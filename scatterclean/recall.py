"""Was the message that an orphan is about received by the person, long ago?  One look into the archive; moves nothing.

What came in lately is known by its id (`gather`).  What came earlier, or was filed elsewhere by a rule, is asked
of the server, and only for those bounces that the log alone would condemn: what came in through a stranger's
machine was not sent on by the person's provider.
"""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime

from scatterclean.errors import CommandRefused, FolderChanged, FolderMissing
from scatterclean.headers import Header, ids_meant
from scatterclean.model import Account, Because, Case, Lessons, Verdict
from scatterclean.ports import Mailbox

# RFC 6154: where providers and programs keep what was read.
_ARCHIVES = frozenset(("archive", "all"))

# How an id begins that its program wrote as RFC 2047 words.  RFC 3501, 6.4.4, has servers decode it before they
# compare; Cyrus 3.6 does not.  Few messages have such ids: a stranger who sends many costs so many header fields.
_ENCODED = "=?"
_MOST_ENCODED = 500


def doubtful(cases: Sequence[Case]) -> list[Case]:
    """Orphans that nothing foreign supports."""
    return [
        case
        for case in cases
        if case.finding.verdict is Verdict.ORPHAN
        and all(reason.because is not Because.FOREIGN for reason in case.finding.because)
    ]


def received(mailbox: Mailbox, account: Account, cases: Sequence[Case], now: datetime) -> Lessons:
    """The ids that these quote and that are of mail in a watched folder or an archive."""
    asked = {key: ref.id.text for case in cases for ref in case.bounce.references for key in ref.id.keys}
    if not asked:
        return Lessons()
    archives = [f.name for f in mailbox.folders() if f.selectable and not _ARCHIVES.isdisjoint(f.use)]
    mine = {case.bounce.message_id for case in cases}
    found: dict[str, datetime] = {}
    for folder in dict.fromkeys((*account.watch, *archives)):
        try:
            place = mailbox.state(folder).place
            uids = mailbox.with_message_ids(place, list(dict.fromkeys(asked.values())))
            encoded = mailbox.with_message_ids(place, [_ENCODED])[-_MOST_ENCODED:]
            for seen in mailbox.headers(place, sorted({*uids, *encoded}), ("Message-ID",)):
                for message_id in ids_meant(Header(seen.header).get("Message-ID") or ""):
                    # Some servers give the bounce the id of what it is about: that is the bounce itself.
                    if message_id.text not in mine:
                        found.update({key: now for key in message_id.keys if key in asked})
        except (FolderMissing, FolderChanged, CommandRefused):
            continue  # what cannot be searched acquits nobody
    return Lessons(received=found)
