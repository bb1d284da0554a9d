"""A story in plain words: short sentences for somebody who has never seen the code."""

from __future__ import annotations

import shlex
from collections.abc import Sequence
from datetime import timedelta

from scatterclean import plan, wording
from scatterclean.model import (
    NOTICE_DOMAIN,
    PUTTING_AWAY,
    AlarmKind,
    Because,
    Bounce,
    Errand,
    Finding,
    Grade,
    Knowledge,
    Mode,
    Move,
    MoveState,
    Verdict,
    Weight,
    Whose,
)
from scatterclean.shapes import shape_of
from scatterclean.why.story import Story
from scatterclean.wording import evidence, log, moment, shown


def told(story: Story, *, back_by: str = "") -> list[tuple[str, list[str]]]:
    """The story as paragraphs: (heading, sentences).  An alarm comes first.  `back_by`: what brings it back where it is
    told; without it, the command is named."""
    paragraphs = [("Alarm", alarm)] if (alarm := _alarm(story)) else []
    paragraphs.append(("The message", _message(story)))
    found, knowledge = story.bounce, story.knowledge
    if found is None or story.finding is None or knowledge is None:
        paragraphs.append(("What it is", [_none_of_ours(story)]))
    else:
        paragraphs += [
            ("The finding", _finding(story, story.finding, found, back_by)),
            ("What it is", _what(found)),
            ("What it quotes", _quotes(found, knowledge)),
            ("What the log knows", _known(found, knowledge, story)),
            ("Who sent the message that came back", _origin(story, found)),
        ]
        if held := evidence.contents(story.contents):
            paragraphs.append(("What is in the message that came back", held))
    if story.moves:
        paragraphs.append(("What was done with it", [wording.move(move) for move in story.moves]))
    return paragraphs


def _none_of_ours(story: Story) -> str:
    no_bounce = "no automatic mail about another message, and a sweep looks no further at such mail"
    if (story.message_id or "").endswith(f"@{NOTICE_DOMAIN}"):
        # Anybody can write such an id: `status` tells alarms and storms whoever wrote this.
        return (
            f"by its Message-ID a notice that scatterclean itself put here, to tell you something; {no_bounce}. What "
            f"is true of it stands in `scatterclean status {shlex.quote(story.account)}`, too."
        )
    return f"ordinary mail: {no_bounce}."


# Who asks wants to know what it is and what to do; these say whence that is known.
GROUNDS = frozenset(
    (
        *("What it is", "What it quotes", "What the log knows", "Who sent the message that came back"),
        "What is in the message that came back",
    )
)


def _alarm(story: Story) -> list[str]:
    """In full where this message is the alarm, or one was raised for mail like it; else that there is one."""
    raising = story.finding is not None and story.finding.verdict is Verdict.ALARM
    mine = [a for a in story.alarms if raising and a.kind is AlarmKind.SENT_BY_YOU]
    if mine:
        return list(wording.alarm_told(mine[0]))
    if raising and story.finding is not None:
        return [
            f"ALARM: {wording.reason(story.finding.because[0])}.",
            f"If it was not you: {wording.WHAT_TO_DO}",
        ]
    if story.alarms:
        happened, *_ = wording.alarm_told(story.alarms[0])
        return [
            happened,
            (
                "The message below is another one. "
                f"See `scatterclean status {shlex.quote(story.account)}` for what to do about the alarm."
            ),
        ]
    return []


# Later than the server's date by more than this, the time that a sweep reckons with needs a word.
_LATE = timedelta(minutes=30)


def _message(story: Story) -> list[str]:
    came = f"it came {moment(story.arrival)}"
    if story.dated and story.arrival and story.arrival - story.dated > _LATE:
        came += f" (the server dates it {moment(story.dated)}, but it was not there before)"
    return [
        f"{story.folder}, UID {story.uid}, account {story.account}; {came}",
        f"From: {shown(story.sender) or '(nobody)'}",
        f"Subject: {shown(story.subject) or '(none)'}",
        f"Message-ID: {f'<{shown(story.message_id)}>' if story.message_id else '(none)'}",
    ]


def _what(found: Bounce) -> list[str]:
    kind = wording.KINDS[found.kind]
    article = "an" if kind[0] in "aeiou" else "a"
    told = [f"{article} {kind}" + (f", status {shown(found.status)}" if found.status else "")]
    if found.reporting_mta:
        told.append(f"written by {shown(found.reporting_mta)}")
    if found.recipients:
        told.append(f"about mail to {_some(found.recipients)}")
    original = found.original
    for label, value in (
        ("from", original.sender),
        ("to", _some(original.to)),
        ("subject", original.subject),
        ("sent", moment(original.date) if original.date else None),
    ):
        if value:
            told.append(f"the message that it is about, {label}: {shown(value)}")
    if found.delivered_to:
        told.append(f"delivered to {_some(found.delivered_to)}")
    if found.diagnostic:
        told.append(f"it says: {shown(found.diagnostic)}")
    told += [f"a part could not be read ({name}; please report this)" for name in found.stumbled]
    if found.incomplete:
        told.append("it is so large that the returned message was not read to its end")
    return told


def _quotes(found: Bounce, knowledge: Knowledge) -> list[str]:
    lines = []
    for one in found.references:
        known = not knowledge.answer.known.isdisjoint(one.id.keys)
        received = not knowledge.received.isdisjoint(one.id.keys)
        shape = shape_of(one.id)
        stood = "in the log: you sent it" if known else "not in the log"
        if received:
            stood += "; you received that message"
        if not known and shape in knowledge.unlogged:
            stood += "; like ids of mail of yours that the log does not know"
        lines.append(f"<{shown(one.id.text)}>: {one.weight}, in: {wording.place(one.found_in)}; {stood}")
    lines += [
        f"{weight}: {_COUNTS[weight]}"
        for weight in Weight
        if any(r.weight is weight for r in found.references)
    ]
    return lines or ["no Message-ID of another message"]


# Behind the word of the trade what it means.
_COUNTS = {
    Weight.STRONG: "it surely names the message that it is about",
    Weight.WEAK: "it may name another message: it can speak for you, never against",
}


def _known(found: Bounce, knowledge: Knowledge, story: Story) -> list[str]:
    number = knowledge.logged
    sent = f"{number} message{'' if number == 1 else 's'}"
    lines = [f"the log holds {sent} of your Sent folders{log.beside(story.beside)}"]
    genuine = story.finding is not None and story.finding.verdict is Verdict.GENUINE
    # What was sent to somebody else and passed on by him is the person's all the same: that nothing went to the
    # recipient who failed would only seem to deny it.
    if found.recipients and (knowledge.answer.ties or not genuine):
        ties = [f"{shown(t.recipient)} on {moment(t.sent_at)}" for t in knowledge.answer.ties]
        lines.append(
            f"you wrote to: {', '.join(ties[:5])}"
            if ties
            else f"no mail of yours to {_some(found.recipients)} in the days before"
        )
        met = [r for r in dict.fromkeys(found.recipients) if r in knowledge.answer.correspondents]
        if met and not ties:
            lines.append(f"but you have written before to {_some(met)}")
    if story.needed is None or genuine:  # what acquits needs no whole log
        return lines
    start, end = story.needed
    lines.append(
        "only a log that knows all that you sent in the time around it can speak against it: "
        f"from {moment(start)} to {moment(end)}"
    )
    for account, coverage in sorted(knowledge.coverage.items()):
        if account not in story.filed_in:
            lines.append(
                f"account {account}: mail from that address is not filed there, so it does not count here"
            )
            continue
        if coverage.since is None:
            lines.append(f"account {account}: its Sent folders were never read")
            continue
        span = f"account {account}: read from {moment(coverage.since)} through {moment(coverage.through)}"
        hole = coverage.hole(start, end)
        if hole is not None:
            lines.append(f"{span}, but not from {moment(hole[0])} to {moment(hole[1])}")
        elif coverage.grade(start, end) is Grade.WITNESSED:
            lines.append(f"{span}; that is all of this time, and Sent was watched")
        else:
            lines.append(
                f"{span}; that is all of this time, but part of it as Sent was when it was first read: "
                "what you had deleted by then is unknown"
            )
        if account in knowledge.calibrated:
            lines.append(f"account {account}: a reply has shown that its log holds what you send")
        else:
            lines.append(
                f"account {account}: no reply has shown yet that its log holds what you send; until then it counts "
                "only together with a sign that a stranger sent the message"
            )
    return lines


_OTHER_WAYS = "unless you send on a way that is not known here (a web form, a script, another provider)"
# What the filters of servers said; more are not told.
_MARKS = 5


def _origin(story: Story, found: Bounce) -> list[str]:
    by_id = story.finding is not None and story.finding.because[0].because is Because.ID_LOGGED
    decided = story.finding is not None and story.finding.verdict in {Verdict.ORPHAN, Verdict.GENUINE}
    lines = ["you did: it is in the log of what you sent"] if by_id else []
    if by_id and story.from_beside:
        lines = [
            "you did: no Sent folder has it, but an import, `scatterclean sendmail` or `also_sent` tells of it"
        ]
    if by_id:
        return lines
    if story.origin is not None:
        lines = [evidence.origin(story.origin, told=_told_above(story, story.origin.line))]
        if story.origin.whose is Whose.STRANGER and not decided:
            lines = [
                f"it looks as if {lines[0]}",
                _OTHER_WAYS,
            ]
    lines += [
        f"a filter wrote (this proves nothing by itself): {shown(mark, 200)}" for mark in found.marks[:_MARKS]
    ]
    if len(found.marks) > _MARKS:
        lines.append(f"and {len(found.marks) - _MARKS} more such lines")
    return lines


def _told_above(story: Story, line: str | None) -> bool:
    """Was the line of evidence told with the finding?  Once is enough: it is long, and few can read it."""
    reasons = story.finding.because if story.finding is not None else ()
    return line is not None and any(reason["line"] == line for reason in reasons)


def _finding(story: Story, finding: Finding, found: Bounce, back_by: str) -> list[str]:
    cause = finding.because[0].because if finding.because else None
    lines = [_verdict(story, finding), *(f"because {each}" for each in wording.because(finding))]
    if cause is not None:
        lines.append(f"what you can do: {can_do(story, finding, found, back_by)}")
    if cause is not None:
        changes = wording.changes(finding.because[0])
        if finding.verdict is Verdict.ORPHAN and story.hand is not None:
            changes = "nothing: it stays where you have it"
        elif finding.verdict is Verdict.ORPHAN and story.away and not story.put_away:
            changes = "nothing: what no sweep put away is not brought back"
        elif cause is Because.UNKNOWN_ID and not story.away:
            changes = (
                "a copy of that message in a Sent folder: once one is read there it counts as yours and stays"
            )
        lines.append(f"the rule that decided: {wording.rule(finding.because[0])}")
        lines.append(f"what would change it: {changes}")
    return lines


def _verdict(story: Story, finding: Finding) -> str:
    """The verdict and what comes of it where the message lies now."""
    told = wording.VERDICTS[finding.verdict]
    if finding.verdict is Verdict.GENUINE and finding.because[0].because is Because.TIE:
        told = wording.PROBABLY_YOURS
    if finding.verdict is not Verdict.ORPHAN and story.away:
        meaning = told.partition("; ")[0]
        by_whom = (
            "where an earlier sweep put it; today's would not" if story.put_away else "where no sweep put it"
        )
        if story.by_hand:
            by_whom = "for you said that it is backscatter"
        return f"{meaning}; it lies in Backscatter, {by_whom}"
    if finding.verdict is not Verdict.ORPHAN:
        return told
    if story.away:
        return f"{wording.NEVER_SENT}; " + (
            "it was put away" if story.put_away else "it lies in Backscatter, where no sweep put it"
        )
    if story.hand is None and story.mode is Mode.OBSERVE:
        return (
            f"{wording.NEVER_SENT}; it would go to Backscatter, but this account only observes "
            '(`mode = "move"` moves)'
        )
    if story.hand is None:
        return wording.VERDICTS[finding.verdict]
    return f"{wording.NEVER_SENT}, but it stays: {_why_it_stays(story, story.hand)}; no sweep will move it"


# A frightened person asks this first.
_FORGED = (
    "anybody can write your address into a message: this alone is no sign that somebody has your password"
)


def can_do(story: Story, finding: Finding, found: Bounce, back_by: str = "") -> str:
    """What the person can do now, where the message lies."""
    orphan = finding.verdict is Verdict.ORPHAN
    told = wording.advice(finding.because[0], found, story.account)
    if story.put_away:
        if finding.verdict is Verdict.GENUINE and story.mode is Mode.MOVE and not story.by_hand:
            return f"{told}; the next sweep brings it back"
        if not orphan:
            return f"{told}; {back_by or _bring_back(story)} brings it back"
        return f"{told}; if you did, {back_by or _bring_back(story)} brings it back for good. Mind: {_FORGED}"
    if not orphan and story.alarms and finding.verdict is not Verdict.GENUINE:
        return f"{told}; but delete nothing while the alarm stands: it may be a part of the same"
    if not orphan:
        return told
    if story.away:
        return "nothing; if you want it back, move it out of Backscatter"
    if story.hand is not None or story.mode is Mode.OBSERVE:
        return f"{told}. Mind: {_FORGED}"
    return f"{told}; if you did, flag it: what you flagged is never moved. Mind: {_FORGED}"


def _bring_back(story: Story) -> str:
    """The command; what a stranger wrote is quoted for a shell, or not used."""
    account, ident = shlex.quote(story.account), story.message_id
    if ident and shown(ident) == ident and ident.isascii():
        return f"`scatterclean undo {account} --message {shlex.quote(f'<{ident}>')}`"
    sweeps = [m.sweep for m in story.moves if m.intent.errand in PUTTING_AWAY and m.state is MoveState.MOVED]
    return f"`scatterclean undo {account} --sweep {sweeps[-1]}` (all of that sweep)"


def _why_it_stays(story: Story, hand: plan.Hand) -> str:
    if hand is not plan.Hand.RETURNED:
        return wording.HANDS[hand]
    sweeps = [m for m in story.moves if m.intent.errand in PUTTING_AWAY and m.state is not MoveState.STAYED]
    last = sweeps[-1] if sweeps else None
    if last is not None and last.state is MoveState.DOUBLED:
        return "it is also in Backscatter, and a sweep leaves both alone"
    if last is not None and last.state is MoveState.COPIED:
        return "a copy of it is in Backscatter, and the original stays, marked (`without_uidplus`)"
    if last is not None and last.state is MoveState.INTENDED:
        return "a move of it was begun, and how it ended will be looked up at the next sweep"
    back = [m for m in story.moves if last is not None and m.intent.returns == last.id and _done(m)]
    if back and back[-1].intent.errand is Errand.UNDO:
        return f"you brought it back (undo, {moment(back[-1].intended_at)})"
    if back:
        return f"a sweep brought it back ({moment(back[-1].intended_at)})"
    return "it was put away before and came back by your hand"


def _done(move: Move) -> bool:
    return move.state in (MoveState.MOVED, MoveState.DOUBLED)


def where_now(uid: int, chain: Sequence[Move]) -> str:
    """Where a message went that is no longer at its UID, and how to ask for it there."""
    steps = []
    for move in chain:
        intent = move.intent
        deed = "moved" if intent.errand in PUTTING_AWAY else "brought back"
        errand = "your command, number" if intent.errand is Errand.HAND else "sweep"
        if intent.errand is Errand.UNDO:
            errand = "undo"
        at = f" (UID {move.target_uid})" if move.target_uid is not None else ""
        steps.append(f"{deed} to {shown(intent.target_folder)}{at} by {errand} {move.sweep}")
    last = chain[-1]
    account = shlex.quote(last.intent.account)
    ask = ""
    if last.target_uid is not None:
        folder = shlex.quote(shown(last.intent.target_folder))
        ask = f"; see `scatterclean why {account} {last.target_uid} --folder {folder}`"
    return f"UID {uid} was {', '.join(steps)}{ask}"


def _some(addresses: Sequence[str]) -> str:
    more = f" and {len(addresses) - 3} more" if len(addresses) > 3 else ""
    return ", ".join(shown(address, 60) for address in addresses[:3]) + more
