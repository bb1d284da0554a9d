"""Cases in heaps and one by one, as a person finds them in the inbox.  Pure."""

from __future__ import annotations

import shlex
from collections.abc import Iterable, Sequence

from scatterclean.model import Because, Case, Kind, Verdict
from scatterclean.wording.reasons import CAUSES, VERDICTS, reason
from scatterclean.wording.text import KINDS, moment, shown


def by_reason(cases: Iterable[Case]) -> list[tuple[Verdict, str, list[Case]]]:
    """Cases that have verdict and deciding reason in common, with a sentence for each heap, the largest first.

    Alarms come before all else.  The sentence tells the details where all in the heap share them.
    """
    heaps: dict[tuple[Verdict, Because | None], list[Case]] = {}
    for case in cases:
        reasons = case.finding.because
        heaps.setdefault((case.finding.verdict, reasons[0].because if reasons else None), []).append(case)
    told = []
    for (verdict, cause), heap in heaps.items():
        sentences = {reason(case.finding.because[0]) for case in heap} if cause else {VERDICTS[verdict]}
        sentence = sentences.pop() if len(sentences) == 1 else CAUSES[cause] if cause else ""
        told.append((verdict, sentence, heap))
    order = sorted(Verdict, key=lambda verdict: verdict is not Verdict.ALARM)
    return sorted(told, key=lambda each: (order.index(each[0]), -len(each[2])))


def examples(cases: Sequence[Case], most: int = 3) -> list[str]:
    """The commonest subjects among these, each with how many have it and who sent one."""
    heaps: dict[str, list[Case]] = {}
    for case in cases:
        heaps.setdefault(shown(case.bounce.subject, 60), []).append(case)
    lines = []
    for heap in sorted(heaps.values(), key=len, reverse=True)[:most]:
        times = f"{len(heap)} x " if len(heap) > 1 else ""
        others = " and others" if len({case.bounce.sender for case in heap}) > 1 else ""
        lines.append(f"{times}{example(heap[0])}{others}")
    if len(heaps) > most:
        rest = len(heaps) - most
        lines.append(f"and {rest} other subject{'s' if rest > 1 else ''}")
    return lines


def example(case: Case) -> str:
    """One message as a person finds it in the inbox: subject and sender."""
    return f'"{shown(case.bounce.subject, 60)}" from {shown(case.bounce.sender, 60) or "nobody"}'


def how_to_ask(case: Case) -> str:
    """The command that tells its story, safe to paste: what a stranger wrote is quoted for a shell."""
    ident = case.bounce.message_id
    account, place = shlex.quote(case.account), case.where.place.folder
    if ident and shown(ident) == ident and ident.isascii():
        return f"scatterclean why {account} {shlex.quote(f'<{ident}>')}"
    return f"scatterclean why {account} {case.where.uid} --folder {shlex.quote(shown(place))}"


def row(case: Case) -> str:
    """One message in one line of a list: when it came, sender, subject, Message-ID."""
    ident = f"<{shown(case.bounce.message_id)}>" if case.bounce.message_id else "(no Message-ID)"
    sender = shown(case.bounce.sender, 60) or "nobody"
    return f'{moment(case.arrival)}  {sender}  "{shown(case.bounce.subject)}"  {ident}'


def about(case: Case) -> str:
    """What one message is about, for the few that count: who did not get which letter."""
    recipients = case.bounce.recipients or case.bounce.original.to
    letter = case.bounce.original.subject
    to = f", about mail to {shown(recipients[0], 60)}" if recipients else ""
    return f"{example(case)}{to}" + (f': "{shown(letter, 60)}"' if letter else "")


def counted(number: int, kind: Kind) -> str:
    """ "1 bounce", "3 read receipts", "2 automatic replies"."""
    noun = KINDS[kind]
    if number != 1:
        noun = f"{noun[:-1]}ies" if noun.endswith("y") else f"{noun}s"
    return f"{number} {noun}"
