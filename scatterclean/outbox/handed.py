"""What was handed to sendmail: header and arguments -> the record of a message.  It sends nothing."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime
from hashlib import blake2b

from scatterclean import sent
from scatterclean.headers import Header, addresses_in
from scatterclean.model import SentMessage, Sighting
from scatterclean.outbox.copies import header_of

# Options of sendmail (Sendmail 8.18, Postfix 3.9, Exim 4.98) with a value, which may be the next argument.
_WITH_VALUE = "ABCDFLNOQRVXhopr"
_SENDER = "fr"
# Ways of running it in which no message is on standard input, or many are.
_NO_SUBMISSION = (
    "-q",
    "-I",
    "-bd",
    "-bD",
    "-bh",
    "-bH",
    "-bi",
    "-bp",
    "-bP",
    "-bs",
    "-bS",
    "-bt",
    "-bv",
    "-bV",
)


def is_submission(arguments: Sequence[str]) -> bool:
    """Is one message on standard input?"""
    return not any(a.startswith(_NO_SUBMISSION) for a in _options(arguments)[0])


def read(start: bytes, arguments: Sequence[str], now: datetime) -> SentMessage:
    """`start` is the message, at least its header.  What went to sendmail often has no Message-ID and no Date."""
    block = header_of(start[start.startswith(b"From ") and start.find(b"\n") + 1 :])
    message = sent.read(Sighting(uid=0, arrival=now, flags=frozenset(), size=len(start), header=block))
    options, operands = _options(arguments)
    written_to = [address for operand in operands for address in addresses_in(operand, sent.MOST_RECIPIENTS)]
    senders = [address for option in options if option[1] in _SENDER for address in addresses_in(option[2:])]
    header = Header(block)
    fingerprint = message.fingerprint
    if not message.ids or header.get("Date") is None:
        # The same report every night has the same header every night.
        fingerprint = blake2b(f"{fingerprint} {now.isoformat()}".encode(), digest_size=16).hexdigest()
    return message._replace(
        fingerprint=fingerprint,
        sender=message.sender or next(iter(senders), None),
        recipients=tuple(dict.fromkeys((*message.recipients, *written_to)))[: sent.MOST_RECIPIENTS],
    )


def without_sender(message: SentMessage, *, unless: bool) -> SentMessage:
    """An address that is not the person's teaches nothing about the person."""
    return message if unless else message._replace(sender=None)


def _options(arguments: Sequence[str]) -> tuple[list[str], list[str]]:
    """(options, each with its value, and operands) as getopt(3) tells them apart."""
    options: list[str] = []
    operands: list[str] = []
    rest = list(arguments)
    while rest:
        argument = rest.pop(0)
        if argument == "--":
            return options, operands + rest
        if len(argument) < 2 or not argument.startswith("-"):
            operands.append(argument)
        elif len(argument) == 2 and argument[1] in _SENDER + _WITH_VALUE and rest:
            options.append(argument + rest.pop(0))
        else:
            options.append(argument)
    return options, operands
