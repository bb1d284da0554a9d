"""What a format hands to the door: a returned message, a cited id, facts; values only, no decisions.

Named tuples, since a dozen of them are made for every bounce: they are made four times as fast.
"""

from __future__ import annotations

from typing import NamedTuple

from scatterclean.model import Weight


class Returned(NamedTuple):
    """A message, or the header of one, that this message hands back.

    `header` is its header block without quoting marks, `body` what follows it (may be empty); both with LF.
    `clear` says that it is clearly a header: its ids are strong.  `ended` says that something was seen
    behind the header, so that its last line is not cut, `closed` that something was seen behind the body.
    `summary` marks a list such as Exchange's "Your
    message / To: / Subject:": it tells of the original, but it is nobody's header.
    """

    header: bytes
    body: bytes
    found_in: str
    clear: bool = True
    ended: bool = True
    closed: bool = False
    summary: bool = False


class Cited(NamedTuple):
    """An id that is named without its header."""

    text: str
    weight: Weight
    found_in: str
    by_reply: bool = False


class Facts(NamedTuple):
    """What a report says about the delivery.  Addresses are bare and lower-cased.

    `guessed` facts, taken from prose, only count where no format knows better.
    """

    recipients: tuple[str, ...] = ()
    action: str | None = None
    status: str | None = None
    diagnostic: str | None = None
    reporting_mta: str | None = None
    sender: str | None = None  # of the original
    guessed: bool = False


Find = Returned | Cited | Facts
