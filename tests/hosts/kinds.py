"""The table of real servers that tests run on: how each is made, what its folders look like; it starts none."""

from __future__ import annotations

from collections.abc import Callable
from contextlib import AbstractContextManager
from dataclasses import dataclass
from functools import partial
from pathlib import Path

from scatterclean.demo.dovecot import ScratchDovecot, find_dovecot
from tests.hosts.courier import ScratchCourier, find_courier
from tests.hosts.cyrus import ScratchCyrus, find_cyrus
from tests.hosts.embedded import ScratchEmbedded, find_embedded
from tests.servers import Host


@dataclass(frozen=True)
class Kind:
    """`needs` names what must be there, for the text of a skip; `uses`: does LIST show a SPECIAL-USE?

    A name of a folder with one of the characters in `refuses` is answered with NO; a folder called `hides` cannot be
    told from none in a LIST."""

    make: Callable[[], AbstractContextManager[Host]]
    found: Callable[[], Path | None]
    needs: str
    separator: str = "/"
    prefix: str = ""
    uses: bool = True
    refuses: str = ""
    hides: str = ""


# What Dovecot can, but for MOVE.
NO_MOVE = "IMAP4rev1 LITERAL+ UIDPLUS NAMESPACE SPECIAL-USE LIST-EXTENDED UNSELECT ID"

_DOVECOT = "Dovecot 2.3"
_UNPACKED = "(.ci/servers unpacks it)"
# imap/mboxname.c of Cyrus 3.6, GOODCHARS: all that is not in it.  Courier 5.0 knows no UTF-7 of two surrogates.
_NOT_GOOD = '"\\%*{}()'

KINDS = {
    "dovecot": Kind(ScratchDovecot, find_dovecot, _DOVECOT),
    "dovecot without MOVE": Kind(
        partial(ScratchDovecot, separator=".", prefix="INBOX.", capability=NO_MOVE),
        find_dovecot,
        _DOVECOT,
        ".",
        "INBOX.",
    ),
    "dovecot mdbox": Kind(partial(ScratchDovecot, storage="mdbox"), find_dovecot, _DOVECOT),
    "dovecot maildir": Kind(partial(ScratchDovecot, storage="maildir"), find_dovecot, _DOVECOT),
    "dovecot maildir below INBOX": Kind(
        partial(ScratchDovecot, storage="maildir", separator=".", prefix="INBOX."),
        find_dovecot,
        _DOVECOT,
        ".",
        "INBOX.",
    ),
    "cyrus": Kind(ScratchCyrus, find_cyrus, f"Cyrus {_UNPACKED}", refuses=_NOT_GOOD),
    "cyrus below INBOX": Kind(
        partial(ScratchCyrus, classic=True),
        find_cyrus,
        f"Cyrus {_UNPACKED}",
        ".",
        "INBOX.",
        refuses=_NOT_GOOD,
    ),
    "courier": Kind(
        ScratchCourier,
        find_courier,
        f"Courier {_UNPACKED}",
        ".",
        "INBOX.",
        uses=False,
        refuses="\N{SLIGHTLY SMILING FACE}",
    ),
    # pymap 0.36 writes the name NIL bare: RFC 3501, 9 takes that for no name at all.
    "embedded": Kind(ScratchEmbedded, find_embedded, "pymap", uses=False, hides="NIL"),
}
