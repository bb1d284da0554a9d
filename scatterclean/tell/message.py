"""A notice as a message (RFC 5322), and put into an inbox, once; it decides nothing.

What the message must never be: a bounce, for scatterclean or any other program (From is the person, no null
reverse-path, nothing of a report), or the text of a stranger (`wording.shown` was there before).
"""

from __future__ import annotations

import hashlib
import re
import unicodedata
from email import policy
from email.headerregistry import Address
from email.message import EmailMessage
from email.utils import localtime

from scatterclean import __version__, bounce
from scatterclean.model import NOTICE_DOMAIN, Notice
from scatterclean.ports import Mailbox
from scatterclean.wording.notices import FOOT

# RFC 5322, 2.1.1.
_MOST_SUBJECT = 200
# RFC 5322, 3.2.3: dot-atom, and what DNS holds.
_LOCAL = re.compile(r"[\w!#$%&'*+/=?^`{|}~-]+(?:\.[\w!#$%&'*+/=?^`{|}~-]+)*", re.ASCII)
_HOST = re.compile(r"[A-Za-z0-9-]+(?:\.[A-Za-z0-9-]+)*")
_NOBODY = Address("scatterclean", "you", NOTICE_DOMAIN)
_CONTROLS = frozenset(("Cc", "Cf", "Cs", "Co", "Cn", "Zl", "Zp"))


def message_id(notice: Notice) -> str:
    """The Message-ID, without angle brackets: the same for the same notice, as often as it is tried.

    Nobody else can know it before: the microsecond at which the notice was written down is in it.  Account and event
    ("home", the day of an alarm) can be guessed, and a message with that id in the inbox would count as our own."""
    named = "\0".join((notice.account, notice.key, notice.made.isoformat())).encode("utf-8", "replace")
    return f"{hashlib.sha256(named).hexdigest()[:32]}@{NOTICE_DOMAIN}"


def written(notice: Notice, address: str) -> bytes:
    """The whole message, with CRLF; `address`: the person's, and both From and To.

    Where the person is postmaster an alarm that quotes a refusal looks like a bounce: there nobody is From."""
    raw = _written(notice, _address(address), _address(address))
    return raw if bounce.read(raw) is None else _written(notice, _NOBODY, _address(address))


def _written(notice: Notice, sender: Address, to: Address) -> bytes:
    message = EmailMessage(policy=policy.SMTP.clone(cte_type="7bit", utf8=False))
    message["From"] = sender
    message["To"] = to
    message["Subject"] = _one_line(notice.subject)
    message["Date"] = localtime(notice.made)
    message["Message-ID"] = f"<{message_id(notice)}>"
    message["Auto-Submitted"] = "auto-generated"
    message["X-Mailer"] = f"scatterclean {__version__}"
    body = "\n".join(_one_line(line, 2000) for line in f"{notice.body}\n{FOOT}".split("\n"))
    message.set_content(body, charset="utf-8", cte="quoted-printable")
    return message.as_bytes()


def put(mailbox: Mailbox, notice: Notice, address: str) -> bool:
    """Put it into the inbox, unless it is there already; True if it was put there now.

    It is looked for first: an attempt that was cut off may have come to its end on the server.  Raises what
    `ports.Mailbox.append` does."""
    place = mailbox.state("INBOX").place
    if mailbox.with_message_ids(place, [message_id(notice)]):
        return False
    mailbox.append("INBOX", written(notice, address))
    return True


def _address(text: str) -> Address:
    """The person's address; what no header field can hold as it stands becomes one that looks like it."""
    local, _, domain = text.rpartition("@")
    try:
        wire = domain.encode("idna").decode("ascii")
    except (UnicodeError, IndexError):
        wire = ""
    if _LOCAL.fullmatch(local) and _HOST.fullmatch(wire):
        return Address("scatterclean", local, wire)
    return _NOBODY


def _one_line(text: str, limit: int = _MOST_SUBJECT) -> str:
    kept = "".join(" " if unicodedata.category(c) in _CONTROLS else c for c in text)
    return kept[:limit].rstrip()
