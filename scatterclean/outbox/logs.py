"""The log of a mail server, Postfix or Exim -> what the person sent through it.  It opens no file.

Most of such a log is other people's mail.  A message counts only if its sender logged in, if it was handed over on the
machine itself, or if its reverse-path is the person's.  An empty reverse-path never counts: those are bounces.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from hashlib import blake2b

from scatterclean.headers import addresses_in, as_text, ids_in
from scatterclean.model import MessageId, SentMessage
from scatterclean.sent import MOST_RECIPIENTS

LONGEST_LINE = 64 * 1024
# Messages whose last line has not come yet; a server under attack has some thousands in its queue.
_MOST_OPEN = 50_000

Owns = Callable[[str], bool]


@dataclass(slots=True)
class _Passage:
    """One message on its way through the server.  `sent`: somebody of the house handed it over."""

    at: datetime
    sent: bool = False
    refused: bool = False  # an empty reverse-path, or another's mail that was only forwarded
    sender: str | None = None
    ids: dict[MessageId, None] = field(default_factory=dict)
    recipients: dict[str, None] = field(default_factory=dict)

    def came_from(self, reverse_path: str, owns: Owns) -> None:
        """The reverse-path, without brackets."""
        addresses = addresses_in(reverse_path)
        self.refused = not reverse_path or _REWRITTEN.match(reverse_path) is not None
        self.sender = addresses[0] if addresses else None
        self.sent |= self.sender is not None and owns(self.sender)

    def went_to(self, text: str) -> None:
        if len(self.recipients) < MOST_RECIPIENTS:
            self.recipients.update(dict.fromkeys(addresses_in(text)))

    def record(self) -> SentMessage | None:
        if not self.sent or self.refused or not (self.ids or self.recipients):
            return None
        digest = blake2b(digest_size=16)
        for part in (*(an_id.text for an_id in self.ids), self.at.isoformat()):
            digest.update(part.encode("utf-8", "surrogatepass") + b"\n")
        return SentMessage(
            fingerprint=digest.hexdigest(),
            ids=tuple(self.ids),
            sender=self.sender,
            recipients=tuple(self.recipients),
            subject=None,
            sent_at=self.at,
            filed_at=self.at,
        )


class _Queue:
    """The messages that are on their way, by queue id.  Ids are used again: an ended one is forgotten."""

    def __init__(self) -> None:
        self._open: dict[str, _Passage] = {}

    def passage(self, queue_id: str, at: datetime) -> _Passage:
        return self._open.setdefault(queue_id, _Passage(at))

    def known(self, queue_id: str) -> _Passage | None:
        return self._open.get(queue_id)

    def ended(self, queue_id: str) -> Iterator[SentMessage]:
        passage = self._open.pop(queue_id, None)
        record = passage.record() if passage else None
        if record is not None:
            yield record

    def oldest_out(self) -> Iterator[SentMessage]:
        """If there are too many of them."""
        if len(self._open) > _MOST_OPEN:
            yield from self.ended(next(iter(self._open)))

    def rest(self) -> Iterator[SentMessage]:
        """The log ends before they do."""
        while self._open:
            yield from self.ended(next(iter(self._open)))


# Somebody else's mail that a forwarder passed on under the person's domain (SRS).
_REWRITTEN = re.compile(r"srs[01][=+-]", re.IGNORECASE)

# --- Postfix ----------------------------------------------------------------------------------------------

# RFC 3164 (local time, no year) or RFC 3339 (rsyslog's default since Debian 12), host, program, queue id, the rest.
# Programs as "postfix/smtpd", "postfix/submission/smtpd", "postfix-out/qmgr".  Queue ids are hexadecimal or, with
# enable_long_queue_ids, of digits and consonants: so "warning" and "NOQUEUE" are none.
_POSTFIX = re.compile(
    r"(?P<time>[A-Z][a-z]{2} [ \d]\d \d\d:\d\d:\d\d|\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d(?:\.\d{1,9})?(?:Z|[+-]\d\d:\d\d))"
    r" \S{1,255} postfix[\w.-]{0,60}/(?:[\w.-]{1,60}/){0,2}(?P<program>[a-z]{1,20})\[\d{1,10}\]: "
    r"(?P<id>[0-9A-F]{5,20}|[0-9B-DF-HJ-NP-TV-Zb-df-hj-np-tv-z]{8,30}): (?P<said>.*)"
)
# The first value of a line is written by Postfix itself; what a stranger may choose (HELO, replies) comes later.
_SASL = re.compile(r"client=[^,]{1,300}, (?:(?:orig|sasl)_[a-z_]{1,20}=[^,\s]{0,300}, )*?sasl_username=\S")
_PICKED_UP = re.compile(r"uid=\d+ from=")
_REVERSE_PATH = re.compile(r"from=<([^>]*)>")
_RECIPIENT = re.compile(r"to=<([^>]*)>(?:, orig_to=<([^>]*)>)?")
_POSTFIX_ID = re.compile(r"(?:resent-)?message-id=(.*)")


def is_postfix(start: bytes) -> bool:
    """Is this the beginning of a log in which Postfix writes?"""
    return any(_POSTFIX.match(as_text(line)) for line in start.splitlines())


def postfix(lines: Iterable[bytes], owns: Owns, written: datetime) -> Iterator[SentMessage]:
    """`written` is when the file was changed last: lines that name no year are not from later than that.

    A message that came from localhost counts only by its reverse-path: content filters bring incoming mail back so.
    """
    queue = _Queue()
    for line in lines:
        match = _POSTFIX.match(as_text(line))
        at = _syslog_time(match["time"], written) if match else None
        if match is None or at is None:
            continue
        queue_id, program, said = match["id"], match["program"], match["said"]
        passage = queue.passage(queue_id, at)
        if program == "smtpd":
            passage.sent |= _SASL.match(said) is not None
        elif program == "pickup":
            passage.sent |= _PICKED_UP.match(said) is not None
        elif program == "cleanup" and (named := _POSTFIX_ID.match(said)):
            passage.ids.update(dict.fromkeys(ids_in(named[1].strip())))
        elif program == "qmgr" and (path := _REVERSE_PATH.match(said)):
            passage.came_from(path[1], owns)
        elif program == "qmgr" and said.startswith("removed"):
            yield from queue.ended(queue_id)
        elif to := _RECIPIENT.match(said):
            passage.went_to(to[1])
            passage.went_to(to[2] or "")
        yield from queue.oldest_out()
    yield from queue.rest()


# --- Exim -------------------------------------------------------------------------------------------------

# Exim specification, 52.6 ff.: time (local, or with a zone), perhaps the process id, the message id (16 characters,
# 23 since 4.97), and what happened to it.
_EXIM = re.compile(
    r"(?P<time>\d{4}-\d\d-\d\d \d\d:\d\d:\d\d(?:\.\d{1,6})?(?: [+-]\d{4})?)(?: \[\d{1,10}\])?"
    r" (?P<id>\w{6}-\w{6}-\w{2}|\w{6}-\w{11}-\w{4}) (?P<what><=|=>|->|>>|\*>|\*\*|==|Completed)(?: (?P<said>.*))?"
)
# What a stranger chose: HELO, in brackets, and the subject, quoted, behind all that counts here.
_HELO = re.compile(r"\([^()]*\)?")
_SUBJECT = ' T="'
_HANDED_OVER = re.compile(r"(?:^| )(?:A=\S|P=local(?:-\w+)?(?: |$))")
_EXIM_ID = re.compile(r"(?:^| )id=(\S+)")
_FOR = re.compile(r" for ((?:\S+ ?)+)$")


def is_exim(start: bytes) -> bool:
    """Is this the beginning of a main log of Exim?"""
    return any(_EXIM.match(as_text(line)) for line in start.splitlines())


def exim(lines: Iterable[bytes], owns: Owns, written: datetime) -> Iterator[SentMessage]:
    """The main log.  `written` is not needed: its lines name the year."""
    del written
    queue = _Queue()
    for line in lines:
        match = _EXIM.match(as_text(line).rstrip("\r\n"))
        at = _exim_time(match["time"]) if match else None
        if match is None or at is None:
            continue
        queue_id, what, said = match["id"], match["what"], match["said"] or ""
        if what == "<=":
            _arrived(queue.passage(queue_id, at), said, owns)
        elif what == "Completed":
            yield from queue.ended(queue_id)
        elif passage := queue.known(queue_id):
            # After an arrow: an address, perhaps what it was before aliases in <>, then how it went and the answer.
            address, _, more = said.partition(" ")
            passage.went_to(address.rstrip(":"))
            if more.startswith("<"):
                passage.went_to(more.partition(" ")[0])
        yield from queue.oldest_out()
    yield from queue.rest()


def _arrived(passage: _Passage, said: str, owns: Owns) -> None:
    reverse_path, _, rest = said.partition(" ")
    passage.came_from("" if reverse_path == "<>" else reverse_path, owns)
    plain = _HELO.sub("", rest.partition(_SUBJECT)[0])
    passage.sent |= _HANDED_OVER.search(plain) is not None
    if named := _EXIM_ID.search(plain):
        passage.ids.update(dict.fromkeys(ids_in(named[1])))
    if written_to := _FOR.search(rest.rpartition('"')[2]):  # with the log selector received_recipients
        for address in written_to[1].split():
            passage.went_to(address)


# --- times ------------------------------------------------------------------------------------------------


def _exim_time(text: str) -> datetime | None:
    try:
        # Without a zone: this machine's.
        return datetime.fromisoformat(f"{text[:10]}T{text[11:].replace(' ', '')}").astimezone(UTC)
    except (ValueError, OverflowError, OSError):
        return None


def _syslog_time(text: str, written: datetime) -> datetime | None:
    """The latest moment that this may be and that is not after `written` (a day is for zones and clocks)."""
    try:
        if text[0].isdigit():
            return datetime.fromisoformat(text).astimezone(UTC)
        for year in range(written.year + 1, written.year - 9, -1):  # 29 February may be eight years ago
            moment = _in_year(text, year)
            if moment is not None and moment <= written + timedelta(days=1):
                return moment
    except (ValueError, OverflowError, OSError):
        pass
    return None


def _in_year(text: str, year: int) -> datetime | None:
    month = _MONTHS.get(text[:3])
    try:
        hour, minute, second = map(int, text[7:].split(":"))
        local = datetime(year, month or 0, int(text[4:6]), hour, minute, second)  # noqa: DTZ001 - of this machine
        return local.astimezone(UTC)
    except ValueError:  # 29 February in another year
        return None


_MONTHS = {
    name: number
    for number, name in enumerate(
        ("Jan", "Feb", "Mar", "Apr", "May", "Jun", "Jul", "Aug", "Sep", "Oct", "Nov", "Dec"), start=1
    )
}
