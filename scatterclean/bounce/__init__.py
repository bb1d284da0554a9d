"""bytes -> Bounce | None: the only door to the reader of automatic mail; pure, and it never raises.

`candidate` says from header fields alone whether a message is worth fetching; `read` reads it.  Every format is
asked at every level, and what they find is united; nothing depends on their order.
"""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass, field
from operator import itemgetter

from scatterclean.bounce.anatomy import LOOK, MAX_HEADER, Message, plain_head, split
from scatterclean.bounce.formats import all_formats
from scatterclean.bounce.found import Cited, Facts, Returned
from scatterclean.bounce.intact import is_intact, may_be_meant, wrapped_in
from scatterclean.bounce.lures import RETURNING, Lures, lures
from scatterclean.bounce.provenance import hops, is_automatic, marks, signatures
from scatterclean.bounce.signs.heads import (
    FIELDS,
    candidate,
    challenges,
    head_of,
    is_candidate,
    is_null_path,
    may_be,
    surely_ordinary,
)
from scatterclean.bounce.signs.kinds import kind_of
from scatterclean.bounce.signs.sure import returns_for_sure
from scatterclean.dates import date_in
from scatterclean.headers import Header, addresses_in, decoded, ids_in
from scatterclean.model import (
    MAX_ADDRESSES,
    MAX_ID,
    MAX_REFERENCES,
    Bounce,
    Kind,
    MessageId,
    Original,
    Reference,
    Weight,
)

__all__ = ["CANDIDATE_FIELDS", "candidate", "head_of", "is_candidate", "read"]

CANDIDATE_FIELDS: tuple[str, ...] = FIELDS

MAX_LEVEL = 5  # a bounce of a bounce of a bounce was seen, never more
_MAX_RETURNED = 8  # per level
_MAX_RECEIVED = 30
_MAX_MANGLED = 4  # fields of one header
_NULL_PATH_FIRST = b"Return-Path: <>\n"  # as the delivery agent writes it on top of a bounce (RFC 5321, 4.4)

# Every name that a message may bear; what a relay replaced survives in the others (field guide, 2).  Only the
# first kind can convict: the others were given by relays, lists and whoever sent the message on.
_ID_FIELDS = (
    "Message-ID",
    "X-Microsoft-Original-Message-ID",
    "X-Google-Original-Message-ID",
    "X-Original-Message-ID",
    "Original-Message-ID",
    "Resent-Message-ID",
)
_DELIVERED_TO = ("Delivered-To", "X-Original-To", "Envelope-To", "X-Envelope-To", "To")


def read(raw: bytes, *, complete: bool = True) -> Bounce | None:
    """What the automatic message `raw` says; None for ordinary mail.

    `raw` may have any line ends.  `complete=False`: the bytes were cut at the fetch cap, so a returned header
    that is missing or touches the end makes `Bounce.incomplete`.
    """
    block, behind = plain_head(raw)
    if behind:
        if not block.startswith(_NULL_PATH_FIRST) and surely_ordinary(block):
            return None  # most mail: before anything is made of it
        rest, ended = raw[behind:LOOK], True
    else:
        block, rest, ended = split(raw[:LOOK])
    message = Message(block, rest, header_ended=ended, cut=not complete or len(raw) > LOOK)
    fields = message.header.first
    if not may_be(fields):
        return None
    kind = kind_of(message, fields=fields)
    if kind is None:
        return None
    reading = _Reading()
    reading.level(message, kind, 1)
    return reading.bounce(message, kind, complete=complete)


@dataclass(slots=True)
class _Reading:
    """What was found so far, at all levels."""

    references: dict[str, Reference] = field(default_factory=dict)
    originals: list[tuple[int, Header, Returned]] = field(default_factory=list)
    summary: Header | None = None
    facts: list[Facts] = field(default_factory=list)
    stumbled: dict[str, None] = field(default_factory=dict)
    unended: bool = False

    def level(self, message: Message, kind: Kind, level: int, *, forged: bool = False) -> None:
        """Ask every format about this message, then look into what it returns.

        What a `forged` bounce returns may acquit, never convict: a spammer wrote it.
        """
        returned: list[Returned] = []
        cited: list[Cited] = []
        for name, find in all_formats():
            try:
                for found in find(message, kind):
                    if isinstance(found, Returned):
                        if not any(found.header == other.header for other in returned):
                            returned.append(found._replace(clear=False) if forged else found)
                    elif isinstance(found, Cited):
                        cited.append(found)
                    elif not forged:
                        self.facts.append(found if level == 1 else found._replace(guessed=True))
            except Exception as error:  # noqa: BLE001 - the promise: a format's bug becomes data, never a crash
                self.stumbled[f"{name}: {type(error).__name__}"] = None
        sure = not returned or returns_for_sure(message)
        for handed in returned[:_MAX_RETURNED]:
            self._hand_back(handed if sure else handed._replace(clear=False), message, level)
        for citation in cited:
            self._cite(citation, level, forged=forged)

    def _cite(self, found: Cited, level: int, *, forged: bool) -> None:
        # What a *returned* vacation text answers was received by the person, not sent.
        weight = Weight.WEAK if forged or (level > 1 and found.by_reply) else found.weight
        self._refer(found.text, weight, found.found_in, level, by_reply=found.by_reply)

    def _hand_back(self, found: Returned, outer: Message, level: int) -> None:
        if len(found.header) > MAX_HEADER:  # somebody's junk; it is looked at several times
            found = found._replace(header=found.header[:MAX_HEADER], ended=False)
        header = Header(found.header)
        if found.summary:
            self.summary = self.summary or header
            return
        self.unended |= not found.ended
        fields = header.first
        inner = kind = None
        if level < MAX_LEVEL and may_be(fields):
            inner = Message(found.header, found.body, cut=not found.ended)
            kind = kind_of(inner)
        automatic = kind is not None and _was_sent_by_a_machine(outer, header, kind)
        doubtful = automatic or (kind is None and _might_be_a_bounce(header, fields, found, outer))
        self._refer_to(found, header, level, clear=found.clear and not doubtful)
        if inner is None or kind is None:
            self.originals.append((level, header, found))
            return
        before = len(self.originals)
        self.level(inner, kind, level + 1, forged=not automatic or not found.clear)
        if len(self.originals) == before or not automatic:
            self.originals.append((level if automatic else MAX_LEVEL + 1, header, found))

    def _refer_to(self, found: Returned, header: Header, level: int, *, clear: bool) -> None:
        last = b"" if found.ended else _last_name(found.header)
        mangled: dict[str, None] = {}
        for name in header.present(_ID_FIELDS):
            values = header.all(name)
            for value in values:
                for message_id in ids_in(value):
                    # The last line may be cut in the middle of the id, unless its bracket is there.
                    cut = value is values[-1] and name.lower().encode() == last
                    whole = not cut or f"<{message_id.text}>" in value
                    strong = clear and whole and name == "Message-ID" and not _invented(message_id, header)
                    if strong and not is_intact(message_id, value):
                        strong = False
                        mangled[value] = None
                    weight = Weight.STRONG if strong else Weight.WEAK
                    self._refer(message_id.text, weight, found.found_in, level)
        for value in list(mangled)[:_MAX_MANGLED]:
            for meant in may_be_meant(value):
                self._refer(meant.text, Weight.WEAK, found.found_in, level)
        for meant in wrapped_in(found.header) if mangled else ():
            self._refer(meant.text, Weight.WEAK, found.found_in, level)

    def _refer(self, text: str, weight: Weight, found_in: str, level: int, *, by_reply: bool = False) -> None:
        text = text[:MAX_ID]
        known = self.references.get(text)
        if known is None:
            if len(self.references) < MAX_REFERENCES:
                self.references[text] = Reference(MessageId(text), weight, found_in, level, by_reply)
        elif (known.weight is Weight.WEAK and weight is Weight.STRONG) or (
            known.weight is weight and known.by_reply and not by_reply
        ):
            self.references[text] = Reference(MessageId(text), weight, found_in, level, by_reply)

    def bounce(self, message: Message, kind: Kind, *, complete: bool) -> Bounce:
        """Everything, in the form that the judge wants."""
        header = message.header
        facts = sorted(self.facts, key=lambda each: each.guessed) if len(self.facts) > 1 else self.facts
        mta = action = status = diagnostic = None
        recipients: dict[str, None] = {}
        for each in facts:
            mta = mta or each.reporting_mta
            action = action or each.action
            status = status or each.status
            diagnostic = diagnostic or each.diagnostic
            if not (each.guessed and recipients):
                for recipient in each.recipients:
                    recipients[recipient] = None
        senders = addresses_in(header.get("From") or "")
        ids = ids_in(header.get("Message-ID") or "")
        references = list(self.references.values())
        if len(references) > 1:
            references.sort(key=_order)
        return Bounce(
            kind=kind,
            references=tuple(references),
            recipients=tuple(recipients)[:MAX_ADDRESSES],
            original=self._original(facts, returning=kind in RETURNING),
            sender=senders[0] if senders else None,
            message_id=ids[0].text if ids else None,
            subject=decoded(header.get("Subject") or "") or None,
            delivered_to=_delivered_to(header),
            reporting_mta=mta,
            action=action,
            status=status,
            diagnostic=diagnostic,
            received=hops(header, _MAX_RECEIVED),
            incomplete=not complete and (self.unended or not self.originals),
            stumbled=tuple(self.stumbled),
            marks=marks(header),
        )

    def _original(self, facts: Sequence[Facts], *, returning: bool) -> Original:
        """The attributes of the innermost message; what it lacks, a summary or the report may know."""
        # Of several at the deepest level the first one.
        header, found = max(self.originals, key=_LEVEL)[1:] if self.originals else (Header(b""), None)
        if self.summary is not None:
            header = header.completed_by(self.summary)
        sender = header.get("From") or header.get("Sender") or header.get("Return-Path")
        senders = addresses_in(sender) if sender else ()
        to = addresses_in(header.get("To") or "")
        copied = header.get("Cc")
        if copied:
            to = tuple(dict.fromkeys((*to, *addresses_in(copied))))[:MAX_ADDRESSES]
        signed = "dkim-signature" in header
        body, links, files = self._lures(header, found) if returning and found is not None else _NO_LURES
        return Original(
            sender=senders[0] if senders else next((each.sender for each in facts if each.sender), None),
            to=to,
            subject=decoded(header.get("Subject") or "") or None,
            date=date_in(header.get("Date") or header.get("Sent")),
            received=hops(header),
            dkim_signed=signed,
            dkim=signatures(header) if signed else (),
            automatic=is_automatic(header),
            body=body,
            links=links,
            files=files,
        )

    @staticmethod
    def _lures(header: Header, found: Returned) -> Lures:
        try:
            return lures(header, found.header, found.body)
        except Exception:  # noqa: BLE001 - the promise; no verdict rests on it, so nobody need know
            return _NO_LURES


_LEVEL = itemgetter(0)
_NO_LURES = Lures()


def _order(reference: Reference) -> tuple[bool, bool, int]:
    """Strong before weak, returned before cited, inner before outer."""
    return reference.weight is Weight.WEAK, reference.by_reply, -reference.level


def _might_be_a_bounce(header: Header, fields: dict[bytes, bytes], found: Returned, outer: Message) -> bool:
    """The id of a bounce that bounced is its writer's, not the person's; what was cut off might show one."""
    if is_null_path(fields.get(b"return-path")):
        return True
    if not found.ended:  # who wrote it must have been seen, and not in the last line, which may be cut
        whole = set(header.names()) - {_last_name(found.header).decode("ascii", "replace")}
        if outer.cut or not whole >= {"from", "subject"}:
            return True
        if outer.type.startswith("multipart/") and not found.closed:
            return True  # neither the blank line nor the boundary came: the end of the message is missing
    if found.closed:
        return False
    if challenges(fields):  # some challenge programs write under the address of whom they guard
        return True
    if not _could_be_answered_here(outer, header):
        return False
    return may_be(fields)  # what shows its kind may have been cut off


_LAST_LINES = 1 << 14  # bytes in which the last field of an honest header begins


def _last_name(block: bytes) -> bytes:
    """The lower-cased name of the last field of a header block."""
    near = block.rfind(b"\n", 0, max(0, len(block) - _LAST_LINES)) + 1  # a whole line begins there
    for part in (block[near:], block) if near else (block,):
        for line in reversed(part.split(b"\n")):
            if line[:1] not in (b" ", b"\t", b""):
                return line.partition(b":")[0].strip().lower()
    return b""


def _was_sent_by_a_machine(outer: Message, header: Header, kind: Kind) -> bool:
    """Is the returned message, automatic by its looks, really one?  Spam comes dressed as a bounce, too.

    Bounces have the null reverse-path (RFC 5321, 4.5.5), so what was returned to somebody's address and shows
    that address as its Return-Path was no bounce.  Where there is none, it counts whom it was addressed to.
    """
    return kind in _REPLIES or _could_be_answered_here(outer, header)


def _could_be_answered_here(outer: Message, header: Header) -> bool:
    """May the returned message be a bounce to whom the outer one came?  Its display name proves nothing."""
    path = header.raw("Return-Path")
    if path is not None:
        return is_null_path(path)
    sent_to = set(addresses_in(header.get("To") or ""))
    return not sent_to.isdisjoint(_delivered_to(outer.header)) or not sent_to


_REPLIES = frozenset({Kind.AUTOREPLY, Kind.CHALLENGE, Kind.RECEIPT})


def _invented(message_id: MessageId, header: Header) -> bool:
    """Did the reporting MTA give the id, because the message came without one (sendmail, Postfix, Exim)?

    Such an id holds the queue id that the same MTA wrote into its Received line, the topmost one.  An address of
    the writer is no id, either.
    """
    text = message_id.text.lower()
    sender = header.get("From")
    if sender is not None and text in sender.lower() and text in addresses_in(sender):
        return True
    left, _, right = message_id.text.rpartition("@")
    hop = (header.get("Received") or "")[:2000]
    if right.lower() not in hop.lower():
        return False  # most ids are of another host
    words = hop.split()
    try:
        queue_id = words[words.index("id") + 1].strip("<>;()")
        host = words[words.index("by") + 1].strip(";()").lower()
    except (ValueError, IndexError):
        return False
    return len(queue_id) >= 6 and queue_id in left and host.endswith(right.lower())


# BATV (draft-levine-smtp-batv): prvs=tag=user@host; Barracuda: btv1==tag==user@host.
_BATV = re.compile(r"^(?:prvs=[^=@]{1,40}=|btv1==[^=@]{1,80}==)(?=[^@])", re.IGNORECASE)
# SRS (libsrs2): SRS0=hash=day=host=user@forwarder, SRS1=hash=first==hash=day=host=user@second.
_SRS = re.compile(
    r"^srs[01][=+-](?:[^=@]{1,40}=[^=@]{1,200}=)?=?[^=@]{1,40}=[^=@]{1,10}=([^=@]{1,250})=([^@]{1,250})@",
    re.IGNORECASE,
)


def _unwrapped(address: str) -> str:
    if "=" not in address:
        return address
    address = _BATV.sub("", address)
    srs = _SRS.match(address)
    return f"{srs[2]}@{srs[1]}" if srs else address


def _delivered_to(header: Header) -> tuple[str, ...]:
    found = [
        address
        for name in header.present(_DELIVERED_TO)
        for value in header.all(name, MAX_ADDRESSES)
        for address in addresses_in(value)
    ]
    return tuple(dict.fromkeys(map(_unwrapped, found)))[:MAX_ADDRESSES]
