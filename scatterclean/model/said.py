"""What automatic mail says: kinds, message ids, references, the Bounce."""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime
from enum import StrEnum

from scatterclean.model.origin import Signature

# What a stranger writes is bounded (design, invariant 12).
MAX_REFERENCES = 50
# An id without "@" may be one that was cut short: the log's ids that begin with it acquit.  Fewer characters are
# those of many ids.
SHORTEST_CUT = 8
MAX_ID = 998  # RFC 5322, 2.1.1: the longest line that a header may have
MAX_SUBJECT = 200
MAX_ADDRESSES = 50
MAX_HOPS = 100  # Received lines of a returned original; qmail gives up at 100, Postfix at 50, Exim at 30
MAX_LINKS = 20  # hosts of links in a returned original
MAX_FILES = 20  # names of attachments in it
MAX_HOP = 2000  # characters of one of them; honest ones are far below


class Kind(StrEnum):
    """Kinds of automatic mail about another message; ordinary mail has no kind (None)."""

    BOUNCE = "bounce"  # RFC 3464 Action: failed, and the dozens of home-made forms
    DELAY = "delay"  # Action: delayed; the message may still arrive
    SUCCESS = "success"  # Action: delivered, relayed, expanded
    AUTOREPLY = "autoreply"  # RFC 3834: vacation, out of office
    CHALLENGE = "challenge"  # "confirm that you are a person"
    NOTICE = "notice"  # virus, spam, policy and moderation notices
    RECEIPT = "receipt"  # RFC 8098 MDN
    COMPLAINT = "complaint"  # RFC 5965 ARF


class Weight(StrEnum):
    """Any reference may acquit; only a strong one may convict."""

    STRONG = "strong"
    WEAK = "weak"


class Switch(StrEnum):
    """When a kind of automatic mail may be moved at all."""

    ALWAYS = "always"
    STORM = "storm"  # only while a storm is in progress
    NEVER = "never"


DEFAULT_SWITCHES: Mapping[Kind, Switch] = {
    Kind.BOUNCE: Switch.ALWAYS,
    Kind.DELAY: Switch.ALWAYS,
    Kind.SUCCESS: Switch.ALWAYS,
    Kind.NOTICE: Switch.ALWAYS,
    Kind.CHALLENGE: Switch.ALWAYS,
    Kind.AUTOREPLY: Switch.STORM,
    Kind.RECEIPT: Switch.STORM,
    Kind.COMPLAINT: Switch.NEVER,
}

# ASSP puts a tag inside the id: 2-5 alphanumerics, a dot, 4 digits and 6 hex digits, a dot (field guide, 2).
_ASSP_TAG = re.compile(r"^[0-9a-z]{2,5}\.[0-9]{4}[0-9a-f]{6}\.(?=.)")
_NOT_IN_KEY = re.compile(r"[\s<>\x00-\x1f\x7f]+")


@dataclass(frozen=True, slots=True)
class MessageId:
    """A Message-ID as it was quoted, without angle brackets.

    Two ids are taken for the same when any of their `keys` are equal.  Folding errs towards a match: a
    wrong match keeps mail in the inbox, a missed one would hide it.
    """

    text: str

    @property
    def keys(self) -> tuple[str, ...]:
        """The forms under which the log stores it and looks it up; empty if nothing is left of it."""
        text = self.text
        # Of what is printable only these are left out, and most ids have none of them.
        if not text.isprintable() or " " in text or "<" in text or ">" in text:
            text = _NOT_IN_KEY.sub("", text)
        key = text.casefold()
        if not key:
            return ()
        if "=3d" not in key and "&amp;" not in key:
            tag = _ASSP_TAG.match(key)
            return (key,) if tag is None else (key, key[tag.end() :])
        # Returned in quoted-printable, or cut out of HTML, by somebody who does not say so: Gmail's ids hold "=".
        forms = [key, key.replace("=3d", "=").replace("&amp;", "&")]
        return tuple(dict.fromkeys((*forms, *(_ASSP_TAG.sub("", form) for form in forms))))

    @property
    def right_hand_side(self) -> str:
        """What stands behind the last @, lower-cased; empty if there is none."""
        return self.text.rpartition("@")[2].strip().casefold() if "@" in self.text else ""

    def __str__(self) -> str:
        return self.text


@dataclass(frozen=True, slots=True)
class Reference:
    """One id that an automatic message quotes, how much it weighs, and where it stood.

    `found_in` is a short phrase such as "message/rfc822 part", "pasted header", "In-Reply-To".
    `level` is 1 for what the message itself returns, 2 for what that one returned, and so on.
    `by_reply` marks ids that only the message's own In-Reply-To or References cite: shops and help desks
    invent such ids, so the judge asks more of them (RFC 3834 automatic replies).
    """

    id: MessageId
    weight: Weight
    found_in: str
    level: int = 1
    by_reply: bool = False


@dataclass(frozen=True, slots=True)
class Original:
    """What is known of the message that the automatic message is about; everything may be missing."""

    sender: str | None = None
    to: tuple[str, ...] = ()
    subject: str | None = None
    date: datetime | None = None
    received: tuple[str, ...] = ()  # unfolded Received values, topmost (latest hop) first
    dkim_signed: bool = False
    dkim: tuple[Signature, ...] = ()  # unchecked as the reader leaves them; the sweep checks own domains'
    automatic: bool = (
        False  # Auto-Submitted, a calendar answer ...: a program wrote it, maybe in the person's name
    )
    body: bool = False  # more than its header came back, and was looked at
    links: tuple[str, ...] = ()  # hosts of links in it, lower-cased, each once, the first MAX_LINKS
    files: tuple[tuple[str, str], ...] = ()  # (name, media type) of its attachments, the first MAX_FILES


@dataclass(frozen=True, slots=True)
class Bounce:
    """An automatic message about another message, read from bytes: facts only, no verdict.

    `recipients`: failed or reported addresses, Original-Recipient before Final-Recipient.
    `sender`: the From address of the automatic message itself (for an automatic reply: the replier).
    `delivered_to`: the addresses that the bounce itself was delivered to (Delivered-To, X-Original-To,
    Envelope-To, To), BATV and SRS forms unwrapped.
    `marks`: "Name: value" of the bounce's own Authentication-Results and of what filters wrote about
    backscatter (X-Backscatter, X-Batv-Status, X-Spam-Status, X-CustomSpam): support for people, no evidence.
    `incomplete`: the bytes ended (fetch cap) before the returned header was complete.
    `stumbled`: names of formats that raised, with the class of the exception; never message text.
    """

    kind: Kind
    references: tuple[Reference, ...] = ()
    recipients: tuple[str, ...] = ()
    original: Original = field(default_factory=Original)
    sender: str | None = None
    message_id: str | None = None
    subject: str | None = None
    delivered_to: tuple[str, ...] = ()
    reporting_mta: str | None = None
    action: str | None = None
    status: str | None = None
    diagnostic: str | None = None
    received: tuple[str, ...] = ()
    incomplete: bool = False
    stumbled: tuple[str, ...] = ()
    marks: tuple[str, ...] = ()
