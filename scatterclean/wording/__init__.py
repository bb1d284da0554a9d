"""Findings, moves and reports -> the words that people read; log, command line and page say the same.  Pure.

What strangers wrote is shown only through `shown`: no control character reaches a terminal.

text       times, kinds, what strangers wrote
reasons    why a message is what it was found to be
rules      which rule decided, and what would change it
advice     what the person can do now
heaps      many messages at once, and one in a line
deeds      moves, refusals, sweeps
rhythm     when an account is looked at
alarms     signs that somebody else uses the account, and what to do
notices    what the person is told without asking
log        what the log knows and of which time, what proves it, what bypasses it
advised    what is published of a domain, and what would make forging it harder
evidence   who sent the message that came back, and what is in it
conclusion the answer of a report: was it you?
storm      a storm in one screen
postmasters  a note to the postmaster of a server that bounces to forged senders
exports    those servers as CSV and JSON
"""

from scatterclean.wording import conclusion, evidence, log, notices
from scatterclean.wording.advice import advice, to_whom
from scatterclean.wording.alarms import WHAT_TO_DO, alarm, alarm_told, alarm_unnamed, tells_alarm
from scatterclean.wording.deeds import (
    ASKED_TO_OBSERVE,
    ERRANDS,
    HANDS,
    MOVE_STATES,
    REFUSALS,
    copied,
    deleted,
    doubled,
    half_way,
    move,
    of_account,
    sweep_line,
    target_unsafe,
    there_already,
    twice,
    unmarked,
    unseen,
    would_delete,
)
from scatterclean.wording.heaps import about, by_reason, counted, example, examples, how_to_ask, row
from scatterclean.wording.reasons import CAUSES, MEANS, NEVER_SENT, PROBABLY_YOURS, VERDICTS, because, reason
from scatterclean.wording.rhythm import next_look, push, rhythm, storming
from scatterclean.wording.rules import CHANGES, RULES, changes, rule
from scatterclean.wording.text import KINDS, defanged, moment, place, quoted, shown, span

__all__ = [
    "ASKED_TO_OBSERVE",
    "CAUSES",
    "CHANGES",
    "ERRANDS",
    "HANDS",
    "KINDS",
    "MEANS",
    "MOVE_STATES",
    "NEVER_SENT",
    "PROBABLY_YOURS",
    "REFUSALS",
    "RULES",
    "VERDICTS",
    "WHAT_TO_DO",
    "about",
    "advice",
    "alarm",
    "alarm_told",
    "alarm_unnamed",
    "because",
    "by_reason",
    "changes",
    "conclusion",
    "copied",
    "counted",
    "defanged",
    "deleted",
    "doubled",
    "evidence",
    "example",
    "examples",
    "half_way",
    "how_to_ask",
    "log",
    "moment",
    "move",
    "next_look",
    "notices",
    "of_account",
    "place",
    "push",
    "quoted",
    "reason",
    "rhythm",
    "row",
    "rule",
    "shown",
    "span",
    "storming",
    "sweep_line",
    "target_unsafe",
    "tells_alarm",
    "there_already",
    "to_whom",
    "twice",
    "unmarked",
    "unseen",
    "would_delete",
]
