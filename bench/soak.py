"""The daemon for an hour on three servers, with faults and another client at work; issue 5, "what it must show", 5.

    python bench/soak.py --minutes 60 --seed 1

One account each on Dovecot, Cyrus and Courier (`.ci/servers` unpacks the last two).  Mail arrives all the time; servers
are restarted, connections cut; another client reads, flags, files, marks as deleted, drags back.  Memory, open files
and threads of the daemon are printed every half minute.  Exits with 1 if at the end a message is lost, doubled, in a
folder where it must not be, or has other flags or another date; if the daemon told of a bug; or if its memory or its
open files grew.
"""

from __future__ import annotations

import argparse
import imaplib
import os
import random
import re
import socket
import statistics
import subprocess
import sys
import tempfile
import threading
import time
from collections import Counter
from collections.abc import Callable
from contextlib import ExitStack, suppress
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from pathlib import Path

sys.path.insert(0, str(Path(__file__).parents[1]))

from scatterclean.mailbox.memory import Stored
from tests.hosts.kinds import KINDS
from tests.servers import Host, RealHand
from tests.sweeps.world import ME, bounce, letter

SERVERS = ("dovecot", "cyrus", "courier")
KEYWORD = "$Backscatter"
EVERY = 30.0  # seconds between two looks at the daemon
PATIENCE = 180.0  # seconds in which, after the last fault, all that is due has to be put away
# Grown is what the last third of the looks shows more of than the first third (its start left out), by more than:
MORE_MEMORY, MORE_FILES = 1.15, 4


class Relay:
    """A port of our own in front of a server's: what runs through it can be cut."""

    def __init__(self, server: Host) -> None:
        self._server = server  # its port may be another after a restart
        self._open: set[socket.socket] = set()
        self._lock = threading.Lock()
        self._socket = socket.create_server(("127.0.0.1", 0))
        self.port = int(self._socket.getsockname()[1])
        threading.Thread(target=self._serve, daemon=True).start()

    def cut(self) -> int:
        """Cut all connections; how many."""
        with self._lock:
            cut = list(self._open)
        for one in cut:
            with suppress(OSError):
                one.shutdown(socket.SHUT_RDWR)
        return len(cut) // 2

    def _serve(self) -> None:
        while True:
            client, _ = self._socket.accept()
            try:
                server = socket.create_connection(("127.0.0.1", self._server.port), 5)
            except OSError:
                client.close()
                continue
            server.settimeout(None)
            with self._lock:
                self._open |= {client, server}
            for ends in ((client, server), (server, client)):
                threading.Thread(target=self._pump, args=ends, daemon=True).start()

    def _pump(self, source: socket.socket, target: socket.socket) -> None:
        with suppress(OSError):
            while piece := source.recv(2**16):
                target.sendall(piece)
        for one in (source, target):
            with suppress(OSError):
                one.shutdown(socket.SHUT_RDWR)
        with self._lock:
            self._open.discard(source)
        source.close()


@dataclass
class Letter:
    """What must become of one message: `due` to be put away, or not, or (None) either; `gone`: expunged by the hand."""

    raw: bytes
    arrival: datetime
    flags: set[str]
    due: bool | None
    gone: bool = False


@dataclass
class Account:
    """A person on one server, the other client of that person, and the book of all mail that ever came."""

    name: str
    server: Host
    prefix: str
    dice: random.Random
    relay: Relay = field(init=False)
    hand: RealHand = field(init=False)
    book: dict[bytes, Letter] = field(default_factory=dict)
    sent: list[bytes] = field(default_factory=list)
    deeds: Counter[str] = field(default_factory=Counter)

    def __post_init__(self) -> None:
        self.relay = Relay(self.server)
        self.connect()
        for folder in ("Backscatter", "Archive"):
            self.hand.create(self.prefix + folder)
        for days in range(400, 0, -20):
            self.send(datetime.now(UTC) - timedelta(days=days))

    def connect(self) -> None:
        self.hand = RealHand(self.server, self.name)

    # --- what comes ---------------------------------------------------------------------------------------

    def send(self, at: datetime) -> str:
        ident = f"sent.{len(self.sent)}@winter.example"
        raw = letter("Hello", to="friend@f.example", sender=ME, ident=ident, at=at)
        self.hand.append(self.prefix + "Sent", raw, flags=["\\Seen"], arrival=at)
        self.sent.append(raw)
        return ident

    def receive(self, raw: bytes, *, due: bool, flags: tuple[str, ...] = ()) -> None:
        arrival = datetime.now(UTC).replace(microsecond=0)
        self.hand.append("INBOX", raw, flags=flags, arrival=arrival)
        self.book[raw] = Letter(raw, arrival, set(flags), due)

    def orphan(self) -> None:
        self.deeds["orphans"] += 1
        number, now = len(self.book), datetime.now(UTC)
        seen = ("\\Seen",) if self.dice.random() < 0.3 else ()
        self.receive(bounce(f"forged.{number}@spam.example", at=now, number=number), due=True, flags=seen)

    def storm(self) -> None:
        for _ in range(self.dice.randrange(5, 60)):
            self.orphan()

    def genuine(self) -> None:
        self.deeds["genuine"] += 1
        now, number = datetime.now(UTC), len(self.book)
        ident = f"sent.{self.dice.randrange(len(self.sent))}@winter.example"
        if self.dice.random() < 0.3:  # the bounce is there before the copy in Sent
            ident = f"sent.{len(self.sent)}@winter.example"
            self.receive(bounce(ident, at=now, number=number), due=False)
            self.send(now)
        else:
            self.receive(bounce(ident, at=now, number=number), due=False)

    def ordinary(self) -> None:
        self.deeds["ordinary"] += 1
        number = len(self.book)
        raw = letter(f"Letter {number}", ident=f"l{number}@firm.example", at=datetime.now(UTC))
        self.receive(raw, due=False)

    # --- the other client ---------------------------------------------------------------------------------

    def somewhere(self, folder: str, fits: Callable[[Letter], bool]) -> Stored | None:
        there = [m for m in self.hand.messages(folder) if m.raw in self.book and fits(self.book[m.raw])]
        return self.dice.choice(there) if there else None

    def flag(self) -> None:
        """What it flags is left alone from then on; unless it was put away between the look and the STORE."""
        for flag in ("\\Seen", "\\Flagged", "\\Deleted"):
            found = self.somewhere("INBOX", lambda one: not one.gone)
            if found is None:
                return
            self.hand.flag("INBOX", found.uid, flag)
            left = {m.uid: m for m in self.hand.messages("INBOX")}.get(found.uid)
            if left is not None and flag in left.flags:
                one = self.book[found.raw]
                one.flags.add(flag)
                one.due = one.due if flag == "\\Seen" or not one.due else None
                self.deeds[f"made {flag}"] += 1

    def drag_back(self) -> None:
        found = self.somewhere(self.prefix + "Backscatter", lambda one: one.due is True)
        if found is not None:
            self.hand.move(self.prefix + "Backscatter", found.uid, "INBOX")
            one = self.book[found.raw]
            one.due, one.flags = False, set(found.flags)
            self.deeds["dragged back"] += 1

    def file(self) -> None:
        found = self.somewhere("INBOX", lambda one: one.due is False)
        if found is not None:
            self.hand.move("INBOX", found.uid, self.prefix + "Archive")
            self.deeds["filed"] += 1

    def expunge(self) -> None:
        found = self.somewhere("INBOX", lambda one: one.due is False)
        if found is not None:
            self.hand.delete("INBOX", found.uid)
            self.book[found.raw].gone = True
            self.deeds["expunged"] += 1

    # --- faults -------------------------------------------------------------------------------------------

    def restart(self) -> None:
        self.deeds["restarts"] += 1
        self.hand.abandon()
        self.server.restart()  # type: ignore[attr-defined]
        self.connect()

    def cut(self) -> None:
        self.deeds["connections cut"] += self.relay.cut()

    # --- the books ----------------------------------------------------------------------------------------

    def there(self) -> dict[str, list[Stored]]:
        folders = {"INBOX": "INBOX"} | {f: self.prefix + f for f in ("Backscatter", "Archive", "Sent")}
        return {short: self.hand.messages(name) for short, name in folders.items()}

    def waiting(self) -> int:
        """How many in INBOX are still due."""
        return sum(m.raw in self.book and self.book[m.raw].due is True for m in self.hand.messages("INBOX"))

    def wrong(self, *, undone: bool = False) -> list[str]:
        """What does not balance; `undone`: everything was brought back since."""
        found = self.there()
        bad = []
        count = Counter(m.raw for f in ("INBOX", "Backscatter", "Archive") for m in found[f])
        for raw, one in self.book.items():
            if count[raw] != (0 if one.gone else 1):
                bad.append(f"{count[raw]} times there: {_name(raw)}")
        bad += [f"nobody sent it: {_name(raw)}" for raw in count if raw not in self.book]
        if Counter(m.raw for m in found["Sent"]) != Counter(self.sent):
            bad.append("the Sent folder is not as it was")
        for folder, there in found.items():
            for m in there:
                if folder == "Sent" or m.raw not in self.book:
                    continue
                one = self.book[m.raw]
                away = folder == "Backscatter"
                if (away and (undone or one.due is False)) or (one.due and not away and not undone):
                    bad.append(f"in {folder}: {_name(m.raw)}")
                if m.flags - {KEYWORD} != one.flags - {KEYWORD} or m.arrival != one.arrival:
                    bad.append(
                        f"{sorted(m.flags)} {m.arrival} for {sorted(one.flags)} {one.arrival}: {_name(m.raw)}"
                    )
        return [f"{self.name}: {text}" for text in bad]


def _name(raw: bytes) -> str:
    found = re.search(rb"(?im)^Message-ID: *(\S+)", raw)
    return found[1].decode() if found else "?"


@dataclass
class Looks:
    """What the daemon's process takes, over time."""

    pid: int
    rows: list[tuple[float, float, int, int]] = field(default_factory=list)

    def look(self, minutes: float, accounts: list[Account]) -> None:
        status = Path(f"/proc/{self.pid}/status").read_text()
        memory = int(re.search(r"VmRSS:\s+(\d+)", status)[1]) / 1024  # type: ignore[index]
        threads = int(re.search(r"Threads:\s+(\d+)", status)[1])  # type: ignore[index]
        files = len(list(Path(f"/proc/{self.pid}/fd").iterdir()))
        self.rows.append((minutes, memory, files, threads))
        mail = sum(len(a.book) for a in accounts)
        restarts = sum(a.deeds["restarts"] for a in accounts)
        cuts = sum(a.deeds["connections cut"] for a in accounts)
        print(
            f"{minutes:6.1f} min  {memory:6.1f} MiB  {files:3} files  {threads:3} threads  "
            f"{mail:6} arrived  {restarts:3} restarts  {cuts:4} cut",
            flush=True,
        )

    def grown(self) -> list[str]:
        warm = self.rows[len(self.rows) // 5 :]
        third = len(warm) // 3
        if not third:
            return ["too few looks to tell whether it grows"]
        bad = []
        for what, at, most in (
            ("memory", 1, None),
            ("open files", 2, MORE_FILES),
            ("threads", 3, MORE_FILES),
        ):
            first, last = (
                statistics.median(row[at] for row in part) for part in (warm[:third], warm[-third:])
            )
            print(f"{what}: median {first:.1f} in the first third, {last:.1f} in the last")
            if last > (first * MORE_MEMORY if most is None else first + most):
                bad.append(f"{what} grew from {first:.1f} to {last:.1f}")
        return bad


def main() -> int:
    options = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    options.add_argument("--minutes", type=float, default=60)
    options.add_argument("--seed", type=int, default=1)
    options.add_argument(
        "--keep", type=Path, help="a folder for the daemon's database and log, kept afterwards"
    )
    given = options.parse_args()
    dice = random.Random(given.seed)
    missing = [KINDS[name].needs for name in SERVERS if not KINDS[name].found()]
    if missing:
        print(f"absent: {', '.join(missing)}", file=sys.stderr)
        return 2
    with ExitStack() as stack:
        home = given.keep or Path(stack.enter_context(tempfile.TemporaryDirectory(prefix="soak-")))
        home.mkdir(parents=True, exist_ok=True)
        accounts = [
            Account(name, stack.enter_context(KINDS[name].make()), KINDS[name].prefix, dice)
            for name in SERVERS
        ]
        config = home / "scatterclean.toml"
        config.write_text(_configuration(home, accounts))
        environment = {**os.environ, "SOAK_PASSWORD": accounts[0].server.password}
        command = [sys.executable, "-m", "scatterclean", "--config", str(config)]
        log = stack.enter_context((home / "daemon.log").open("wb"))
        daemon = subprocess.Popen([*command, "run"], stdout=log, stderr=log, env=environment)
        stack.callback(daemon.kill)
        looks = Looks(daemon.pid)
        _live(accounts, looks, dice, given.minutes * 60, daemon)
        wrong = _settle(accounts, daemon)
        looks.look(given.minutes, accounts)
        daemon.terminate()
        wrong += [] if daemon.wait(60) == 0 else [f"the daemon left with {daemon.returncode}"]
        wrong += [text for account in accounts for text in account.wrong()]
        done = subprocess.run(
            [*command, "undo", "--all"], env=environment, capture_output=True, text=True, check=False
        )
        print(done.stdout.strip())
        wrong += [text for account in accounts for text in account.wrong(undone=True)]
        said = (home / "daemon.log").read_text(errors="replace")
        wrong += [line for line in said.splitlines() if "Traceback" in line or "bug of scatterclean" in line]
        wrong += looks.grown()
    for account in accounts:
        print(f"{account.name}: {', '.join(f'{n} {what}' for what, n in sorted(account.deeds.items()))}")
    print("\n".join(wrong[:50]) if wrong else "all books balance")
    return 1 if wrong else 0


def _configuration(home: Path, accounts: list[Account]) -> str:
    tables = [
        f'[accounts.{a.name}]\nhost = "127.0.0.1"\nport = {a.relay.port}\nusername = "{a.name}"\nperson = "{a.name}"\n'
        for a in accounts
    ]
    return (
        f'database = "{home / "log.db"}"\n[notify]\ninbox = false\n'
        '[defaults]\ntls = "none"\npassword_env = "SOAK_PASSWORD"\nmode = "move"\ndns = false\n'
        'poll = "20s"\nsettle = "5s"\ntimeout = "20s"\n' + "".join(tables)
    ).replace('mode = "move"\n', f'mode = "move"\naddresses = ["{ME}"]\noutbound = ["*.winter.example"]\n')


# What happens, and how often in proportion.
_EVENTS: dict[str, int] = {
    "orphan": 40,
    "storm": 1,
    "genuine": 10,
    "ordinary": 20,
    "flag": 4,
    "drag_back": 3,
    "file": 4,
    "expunge": 2,
    "cut": 4,
    "restart": 1,
}


def _live(
    accounts: list[Account],
    looks: Looks,
    dice: random.Random,
    seconds: float,
    daemon: subprocess.Popen[bytes],
) -> None:
    began = time.monotonic()
    next_look = EVERY
    while (passed := time.monotonic() - began) < seconds:
        assert daemon.poll() is None, "the daemon ended"
        if passed >= next_look:
            looks.look(passed / 60, accounts)
            next_look = passed + EVERY
        account = dice.choice(accounts)
        [event] = dice.choices(list(_EVENTS), weights=list(_EVENTS.values()))
        try:
            getattr(account, event)()
        except imaplib.IMAP4.abort:  # the hand's own connection ended
            account.connect()
        time.sleep(dice.uniform(0.1, 1.5))


def _settle(accounts: list[Account], daemon: subprocess.Popen[bytes]) -> list[str]:
    until = time.monotonic() + PATIENCE
    while any(account.waiting() for account in accounts):
        if time.monotonic() > until or daemon.poll() is not None:
            return [f"{account.name}: {account.waiting()} were never put away" for account in accounts]
        time.sleep(1)
    return []


if __name__ == "__main__":
    sys.exit(main())
