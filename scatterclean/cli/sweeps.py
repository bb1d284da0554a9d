"""The closing table of a sweep and what stands below it: put away, stayed and why, troubles, the way back."""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass, field

from scatterclean import wording
from scatterclean.cli import exits, forms
from scatterclean.cli.screen import Screen
from scatterclean.errors import Trouble
from scatterclean.model import Alarm, Case, Intent, Refusal, SweepReport, Verdict, Whereabouts
from scatterclean.plan import Hand
from scatterclean.review import Listener
from scatterclean.standing import Earlier

# So many of the genuine ones are named.
_NAMED = 10
_KEPT = (Verdict.ALARM, Verdict.GENUINE, Verdict.WAITING, Verdict.UNDECIDED)


@dataclass(slots=True)
class Outcome:
    """What one sweep of one account told: its report, or the trouble that ended it before there was one.

    `judged` are all cases with their findings, `hands` those that were left alone, `moved` where those were
    that are in Backscatter now, `earlier` what was settled before and not looked at again, `alarms` those that
    this sweep raised; `asked_to_observe`: by --observe, in an account that moves.
    """

    account: str
    report: SweepReport | None = None
    trouble: Trouble | None = None
    judged: Sequence[Case] = ()
    hands: dict[Whereabouts, Hand] = field(default_factory=dict)
    moved: frozenset[Whereabouts] = frozenset()
    earlier: Earlier = field(default_factory=Earlier)
    alarms: Sequence[Alarm] = ()
    asked_to_observe: bool = False

    def judge(self) -> Listener:
        """For `Steps.judging`."""
        self.judged = told = list[Case]()
        return told.extend

    def alarm(self, alarms: Sequence[Alarm]) -> None:
        """For `Steps.alarmed`, which may come more than once."""
        self.alarms = [*self.alarms, *alarms]

    def leave(self, left: Sequence[tuple[Intent, Hand]]) -> None:
        """For `Steps.left`."""
        self.hands.update((intent.source, hand) for intent, hand in left)

    @property
    def put_away(self) -> list[Case]:
        return [c for c in self.judged if c.where in self.moved]

    @property
    def due(self) -> list[Case]:
        """Orphans that are still there and on which no hand was seen."""
        return [c for c in self._orphans if c.where not in self.moved and c.where not in self.hands]

    @property
    def left_alone(self) -> list[Case]:
        return [c for c in self._orphans if c.where in self.hands]

    @property
    def kept(self) -> list[Case]:
        """What stayed because of its finding."""
        return [c for c in self.judged if c.finding.verdict in _KEPT]

    @property
    def _orphans(self) -> list[Case]:
        return [c for c in self.judged if c.finding.verdict is Verdict.ORPHAN]

    @property
    def exit(self) -> int:
        if self.report is None or self.report.troubles:
            return exits.TROUBLE
        return exits.DONE if self.report.refusal in (None, Refusal.OBSERVING) else exits.TROUBLE

    def form(self) -> forms.Form:
        """For `--json`."""
        told = forms.report(self.report) if self.report else {"account": self.account, "sweep": None}
        return {
            **told,
            "put_away": [forms.case(c) for c in self.put_away],
            "would_put_away": [forms.case(c) for c in self.due],
            "stayed": [forms.case(c, self.hands.get(c.where)) for c in (*self.kept, *self.left_alone)],
            "earlier": {"genuine": self.earlier.genuine, "brought_back": self.earlier.brought_back},
            "alarms": [forms.alarm(each) for each in self.alarms],
            "failed": forms.trouble(self.account, self.trouble) if self.trouble else None,
        }


def closing(screen: Screen, outcomes: Sequence[Outcome], *, every: bool = False) -> None:
    """Alarms, the table, and below it each account that has something to tell; `every` message, or examples."""
    for outcome in outcomes:
        for alarm in outcome.alarms:
            for line in wording.alarm_told(alarm):
                screen.say(line, "bold red")
            screen.say()
    _table(screen, outcomes)
    for outcome in outcomes:
        screen.say()
        screen.say(outcome.account, "bold")
        if outcome.report is not None:
            _heaps(screen, outcome, outcome.report, every)
            _end(screen, outcome, outcome.report)
        if outcome.trouble is not None:
            screen.trouble(wording.of_account(outcome.account, str(outcome.trouble)), style="red")


def _table(screen: Screen, outcomes: Sequence[Outcome]) -> None:
    would = any(outcome.due for outcome in outcomes)
    alarm = any(o.report and o.report.verdicts.get(Verdict.ALARM) for o in outcomes)
    kept = [v for v in _KEPT if v is not Verdict.ALARM or alarm]
    heads = ["Account", "put away", *(["would be"] if would else []), *map(str, kept), "left alone"]
    rows = []
    for outcome in outcomes:
        if outcome.report is None:
            rows.append([outcome.account, *["-"] * (len(heads) - 1)])
            continue
        count = outcome.report.verdicts
        cells = [outcome.report.moved, *([len(outcome.due)] if would else [])]
        cells += [count.get(verdict, 0) for verdict in kept]
        rows.append([outcome.account, *map(str, [*cells, outcome.report.left_alone])])
    screen.table(heads, rows, numbers=len(heads) - 1)
    if any(outcome.kept for outcome in outcomes):
        means = "; ".join(f"{verdict}: {wording.MEANS[verdict]}" for verdict in kept)
        screen.say(f"({means})", "dim")


def _heaps(screen: Screen, outcome: Outcome, report: SweepReport, every: bool) -> None:
    for heading, cases in (
        ("Put away:", outcome.put_away),
        ("Would be put away:" if report.refusal else "Could not be put away:", outcome.due),
    ):
        if cases:
            screen.say(heading, "green", indent=2)
            _by_kind(screen, cases, every)
    if outcome.kept:
        screen.say("Stayed:", "green", indent=2)
    for verdict, sentence, heap in wording.by_reason(outcome.kept):
        loud = "bold red" if verdict is Verdict.ALARM else ""
        screen.say(f"{len(heap)} {verdict}: {sentence}", loud, indent=4)
        # The genuine ones are what the person must not miss: each is named.
        named = verdict in (Verdict.GENUINE, Verdict.ALARM)
        lines = [wording.about(case) for case in heap[:_NAMED]] if named else wording.examples(heap)
        if named and len(heap) > _NAMED:
            lines.append(f"and {len(heap) - _NAMED} more")
        _lines(screen, heap, lines, every)
    if outcome.left_alone:
        screen.say("Left alone:", "green", indent=2)
    for hand, count in Counter(outcome.hands[c.where] for c in outcome.left_alone).most_common():
        screen.say(f"{count}: {wording.HANDS[hand]}", indent=4)
        if every:
            _lines(screen, [c for c in outcome.left_alone if outcome.hands[c.where] is hand], [], every)


def _lines(screen: Screen, heap: Sequence[Case], examples: Sequence[str], every: bool) -> None:
    """Every message of a heap, or examples and how to ask about the first of them."""
    lines = [wording.row(case) for case in heap] if every else [*examples, wording.how_to_ask(heap[0])]
    for line in lines:
        screen.say(line, "dim", indent=6)


def _by_kind(screen: Screen, cases: Sequence[Case], every: bool) -> None:
    for kind, count in Counter(c.bounce.kind for c in cases).most_common():
        screen.say(wording.counted(count, kind), indent=4)
        heap = [c for c in cases if c.bounce.kind is kind]
        _lines(screen, heap, wording.examples(heap), every)


def _end(screen: Screen, outcome: Outcome, report: SweepReport) -> None:
    if genuine := outcome.earlier.genuine:
        screen.say(f"Looked at before, and left as they are: {genuine} genuine", "dim", indent=2)
    if back := outcome.earlier.brought_back:
        stay = "1 that you brought back stays" if back == 1 else f"{back} that you brought back stay"
        screen.say(f"{stay}: no sweep moves {'it' if back == 1 else 'them'} again", indent=2)
    if report.returned:
        screen.say(
            f"{report.returned} brought back: they proved genuine, {wording.MEANS[Verdict.GENUINE]}", indent=2
        )
    for note in report.notes:
        screen.say(note, indent=2)
    if report.refusal is not None:
        asked = outcome.asked_to_observe and report.refusal is Refusal.OBSERVING
        said = wording.ASKED_TO_OBSERVE if asked else wording.REFUSALS[report.refusal]
        screen.say(_sentence(said), "yellow", indent=2)
    told = [wording.alarm(alarm) for alarm in outcome.alarms]
    for trouble in report.troubles:
        if trouble not in told:  # those stand above the table
            screen.trouble(wording.of_account(outcome.account, trouble))
    if outcome.moved:
        screen.say(f"To bring them back: scatterclean undo --sweep {report.sweep}", indent=2)
    elif not outcome.judged and not report.troubles:
        screen.say(f"Nothing to decide; {report.looked_at} new messages looked at.", indent=2)


def _sentence(text: str) -> str:
    return f"{text[:1].upper()}{text[1:]}."
