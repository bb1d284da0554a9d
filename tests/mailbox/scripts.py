"""What scripted servers say in these tests, and what they heard."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

from scatterclean.mailbox.imap import ImapMailbox
from scatterclean.mailbox.login import open_mailbox
from scatterclean.mailbox.portions import Portions
from scatterclean.model import Place
from tests.servers import ScriptedServer

INBOX = Place("INBOX", 7)
TARGET = Place("Backscatter", 7)

OPENED = (
    b"* %d EXISTS\r\n* FLAGS (\\Seen)\r\n* OK [UIDVALIDITY 7] .\r\n* OK [UIDNEXT 1000] .\r\n"
    b"* OK [PERMANENTFLAGS (\\Seen \\*)] .\r\nTAG OK [READ-%s] .\r\n"
)
EXAMINED = OPENED % (9, b"ONLY")
SELECTED = OPENED % (9, b"WRITE")
FOLDER: Mapping[str, Sequence[bytes]] = {
    "EXAMINE": [EXAMINED],
    "SELECT": [SELECTED],
    "UID SEARCH": [b"* SEARCH 1\r\nTAG OK .\r\n"],
}


def header(
    uid: int, text: bytes = b"Subject: x\r\n\r\n", date: bytes = b"14-Mar-2026 12:00:00 +0000"
) -> bytes:
    return (
        b'* 1 FETCH (UID %d INTERNALDATE "%s" FLAGS (\\Seen) RFC822.SIZE 99 '
        b"BODY[HEADER.FIELDS (SUBJECT)] {%d}\r\n%s)\r\n" % (uid, date, len(text), text)
    )


def opened(server: ScriptedServer, portions: Portions | None = None, **changes: object) -> ImapMailbox:
    return open_mailbox(server.access(**changes), portions)


def commands(server: ScriptedServer) -> list[bytes]:
    """What was said after the login, without tags."""
    said = [line.partition(b" ")[2] for line in server.heard]
    return said[max(i for i, line in enumerate(said) if line == b"CAPABILITY") + 1 :]


def saying(
    script: Mapping[str, Sequence[bytes]], capability: str = "AUTH=PLAIN UIDPLUS MOVE"
) -> ScriptedServer:
    return ScriptedServer(
        {**script, **{k: v for k, v in FOLDER.items() if k not in script}}, capability=capability
    )
