"""The login, and what is found behind it: folders, the way they are named, what the server can do.  Changes nothing."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass

from scatterclean.errors import SentFolderUnknown
from scatterclean.harvest import sent_folders
from scatterclean.mailbox.imap import ImapMailbox
from scatterclean.mailbox.login import Access, open_session
from scatterclean.model import Account, Identities


@dataclass(frozen=True, slots=True)
class Look:
    """`folders` can be opened; `sent` were recognised; `backscatter` is its full name there; `prefix` as "INBOX."."""

    capabilities: frozenset[str]
    folders: Sequence[str]
    sent: tuple[str, ...]
    backscatter: str
    prefix: str
    separator: str

    @property
    def other_than_inbox(self) -> list[str]:
        """Those that may hold sent mail."""
        return [name for name in self.folders if name != "INBOX"]

    @property
    def moves_safely(self) -> bool:
        return not self.capabilities.isdisjoint(("MOVE", "UIDPLUS"))


def look(access: Access, backscatter: str = "Backscatter") -> Look:
    """Log in and look around.  Raises what `open_session` does, and what a mailbox does."""
    session = open_session(access)
    mailbox = ImapMailbox(session)
    try:
        folders = [f.name for f in mailbox.folders() if f.selectable]
        try:
            sent = sent_folders(mailbox, Account(access.account, Identities(), backscatter=backscatter))
        except SentFolderUnknown:
            sent = ()
        spaces = session.naming.namespaces()
        return Look(
            capabilities=session.capabilities,
            folders=folders,
            sent=sent,
            backscatter=mailbox.personal(backscatter),
            prefix=spaces.prefix,
            separator=spaces.separator,
        )
    finally:
        mailbox.close()


def abilities(seen: Look) -> Iterator[str]:
    """What the server can do, and what is lost where it cannot; sentences."""
    can = seen.capabilities
    if "MOVE" in can:
        yield "It moves messages in one step (MOVE)."
    elif "UIDPLUS" in can:
        yield "It has no MOVE: a message is copied, looked at, and only then removed (UIDPLUS)."
    else:
        yield "It offers no safe way to move a message (neither MOVE nor UIDPLUS), so nothing will be moved there."
    if "IDLE" in can:
        yield "It tells of new mail at once (IDLE)."
    else:
        yield "It does not tell of new mail (no IDLE): the inbox is looked at every few minutes."
    if "SPECIAL-USE" not in can:
        yield "It does not say which folder is the Sent folder (no SPECIAL-USE): it was told by its name."
