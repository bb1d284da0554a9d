"""Bounce + what the log knows -> Finding.  Pure; it asks nobody and moves nothing.

*Any witness may acquit; only a strong one may convict; and absence from the log is evidence only where the
log would have known.*  The rules stand in `RULES`, asked from top to bottom; the first that answers decides:

    acquitted by id          a reference is in the log                                        genuine
    acquitted by tie         a failed recipient was written to in the 14 days before, or      genuine
                             since the original's Date
    sent by your account     signed or authenticated as yours, though the log would know it   alarm
                             (waiting until the log would; undecided where it would not)
    kept by its kind         this kind is never moved                                         undecided
    not read to the end      a format stumbled, or the fetch cap cut the returned header      undecided
    no strong reference      nothing that could convict (but see `without_id`)                undecided
    somebody else's          not delivered to, or not about, an address of the person alone   undecided
    you received it          its id is that of mail that came in, or a hop "for <you>"        undecided
    may be your own          an unchecked signature, a hop of your provider, an id of a       undecided
                             shape that unlogged mail of yours has, a recipient you write to
    log empty                no sent log, no moves                                            undecided
    not covered              the log would not have known                                     undecided
    not yet covered          a Sent folder was not read since arrival + settle time           waiting
    silence not enough       no foreign sign, and the log was read later, or is not proved,   undecided
                             or there is no storm and it could be of a phone or forwarder
    kept outside of storms   this kind is moved only in a storm, and there is none            undecided
    (none of these)                                                                           orphan
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable
from datetime import datetime
from fnmatch import fnmatchcase

from scatterclean.judge.hearing import ABSURD_AGE, Hearing, believed_date, holds, needed, tie_window, tied
from scatterclean.model import (
    MAX_ADDRESSES,
    MAX_REFERENCES,
    Account,
    Because,
    Bounce,
    Finding,
    Grade,
    Knowledge,
    OriginSign,
    Question,
    Reason,
    Switch,
    TieQuestion,
    Verdict,
    Weight,
    Whose,
    WithoutId,
)
from scatterclean.shapes import may_be_of_a_device, shape_of

__all__ = ["ABSURD_AGE", "RULES", "judge", "needed", "question_for"]

# Local parts that receive copies of other people's bounces (RFC 2142, and list managers' owner addresses).
_ROLE = re.compile(
    r"^(?:postmaster|mailer-daemon|hostmaster|abuse|root|noc|owner-.+|.+-owner|.+-bounces?|.+-request|.+-admin"
    r"|.+-moderators?|.+\+owner)$"
)


def question_for(person: str, cases: Iterable[tuple[Bounce, datetime]]) -> Question:
    """All that judging these (bounce, arrival) needs to know of the log, to be asked at once."""
    keys: set[str] = set()
    ties: set[TieQuestion] = set()
    correspondents: set[str] = set()
    for bounce, arrival in cases:
        for reference in bounce.references:
            keys.update(reference.id.keys)
        for recipient in tied(bounce):
            ties.add(TieQuestion(recipient, *tie_window(bounce, arrival)))
        correspondents.update(bounce.recipients, bounce.original.to)
        if bounce.sender and any(r.by_reply for r in bounce.references):
            correspondents.update((bounce.sender, bounce.sender.rpartition("@")[2]))
    return Question(person, frozenset(keys), frozenset(ties), frozenset(correspondents))


def judge(bounce: Bounce, arrival: datetime, knowledge: Knowledge, account: Account) -> Finding:
    """`knowledge.answer` must answer (at least) `question_for` of this bounce.  Never raises."""
    hearing = Hearing(bounce, arrival, knowledge, account)
    for rule in RULES:
        finding = rule(hearing)
        if finding is not None:
            return _with_trace(finding, hearing)
    return _orphan(hearing)


# These are about mail of others, which leaves through the same provider: only the person's own log-in tells more.
_OF_OTHERS = frozenset((Because.SHARED, Because.ROLE_COPY, Because.NOT_YOURS))
# What was passed on bears the name of its author.  In the person's own, an intruder wrote the line, or took the id,
# that makes it look so; or somebody had forged a message of the person to the person.
_PASSED_ON = frozenset((Because.FORWARDED, Because.RECEIVED))
# These say already that it may have left there.
_TRACED = frozenset((Because.MAY_BE_YOURS, Because.PROVIDER_HOP, Because.UNCHECKED))


def _with_trace(finding: Finding, hearing: Hearing) -> Finding:
    """Whatever leaves it open: that it may have left through the person's account is not forgotten for it.  A missing
    Message-ID, or an `Auto-Submitted` that an intruder writes, would else hide the only sign that there is."""
    traced, why = hearing.origin, finding.because[0].because
    if finding.verdict not in (Verdict.UNDECIDED, Verdict.WAITING) or why in _TRACED:
        return finding
    if why in _OF_OTHERS:
        tells = traced.sign is OriginSign.AUTHENTICATED
    elif why in _PASSED_ON:
        tells = hearing.by_the_person and traced.whose in (Whose.YOURS, Whose.PROVIDER)
    elif finding.verdict is Verdict.WAITING:
        tells = traced.whose is Whose.YOURS
    else:
        tells = traced.sign in (OriginSign.AUTHENTICATED, OriginSign.SIGNED, OriginSign.HOP)
    if traced.sign is OriginSign.UNCHECKED and why not in _OF_OTHERS | _PASSED_ON:
        return Finding(finding.verdict, (*finding.because, Reason.of(Because.UNCHECKED, domain=traced.line)))
    if not tells:
        return finding
    return Finding(finding.verdict, (*finding.because, Reason.of(Because.PROVIDER_HOP, line=traced.line)))


# --- the rules ------------------------------------------------------------------------------------------


def _acquitted_by_id(hearing: Hearing) -> Finding | None:
    for reference in hearing.bounce.references:
        if not hearing.knowledge.answer.known.isdisjoint(reference.id.keys):
            reason = Reason.of(Because.ID_LOGGED, id=reference.id.text, found_in=reference.found_in)
            return Finding(Verdict.GENUINE, (reason,))
    return None


def _acquitted_by_tie(hearing: Hearing) -> Finding | None:
    recipients = tied(hearing.bounce)
    for tie in hearing.knowledge.answer.ties:
        if tie.recipient in recipients and holds(tie, hearing):
            reason = Reason.of(Because.TIE, recipient=tie.recipient, sent_at=tie.sent_at.isoformat())
            return Finding(Verdict.GENUINE, (reason,))
    return None


def _sent_by_your_account(hearing: Hearing) -> Finding | None:
    """An intruder has the password: his mail is not in Sent, or was deleted from it.

    Never said before the log would have known the message, nor where there is another explanation: what a program
    wrote in the person's name, a message of a time of which nobody knows (somebody sent an old one again), a log
    that was not watched, or is not proved to hold all that the person sends.
    """
    traced = hearing.origin
    if traced.whose is not Whose.YOURS or hearing.knowledge.logged == 0:
        return None
    sender = hearing.bounce.original.sender
    if sender is None or not hearing.knowledge.identities.owns(sender):
        return None
    detail = {
        "sign": traced.sign.value,
        "line": traced.line,
        "id": hearing.bounce.references[0].id.text if hearing.bounce.references else "",
    }
    if hearing.bounce.original.automatic:
        return _undecided(Reason.of(Because.AUTOMATIC))
    if waiting := _not_yet_covered(hearing):
        return waiting
    doubtful = (
        _not_read_to_the_end(hearing)
        or _like_unlogged(hearing)
        or _received(hearing)
        or not hearing.strong
        or believed_date(hearing.bounce, hearing.arrival) is None
        or not hearing.watched_and_proved
    )
    if doubtful:
        return _undecided(Reason.of(Because.MAY_BE_YOURS, **detail))
    return Finding(Verdict.ALARM, (Reason.of(Because.SENT_BY_YOU, **detail),))


def _kept_by_its_kind(hearing: Hearing) -> Finding | None:
    if hearing.account.switches.get(hearing.bounce.kind, Switch.NEVER) is Switch.NEVER:
        return _undecided(Reason.of(Because.KIND_OFF, kind=hearing.bounce.kind))
    return None


def _not_read_to_the_end(hearing: Hearing) -> Finding | None:
    if hearing.bounce.stumbled:
        return _undecided(Reason.of(Because.STUMBLED, format=hearing.bounce.stumbled[0]))
    if hearing.bounce.incomplete or len(hearing.bounce.references) >= MAX_REFERENCES:
        return _undecided(Reason.of(Because.INCOMPLETE))
    return None


def _no_strong_reference(hearing: Hearing) -> Finding | None:
    if hearing.strong or hearing.never_sends or _condemned_by_recipient(hearing):
        return None
    invented = [r for r in hearing.bounce.references if r.weight is Weight.STRONG]
    if invented:
        replier = hearing.bounce.sender or ""
        return _undecided(Reason.of(Because.REPLY_ID, id=invented[0].id.text, replier=replier))
    if hearing.bounce.references:
        weak = hearing.bounce.references[0]
        return _undecided(Reason.of(Because.WEAK_ONLY, id=weak.id.text, found_in=weak.found_in))
    return _undecided(Reason.of(Because.NO_REFERENCE))


def _somebody_elses(hearing: Hearing) -> Finding | None:
    """Copies for a postmaster, list-owner mail, a colleague's mail in a shared mailbox convict nobody."""
    identities = hearing.knowledge.identities
    sender = hearing.bounce.original.sender
    delivered = hearing.bounce.delivered_to
    for address in (*delivered, *([sender] if sender else [])):
        if identities.is_shared(address):
            return _undecided(Reason.of(Because.SHARED, address=address))
    for address in delivered:
        if _ROLE.match(address.partition("@")[0]) and address not in identities.addresses:
            return _undecided(Reason.of(Because.ROLE_COPY, address=address))
    if delivered and not any(identities.owns(address) for address in delivered):
        return _undecided(Reason.of(Because.NOT_YOURS, address=delivered[0]))
    if sender is not None and sender in delivered and not identities.owns(sender):
        return _undecided(Reason.of(Because.NOT_YOURS, address=sender))  # it was passed on to the person
    if not delivered and sender is None:
        return _undecided(Reason.of(Because.NO_ADDRESS))
    if not delivered and sender is not None and not identities.owns(sender):
        return _undecided(Reason.of(Because.NOT_YOURS, address=sender))
    return None


def _you_received_it(hearing: Hearing) -> Finding | None:
    """The person's own forwarding, redirect or vacation reply bounced: about mail that came in."""
    if hearing.origin.sign is OriginSign.FORWARDED:
        return _undecided(Reason.of(Because.FORWARDED, line=hearing.origin.line))
    return _received(hearing)


def _received(hearing: Hearing) -> Finding | None:
    for reference in hearing.bounce.references:
        if not hearing.knowledge.received.isdisjoint(reference.id.keys):
            return _undecided(Reason.of(Because.RECEIVED, id=reference.id.text))
    return None


def _may_be_your_own(hearing: Hearing) -> Finding | None:
    traced = hearing.origin
    if traced.sign is OriginSign.UNCHECKED:
        return _undecided(Reason.of(Because.UNCHECKED, domain=traced.line))
    if traced.whose in (Whose.YOURS, Whose.PROVIDER):
        return _undecided(Reason.of(Because.PROVIDER_HOP, line=traced.line))
    if hearing.bounce.original.automatic and not hearing.foreign:
        return _undecided(Reason.of(Because.AUTOMATIC))
    if not hearing.foreign and (made := hearing.id_of_provider):
        return _undecided(Reason.of(Because.PROVIDER_HOP, line=made.text))
    if unlogged := _like_unlogged(hearing):
        return unlogged
    if hearing.never_sends:
        return None  # a stranger forged that address when writing to people whom the person knows, too
    for recipient in (*hearing.bounce.recipients, *hearing.bounce.original.to):
        if recipient in hearing.knowledge.answer.correspondents:
            return _undecided(Reason.of(Because.CORRESPONDENT, recipient=recipient))
    return None


def _like_unlogged(hearing: Hearing) -> Finding | None:
    for reference in hearing.bounce.references:
        for pattern in hearing.account.own_ids:
            if any(fnmatchcase(key, pattern.lower()) for key in reference.id.keys):
                return _undecided(Reason.of(Because.OWN_SHAPE, id=reference.id.text, pattern=pattern))
        shape = shape_of(reference.id)
        if shape and shape in hearing.knowledge.unlogged:
            return _undecided(Reason.of(Because.UNLOGGED_SHAPE, id=reference.id.text, shape=shape))
    return None


def _log_empty(hearing: Hearing) -> Finding | None:
    return _undecided(Reason.of(Because.EMPTY_LOG)) if hearing.knowledge.logged == 0 else None


def _not_covered(hearing: Hearing) -> Finding | None:
    start, end = hearing.window
    for account, coverage in hearing.filed_in:
        through = coverage.through
        if through is None or through <= start:
            continue  # never read, or not for long: the next rule waits for it
        hole = coverage.hole(start, min(end, through))
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


def _not_yet_covered(hearing: Hearing) -> Finding | None:
    settled = hearing.window[1]
    if hearing.knowledge.now < settled:
        return Finding(Verdict.WAITING, (Reason.of(Because.SETTLING, until=settled.isoformat()),))
    if not hearing.knowledge.coverage:
        return _undecided(Reason.of(Because.NOTHING_COVERED, account=hearing.account.name))
    unread = []
    for account, coverage in hearing.filed_in:
        through = coverage.through
        if through is None or through < settled:
            since = through.isoformat() if through else ""
            retired = {"retired": "yes"} if account in hearing.knowledge.retired else {}
            unread.append(Reason.of(Because.SENT_UNREAD, account=account, through=since, **retired))
    return Finding(Verdict.WAITING, tuple(unread)) if unread else None


def _silence_not_enough(hearing: Hearing) -> Finding | None:
    """Without a foreign sign only a log that was watched, and is proved to hold what is sent, may convict; and only
    in a storm what could be of a phone that files no copy, or was passed on by the provider."""
    if hearing.foreign or hearing.never_sends:
        return None
    for account, coverage in hearing.filed_in:
        witnessed = coverage.grade(*hearing.window) is Grade.WITNESSED
        if witnessed and account in hearing.knowledge.calibrated:
            continue
        return _unproved(hearing, account, "unproved" if witnessed else "backfilled")
    if hearing.in_storm:
        return None
    # One alone: the way on which it left may be one that nobody knows of yet.
    if not hearing.by_the_person:
        return _unproved(hearing, hearing.account.name, "passed-on")
    if any(may_be_of_a_device(r.id, hearing.own_domains) for r in hearing.strong):
        return _unproved(hearing, hearing.account.name, "device")
    return None


def _unproved(hearing: Hearing, account: str, why: str) -> Finding:
    sign = hearing.origin.sign.value
    return _undecided(Reason.of(Because.UNPROVED, account=account, why=why, sign=sign))


def _kept_outside_of_storms(hearing: Hearing) -> Finding | None:
    if hearing.account.switches[hearing.bounce.kind] is not Switch.STORM:
        return None
    if hearing.in_storm:
        return None
    return _undecided(Reason.of(Because.NO_STORM, kind=hearing.bounce.kind))


RULES: tuple[Callable[[Hearing], Finding | None], ...] = (
    _acquitted_by_id,
    _acquitted_by_tie,
    _sent_by_your_account,
    _kept_by_its_kind,
    _not_read_to_the_end,
    _no_strong_reference,
    _somebody_elses,
    _you_received_it,
    _may_be_your_own,
    _log_empty,
    _not_covered,
    _not_yet_covered,
    _silence_not_enough,
    _kept_outside_of_storms,
)


def _condemned_by_recipient(hearing: Hearing) -> bool:
    """`without_id = "recipient"`: no id, but nobody whom it is about was ever written to, and it came from a
    stranger's machine.  (That the person's address was used, and all else, the other rules see to.)"""
    if hearing.account.without_id is not WithoutId.RECIPIENT or not hearing.foreign:
        return False
    original, recipients = hearing.bounce.original, hearing.bounce.recipients
    if len(recipients) >= MAX_ADDRESSES:
        return False  # there may have been more
    if original.date is None and not original.subject:
        return False  # a header that was cut off looks like one without an id
    return bool(recipients) and hearing.knowledge.answer.correspondents.isdisjoint(recipients)


def _orphan(hearing: Hearing) -> Finding:
    strong = hearing.strong
    if strong:
        reason = Reason.of(Because.UNKNOWN_ID, id=strong[0].id.text, found_in=strong[0].found_in)
    elif hearing.never_sends:
        reason = Reason.of(Because.NEVER_SENDS, address=hearing.never_sends)
    else:
        reason = Reason.of(Because.NEVER_WROTE, recipient=hearing.bounce.recipients[0])
    support = (Reason.of(Because.FOREIGN, line=hearing.origin.line),) if hearing.foreign else ()
    return Finding(Verdict.ORPHAN, (reason, *support))


def _undecided(reason: Reason) -> Finding:
    return Finding(Verdict.UNDECIDED, (reason,))
