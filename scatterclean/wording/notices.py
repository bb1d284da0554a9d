"""What the person is told without asking: storms, alarms, trouble that lasts, a digest.  Pure.

Each is (subject, body); lines of the body are not wrapped.  Of mail only what `alarms` shows of it is told.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta

from scatterclean.model import Alarm, Mode, Refusal, Verdict
from scatterclean.storms import SIZE, Weather
from scatterclean.wording.alarms import alarm_told
from scatterclean.wording.deeds import REFUSALS
from scatterclean.wording.text import ago, day, moment, rounded, shown, span, table

Told = tuple[str, str]

# Below what is put into an inbox.
FOOT = (
    "This message was put into your inbox by scatterclean on your own machine; nobody sent it, and no answer is read.\n"
    "What you are told, and how, stands in [notify] of its configuration."
)


def _letter(*paragraphs: str) -> str:
    return "\n\n".join(one for one in paragraphs if one) + "\n"


def _many(number: int, noun: str) -> str:
    return f"{number} {noun}{'' if number == 1 else 's'}"


@dataclass(frozen=True, slots=True)
class Course:
    """What is done with what a storm brings: `away` of it were put away, into `folder`; `refusal` is why the last sweep
    moved nothing, if so; `settle`: so long nothing is moved after its arrival."""

    mode: Mode
    folder: str
    away: int = 0
    refusal: Refusal | None = None
    settle: timedelta = timedelta(0)


def _whose(now: Weather) -> str:
    unsure = now.waiting + now.undecided
    if now.own:
        told = (
            f"{now.own} of them {'is' if now.own == 1 else 'are'} about mail that your account did send, and "
            f"{'stays' if now.own == 1 else 'stay'} where you see {'it' if now.own == 1 else 'them'}."
        )
    elif unsure:
        told = "None of them is known to be about mail of yours."
    else:
        told = "None of them is about mail of yours."
    if now.waiting:
        told += f" {_many(now.waiting, 'bounce')} cannot be judged yet, and {'waits' if now.waiting == 1 else 'wait'}."
    if now.undecided:
        told += f" Of {_many(now.undecided, 'bounce')} it cannot be said for sure; they stay in your inbox."
    return told


def _done(now: Weather, course: Course, *, over: bool) -> str:
    if course.mode is Mode.OBSERVE:
        told = (
            f"{now.orphans} would be put away; nothing is moved, for this account only observes. "
            'With mode = "move" they go to the folder, and every move can be undone.'
        )
        return told.replace("the folder,", f"the folder {shown(course.folder)!r},")
    if course.refusal is not None and not course.away:
        said = REFUSALS[course.refusal]
        return f"They are still where they came: {said}."
    away = (
        f"{_many(course.away, 'bounce')} {'was' if course.away == 1 else 'were'} put away into the folder "
        f"{shown(course.folder)!r}"
    )
    if over:
        return f"{away}."
    if not course.away:
        return f"What is found to be forged is put away into the folder {shown(course.folder)!r}."
    return f"{away}, and what still comes and is found to be forged goes there, too."


_FORGED = (
    "Most probably somebody writes your address into the From line of mail that you never saw. That is no sign that "
    "anybody has your password: such a sign would be told as an alarm. It usually ends in days."
)
_UNSURE = (
    "What they are about is not known: mail that somebody else sent in your name, or mail of yours that the log does "
    "not know, such as a newsletter. A sign that somebody has your password would be told as an alarm."
)
_ALARMING = (
    "Some of them show that your account may have sent such mail: that is told as an alarm of its own."
)


def storm_begun(account: str, now: Weather, course: Course, at: datetime) -> Told:
    """`at`: now, in the zone of the person."""
    since = ago(now.since, at)
    # "Two an hour" is no storm to who reads it: what was many may have come long before.
    many = f"about {rounded(now.an_hour)} an hour" if now.an_hour >= SIZE else f"{now.bounces} so far"
    subject = f"A storm of bounces at {account}: {many}"
    return subject, _letter(
        f"Since {since.removeprefix('today ')}, bounces have been coming to {account}, about {rounded(now.an_hour)} an "
        f"hour ({now.bounces} so far). {_whose(now)}",
        _done(now, course, over=False),
        _ALARMING if now.alarms else _FORGED if now.orphans + now.waiting >= now.undecided else _UNSURE,
        "While it lasts, new ones are looked at within about a minute of their arrival"
        + (
            f"; none is moved in the first {span(settle)}, for a copy of what you sent may still be on its way "
            "to Sent."
            if course.mode is Mode.MOVE and (settle := course.settle)
            else "."
        ),
        "What is going on, on one page, in a terminal: scatterclean report --open. How it stands: "
        f"scatterclean status {account}",
    )


def storm_over(account: str, now: Weather, course: Course, at: datetime) -> Told:
    """`now`: what came from its beginning to its end."""
    subject = f"The storm of bounces at {account} is over: {now.bounces} came"
    return subject, _letter(
        f"From {ago(now.since, at)} to {ago(now.last, at)}, {_many(now.bounces, 'bounce')} came to {account}. "
        f"{_whose(now)}",
        _done(now, course, over=True),
        f"If anything is missing: scatterclean undo {account} brings back what was put away."
        if course.away
        else "",
    )


def alarm(one: Alarm) -> Told:
    """At once; the words are those of the log."""
    happened, otherwise, what_to_do = alarm_told(one)
    return f"ALARM: is somebody else using your account {one.account}?", _letter(
        happened, otherwise, what_to_do, f"More: scatterclean status {one.account}"
    )


def trouble(account: str, since: datetime | None, said: str, at: datetime, *, looked: bool = False) -> Told:
    """`since`: the last success; `said`: what was wrong at the last try, as the log says it (a hint below it).

    `looked`: the server lets us in, and yet nothing can be put away."""
    known = f"since {ago(since, at)}" if since else "since it was set up"
    lines = [shown(line.strip(), 400) for line in said.split("\n") if line.strip()]
    did = f"could put nothing away in {account}" if looked else f"could not look at {account}"
    return f"{account} has not been {'cleaned' if looked else 'looked at'} {known}", _letter(
        f"scatterclean {did} {known}. It goes on trying by itself; what came meanwhile lies in the inbox.",
        "\n".join(["The last try ended so:", *(f"  {line}" for line in lines)]) if lines else "",
        f"What is wrong, and what to do: scatterclean doctor {account}",
    )


@dataclass(frozen=True, slots=True)
class Day:
    """What a digest tells of one account: what was put away in its time, and `would` be, if it only observes; what
    stands open now, by verdict."""

    account: str
    mode: Mode
    folder: str
    away: int = 0
    returned: int = 0
    own: int = 0
    open: Mapping[str, int] | None = None
    alarms: Sequence[Alarm] = ()
    storms: int = 0
    storming: bool = False
    failing_since: datetime | None = None
    failing_looked: bool = False

    @property
    def worth_telling(self) -> bool:
        would = (self.open or {}).get(Verdict.ORPHAN, 0) if self.mode is Mode.OBSERVE else 0
        return bool(
            self.away
            or self.returned
            or self.own
            or self.alarms
            or self.storms
            or self.storming
            or self.failing_since
            or would
        )


def digest(days: Sequence[Day], since: datetime, until: datetime) -> Told:
    """`since` and `until` in the zone of the person."""
    away = sum(one.away for one in days)
    first, last = day(since, until), day(until, until)
    named = f"{first} to {last}" if until - since > timedelta(days=2) else f"since {ago(since, until)}"
    subject = f"scatterclean, {named}: {_many(away, 'bounce') if away else 'nothing'} put away"
    return subject, _letter(*(_of_account(one, until) for one in days))


def _of_account(one: Day, now: datetime) -> str:
    still = one.open or {}
    lines = []
    if one.mode is Mode.OBSERVE:
        lines.append(
            f"{still.get(Verdict.ORPHAN, 0)} would be put away; this account only observes "
            f'(mode = "move" in {table(one.account)} moves them)'
        )
    else:
        lines.append(f"{one.away} put away into {shown(one.folder)!r}")
    if one.returned:
        lines.append(f"{one.returned} brought back")
    if one.own:
        lines.append(f"{_many(one.own, 'bounce')} of your own mail came, and stayed")
    if unsure := still.get(Verdict.UNDECIDED, 0):
        lines.append(f"{unsure} undecided in the inbox")
    if one.storms:
        lines.append(f"{_many(one.storms, 'storm')} began")
    if one.storming:
        lines.append("a storm is in progress")
    lines += [f"ALARM on {moment(found.at, now.tzinfo)}: see the message of then" for found in one.alarms]
    if one.failing_since:
        what = "nothing could be put away" if one.failing_looked else "not looked at"
        lines.append(f"{what} since {ago(one.failing_since, now)}")
    return "\n".join([f"{one.account}:", *(f"  {line}" for line in lines)])


def late(notice_made: datetime, at: datetime) -> str:
    """In front of what could not be told when it happened."""
    return f"(This was written {ago(notice_made, at)}, and could not be put here before.)\n\n"


def trial(account: str) -> Told:
    """What `scatterclean notify --test` tells."""
    return "scatterclean: a test", _letter(
        f"This is a test, asked for by `scatterclean notify --test`. Notices about {account} reach you on this way."
    )
