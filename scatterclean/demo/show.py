"""`scatterclean demo`: floods a mailbox on loopback, sweeps it for real, tells what happens, and checks all of it.

It touches nothing but a temporary directory and its own server, and leaves neither behind.
"""

from __future__ import annotations

import time
from collections.abc import Iterator, Sequence
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Literal

from rich.console import Console
from rich.padding import Padding
from rich.progress import BarColumn, MofNCompleteColumn, Progress, TextColumn
from rich.syntax import Syntax
from rich.table import Table
from rich.text import Text

from scatterclean import origin, undo, wording
from scatterclean.config import AccountSettings, Secret, Settings, Source, Tls, default_path
from scatterclean.demo import cast, letters, promises
from scatterclean.demo.delivery import Letter
from scatterclean.demo.dovecot import ScratchDovecot, find_dovecot
from scatterclean.demo.letters import World
from scatterclean.demo.visitor import Seen, Visitor
from scatterclean.fingerprint import fingerprint
from scatterclean.headers import Header, decoded
from scatterclean.model import Account, Case, Grade, Identities, Interval, Mode, SweepReport, Verdict
from scatterclean.sweep import Steps
from scatterclean.wire import Household

Server = Literal["embedded", "dovecot"]

NAME = "ada"
BACKSCATTER = "Backscatter"
# Long enough to read a line, and short enough for all of it to take less than ten seconds.
_BREATH = 0.5


def run_demo(
    console: Console, *, server: Server = "embedded", pause: bool = True, world: World | None = None
) -> int:
    """Run the demo; the process's exit code: 0 if all was as promised, 1 if not, 130 if interrupted.

    `pause` makes short pauses between the scenes, on a terminal only.  `world` is another mailbox than that of
    this morning, made for about the present moment.  Raises OSError if no port can be had on loopback, and
    what a sweep raises.
    """
    if server == "dovecot" and find_dovecot() is None:
        console.print(
            "There is no Dovecot 2.3 here. Without `--server dovecot` the demo brings a server of its own."
        )
        return 1
    world = world or letters.make(datetime.now(UTC).astimezone())
    show = _Show(console, world, _BREATH if pause and console.is_terminal else 0.0)
    try:
        with ExitStack() as stack:
            return show.run(stack, server)
    except KeyboardInterrupt:
        console.print("\nStopped. The server and its mailbox are gone; nothing was left behind.")
        return 130


_OUTBOUND = frozenset(f".{origin.site(host)}" for host, _ in cast.OUT)
_WATCHED = timedelta(days=200)


@dataclass(slots=True)
class _Show:
    console: Console
    world: World
    breath: float
    broken: list[str] = field(default_factory=list)
    _scene: int = 0
    _errors: list[BaseException] = field(default_factory=list)  # of the embedded server: bugs in it

    def run(self, stack: ExitStack, server: Server) -> int:
        started = time.monotonic()
        self._opening()
        folder = Path(stack.enter_context(TemporaryDirectory(prefix="scatterclean-demo-")))
        settings = self._settings(stack, folder, server)
        visitor = stack.enter_context(self._visitor(settings.accounts[0]))
        self._fill(visitor)
        household = stack.enter_context(Household.open(settings))
        self._as_after_weeks(household)

        self._title("The sweep")
        report = self._sweep(household)
        cases = self._cases(household)
        self._moved(report, cases)
        self._stayed(cases)
        self.broken += promises.findings(self.world, cases)
        self.broken += promises.swept(self.world, *self._look(visitor))

        self._undo(household, visitor)
        self._again(household, visitor)
        self._onwards()
        return self._closing(time.monotonic() - started)

    # --- the scenes -------------------------------------------------------------------------------------

    def _opening(self) -> None:
        world = self.world
        flood = sum(1 for letter in world.inbox if letter.verdict is Verdict.ORPHAN)
        own = sum(1 for letter in world.inbox if letter.verdict is Verdict.GENUINE)
        start, end = world.storm
        self.console.print()
        self._say(
            f"Meet {world.person.name}. Last night, between {start:%H:%M} and {end:%H:%M}, somebody sent spam with "
            f"her address on it. The servers that could not deliver it told her: {flood} times. Among all this are "
            f"{own} answers about letters that she really wrote, and she must not miss one of them."
        )

    def _settings(self, stack: ExitStack, folder: Path, server: Server) -> Settings:
        self._title("A mail server")
        username = self.world.person.address
        if server == "dovecot":
            dovecot = ScratchDovecot()
            stack.push(dovecot)  # before it starts: Ctrl-C may come while it does
            dovecot.start()
            port, password, what = dovecot.port, dovecot.password, "Dovecot, in a directory of its own"
        else:
            from scatterclean.demo.embedded import EmbeddedServer

            embedded = stack.enter_context(EmbeddedServer(username))
            self._errors = embedded.troubles
            port, password, what = embedded.port, embedded.password, "pymap, in this process and in memory"
        self._say(f"{what}: IMAP on 127.0.0.1, port {port}. Nothing leaves this machine.")
        account = AccountSettings(
            account=Account(
                name=NAME,
                identities=Identities(addresses=frozenset(self.world.addresses)),
                mode=Mode.MOVE,
                hosts=_OUTBOUND,
            ),
            host="127.0.0.1",
            port=port,
            tls=Tls.NONE,
            username=username,
            secret=Secret(Source.PLAIN, (password,)),
            timeout=timedelta(seconds=20),
            dns=False,
        )
        return Settings(folder / "demo.toml", folder / "demo.db", (account,))

    def _visitor(self, account: AccountSettings) -> Visitor:
        return Visitor(account.host, account.port, account.username, account.secret.fetch())

    def _fill(self, visitor: Visitor) -> None:
        world = self.world
        with self._progress() as progress:
            for folder, content in (("Sent", world.sent), ("INBOX", world.inbox)):
                bar = progress.add_task(f"filling {folder}", total=len(content))
                for _ in visitor.fill(folder, content):
                    progress.advance(bar)
        ordinary = sum(1 for letter in world.inbox if letter.verdict is None)
        self._say(
            f"Sent holds {len(world.sent)} letters of two years; INBOX holds {len(world.inbox)} messages, "
            f"{ordinary} of them ordinary mail. This is what {world.person.first} sees this morning:"
        )
        table = self._table("Came", "From", "Subject")
        for letter in list(reversed(world.inbox))[:_GLIMPSE]:
            subject = wording.shown(_subject(letter), self._room(40))
            table.add_row(f"{letter.arrival:%H:%M}", wording.shown(_sender(letter), 28), subject)
        self._show(table)

    def _as_after_weeks(self, household: Household) -> None:
        """On the first day only what came from a stranger's machine moves; the demo shows a later one."""
        now = household.clock()
        watched = Interval(now - _WATCHED, now, Grade.WITNESSED)
        household.store.sent_log.cover(NAME, [watched])
        self._say(
            f"scatterclean has watched Sent for {_WATCHED.days} days, and knows through which servers her mail leaves."
        )

    def _sweep(self, household: Household) -> SweepReport:
        self._say(
            "First it makes a list of everything that she sent, the log. Then it reads the header fields of the inbox; "
            "only automatic mail is opened. Each is asked: did she ever send the message that you speak of?"
        )
        words = {
            "harvest": "reading Sent",
            "gather": "looking at INBOX",
            "read": "reading bounces",
            "move": "moving",
        }
        with self._progress() as progress:
            bars = {step: progress.add_task(word, total=None, visible=False) for step, word in words.items()}

            def tell(step: str, done: int, total: int) -> None:
                progress.update(bars[step], total=total, visible=True, advance=done)

            report = household.sweep(NAME, steps=Steps(tell))
            for step, bar in bars.items():
                total = progress.tasks[bar].total
                # Of what is to be moved some is left alone, and the words below say so.
                progress.update(bar, completed=report.moved if step == "move" else total or 0)
        return report

    def _moved(self, report: SweepReport, cases: dict[str, Case]) -> None:
        shapes: dict[tuple[str, str], list[Letter]] = {}
        for letter in self.world.inbox:
            case = cases.get(fingerprint(letter.raw))
            if letter.moves and case is not None:
                shapes.setdefault((letter.shape, wording.KINDS[case.bounce.kind]), []).append(letter)
        flood = sum(letter.verdict is Verdict.ORPHAN for letter in self.world.inbox)
        left = flood - report.moved
        self._say(
            f"Moved to {BACKSCATTER}: {report.moved} of {flood}, because she never sent what they speak of.",
            "bold green",
        )
        if left:
            what = "1 stays: she had flagged it" if left == 1 else f"{left} stay: she had flagged them"
            self._say(f"{what}, and what a person's hand is on is never moved.")
        table = self._table("", "Written by", "Kind", "Such as")
        table.columns[0].justify = "right"
        for (shape, kind), group in sorted(shapes.items(), key=lambda item: -len(item[1])):
            table.add_row(str(len(group)), shape, kind, wording.shown(_subject(group[0]), self._room(44)))
        self._show(table)
        self._breathe()

    def _stayed(self, cases: dict[str, Case]) -> None:
        stayed = [
            (letter, cases.get(fingerprint(letter.raw))) for letter in self.world.inbox if not letter.moves
        ]
        automatic = [(letter, case) for letter, case in stayed if case is not None]
        self._say(
            f"Stayed in INBOX: {len(stayed)}. What is automatic mail among them, and why it stayed:",
            "bold green",
        )
        shown = [verdict for verdict in Verdict if any(c.finding.verdict is verdict for _, c in automatic)]
        self._say("; ".join(f"{verdict}: {wording.MEANS[verdict]}" for verdict in shown), "dim")
        table = self._table("", "")
        table.show_header = False
        order = list(Verdict)
        for letter, case in sorted(automatic, key=lambda pair: order.index(pair[1].finding.verdict)):
            verdict, why = case.finding.verdict, wording.because(case.finding)[0]
            if verdict is Verdict.ORPHAN:
                why = "she flagged it: where a hand was seen, the tool keeps its own off"
            headline = wording.shown(f"{_sender(letter)}: {_subject(letter)}", self._room(14))
            told = Text.assemble((headline, "bold"), "\n", why)
            table.add_row(Text(verdict, _STYLES[verdict]), told)
        ordinary = len(stayed) - len(automatic)
        table.add_row(
            "", f"And {ordinary} ordinary messages, of most of which only the header fields were looked at."
        )
        self._show(table)
        self._breathe()

    def _undo(self, household: Household, visitor: Visitor) -> None:
        self._title("Undo")
        undone = household.undo(NAME, undo.Selection())
        found = promises.as_before(self.world, *self._look(visitor))
        self.broken += found
        self._say(
            f"`scatterclean undo --all` brought {len(undone.back)} messages back. "
            + (
                "INBOX is as it was: every message, flag and date."
                if not found
                else "INBOX is NOT as it was."
            )
        )

    def _again(self, household: Household, visitor: Visitor) -> None:
        report = household.sweep(NAME)
        if report.moved:
            self.broken.append(f"the second sweep moved {report.moved} messages that had been brought back")
        self.broken += promises.as_before(self.world, *self._look(visitor))
        self._say(
            f"The next sweep moves {report.moved or 'none'} of them: what a person brought back is never moved again."
        )

    def _onwards(self) -> None:
        self._title("Your own account")
        self._say(
            "To set it up, in a few questions: scatterclean init. "
            f"Or write a few lines into {_home(default_path())}:"
        )
        self.console.print(
            Padding(Syntax(_SAMPLE, "toml", theme="ansi_dark", background_color="default"), (0, 0, 0, 4))
        )
        table = Table.grid(padding=(0, 2))
        for command, meaning in _COMMANDS:
            table.add_row(Text(f"  {command}", "bold"), meaning)
        self._show(table)

    def _closing(self, seconds: float) -> int:
        self.broken += [f"the server stumbled: {error!r}" for error in self._errors]
        if not self.broken:
            self._say(f"Checked: all of this was as told. It took {seconds:.1f} seconds.", "green")
            self.console.print()
            return 0
        self._say(f"NOT as promised, {len(self.broken)} times. Please report this:", "bold red")
        for sentence in self.broken[:_COMPLAINTS]:
            self._say(f"- {sentence}")
        return 1

    # --- what the scenes share --------------------------------------------------------------------------

    def _look(self, visitor: Visitor) -> tuple[Sequence[Seen], Sequence[Seen], Sequence[Seen]]:
        return visitor.look("INBOX"), visitor.look(BACKSCATTER), visitor.look("Sent")

    def _cases(self, household: Household) -> dict[str, Case]:
        """What is on record about INBOX, by fingerprint."""
        found = household.store.docket.find(NAME, folder="INBOX", limit=len(self.world.inbox))
        return {case.fingerprint: case for case in found}

    def _title(self, text: str) -> None:
        self._breathe()
        self._scene += 1
        self.console.print()
        self.console.rule(Text(f"{self._scene}  {text}", "bold"), align="left", characters="─", style="dim")

    def _say(self, text: str, style: str = "") -> None:
        self.console.print(Text(text, style), soft_wrap=False)

    def _room(self, taken: int) -> int:
        """Characters that are left of a line for the last column of a table."""
        return max(20, self.console.width - taken)

    def _table(self, *columns: str) -> Table:
        table = Table(box=None, pad_edge=False, padding=(0, 2, 0, 0), header_style="dim", show_edge=False)
        for column in columns:
            table.add_column(column)
        return table

    def _show(self, table: Table) -> None:
        self.console.print(Padding(table, (1, 0, 1, 2), expand=False))

    @contextmanager
    def _progress(self) -> Iterator[Progress]:
        """Bars on a terminal, nothing elsewhere; they vanish when they are full."""
        columns = (TextColumn("  {task.description:<18}"), BarColumn(), MofNCompleteColumn())
        with Progress(
            *columns, console=self.console, transient=True, disable=not self.console.is_terminal
        ) as progress:
            yield progress

    def _breathe(self) -> None:
        if self.breath:
            time.sleep(self.breath)


def _sender(letter: Letter) -> str:
    """As a mail program shows it: the name if there is one, else the address."""
    sender = decoded(Header(letter.raw).get("From") or "")
    return wording.shown(sender.partition(" <")[0].partition(" (")[0].strip('"<>'))


def _subject(letter: Letter) -> str:
    return wording.shown(decoded(Header(letter.raw).get("Subject") or ""))


def _home(path: Path) -> str:
    """With ~ for the home directory, if it is in there."""
    try:
        return str(Path("~") / path.relative_to(Path.home()))
    except (ValueError, RuntimeError):  # elsewhere, or there is no home
        return str(path)


_GLIMPSE = 8
_STYLES = {
    Verdict.GENUINE: "green",
    Verdict.ALARM: "red",
    Verdict.WAITING: "yellow",
    Verdict.UNDECIDED: "yellow",
    Verdict.ORPHAN: "magenta",
}
_COMPLAINTS = 20
_SAMPLE = """\
[accounts.me]
host = "imap.example.org"
username = "me@example.org"
password_command = "pass show mail/me"
mode = "observe"          # says what it would do; "move" does it
"""
_COMMANDS = (
    ("scatterclean init", "set up an account, in a few questions"),
    ("scatterclean check-config", "is it complete? is the password there?"),
    ("scatterclean sweep --observe", "what would move? nothing is moved"),
    ("scatterclean run", "watch the inbox from now on"),
    ("scatterclean undo --all", "bring everything back"),
)
