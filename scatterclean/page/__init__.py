"""A report -> one page of HTML that explains itself: it opens from disk, loads nothing and runs nothing.

gathering   all that a page is made of, from a household
saving      the page as a file
setting     templates, escaping, style and policy
drawing     shapes of charts
templates/  the page; its words stand in wording/page.py

Whoever serves the page within another one takes `content` and `STYLE`; `render` is the whole file.
"""

from __future__ import annotations

import re
import shlex
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime, timedelta

from markupsafe import Markup

from scatterclean import __version__, wording
from scatterclean.model import Case, Reason, SweepReport
from scatterclean.model.report import Heap, Report, Says
from scatterclean.page import drawing
from scatterclean.page.setting import environment, policy, style
from scatterclean.standing import Standing
from scatterclean.wording import page as words
from scatterclean.wording.conclusion import Answer
from scatterclean.wording.postmasters import note
from scatterclean.wording.text import ago, day, lasting, moment

# A page is to be read: of long lists it names the first, and says how many more there are.  The rest is for programs.
BOUNCERS, NOTES, BRIEFLY = 20, 12, 60  # told of in full, with a note to the postmaster, and by name alone
FORGED, RETURNED = 40, 60
ACCOUNTS, NAMES = 12, 6
CASES, MANY_HEAPS, FEW_CASES = 8, 6, 3  # examples of a heap; of each, where there are many heaps

# In the first lines of every page: by this a file is known to be one of ours.
GENERATOR = '<meta name="generator" content="scatterclean'


@dataclass(frozen=True, slots=True)
class Matter:
    """All that a page is made of.

    `standings` are those of the report's accounts; `put_away`, by account, the last sweeps that put something away,
    the latest first.  `named` are the accounts that commands have to name ((): all of the configuration).  `command` is
    how scatterclean is called where the person types (with its --config, if it needs one).  `domains` are those for
    which `advise` can say something.
    """

    report: Report
    standings: Sequence[Standing]
    put_away: Mapping[str, Sequence[SweepReport]] = field(default_factory=dict)
    named: Sequence[str] = ()
    command: str = "scatterclean"
    domains: Sequence[str] = ()


def render(matter: Matter) -> str:
    """The whole file."""
    more = {"style": Markup(style()), "policy": policy(), "version": __version__}  # noqa: S704 - a file of ours
    with lasting():  # a file is read, or printed and read, on any later day
        return _narrow(environment().get_template("report.html").render(_context(matter), **more))


def content(matter: Matter) -> Markup:
    """What stands between <main> and </main>, for a page that brings its own head (and `style`)."""
    return Markup(_narrow(environment().get_template("content.html").render(_context(matter))))  # noqa: S704


def _narrow(html: str) -> str:
    """Without what only indents tags in the templates: a tenth of the page.  What strangers wrote holds no "<"."""
    return re.sub(r"\n\s*(?=<)", "\n", html)


def _context(matter: Matter) -> dict[str, object]:
    report, now = matter.report, matter.report.now
    answer = wording.conclusion.answer(report)
    return {
        "m": matter,
        "report": report,
        "end": report.conclusion,
        "now": now,
        "yesterday": now - timedelta(days=1),
        "say": words,
        "wording": wording,
        "log": wording.log,
        "sentence": _ground(report, answer),
        "helps": answer.more if report.conclusion.says is Says.CANNOT_TELL else (),
        "alarmed": report.conclusion.says is Says.ALARM,
        "steps": words.what_now(report.conclusion, report.returned),
        "kinds": drawing.by_kind(report.course, words.KINDS, words.OTHER_KINDS),
        "fates": drawing.by_fate(report.course, words.FATES),
        "tally": words.tally(report.conclusion),
        "shares": drawing.shares([(f"t-{key}", n) for key, _, n, _ in words.tally(report.conclusion)]),
        "strip": drawing.strip,
        "letter": note,
        "limits": {
            "bouncers": BOUNCERS,
            "notes": NOTES,
            "briefly": BRIEFLY,
            "forged": FORGED,
            "returned": RETURNED,
            "accounts": ACCOUNTS,
            "names": NAMES,
            "cases": CASES if len(report.open) <= MANY_HEAPS else FEW_CASES,
        },
        "heap": heap_sentence,
        "rule": lambda heap: wording.rule(_deciding(heap)),
        "changes": lambda heap: wording.changes(_deciding(heap)),
        "advice": lambda case: wording.advice(case.finding.because[0], case.bounce, case.account),
        "ago": lambda when: ago(when, now),
        "day": lambda when: day(when, now),
        "moment": lambda when: moment(when, now.tzinfo),
        "call": lambda *rest: call(matter.command, *rest),
        "undo": lambda *rest: call(matter.command, "undo", *matter.named, *rest),
        "export": _export(matter),
        "look": call(matter.command, "advise", *matter.domains),
        "why": lambda case: wording.how_to_ask(case).replace("scatterclean", matter.command, 1),
        "since": since,
        "good_news": words.GOOD_NEWS,
        "running": any(one.rhythm is not None and one.rhythm.push is not None for one in matter.standings),
        "away": sum(one.put_away.ever for one in matter.standings),
    }


def _ground(report: Report, answer: Answer) -> str:
    """The sentence of the answer; of an alarm without the word, which the headline is, and the only account's name."""
    first = next(iter(report.conclusion.alarms), None)
    text = answer.sentence.removeprefix("ALARM: ")
    if first is not None and report.accounts == (first.account,):
        text = text.removeprefix(f"account {first.account}: ")
    return text


def call(command: str, *rest: object) -> str:
    """A command to be typed: every part is quoted as a shell wants it."""
    return " ".join((command, *(shlex.quote(str(part)) for part in rest if part != "")))


def heap_sentence(heap: Heap) -> str:
    """Why all of these stay; with details where all of them are at hand and share them."""
    told = {wording.reason(case.finding.because[0]) for case in heap.cases if _by(case, heap)}
    if len(told) == 1 and len(heap.cases) == heap.bounces:
        return told.pop()
    return wording.CAUSES[heap.because]


def _deciding(heap: Heap) -> Reason:
    """The reason of one of them, with its details; else the bare one."""
    return next((c.finding.because[0] for c in heap.cases if _by(c, heap)), Reason(heap.because))


def _by(case: Case, heap: Heap) -> bool:
    return bool(case.finding.because) and case.finding.because[0].because is heap.because


def _export(matter: Matter) -> str:
    """The command that gives all servers of this report."""
    start = matter.report.since
    when = "all" if start is None else since(start)
    return call(matter.command, "report", *matter.named, "--since", when, "--export", "csv")


def since(when: datetime) -> str:
    """For `undo --since`: the minute in which it began, on the clock of the machine."""
    return f"{when:%Y-%m-%d %H:%M}"


__all__ = ["GENERATOR", "Matter", "call", "content", "policy", "render", "since", "style"]
