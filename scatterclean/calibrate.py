"""What mail that passes by, and findings, teach about the log.  Pure; it asks nobody and judges nothing.

People reply to what the person sends: their In-Reply-To is a steady test of the log.

    a reply cites a logged id                          proof: ids survive, and Sent is used
    a reply to the person cites an unknown id of       a route that files no copy (phone, script, send-as,
    the person's own shape, or from someone whom       web form, newsletter tool)
    the person writes to
    a reply fits a logged message by recipient and     a provider that rewrites ids
    subject, but cites another id
    a copy of a logged message comes back under        the same
    another id
    a genuine bounce that matched by the tie alone     the same
    quotes an id
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from datetime import datetime, timedelta

from scatterclean.dates import date_in
from scatterclean.headers import Header, decoded, first_address, ids_meant, value_of
from scatterclean.model import (
    SHARED_BY_MANY,
    Answer,
    Because,
    Case,
    Identities,
    Lessons,
    MessageId,
    Proofs,
    Question,
    Route,
    RouteCause,
    Tie,
    TieQuestion,
    Verdict,
    Weight,
)
from scatterclean.shapes import shape_of
from scatterclean.subjects import same

FIELDS = ("Message-ID", "In-Reply-To", "References", "From", "To", "Date", "Subject")

# Of a long thread the last ids are the nearest ones.
_MOST_CITED = 10
# Nobody returns mail later than this; what arrived before is not remembered.
RECEIVED_LIFE = timedelta(days=60)
# People answer late.
_REPLY_REACH = timedelta(days=90)
# A copy that comes back has the Date of the one that was filed; clocks and zones of relays do not matter.
_ECHO_SLACK = timedelta(minutes=10)


class Passing:
    """An ordinary message that came by, as far as it tells of the log.

    `ids` are its own, `keys` those of all of them, `parent` those that it answers, `cited` all it names.  What only
    a reply or an echo of the person's mail is asked for, its first recipient, date and subject, is read when it is
    asked for.
    """

    __slots__ = ("_header", "arrival", "cited", "ids", "keys", "parent", "sender")

    def __init__(self, header: Header, arrival: datetime) -> None:
        first = header.first
        parent = _ids_in(first.get(b"in-reply-to"))[:2]
        thread = _ids_in(first.get(b"references"))[-_MOST_CITED:]
        self._header = header
        self.arrival = arrival
        self.ids: tuple[MessageId, ...] = _ids_in(first.get(b"message-id"))[:2]
        self.keys: tuple[str, ...] = (
            self.ids[0].keys if len(self.ids) == 1 else tuple(key for an_id in self.ids for key in an_id.keys)
        )
        self.parent: tuple[MessageId, ...] = parent or thread[-1:]
        self.cited: tuple[MessageId, ...] = tuple(dict.fromkeys((*parent, *thread))) if thread else parent
        self.sender = first_address(header.get("From") or "")

    @property
    def first_to(self) -> str | None:
        return first_address(self._header.get("To") or "")

    @property
    def date(self) -> datetime | None:
        return date_in(self._header.get("Date"))

    @property
    def subject(self) -> str | None:
        return decoded(self._header.get("Subject") or "") or None


def _ids_in(value: bytes | None) -> tuple[MessageId, ...]:
    """Of by far most messages two of the three fields are not there."""
    return ids_meant(value_of(value)) if value else ()


def passing(fields: bytes, arrival: datetime) -> Passing:
    """`fields` must hold `FIELDS` of an ordinary message; whatever is missing or broken is left empty."""
    return Passing(Header(fields), arrival)


def question_for(person: str, mail: Iterable[Passing], identities: Identities) -> Question:
    """All that learning from these needs to know of the log, to be asked at once."""
    keys: set[str] = set()
    ties: set[TieQuestion] = set()
    correspondents: set[str] = set()
    for one in mail:
        keys.update(one.keys)
        for an_id in one.cited:
            keys.update(an_id.keys)
        if one.sender and one.parent and _answers_the_person(one, identities):
            ties.add(TieQuestion(one.sender, one.arrival - _REPLY_REACH, one.arrival))
            correspondents.add(one.sender)
        if _may_be_an_echo(one, identities) and one.first_to and one.date:
            ties.add(TieQuestion(one.first_to, one.date - _ECHO_SLACK, one.date + _ECHO_SLACK))
    return Question(person, frozenset(keys), frozenset(ties), frozenset(correspondents))


def from_mail(  # noqa: PLR0917 - facts, each from another place
    mail: Sequence[Passing],
    answer: Answer,
    holders: Mapping[str, frozenset[str]],
    shapes: frozenset[str],
    received: frozenset[str],
    identities: Identities,
    now: datetime,
) -> Lessons:
    """What these messages teach.

    `answer` is that of `question_for`; `holders` says which accounts logged the known keys; `shapes` are those
    of the log; `received` are the keys among those cited that are of mail which the person received.
    """
    proofs: dict[str, Proofs] = {}
    routes: dict[str, Route] = {}
    here = received | {key for one in mail for key in one.keys}
    ties: dict[str, list[Tie]] = {}
    for tie in answer.ties:
        ties.setdefault(tie.recipient, []).append(tie)
    for one in mail:
        for account in _accounts_cited(one, holders, identities):
            before = proofs.get(account, Proofs())
            last = max(before.last or one.arrival, one.arrival)
            proofs[account] = Proofs(before.replies + 1, last)
        found = _route(one, answer, ties, shapes, here, identities)
        if found is not None:
            routes[found.shape] = found
    return Lessons(
        proofs=proofs,
        routes=tuple(routes.values()),
        received={key: one.arrival for one in mail if one.arrival >= now - RECEIVED_LIFE for key in one.keys},
    )


def from_findings(cases: Iterable[Case], ties: Iterable[Tie]) -> tuple[Route, ...]:
    """Routes that genuine bounces show: what fits a logged message in recipient and subject, and quotes an id that
    the log does not know, left under another id than the one that was filed."""
    subjects = {(tie.recipient, tie.sent_at.isoformat()): tie.subject for tie in ties}
    routes = {}
    for case in cases:
        reason = case.finding.because[0] if case.finding.because else None
        if case.finding.verdict is not Verdict.GENUINE or reason is None or reason.because is not Because.TIE:
            continue
        if not same(subjects.get((reason["recipient"], reason["sent_at"])), case.bounce.original.subject):
            continue
        for reference in case.bounce.references:
            shape = shape_of(reference.id)
            if reference.weight is Weight.STRONG and shape:
                routes[shape] = Route(shape, RouteCause.TIE, reference.id.text, case.arrival)
    return tuple(routes.values())


# --- what one message shows -----------------------------------------------------------------------------


def _accounts_cited(one: Passing, holders: Mapping[str, frozenset[str]], identities: Identities) -> set[str]:
    """The accounts whose log knows what this answers.  The person's own mail cites what the person's program knew."""
    if one.sender is None or identities.owns(one.sender):
        return set()
    return {account for an_id in one.cited for key in an_id.keys for account in holders.get(key, ())}


def _route(  # noqa: PLR0917 - facts, each from another place
    one: Passing,
    answer: Answer,
    ties: Mapping[str, Sequence[Tie]],
    shapes: frozenset[str],
    here: frozenset[str],
    identities: Identities,
) -> Route | None:
    if _may_be_an_echo(one, identities):
        return _echo(one, answer.known, ties)
    if not _answers_the_person(one, identities) or _known(one.cited, answer.known):
        return None
    parent = one.parent[0]
    shape = shape_of(parent)
    if not shape or _known(one.parent, here):
        return None
    subject = one.subject  # read once: a correspondent of every day has hundreds of ties
    if any(same(tie.subject, subject) for tie in ties.get(one.sender or "", ())):
        return Route(shape, RouteCause.REWRITTEN, parent.text, one.arrival)
    own = shape in shapes or _in_own_domain(parent, identities)
    if own or one.sender in answer.correspondents:
        return Route(shape, RouteCause.REPLY, parent.text, one.arrival)
    return None


def _answers_the_person(one: Passing, identities: Identities) -> bool:
    """A reply to somebody has that one in front in To (RFC 5322, 3.6.3); others of the thread stand behind."""
    return bool(one.parent) and one.first_to is not None and identities.owns(one.first_to)


def _may_be_an_echo(one: Passing, identities: Identities) -> bool:
    return one.sender is not None and bool(one.ids) and identities.owns(one.sender)


def _echo(one: Passing, known: frozenset[str], ties: Mapping[str, Sequence[Tie]]) -> Route | None:
    """A list, or a mail to oneself, brings back what was filed: under the same id, or the provider changed it."""
    shape = shape_of(one.ids[0])
    date, subject = one.date, one.subject
    if not shape or _known(one.ids, known) or date is None:
        return None
    for tie in ties.get(one.first_to or "", ()):
        near = abs(tie.sent_at - date) <= _ECHO_SLACK
        if near and same(tie.subject, subject):
            return Route(shape, RouteCause.ECHO, one.ids[0].text, one.arrival)
    return None


def _known(ids: Iterable[MessageId], keys: frozenset[str]) -> bool:
    return any(not keys.isdisjoint(an_id.keys) for an_id in ids)


def _in_own_domain(an_id: MessageId, identities: Identities) -> bool:
    """Also in that of an address of another account, which is known from what was sent there."""
    right = an_id.right_hand_side
    own = identities.domains | {address.rpartition("@")[2] for address in identities.learned} - SHARED_BY_MANY
    return any(right == domain or right.endswith(f".{domain}") for domain in own)
