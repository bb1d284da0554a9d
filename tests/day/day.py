"""A day of the daemon: the real process on a real Dovecot, mail all day, and the troubles of a day; then its books.

Time is the daemon's own, by warp.py: it passes quickly while the daemon waits, and truly while it or the server works.
The server and whoever writes mail are told the true time of day; the daemon's clock may be wrong.
"""

from __future__ import annotations

import os
import random
import re
import signal
import statistics
import subprocess
import sys
import time
from collections import Counter
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from itertools import count, cycle
from pathlib import Path

from scatterclean.demo.dovecot import ScratchDovecot
from tests.day.gate import Door, Gate
from tests.day.warp import Warp
from tests.e2e import world as worlds
from tests.servers import RealHand, fresh_user
from tests.sweeps.world import bounce, letter

MINUTE, HOUR = 60.0, 3600.0
OUTAGE = 35 * MINUTE
QUIET = 50 * MINUTE  # after the last trouble: the longest back-off, a poll, and what has to settle
REAL = 900.0  # real seconds until a simulated wait counts as hanging
FOLDERS = ("INBOX", "Backscatter", "Sent")
# What every account tells when the clock was set back: to convict, it would have to know what is yet to come.
_BEHIND = "the clock of this machine is behind"
_STORM = "storm of bounces"
# What happens to whom, in this order; a short day has the first of them, a long one has them again.
TROUBLES: tuple[tuple[str, str | float], ...] = (
    ("home", Door.EXPIRED),
    ("suspended", 50 * MINUTE),
    ("work", Door.HANGING),
    ("set", HOUR),
    ("home", Door.REFUSED),
    ("set", -HOUR),
    ("work", Door.EXPIRED),
    ("home", Door.BYE),
    ("suspended", 3 * HOUR),
    ("work", Door.REFUSED),
    ("set", -2 * HOUR),
    ("home", Door.HANGING),
    ("set", 2 * HOUR),
    ("both", Door.REFUSED),
    ("work", Door.BYE),
)


@dataclass
class Told:
    """A trouble of an account, and what the log said from its beginning until it had to be over."""

    account: str
    door: Door
    begins: int
    lines: list[str] = field(default_factory=list)


@dataclass
class Look:
    """The daemon as the system sees it; `memory` in MB."""

    hour: float
    memory: float
    threads: int
    files: int


@dataclass
class Mailbox:
    """An account: its person's address, the server's door, and where each message has to be in the end."""

    name: str
    user: str
    address: str
    gate: Gate
    hand: RealHand
    book: dict[bytes, str] = field(default_factory=dict)


class Day:
    """A context manager; `run` lets it pass.  `say`: where progress goes."""

    def __init__(
        self,
        folder: Path,
        server: ScratchDovecot,
        *,
        hours: float,
        seed: int = 1,
        say: Callable[[str], None] = lambda _: None,
    ) -> None:
        self._folder, self._server, self.hours, self._say = folder, server, hours, say
        self._dice = random.Random(seed)
        self._numbers = count(1)
        self._began = datetime.now(UTC).replace(microsecond=0)
        self._slept = 0.0  # of the true time, so many seconds passed while the daemon was suspended
        self._asleep_until: float | None = None
        self.warp = Warp(folder, start=self._began)
        self.log = folder / "log.txt"
        self.looks: list[Look] = []
        self.told: list[Told] = []
        self.jumps = self.backs = 0
        self.code: int | None = None
        self._events: list[tuple[float, int, Callable[[], None]]] = []
        self.mailboxes = [self._mailbox("home", worlds.ME), self._mailbox("work", "ada.firm@winter.example")]
        self._configured()
        self._planned()

    def __enter__(self) -> Day:
        command = [
            sys.executable,
            "-m",
            "scatterclean",
            "--config",
            str(self._folder / "scatterclean.toml"),
            "run",
        ]
        environment = {key: value for key, value in os.environ.items() if key != "JOURNAL_STREAM"}
        with self.log.open("wb") as log:
            self.process = subprocess.Popen(command, stderr=log, env=environment | self.warp.environment())
        return self

    def __exit__(self, *_: object) -> None:
        if self.process.poll() is None:
            self.process.send_signal(signal.SIGCONT)
            self.process.kill()
            self.process.wait()
        for mailbox in self.mailboxes:
            mailbox.gate.close()
            mailbox.hand.close()

    # --- what it begins with ------------------------------------------------------------------------------

    def _mailbox(self, name: str, address: str) -> Mailbox:
        user = fresh_user()
        gate = Gate(self._server.port, self.warp.hold)
        mailbox = Mailbox(name, user, address, gate, RealHand(self._server, user))
        mailbox.hand.create("Backscatter")
        for days in range(80, 1, -4):
            self._write(mailbox, self._began - timedelta(days=days))
        return mailbox

    def _configured(self) -> None:
        password = self._folder / "password"
        password.write_text(self._server.password)
        password.chmod(0o600)
        text = 'database = "log.db"\n[notify]\ninbox = false\n[defaults]\ndns = false\nmode = "move"\npoll = "5m"\n'
        for mailbox in self.mailboxes:
            worlds.as_after_months(self._folder / "log.db", mailbox.name, self._began)
            text += (
                f'[accounts.{mailbox.name}]\nhost = "127.0.0.1"\nport = {mailbox.gate.port}\ntls = "none"\n'
                f'username = "{mailbox.user}"\npassword_file = "password"\naddresses = ["{mailbox.address}"]\n'
                'outbound = ["*.winter.example"]\n'
            )
        (self._folder / "scatterclean.toml").write_text(text)

    # --- what comes ---------------------------------------------------------------------------------------

    @property
    def true(self) -> float:
        """Seconds since the beginning."""
        return self.warp.passed + self._slept if self._asleep_until is None else self._now

    def _at(self) -> datetime:
        return (self._began + timedelta(seconds=self._now)).replace(microsecond=0)

    def _append(self, mailbox: Mailbox, folder: str, raw: bytes, at: datetime, *, ends: str = "") -> None:
        mailbox.hand.append(folder, raw, flags=["\\Seen"] if folder == "Sent" else (), arrival=at)
        mailbox.book[raw.replace(b"\r\n", b"\n")] = ends or folder

    def _write(self, mailbox: Mailbox, at: datetime) -> str:
        ident = f"s{next(self._numbers)}@winter.example"
        raw = letter("Hello", to="friend@f.example", sender=mailbox.address, ident=ident, at=at)
        self._append(mailbox, "Sent", raw, at)
        return ident

    def _ordinary(self, mailbox: Mailbox) -> None:
        raw = letter("News", to=mailbox.address, ident=f"o{next(self._numbers)}@firm.example", at=self._at())
        self._append(mailbox, "INBOX", raw, self._at())

    def _bounced(self, mailbox: Mailbox, ident: str, *, ends: str) -> None:
        me = mailbox.address
        raw = bounce(ident, at=self._at(), sender=me, to=me, number=next(self._numbers))
        self._append(mailbox, "INBOX", raw, self._at(), ends=ends)

    def _orphan(self, mailbox: Mailbox) -> None:
        self._bounced(mailbox, f"forged{next(self._numbers)}@spam.example", ends="Backscatter")

    def _genuine(self, mailbox: Mailbox) -> None:
        self._bounced(mailbox, self._write(mailbox, self._at() - timedelta(minutes=1)), ends="INBOX")

    def _late(self, mailbox: Mailbox) -> None:
        """The bounce is there before the copy in Sent."""
        number = next(self._numbers)
        written = self._at() - timedelta(minutes=1)
        ident = f"late{number}@winter.example"
        self._bounced(mailbox, ident, ends="INBOX")
        raw = letter("Hello", to="friend@f.example", sender=mailbox.address, ident=ident, at=written)
        self._plan(self._now + 4 * MINUTE, lambda: self._append(mailbox, "Sent", raw, self._at()))

    # --- the plan -----------------------------------------------------------------------------------------

    def _plan(self, when: float, what: Callable[[], None]) -> None:
        self._events.append((when, len(self._events), what))

    def _planned(self) -> None:
        end = self.hours * HOUR - QUIET
        for what, every in (
            (self._ordinary, 10 * MINUTE),
            (self._orphan, 120 * MINUTE),  # more were a storm
            (self._genuine, 60 * MINUTE),
            (self._late, 90 * MINUTE),
        ):
            for mailbox in self.mailboxes:
                when = self._dice.uniform(MINUTE, every)
                while when < end - 10 * MINUTE:
                    self._plan(when, lambda what=what, mailbox=mailbox: what(mailbox))  # type: ignore[misc]  # bound now
                    when += self._dice.expovariate(1 / every)
        # A storm at night: one every 20 seconds.
        storm = 0.08 * end
        while storm < 0.16 * end:
            self._plan(storm, lambda: self._orphan(self.mailboxes[0]))
            storm += 20
        for when in range(int(10 * MINUTE), int(self.hours * HOUR), int(5 * MINUTE)):
            self._plan(when, self._look)
        room = HOUR + 20 * MINUTE
        at = 20 * MINUTE
        for whom, fault in cycle(TROUBLES):
            lasts = fault if whom == "suspended" else OUTAGE
            assert isinstance(lasts, float)
            if at + lasts > end:
                break
            self._trouble(at, whom, fault)
            at += max(room, lasts + room / 2)

    def _trouble(self, at: float, whom: str, what: str | float) -> None:
        if isinstance(what, Door):
            for mailbox in self.mailboxes:
                if whom in (mailbox.name, "both"):
                    self._outage(at, mailbox, what)
        elif whom == "suspended":
            assert isinstance(what, float)
            self._plan(at, lambda: self._suspend(what))
        else:
            assert isinstance(what, float)
            self._plan(at, lambda: self._set(what))

    def _outage(self, at: float, mailbox: Mailbox, door: Door) -> None:
        told = Told(mailbox.name, door, 0)

        def begins() -> None:
            self._say(f"{self._clock()} {mailbox.name}: {door}")
            told.begins = self.log.stat().st_size
            self.told.append(told)
            mailbox.gate.set(door)

        def over() -> None:
            self._say(f"{self._clock()} {mailbox.name}: open")
            mailbox.gate.set(Door.OPEN)

        self._plan(at, begins)
        self._plan(at + OUTAGE, over)
        # The longest back-off is a quarter of an hour, and some of it may have been left.
        self._plan(at + OUTAGE + 25 * MINUTE, lambda: told.lines.extend(self._lines(told)))

    def _lines(self, told: Told) -> Iterator[str]:
        for line in self.log.read_bytes()[told.begins :].decode().splitlines():
            if f" {told.account}: " in line:
                yield line

    def _set(self, seconds: float) -> None:
        self._say(f"{self._clock()} the clock is set by {seconds:+.0f} s")
        self.jumps += 1
        self.backs += seconds < 0
        self.warp.step(seconds)

    def _suspend(self, seconds: float) -> None:
        self._say(f"{self._clock()} suspended for {seconds:.0f} s")
        self.jumps += 1
        self.process.send_signal(signal.SIGSTOP)
        until = self._asleep_until = self._now + seconds

        def wakes() -> None:
            self._say(f"{self._clock()} awake")
            self._asleep_until = None
            self._slept += seconds
            self.warp.step(seconds)
            self.process.send_signal(signal.SIGCONT)

        self._plan(until, wakes)

    def _look(self) -> None:
        status = Path(f"/proc/{self.process.pid}/status").read_text()
        memory, threads = (int(re.search(rf"{key}:\s+(\d+)", status)[1]) for key in ("VmRSS", "Threads"))  # type: ignore[index]
        files = len(list(Path(f"/proc/{self.process.pid}/fd").iterdir()))
        self.looks.append(Look(self._now / HOUR, memory / 1024, threads, files))

    def _clock(self) -> str:
        return f"{int(self._now // HOUR):02}:{int(self._now % HOUR // MINUTE):02}"

    # --- the day ------------------------------------------------------------------------------------------

    _now = 0.0

    def run(self) -> None:
        """Until the last hour is over and the daemon has left."""
        while self._events:
            self._events.sort(key=lambda event: event[:2])
            when, _, what = self._events.pop(0)
            if self._asleep_until is None:
                self.warp.until(when - self._slept, alive=self._alive, limit=REAL)
            self._now = when
            with self.warp.held():
                what()
        self.warp.until(self.hours * HOUR - self._slept, alive=self._alive, limit=REAL)
        self.process.send_signal(signal.SIGTERM)
        self.code = self.process.wait(60)

    def _alive(self) -> bool:
        return self.process.poll() is None

    # --- the books ----------------------------------------------------------------------------------------

    def astray(self) -> list[str]:
        """Messages that are not exactly once, and only, where they have to be."""
        wrong = []
        for mailbox in self.mailboxes:
            found: dict[bytes, list[str]] = {raw: [] for raw in mailbox.book}
            for folder in FOLDERS:
                for message in mailbox.hand.messages(folder):
                    found.setdefault(message.raw.replace(b"\r\n", b"\n"), []).append(folder)
            for raw, folders in found.items():
                if folders != [mailbox.book.get(raw, "")]:
                    ident = re.search(rb"(?im)^message-id: (.*)", raw)
                    where = f"in {folders}, expected {mailbox.book.get(raw)}"
                    wrong.append(f"{mailbox.name}: {ident[1].decode() if ident else '?'} {where}")
        return wrong

    def counts(self) -> Counter[str]:
        """How many messages had to end where."""
        return Counter(folder for mailbox in self.mailboxes for folder in mailbox.book.values())

    def untold(self) -> list[str]:
        """Troubles that were not told exactly once, or whose end was not."""
        wrong = []
        for told in self.told:
            begun = [line for line in told.lines if _is_outage(line)]
            ended = [line for line in told.lines if "works again" in line]
            if (len(begun), len(ended)) != (1, 1):
                wrong.append(f"{told.account}, {told.door}: " + " | ".join(begun + ended))
        log = self.log.read_text()
        alarms = [line for line in log.splitlines() if _is_trouble(line)]
        behind = [line for line in alarms if _BEHIND in line]
        outages = [line for line in alarms if _is_outage(line)]
        if len(outages) != len(self.told):
            wrong.append(f"{len(self.told)} troubles, but told: " + " | ".join(outages))
        storms = [line for line in log.splitlines() if _STORM in line]
        name = self.mailboxes[0].name
        begun = [line for line in storms if f" {name}: A {_STORM}" in line]
        over = [line for line in storms if f" {name}: The {_STORM}" in line and "is over" in line]
        if storms != [*begun, *over] or (len(begun), len(over)) != (1, 1):
            wrong.append("one storm, but told: " + " | ".join(storms))
        if len(behind) != self.backs * len(self.mailboxes):
            wrong.append(f"the clock was set back {self.backs} times, but told: " + " | ".join(behind))
        jumps = log.count("the clock moved by")  # on a busy machine it may have stood still, too
        if jumps != self.jumps:
            wrong.append(f"the clock jumped {self.jumps} times, told {jumps} times")
        return wrong

    def growth(self) -> tuple[Look, Look]:
        """The daemon in the first and in the last third of its day (medians; its first hour is left out)."""
        looks = self.looks[6:]
        third = len(looks) // 3

        def middle(some: list[Look]) -> Look:
            return Look(
                some[0].hour,
                statistics.median(each.memory for each in some),
                int(statistics.median(each.threads for each in some)),
                int(statistics.median(each.files for each in some)),
            )

        return middle(looks[:third]), middle(looks[-third:])


def _is_trouble(line: str) -> bool:
    return " WARNING " in line or " ERROR " in line


def _is_outage(line: str) -> bool:
    return _is_trouble(line) and _BEHIND not in line and _STORM not in line


def took(since: float) -> str:
    return f"{time.monotonic() - since:.0f} s"
