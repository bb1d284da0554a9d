"""Bounce + what the log knows -> Finding.  Pure; it asks nobody and moves nothing.

*Any witness may acquit; only a strong one may convict; and absence from the log is evidence only where the
log would have known.*  The rules stand in `RULES`, asked from top to bottom; the first that answers decides:

    acquitted by id          a reference is in the log                                        genuine
    acquitted by tie         a failed recipient was written to in the 14 days before, or      genuine
                             since the original's Date
    kept by its kind         this kind is never moved                                         undecided
    not read to the end      a format stumbled, or the fetch cap cut the returned header      undecided
    no strong reference      nothing that could convict                                       undecided
    somebody else's          not delivered to, or not about, an address of the person alone   undecided
    log empty                no sent log, no moves                                            undecided
    not covered              the log would not have known                                     undecided
    not yet covered          a Sent folder was not read since arrival + settle time           waiting
    kept outside of storms   this kind is moved only in a storm, and there is none            undecided
    (none of these)                                                                           orphan
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable
from dataclasses import dataclass
from datetime import datetime, timedelta

from scatterclean.model import (
    Account,
    Because,
    Bounce,
    Finding,
    Knowledge,
    Question,
    Reason,
    Reference,
    Switch,
    Tie,
    TieQuestion,
    Verdict,
    Weight,
)

# MTAs give up after 5 days by default (RFC 5321, 4.5.4.1), some after 7; amavisd's bounce killer takes 8.
QUEUE_LIFE = timedelta(days=8)
# Dates are written in the sender's zone, often wrongly: a day and the widest zones.
ZONE_SLACK = timedelta(hours=26)
TIE_REACH = timedelta(days=14)
# A returned Date further back than this is a wrong or invented clock: it does not say when it was sent.
ABSURD_AGE = timedelta(days=400)

# Local parts that receive copies of other people's bounces (RFC 2142, and list managers' owner addresses).
_ROLE = re.compile(
    r"^(?:postmaster|mailer-daemon|hostmaster|abuse|root|noc|owner-.+|.+-owner|.+-bounces?|.+-request|.+-admin"
    r"|.+-moderators?|.+\+owner)$"
)


@dataclass(frozen=True, slots=True)
class _Trial:
    """One bounce before the judge, with what the rules share."""

    bounce: Bounce
    arrival: datetime
    knowledge: Knowledge
    account: Account

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
        if _related(domain, reference.id.right_hand_side):
            return True
        return not self.knowledge.answer.correspondents.isdisjoint((replier, domain))

    @property
    def never_sends(self) -> str | None:
        """The returned sender, if it is an address that the person never sends from."""
        sender = self.bounce.original.sender
        return sender if sender and self.knowledge.identities.sends_never(sender) else None


def question_for(person: str, cases: Iterable[tuple[Bounce, datetime]]) -> Question:
    """All that judging these (bounce, arrival) needs to know of the log, to be asked at once."""
    keys: set[str] = set()
    ties: set[TieQuestion] = set()
    correspondents: set[str] = set()
    for bounce, arrival in cases:
        for reference in bounce.references:
            keys.update(reference.id.keys)
        for recipient in _tied(bounce):
            ties.add(TieQuestion(recipient, *_tie_window(bounce, arrival)))
        if bounce.sender and any(r.by_reply for r in bounce.references):
            correspondents.update((bounce.sender, bounce.sender.rpartition("@")[2]))
    return Question(person, frozenset(keys), frozenset(ties), frozenset(correspondents))


def judge(bounce: Bounce, arrival: datetime, knowledge: Knowledge, account: Account) -> Finding:
    """`knowledge.answer` must answer (at least) `question_for` of this bounce.  Never raises."""
    trial = _Trial(bounce, arrival, knowledge, account)
    for rule in RULES:
        finding = rule(trial)
        if finding is not None:
            return finding
    return _orphan(trial)


def needed(bounce: Bounce, arrival: datetime) -> datetime:
    """From when on the log must know what was sent, for its silence to be evidence."""
    earliest = arrival - QUEUE_LIFE
    date = _believed_date(bounce, arrival)
    return (min(earliest, date) if date else earliest) - ZONE_SLACK


def _believed_date(bounce: Bounce, arrival: datetime) -> datetime | None:
    """When the original says that it was sent, unless that is absurd."""
    date = bounce.original.date
    return date if date and arrival - ABSURD_AGE <= date <= arrival + ZONE_SLACK else None


# --- the rules ------------------------------------------------------------------------------------------


def _acquitted_by_id(trial: _Trial) -> Finding | None:
    for reference in trial.bounce.references:
        if not trial.knowledge.answer.known.isdisjoint(reference.id.keys):
            reason = Reason.of(Because.ID_LOGGED, id=reference.id.text, found_in=reference.found_in)
            return Finding(Verdict.GENUINE, (reason,))
    return None


def _acquitted_by_tie(trial: _Trial) -> Finding | None:
    recipients = _tied(trial.bounce)
    for tie in trial.knowledge.answer.ties:
        if tie.recipient in recipients and _holds(tie, trial):
            reason = Reason.of(Because.TIE, recipient=tie.recipient, sent_at=tie.sent_at.isoformat())
            return Finding(Verdict.GENUINE, (reason,))
    return None


def _kept_by_its_kind(trial: _Trial) -> Finding | None:
    if trial.account.switches.get(trial.bounce.kind, Switch.NEVER) is Switch.NEVER:
        return _undecided(Reason.of(Because.KIND_OFF, kind=trial.bounce.kind))
    return None


def _not_read_to_the_end(trial: _Trial) -> Finding | None:
    if trial.bounce.stumbled:
        return _undecided(Reason.of(Because.STUMBLED, format=trial.bounce.stumbled[0]))
    if trial.bounce.incomplete:
        return _undecided(Reason.of(Because.INCOMPLETE))
    return None


def _no_strong_reference(trial: _Trial) -> Finding | None:
    if trial.strong or trial.never_sends:
        return None
    invented = [r for r in trial.bounce.references if r.weight is Weight.STRONG]
    if invented:
        replier = trial.bounce.sender or ""
        return _undecided(Reason.of(Because.REPLY_ID, id=invented[0].id.text, replier=replier))
    if trial.bounce.references:
        weak = trial.bounce.references[0]
        return _undecided(Reason.of(Because.WEAK_ONLY, id=weak.id.text, found_in=weak.found_in))
    return _undecided(Reason.of(Because.NO_REFERENCE))


def _somebody_elses(trial: _Trial) -> Finding | None:
    """Copies for a postmaster, list-owner mail, a colleague's mail in a shared mailbox convict nobody."""
    identities = trial.knowledge.identities
    sender = trial.bounce.original.sender
    delivered = trial.bounce.delivered_to
    for address in (*delivered, *([sender] if sender else [])):
        if identities.is_shared(address):
            return _undecided(Reason.of(Because.SHARED, address=address))
    for address in delivered:
        if _ROLE.match(address.partition("@")[0]) and address not in identities.addresses:
            return _undecided(Reason.of(Because.ROLE_COPY, address=address))
    if delivered and not any(identities.owns(address) for address in delivered):
        return _undecided(Reason.of(Because.NOT_YOURS, address=delivered[0]))
    if not delivered and sender is None:
        return _undecided(Reason.of(Because.NO_ADDRESS))
    if not delivered and sender is not None and not identities.owns(sender):
        return _undecided(Reason.of(Because.NOT_YOURS, address=sender))
    return None


def _log_empty(trial: _Trial) -> Finding | None:
    return _undecided(Reason.of(Because.EMPTY_LOG)) if trial.knowledge.logged == 0 else None


def _not_covered(trial: _Trial) -> Finding | None:
    start = needed(trial.bounce, trial.arrival)
    for account, coverage in sorted(trial.knowledge.coverage.items()):
        through = coverage.through
        if through is None or through <= start:
            continue  # never read, or not for long: the next rule waits for it
        hole = coverage.hole(start, min(trial.arrival + trial.account.settle, through))
        if hole is not None:
            reason = Reason.of(
                Because.OUTSIDE_COVERAGE,
                account=account,
                hole_from=hole[0].isoformat(),
                hole_to=hole[1].isoformat(),
                since=coverage.since.isoformat() if coverage.since else "",
            )
            return _undecided(reason)
    return None


def _not_yet_covered(trial: _Trial) -> Finding | None:
    settled = trial.arrival + trial.account.settle
    if trial.knowledge.now < settled:
        return Finding(Verdict.WAITING, (Reason.of(Because.SETTLING, until=settled.isoformat()),))
    if not trial.knowledge.coverage:
        return _undecided(Reason.of(Because.NOTHING_COVERED, account=trial.account.name))
    unread = []
    for account, coverage in sorted(trial.knowledge.coverage.items()):
        through = coverage.through
        if through is None or through < settled:
            since = through.isoformat() if through else ""
            unread.append(Reason.of(Because.SENT_UNREAD, account=account, through=since))
    return Finding(Verdict.WAITING, tuple(unread)) if unread else None


def _kept_outside_of_storms(trial: _Trial) -> Finding | None:
    if trial.account.switches[trial.bounce.kind] is not Switch.STORM:
        return None
    if any(start <= trial.arrival <= end for start, end in trial.knowledge.storms):
        return None
    return _undecided(Reason.of(Because.NO_STORM, kind=trial.bounce.kind))


RULES: tuple[Callable[[_Trial], Finding | None], ...] = (
    _acquitted_by_id,
    _acquitted_by_tie,
    _kept_by_its_kind,
    _not_read_to_the_end,
    _no_strong_reference,
    _somebody_elses,
    _log_empty,
    _not_covered,
    _not_yet_covered,
    _kept_outside_of_storms,
)


def _orphan(trial: _Trial) -> Finding:
    strong = trial.strong
    if strong:
        reason = Reason.of(Because.UNKNOWN_ID, id=strong[0].id.text, found_in=strong[0].found_in)
    else:
        reason = Reason.of(Because.NEVER_SENDS, address=trial.never_sends or "")
    return Finding(Verdict.ORPHAN, (reason,))


def _undecided(reason: Reason) -> Finding:
    return Finding(Verdict.UNDECIDED, (reason,))


# --- what the rules compare -----------------------------------------------------------------------------


def _tied(bounce: Bounce) -> tuple[str, ...]:
    """Addresses that the original may have gone to: failed recipients, its To, and a replier."""
    addresses = dict.fromkeys((*bounce.recipients, *bounce.original.to))
    if bounce.sender and any(r.by_reply for r in bounce.references):
        addresses[bounce.sender] = None
    return tuple(addresses)


def _holds(tie: Tie, trial: _Trial) -> bool:
    """Sent in the 14 days before, and the subjects do not contradict each other."""
    since, until = _tie_window(trial.bounce, trial.arrival)
    if not since <= tie.sent_at <= until:
        return False
    returned = _loose(trial.bounce.original.subject)
    logged = _loose(tie.subject)
    if not returned or not logged:
        return True
    # S/MIME and PGP gateways show "..." outside (RFC 9788); MTAs cut long subjects; filters put a tag before them
    # (SpamAssassin's rewrite_header, MailScanner's "{Spam?}").
    begins_alike = returned.startswith(logged[:20]) or logged.startswith(returned[:20])
    return begins_alike or returned.endswith(logged)


def _tie_window(bounce: Bounce, arrival: datetime) -> tuple[datetime, datetime]:
    """From 14 days before it came, or from the original's Date if that is earlier: a late bounce, and one that
    the person took out of another folder weeks later, is about mail of that day."""
    date = _believed_date(bounce, arrival)
    since = arrival - TIE_REACH
    return (min(since, date - ZONE_SLACK) if date else since), arrival + ZONE_SLACK


_PREFIXES = re.compile(r"^(?:\W*\w{1,10}(?:\[\d+\])?\s*:\s*|\W*\[[^\]]{1,40}\]\s*)+")
_NOT_WORD = re.compile(r"[\W_]+")


def _loose(subject: str | None) -> str:
    """Without prefixes (Re:, AW:, [list]), punctuation, case and blanks; "" if nothing is left."""
    return _NOT_WORD.sub("", _PREFIXES.sub("", subject or "")).casefold()


def _related(one: str, other: str) -> bool:
    """Is one domain the other's, or a part of it?"""
    return bool(one and other) and (one == other or one.endswith("." + other) or other.endswith("." + one))
