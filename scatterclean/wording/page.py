"""The words of the report's page that nobody else says: headings, what to do, what became of it.  Pure.

What decides and what helps is said by `reasons`, `rules` and `advice`; the sentence of the answer is not here, either.
"""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime

from scatterclean.model import Alarm, Kind, Verdict
from scatterclean.model.report import Conclusion, Course, Failure, Fate, Forged, Report, Returned, Says, Width
from scatterclean.wording.alarms import WHAT_TO_DO, alarm_told
from scatterclean.wording.text import ago, day, rounded

QUESTION = "Have I been hacked?"
HEADLINES: Mapping[Says, str] = {
    Says.NO_SIGN: "No sign of it",
    Says.CANNOT_TELL: "It cannot be told yet",
    Says.ALARM: "Maybe. Look at this now",
}

# For a legend, and for the head of a column.
KINDS: Mapping[Kind, str] = {
    Kind.BOUNCE: "Failure notices",  # a bounce is any of these kinds
    Kind.DELAY: "Delay warnings",
    Kind.SUCCESS: "Delivery confirmations",
    Kind.AUTOREPLY: "Automatic replies",
    Kind.CHALLENGE: "Challenges",
    Kind.NOTICE: "Notices of filters",
    Kind.RECEIPT: "Read receipts",
    Kind.COMPLAINT: "Spam complaints",
}
OTHER_KINDS = "Other kinds"
FATES: Mapping[Fate, str] = {
    Fate.MOVED: "Put away",
    Fate.RETURNED: "Brought back",
    Fate.KEPT: "Your own, or left alone",
    Fate.UNDECIDED: "Undecided",
    Fate.WAITING: "Waiting",
}

NEVER_SENT = "you never sent from it, as far as is known"
LEFT_BY_HAND = "you flagged or answered it, or brought it back"

_STRETCHES: Mapping[Width, str] = {Width.HOUR: "hour", Width.DAY: "day", Width.WEEK: "week"}

# Behind a number.
OPEN: Mapping[Verdict, str] = {
    Verdict.ALARM: "alarming",
    Verdict.UNDECIDED: "undecided",
    Verdict.WAITING: "waiting",
    Verdict.ORPHAN: "not yours, and still in the inbox",
    Verdict.GENUINE: "your own",
}

# What happened, and what the person can do about it.
FAILURES: Mapping[Failure, tuple[str, str]] = {
    Failure.UNKNOWN_ADDRESS: (
        "There is no such address",
        "Check the spelling, or ask the person for the new address.",
    ),
    Failure.UNKNOWN_DOMAIN: (
        "There is no such domain, or it takes no mail",
        "Check what stands behind the @.",
    ),
    Failure.MAILBOX_FULL: (
        "The mailbox is full",
        "Send it again in some days, or tell the person in another way.",
    ),
    Failure.MAILBOX_CLOSED: ("The mailbox is closed", "Ask the person for another address."),
    Failure.TOO_LARGE: ("Your message was too large", "Send it again with fewer or smaller attachments."),
    Failure.REFUSED_AS_SPAM: (
        "Your message was taken for spam",
        "Write again in plain words, without links and attachments, or tell the person in another way.",
    ),
    Failure.REFUSED_SENDER: (
        "The server there does not trust where your message came from",
        "Your mail provider can mend that: show them the server's own words.",
    ),
    Failure.NOT_ALLOWED: (
        "You may not write to this address",
        "Some lists and companies take mail from members only: ask the person.",
    ),
    Failure.UNREACHABLE: ("The server there could not be reached", "Send it again tomorrow."),
    Failure.DELAYED: (
        "It has not arrived yet, and a server is still trying",
        "Wait: you will be told if it fails.",
    ),
    Failure.DELIVERED: ("It arrived", "Nothing is to be done."),
    Failure.ANSWERED: ("An automatic answer came", "Read it: some ask you to confirm something."),
    Failure.OTHER: ("It did not arrive", "The server's own words say why."),
}
_READ_IT = "Read the bounce itself: it may say why."
# These say that something arrived, or was answered: they can wait.
GOOD_NEWS = frozenset({Failure.DELIVERED, Failure.ANSWERED})


# Not by strftime: that asks the machine's language.
_MONTHS = ("Jan", "Feb", "Mar", "Apr", "May", "Jun", "Jul", "Aug", "Sep", "Oct", "Nov", "Dec")


def short_day(when: datetime) -> str:
    """ "28 Nov", for a chart."""
    return f"{when.day} {_MONTHS[when.month - 1]}"


def many(number: int, noun: str, plural: str = "") -> str:
    """ "1 bounce", "2,314 bounces"."""
    return f"{number:,} {noun if number == 1 else plural or noun + 's'}"


def stretch(report: Report) -> str:
    """Which time the report is about, as a sentence."""
    if report.since is None:
        return "It is about all bounces on record."
    older = (
        f" {many(report.earlier, 'older bounce')} on record {'is' if report.earlier == 1 else 'are'} left out."
        if report.earlier
        else ""
    )
    return f"It is about the bounces that came since {day(report.since, report.now)}.{older}"


_TO_BE_SAFE = "If you are worried, change your password from a device that you trust: that is never wrong."
_NOTHING = (
    "About the forged mail: nothing. Whoever writes your address on it needs no password of yours, and a new password "
    "would not end it."
)


def what_now(end: Conclusion, returned: tuple[Returned, ...]) -> list[tuple[str, str]]:
    """What to do, each with the section that it leads to ("" for none), the most urgent first."""
    told: list[tuple[str, str]] = []
    if end.says is Says.ALARM:
        told += [(f"{step.strip().removesuffix('.')}.", "") for step in WHAT_TO_DO.split(". ")]
    elif end.not_yours:
        told.append((_NOTHING, ""))
    elif not end.bounces and end.says is Says.NO_SIGN:
        told.append(("Nothing: no bounces came.", ""))
    if end.says is Says.CANNOT_TELL:
        told.append((_TO_BE_SAFE, ""))
    if end.own:
        bad = [one for one in returned if one.failure not in GOOD_NEWS]
        told.append(
            (f"Read the {many(end.own, 'bounce')} of your own mail: not all of it arrived.", "returned")
            if bad
            else (
                f"Look at the {many(end.own, 'bounce')} of your own mail: some may not have arrived.",
                "returned",
            )
            if end.own > len(returned)
            else (f"Look at the {many(end.own, 'answer')} to your own mail when you have time.", "returned")
        )
    unsure = end.undecided - end.others - end.undecided_away
    if unsure > 0:
        told.append((_look_at(unsure, end), "open"))
    if end.waiting:
        it = "it" if end.waiting == 1 else "them"
        told.append((f"Wait for {many(end.waiting, 'bounce')}: the next sweeps judge {it} again.", "open"))
    return told


def _look_at(unsure: int, end: Conclusion) -> str:
    """`unsure`: the undecided without those that are about somebody else, or were put away by hand."""
    it = "it is" if unsure == 1 else "they are"
    if not end.others and not end.undecided_away:
        which = "one" if unsure == 1 else f"{unsure:,}"
        return f"Look at the {which} that could not be decided: {it} in your inbox."
    if not end.others:
        which = f"{unsure:,} that could not be decided and that you did not put away"
    elif unsure == 1:
        which = "undecided one that may be about your mail"
    else:
        which = f"{unsure:,} undecided ones that may be about your mail"
    return f"Look at the {which}: {it} in your inbox."


def tally(end: Conclusion) -> list[tuple[str, str, int, str]]:
    """The numbers behind the answer: (key, what, how many, what that means), those that are not zero."""
    every = [
        ("alarming", "alarming", end.alarming, "your account sent them, and you may not have"),
        ("orphan", "not yours", end.not_yours, f"you never sent what they speak of{_left(end)}"),
        ("own", "your own", end.own, "you sent what they speak of"),
        ("undecided", "undecided", end.undecided, _undecided(end)),
        ("waiting", "waiting", end.waiting, "to be judged again"),
    ]
    return [one for one in every if one[2] > 0]


def _left(end: Conclusion) -> str:
    number = end.left_by_hand
    if not number:
        return ""
    return f"; {number:,} {'was' if number == 1 else 'were'} left alone: {LEFT_BY_HAND}"


def _undecided(end: Conclusion) -> str:
    if not end.others:
        return "it cannot be told"
    if end.others == end.undecided:
        return "not about your mail"
    return (
        f"it cannot be told; {end.others:,} of them {'is' if end.others == 1 else 'are'} not about your mail"
    )


def course_title(course: Course, what: str) -> str:
    return f"{what} by {_STRETCHES[course.width]}"


def storm(course: Course, now: datetime) -> str:
    """When the storm was, as a sentence; "" if there was none."""
    if course.storm_since is None:
        return ""
    since = ago(course.storm_since, now)
    if course.storm_until is None:
        return f"A storm of bounces began {since}, and it goes on."
    return f"A storm of bounces began {since} and ended {ago(course.storm_until, now)}."


def peak(course: Course, now: datetime) -> str:
    """The worst hour, and how it compares with what is usual, in a sentence or two; "" if nothing came."""
    most, at = course.worst
    if not most or at is None or course.peak_at is None:
        return ""
    other = at != course.peak_at
    told = f"In {'its' if other else 'the'} worst hour ({ago(at, now)}) {many(most, 'bounce')} came"
    if other:
        told += f" (at another time more did: {course.peak:,}, {ago(course.peak_at, now)})"
    if course.usual < 0.5:
        return f"{told}. On a usual day none comes at all."
    days = most / course.usual
    usual = (
        f"On a usual day about {rounded(course.usual)} {'comes' if rounded(course.usual) == 1 else 'come'}"
    )
    if days < 2:
        return f"{told}. {usual}."
    return f"{told}: as many as in {rounded(days):,} usual days. {usual}."


def described(course: Course, now: datetime) -> str:
    """A chart for those who do not see it."""
    if not course.bars:
        return "No bounces came."
    first, last = course.bars[0].start, course.bars[-1].start
    most = max(course.bars, key=lambda bar: bar.bounces)
    unit = _STRETCHES[course.width]
    return (
        f"{many(len(course.bars), 'bar')}, one for each {unit}, from {ago(first, now)} to {ago(last, now)}. "
        f"The highest is that of {ago(most.start, now)}, with {many(most.bounces, 'bounce')}. "
        "The table below holds all numbers."
    )


def failed(one: Returned) -> str:
    """What became of a message of the person's own, and what can be done."""
    what, todo = FAILURES[one.failure]
    return f"{what}. {_READ_IT if one.failure is Failure.OTHER and not one.said else todo}"


def began(when: datetime, width: Width) -> str:
    """Where a bar begins, shortly: "28 Nov 23:00", "28 Nov"."""
    return f"{short_day(when)} {when:%H:%M}" if width is Width.HOUR else short_day(when)


def happened(one: Alarm) -> str:
    """What an alarm is about, without its account, which stands before it on the page."""
    told = alarm_told(one)[0].partition(f"account {one.account}: ")[2]
    return told[:1].upper() + told[1:]


def whose(one: Forged) -> str:
    """Did the person ever use a forged address?"""
    if one.used:
        return "you send from it"
    if one.catch_all:
        return f"{NEVER_SENT}: it is yours only because your domain takes in every address"
    if one.owned:
        return f"yours, but {NEVER_SENT}"
    return "not known as yours"


def catch_all(forged: tuple[Forged, ...]) -> str:
    """What closing a catch-all would have spared; "" if nothing."""
    number = sum(one.bounces for one in forged if one.catch_all and not one.used)
    if not number:
        return ""
    return (
        f"{many(number, 'bounce')} came to addresses that exist only because your domain takes in every address. "
        "If your provider lets you name the addresses that you use instead, these would not reach you any more."
    )
