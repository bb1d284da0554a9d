"""The person's own mail that lies among other mail -> sent log, never coverage.  Moves nothing.

Some programs file what was sent in a conversation archive or in "All Mail".  Of such a folder only what is from the
person's own addresses counts as sent, and it is one more acquittal only: nobody knows whether all is there.
"""

from __future__ import annotations

from collections.abc import Callable
from datetime import datetime

from scatterclean import sent
from scatterclean.errors import CommandRefused, FolderChanged, FolderMissing, Stopped
from scatterclean.model import NOTICE_DOMAIN, OUTBOX, Account, Cursor, Identities, SentMessage
from scatterclean.ports import FolderState, Mailbox, SentLog

BATCH = 500


def glean(
    mailbox: Mailbox,
    log: SentLog,
    account: Account,
    identities: Identities,
    *,
    now: datetime,
    stop: Callable[[], bool] = lambda: False,
) -> tuple[int, list[str]]:
    """Read what is new in the folders `account.also_sent`: (how many messages were new to the log, troubles).

    Resumable: every batch is committed with its cursor.  Raises Stopped between two batches.
    """
    new = 0
    troubles = []
    cursors = log.cursors(account.name + OUTBOX) if account.also_sent else {}
    for folder in account.also_sent:
        try:
            state = mailbox.state(folder)
            new += _read(mailbox, log, account, identities, state, cursors.get(folder), now, stop)
        except FolderMissing as trouble:
            troubles.append(f"{trouble}\n  It is named in `also_sent`; is it spelled as it is on the server?")
        except (CommandRefused, FolderChanged) as trouble:
            troubles.append(str(trouble))
    return new, troubles


def _read(  # noqa: PLR0917 - one caller, and all of it is needed
    mailbox: Mailbox,
    log: SentLog,
    account: Account,
    identities: Identities,
    state: FolderState,
    cursor: Cursor | None,
    now: datetime,
    stop: Callable[[], bool],
) -> int:
    known = cursor is not None and cursor.place == state.place and cursor.uidnext <= state.uidnext
    first = cursor.uidnext if known and cursor is not None else 1
    if state.uidnext <= first:
        return 0
    new = 0
    uids = mailbox.uids(state.place, first)
    for start in range(0, len(uids), BATCH):
        if stop():
            raise Stopped
        chunk = uids[start : start + BATCH]
        messages = sent.read_all([*mailbox.headers(state.place, chunk, sent.FIELDS)])
        own = [
            m
            for m in messages
            if m.sender is not None and identities.owns(m.sender) and not _is_notice(m)  # we wrote that one
        ]
        end = Cursor(state.place, chunk[-1] + 1, state.exists, now)
        new += log.record(account.name + OUTBOX, account.person, own, end)
    return new


def _is_notice(message: SentMessage) -> bool:
    return any(one.text.endswith(f"@{NOTICE_DOMAIN}") for one in message.ids)
