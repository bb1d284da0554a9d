"""What the log knows and of which time, what proves it, and what bypasses it, in words.  Pure."""

from __future__ import annotations

import ipaddress
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


def outbound(hosts: Iterable[str]) -> tuple[str, ...]:
    """Hosts (as in `Provider.hosts`) as the key `outbound` takes them; without this machine itself."""
    told = []
    for host in sorted(hosts):
        bare = host.removeprefix(".")
        try:
            address = ipaddress.ip_address(bare)
        except ValueError:
            told += [f"*{host}" if host.startswith(".") else host] if "." in bare else []
        else:
            told += [] if address.is_loopback else [bare]
    return tuple(told)


def outbound_line(hosts: Iterable[str]) -> str:
    """The line of the configuration that says it; with `...` where nothing is known."""
    listed = ", ".join(f'"{shown(host, 80)}"' for host in outbound(hosts))
    return f"outbound = [{listed or '...'}]"


Published = Mapping[str, tuple[str, ...] | None]
"""By domain, what its SPF record authorises: () is no record, None: it could not be known."""


def covered_by_dns(published: Published) -> bool:
    """Does DNS name the machines of all domains of the person?"""
    return bool(published) and all(published.values())


def hosts(names: Iterable[str], *, known: bool, published: Published | None = None) -> str:
    """Through which machines the person's mail leaves; `known`: more than a guess.  `published`: what DNS said, None if
    it was not asked."""
    names = list(names)
    if published and covered_by_dns(published) and not known:
        which = ", ".join(shown(domain, 60) for domain in sorted(published))
        return f"your mail from {which} leaves through the networks that its SPF record in DNS names"
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
    asked = (
        "a sweep asks DNS for them (unless `dns = false`), and"
        if published is None
        else f"{answers(published)};"
    )
    return (
        f"it is not known yet through which servers your mail leaves{guess}: {asked} `{outbound_line(names)}` in the "
        "account says it for sure; until then of no message it can be told that a stranger sent it"
    )


def answers(published: Published) -> str:
    """What DNS said, where that did not suffice."""
    if not published:
        return "DNS was not asked, for your addresses are in domains that many share"
    told = [
        f"{shown(domain, 60)} "
        + (
            "gave no answer that names them all"
            if networks is None
            else "has an SPF record that does"
            if networks
            else "has no SPF record that names them"
        )
        for domain, networks in sorted(published.items())
    ]
    return f"DNS was asked: {', '.join(told)}"
