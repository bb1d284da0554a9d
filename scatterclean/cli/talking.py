"""The conversation of a set-up on a terminal: plain lines, no cursor is moved; it decides nothing.

Where the terminal can, bars are drawn while something is read; on a dumb one a line tells it before and after.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import TYPE_CHECKING

import click

from scatterclean import wording
from scatterclean.cli.progress import bars
from scatterclean.cli.screen import Screen
from scatterclean.model import SweepReport, Verdict
from scatterclean.setup.talk import Progress
from scatterclean.sweep import Steps

if TYPE_CHECKING:
    from scatterclean.cli.sweeps import Outcome

_EXAMPLES = 5
_SAID_IN_THE_QUESTION = frozenset(("yes", "file", "leave", "browser", "code", "other"))
_SHOWN = (Verdict.GENUINE, Verdict.ALARM)


class TerminalTalk:
    """`setup.talk.Talk`.  Questions go to standard error, as all that is no result."""

    def __init__(self, screen: Screen) -> None:
        self._screen = screen

    def say(self, text: str = "", *, indent: int = 0) -> None:
        self._screen.say(text, indent=indent)

    def line(self, text: str) -> None:
        click.echo(text, err=self._screen.for_program)

    def trouble(self, text: str) -> None:
        self._screen.trouble(text)

    def ask(self, question: str, *, default: str = "", flag: str) -> str:
        del flag
        shown = bool(default) and default not in _SAID_IN_THE_QUESTION
        answer: str = click.prompt(question, default=default or None, show_default=shown, err=True)
        return answer

    def hidden(self, question: str, *, flag: str, empty: bool = False) -> str:
        del flag
        default = "" if empty else None
        answer: str = click.prompt(question, default, hide_input=True, show_default=False, err=True)
        return answer

    def confirm(self, question: str, *, default: bool, flag: str) -> bool:
        del flag
        return click.confirm(question, default=default, err=True)

    @contextmanager
    def reading(self) -> Iterator[Progress]:
        console = self._screen.aside
        self._screen.say(
            "Reading the header fields of your Sent mail into the log, a list of what you sent ..."
        )
        if console.is_terminal and not console.is_dumb_terminal:
            with bars(console, "init") as shown:
                yield lambda done, total: shown.tell("harvest", done, total)
            return
        read = 0

        def count(done: int, _total: int) -> None:
            nonlocal read
            read += done

        yield count
        self._screen.say(f"{read} messages read.")

    def preview(self, account: str, sweep: Callable[[Steps], SweepReport]) -> int:
        from scatterclean.cli.sweeps import Outcome

        outcome = Outcome(account)
        outcome.report = sweep(Steps(judging=outcome.judge, alarmed=outcome.alarm, left=outcome.leave))
        self._told(outcome)
        return len(outcome.due)

    def _told(self, outcome: Outcome) -> None:
        """Shorter than the closing of a sweep: the account is not there yet to be asked about a message."""
        screen = self._screen
        for alarm in outcome.alarms:
            for line in wording.alarm_told(alarm):
                screen.say(line, "bold red", indent=2)
        kept = Counter(case.finding.verdict for case in outcome.kept)
        # Lines, no table: boxes are noise to a screen reader.
        means = wording.MEANS
        rows = [(len(outcome.due), f"would be moved to Backscatter ({means[Verdict.ORPHAN]})")]
        rows += [
            (kept[verdict], f"stay: {verdict} ({means[verdict]})") for verdict in Verdict if kept[verdict]
        ]
        rows += [(len(outcome.left_alone), "stay: your hand was on them")] if outcome.left_alone else []
        for count, what in rows:
            screen.say(f"{count:5} {what}", indent=2)
        for heading, cases in (
            ("Would be moved, such as:", outcome.due),
            (
                "Genuine bounces, which stay, such as:",
                [c for c in outcome.kept if c.finding.verdict in _SHOWN],
            ),
        ):
            if cases:
                screen.say(heading, indent=2)
            for case in sorted(cases, key=lambda c: c.arrival, reverse=True)[:_EXAMPLES]:
                screen.say(f"{case.arrival.astimezone():%Y-%m-%d %H:%M}  {wording.about(case)}", indent=4)
        unsure = [c for c in outcome.kept if c.finding.verdict not in _SHOWN]
        if unsure:
            screen.say("The others stay because:", indent=2)
        for _, sentence, heap in wording.by_reason(unsure):
            screen.say(f"{len(heap)}: {sentence}", indent=4)
        for trouble in outcome.report.troubles if outcome.report else ():
            screen.trouble(trouble)
