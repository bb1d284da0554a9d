"""A storm in one screen: what `scatterclean storm` says of a report, before it is laid out.  Pure.

All that strangers wrote in it is harmless: no control characters, no links.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta

from scatterclean.model.report import (
    Bouncer,
    Counted,
    Course,
    Fate,
    Forged,
    Report,
    Returned,
    Width,
)
from scatterclean.wording import conclusion
from scatterclean.wording.page import FAILURES, GOOD_NEWS, LEFT_BY_HAND, NEVER_SENT
from scatterclean.wording.postmasters import unlinked
from scatterclean.wording.text import ago, moment, rounded

# What a stranger wrote is cut to, where the width of the screen does not cut it earlier.
_CUT = 160

Item = tuple[str, str]
"""How many ("" if that is no question), and what."""


@dataclass(frozen=True, slots=True)
class Section:
    """A heading and the first of what stands below it; `left` further ones are not among `items`."""

    head: str
    items: tuple[Item, ...]
    left: int = 0

    @property
    def heading(self) -> str:
        """With how many there are, where not all of them are shown."""
        return f"{self.head}, {len(self.items) + self.left:,} in all:" if self.left else f"{self.head}:"


@dataclass(frozen=True, slots=True)
class Marks:
    """A course as marks of a sparkline: so many bounces each, in stretches of one length."""

    counts: tuple[int, ...]
    stretch: timedelta
    start: datetime

    @property
    def end(self) -> datetime:
        return self.start + len(self.counts) * self.stretch


# So many sentences below the answer are said here; the page has all of them.
_MORE = 3


def answer(report: Report) -> list[str]:
    """Was it you?  A sentence with its ground; below it what to do about an alarm, or what would help to tell."""
    told = conclusion.answer(report)
    return [told.sentence, *told.more[:_MORE]]


def marks(course: Course, most: int) -> Marks | None:
    """At most `most` of them: neighbours are put together.  None if nothing came."""
    if not course.bars or most < 1:
        return None
    together = -(-len(course.bars) // most)
    counts = [bar.bounces for bar in course.bars]
    return Marks(
        tuple(sum(counts[at : at + together]) for at in range(0, len(counts), together)),
        _LENGTHS[course.width] * together,
        course.bars[0].start,
    )


_LENGTHS: Mapping[Width, timedelta] = {
    Width.HOUR: timedelta(hours=1),
    Width.DAY: timedelta(days=1),
    Width.WEEK: timedelta(weeks=1),
}
_UNITS = ((timedelta(weeks=1), "week"), (timedelta(days=1), "day"), (timedelta(hours=1), "hour"))


def drawn(shown: Marks, now: datetime) -> str:
    """What the sparkline below it shows, in words: who cannot see it misses nothing."""
    days = shown.stretch >= timedelta(days=1)
    start, end = (
        f"{when:%Y-%m-%d}" if days else ago(when, now)
        for when in (shown.start, min(shown.end, max(now, shown.start)))
    )
    return (
        f"Per {_length(shown.stretch)}, {start} to {end}: "
        f"at most {max(shown.counts):,}, {shown.counts[-1]:,} in the last one"
    )


def _length(stretch: timedelta) -> str:
    unit, name = next(each for each in _UNITS if not stretch % each[0])
    number = stretch // unit
    return name if number == 1 else f"{number} {name}s"


def weather(course: Course, now: datetime) -> str:
    """Is there a storm, or was there one?"""
    if course.storm_since is None:
        return "There is no storm, and was none in this time."
    since = ago(course.storm_since, now)
    if course.storm_until is None:
        return f"A storm of bounces is in progress, since {since}."
    return f"The last storm of bounces is over: it went from {since} to {ago(course.storm_until, now)}."


def peak(course: Course, now: datetime) -> str:
    """The most in one hour, beside what is usual; "" if nothing came."""
    if course.peak_at is None:
        return ""
    most, at = course.worst
    if at is None or at == course.peak_at:
        return f"Peak: {course.peak:,} in one hour ({ago(course.peak_at, now)}). {_usual(course.usual)}."
    return (
        f"Peak of this storm: {most:,} in one hour ({ago(at, now)}); at another time {course.peak:,} "
        f"({ago(course.peak_at, now)}). {_usual(course.usual)}."
    )


def _usual(a_day: float) -> str:
    if a_day <= 0:
        return "Usual: none on most days"
    if a_day < 1:
        return "Usual: fewer than one a day"
    return f"Usual: about {rounded(a_day):,} a day"


_FATES: Sequence[tuple[Fate, str, bool]] = (
    (Fate.MOVED, "put away", True),
    (Fate.KEPT, "your own or left alone", True),
    (Fate.UNDECIDED, "undecided", True),
    (Fate.WAITING, "waiting", True),
    (Fate.RETURNED, "brought back", False),
)


def fates(course: Course) -> Mapping[Fate, int]:
    """What became of the bounces of a course."""
    counted = dict.fromkeys(Fate, 0)
    for bar in course.bars:
        for (_, fate), many in bar.counts.items():
            counted[fate] += many
    return counted


def became(report: Report, *, why: bool = True) -> str:
    """The same in words, `why` with the reason; that of which there never is any is left out."""
    course, left = report.course, report.conclusion.left_by_hand
    counted = fates(course)
    told = [f"{counted[fate]:,} {name}" for fate, name, always in _FATES if always or counted[fate]]
    if left and why:
        told[1] += f" ({left:,} because {LEFT_BY_HAND})"
    if course.before:
        told.append(f"and {course.before:,} before")
    return ", ".join(told)


def sections(report: Report, few: int) -> list[Section]:
    """At most `few` of each, what needs the person first; what is empty is left out."""
    spam = report.spam
    found = (
        _section(
            "Mail of your own that came back, and needs you",
            _returned(report.returned),
            report.more_returned,
            few,
        ),
        _section("Your addresses that were forged", map(_forged, report.forged), report.more_forged, few),
        _section("Servers that sent the bounces", map(_bouncer, report.bouncers), report.more_bouncers, few),
        _section("Subjects of the spam", map(_subject, spam.subjects), spam.more_subjects, few),
    )
    return [each for each in found if each.items]


def _section(head: str, items: Iterable[Item], more: int, few: int) -> Section:
    every = tuple(items)
    return Section(head, every[:few], more + len(every[few:]))


def _returned(returned: Iterable[Returned]) -> Iterator[Item]:
    """What arrived after all, or was answered, can wait."""
    for each in returned:
        if each.failure not in GOOD_NEWS:
            letter = f' ("{unlinked(each.letter, 60)}")' if each.letter else ""
            yield "", f"{unlinked(each.recipient, 80) or 'somebody'}: {FAILURES[each.failure][0]}{letter}"


def _forged(each: Forged) -> Item:
    note = "" if each.used else f", {NEVER_SENT}"
    return f"{each.bounces:,}", f"{unlinked(each.address, _CUT)}{note}"


def _bouncer(each: Bouncer) -> Item:
    on = f", on {' and '.join(unlinked(name, 80) for name in each.listed)}" if each.listed else ""
    return (
        f"{each.bounces:,}",
        f"{unlinked(each.host or each.domain or each.ip, _CUT) or 'without a name'}{on}",
    )


def _subject(each: Counted) -> Item:
    alike = f" and {each.others:,} like it" if each.others else ""
    return f"{each.bounces:,}", f'"{unlinked(each.text, _CUT)}"{alike}'


def earlier(report: Report) -> str:
    """What is not told of, because only what is later was asked for; "" if nothing was left out."""
    if not report.earlier or report.since is None:
        return ""
    when = moment(report.since, report.now.tzinfo)
    if report.earlier == 1:
        return f"1 bounce that came before {when} is left out."
    return f"{report.earlier:,} bounces that came before {when} are left out."


def changed(before: Report, after: Report) -> str:
    """A line for who has no terminal to look at: what is new since it was told last; "" if nothing is."""
    was, now = fates(before.course), fates(after.course)
    new = after.conclusion.bounces - before.conclusion.bounces
    if was == now and not new and before.conclusion.says == after.conclusion.says:
        return ""
    came = "" if not new else f" ({new:+,})"
    bounces = f"{after.conclusion.bounces:,} bounces{came}"
    return f"{moment(after.now, after.now.tzinfo)}: {bounces}; {became(after, why=False)}"


UNWATCHED = "Nobody watches it now; `scatterclean run` does."


def stale(trouble: str, seen: datetime) -> str:
    """Under what is still shown though it could not be read again."""
    first = trouble.splitlines()[0] if trouble else "no reason is known"
    return f"This is how it was at {moment(seen, seen.tzinfo)}; it could not be read again: {first}"
