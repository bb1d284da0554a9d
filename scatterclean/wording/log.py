"""What the log knows and of which time, what proves it, and what bypasses it, in words.  Pure."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from datetime import datetime

from scatterclean.model import Coverage, Grade, Interval, Proofs, Route, RouteCause
from scatterclean.wording.text import ago, day, shown

# So many holes are named, the latest.
_HOLES = 3


def coverage(
    covered: Coverage, holes: Sequence[tuple[datetime, datetime]], now: datetime, *, account: str = ""
) -> str:
    """ "the log knows what you sent since 3 March 2019, watched live since yesterday 14:02, hole on 7 May".

    `now` in the zone of the person; `holes` in order; `account`: named, where several are told of.
    """
    log = f"the log of account {account}" if account else "the log"
    if covered.since is None:
        return f"{log} does not know yet what you sent: its Sent folders were not read, or are empty"
    parts = [f"{log} knows what you sent since {day(covered.since, now)}"]
    live = watched_since(covered)
    if live is None:
        parts.append("not watched live yet: it is what was in Sent when that was first read")
    elif live == covered.since:
        parts.append("watched live all the time")
    else:
        parts.append(f"watched live since {ago(live, now)}")
    if covered.through is not None:
        parts.append(f"last read {ago(covered.through, now)}")
    parts += [_hole(start, end, now) for start, end in holes[-_HOLES:]]
    if len(holes) > _HOLES:
        rest = len(holes) - _HOLES
        parts.append(f"and {rest} earlier hole{'s' if rest > 1 else ''}")
    return ", ".join(parts)


def beside(number: int) -> str:
    """What the log knows from elsewhere than Sent, behind a number of messages; nothing if there is none."""
    return f", and {number} more from imports, `scatterclean sendmail` or `also_sent`" if number else ""


def watched_since(covered: Coverage) -> datetime | None:
    """Since when Sent was watched without a break to the last look; None if it is not."""
    start: datetime | None = None
    end = covered.through
    witnessed = [i for i in covered.intervals if i.grade is Grade.WITNESSED]
    for interval in sorted(witnessed, key=_end, reverse=True):
        if end is None or interval.end < end:
            break
        start = interval.start if start is None else min(start, interval.start)
        end = start
    return start


def _end(interval: Interval) -> datetime:
    return interval.end


def _hole(start: datetime, end: datetime, now: datetime) -> str:
    first, last = day(start, now), day(end, now)
    if first == last:
        plain = first if first in ("today", "yesterday") else f"on {first}"
        return f"hole {plain}"
    return f"hole from {first} to {last}"


def proofs(known: Proofs, now: datetime) -> str:
    """Do replies show that the log is whole?"""
    if not known.replies:
        return (
            "no proof yet that this is all: no reply to a message in the log was seen, so a bounce moves only where it "
            "shows that a stranger sent the message"
        )
    replies = "1 reply" if known.replies == 1 else f"{known.replies} replies"
    last = f", the last {day(known.last, now)}" if known.last else ""
    return f"{replies} to messages in the log came{last}: what you send does reach the log"


_CAUSES: Mapping[RouteCause, str] = {
    RouteCause.REPLY: "is sent from somewhere that files no copy (seen by a reply",
    RouteCause.REWRITTEN: "was given another id on its way than its copy in Sent has (seen by a reply",
    RouteCause.TIE: "was given another id on its way than its copy in Sent has (seen by a bounce of your mail",
    RouteCause.ECHO: "came back to you with another id than its copy in Sent has (seen",
}


def route(one: Route, now: datetime) -> str:
    """A way on which mail of the person goes that the log does not know."""
    helped = (
        "; `scatterclean import`, `own_ids`, or letting that program file copies makes them known"
        if one.cause is RouteCause.REPLY
        else ""
    )
    return (
        f"mail with ids like {shown(one.shape)} {_CAUSES[one.cause]} on {_on(one.seen_at, now)}): bounces about such "
        f"ids always stay{helped}"
    )


def _on(when: datetime, now: datetime) -> str:
    return f"{when.astimezone(now.tzinfo):%Y-%m-%d}"


_NAMED = 6


def hosts(names: Iterable[str], *, known: bool) -> str:
    """Through which machines the person's mail leaves; `known`: more than a guess."""
    # A domain stands among them as itself, and with all below it.
    listed = sorted({name.removeprefix(".") for name in names})
    more = f" and {len(listed) - _NAMED} more" if len(listed) > _NAMED else ""
    told = ", ".join(shown(name, 60) for name in listed[:_NAMED]) + more
    if known:
        return (
            f"your mail leaves through {told}"
            if told
            else "it is known through which servers your mail leaves"
        )
    guess = f" (a guess: {told})" if told else ""
    return (
        f"it is not known yet through which servers your mail leaves{guess}: a sweep asks DNS for them (unless "
        "`dns = false`), and `outbound = [...]` in the account says it for sure; until then of no "
        "message it can be told that a stranger sent it"
    )
