"""One bounce before the judge: what the rules compare, and what must be known for it.  Pure."""

from __future__ import annotations

from dataclasses import dataclass, field
from datetime import datetime, timedelta

from scatterclean import origin
from scatterclean.model import (
    Account,
    Bounce,
    Coverage,
    Grade,
    Identities,
    Kind,
    Knowledge,
    MessageId,
    Origin,
    Reference,
    Tie,
    Weight,
    Whose,
)
from scatterclean.subjects import compatible

# MTAs give up after 5 days by default (RFC 5321, 4.5.4.1), some after 7; amavisd's bounce killer takes 8.
QUEUE_LIFE = timedelta(days=8)
# Nobody's queue holds back a receipt: it comes when the mail is opened, months later too (RFC 8098, 2.1), and does
# not say when that mail was sent.
RECEIPT_LIFE = timedelta(days=183)
# Dates are written in the sender's zone, often wrongly: a day and the widest zones.
ZONE_SLACK = timedelta(hours=26)
TIE_REACH = timedelta(days=14)
# A returned Date further back than this is a wrong or invented clock: it does not say when it was sent.
ABSURD_AGE = timedelta(days=400)


@dataclass(frozen=True, slots=True)
class Hearing:
    """One bounce before the judge, with what the rules share."""

    bounce: Bounce
    arrival: datetime
    knowledge: Knowledge
    account: Account
    origin: Origin = field(init=False)

    def __post_init__(self) -> None:
        traced = origin.trace(self.bounce, self.knowledge.provider, self.knowledge.identities)
        object.__setattr__(self, "origin", traced)

    @property
    def foreign(self) -> bool:
        """The foreign sign: it left through machines that are not the person's provider's."""
        return self.origin.whose is Whose.STRANGER

    @property
    def filed_in(self) -> list[tuple[str, Coverage]]:
        """The accounts in whose Sent folders the original would be, had the person sent it."""
        sender = self.bounce.original.sender
        accounts = sorted(self.knowledge.coverage.items())
        if sender is None or not self.by_the_person:
            return accounts  # nobody knows as whom the person would have sent it
        files = self.knowledge.filing
        narrowed = [(name, covered) for name, covered in accounts if files_mail_of(sender, files.get(name))]
        # An account that was taken out of the configuration may be in use all the same.
        retired = [
            (name, covered)
            for name, (senders, covered) in sorted(self.knowledge.retired.items())
            if sender in senders
        ]
        return (narrowed or accounts) + retired

    @property
    def window(self) -> tuple[datetime, datetime]:
        """[start, end] that the log must cover."""
        return needed(self.bounce, self.arrival), self.arrival + self.account.settle

    @property
    def in_storm(self) -> bool:
        return any(start <= self.arrival <= end for start, end in self.knowledge.storms)

    @property
    def by_the_person(self) -> bool:
        """Is the returned sender an address of the person?  A forwarder leaves that of the author."""
        sender = self.bounce.original.sender
        return sender is not None and self.knowledge.identities.owns(sender)

    @property
    def watched_and_proved(self) -> bool:
        """Was Sent watched all the time, and is it proved by replies that it holds what is sent?"""
        return all(
            coverage.grade(*self.window) is Grade.WITNESSED and account in self.knowledge.calibrated
            for account, coverage in self.filed_in
        )

    @property
    def strong(self) -> list[Reference]:
        """The references that may convict."""
        return [r for r in self.bounce.references if r.weight is Weight.STRONG and not self.invented(r)]

    def invented(self, reference: Reference) -> bool:
        """May the replier have made up this id, or answer a person who really wrote?  (RFC 3834, 3.1.5)"""
        if not reference.by_reply:
            return False
        replier = self.bounce.sender
        if not replier:
            return True
        domain = replier.rpartition("@")[2]
        if related(domain, reference.id.right_hand_side):
            return True
        return not self.knowledge.answer.correspondents.isdisjoint((replier, domain))

    @property
    def id_of_provider(self) -> MessageId | None:
        """An id that a machine of the provider made: calendars and web mail send in the person's name, and file
        nothing.  Spammers write the domain of the address into ids, too: that says nothing."""
        provider = self.knowledge.provider
        used = {address.rpartition("@")[2] for address in self.knowledge.identities.addresses}
        for reference in self.bounce.references:
            host = reference.id.right_hand_side
            if host in used or any(related(host, own) for own in provider.domains):
                continue
            if origin.is_host(host, provider.hosts):
                return reference.id
        return None

    @property
    def own_domains(self) -> frozenset[str]:
        """Of all addresses that the person sends from, whoever else has one there."""
        own = self.knowledge.identities.addresses | self.knowledge.identities.learned
        return frozenset(address.rpartition("@")[2] for address in own)

    @property
    def never_sends(self) -> str | None:
        """The returned sender, if it is an address that the person never sends from."""
        sender = self.bounce.original.sender
        return sender if sender and self.knowledge.identities.sends_never(sender) else None


def needed(bounce: Bounce, arrival: datetime) -> datetime:
    """From when on the log must know what was sent, for its silence to be evidence."""
    date = believed_date(bounce, arrival)
    late = bounce.kind is Kind.RECEIPT and date is None
    earliest = arrival - (RECEIPT_LIFE if late else QUEUE_LIFE)
    return (min(earliest, date) if date else earliest) - ZONE_SLACK


def believed_date(bounce: Bounce, arrival: datetime) -> datetime | None:
    """When the original says that it was sent, unless that is absurd."""
    date = bounce.original.date
    return date if date and arrival - ABSURD_AGE <= date <= arrival + ZONE_SLACK else None


# --- what the rules compare -----------------------------------------------------------------------------


def tied(bounce: Bounce) -> tuple[str, ...]:
    """Addresses that the original may have gone to: failed recipients, its To, and a replier."""
    addresses = dict.fromkeys((*bounce.recipients, *bounce.original.to))
    if bounce.sender and any(r.by_reply for r in bounce.references):
        addresses[bounce.sender] = None
    return tuple(addresses)


def holds(tie: Tie, hearing: Hearing) -> bool:
    """Sent in the 14 days before, and the subjects do not contradict each other."""
    since, until = tie_window(hearing.bounce, hearing.arrival)
    if not since <= tie.sent_at <= until:
        return False
    return compatible(hearing.bounce.original.subject, tie.subject)


def tie_window(bounce: Bounce, arrival: datetime) -> tuple[datetime, datetime]:
    """From 14 days before it came, or from the original's Date if that is earlier: a late bounce, and one that
    the person took out of another folder weeks later, is about mail of that day."""
    date = believed_date(bounce, arrival)
    since = arrival - TIE_REACH
    return (min(since, date - ZONE_SLACK) if date else since), arrival + ZONE_SLACK


def related(one: str, other: str) -> bool:
    """Is one domain the other's, or a part of it?"""
    return bool(one and other) and (one == other or one.endswith("." + other) or other.endswith("." + one))


def files_mail_of(sender: str, patterns: frozenset[str] | None) -> bool:
    """May mail from this address be filed by an account with these `addresses`?  By any if it names none."""
    return not patterns or Identities(addresses=patterns).owns(sender)
