"""Times the first sweep of a flooded inbox, and the moves alone, against IMAPClient and imapfilter, on a real Dovecot.

    python bench/sweep.py [--letters 45000] [--bounces 5000] [--sent 10000] [--rounds 3] [--delay 40]
                          [--skip-imapfilter]

Each job gets an inbox of its own, the same in all of them, and a Sent folder; the server has what is asked for of each
message in its cache before.

* scatterclean: harvest, gather, read, judge, move, everything journalled.
* IMAPClient, bare: a script for one night: the header of every message in batches of 500, the standard library's
  parser (its old one, which is the fast one), whole messages of the candidates in batches of 200, the same reader of
  bounces, a set of the ids that were sent, one MOVE for each batch of 500.  No journal, no log on the disk, no look
  before or after.
* IMAPClient, written down: the same with the parser that the library's documentation recommends (`policy.default`), the
  sent log and what was moved in SQLite (Core, one statement for a batch), and a look whether they came.  Once.
* imapfilter, by its sender (if it is installed): `match_header` for the null reverse-path, and a move; it reads no
  bounce at all.  Once.
* imapfilter, the same: it reads each of them, and asks the server for each Message-ID in it whether Sent holds it; no
  log, no look.  Once.
* raw UID MOVE: sets of 100 by a raw socket; beside it `deeds.act` for the same sets, the time in commits taken off.

Every figure is the median of the rounds; "processor" is this process's own time.
"""

from __future__ import annotations

import argparse
import email
import email.message
import os
import random
import shutil
import socket
import statistics
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from datetime import UTC, datetime, timedelta
from email import policy
from pathlib import Path

sys.path.insert(0, str(Path(__file__).parents[1]))

import letters
import sqlalchemy
from delay import delayed

from scatterclean import bounce, deeds, gather, sent
from scatterclean.demo.dovecot import ScratchDovecot
from scatterclean.errors import CannotMoveSafely
from scatterclean.fingerprint import FIELDS as FINGERPRINT_FIELDS
from scatterclean.fingerprint import fingerprint
from scatterclean.garbage import seldom
from scatterclean.knowledge import Sources
from scatterclean.mailbox.login import Access, open_mailbox
from scatterclean.model import Account, Errand, Identities, Intent, Mode, MoveState, Whereabouts
from scatterclean.store import Store, open_store
from scatterclean.sweep import Sweep
from tests.sweeps.world import ME
from tests.sweeps.world import bounce as a_bounce
from tests.sweeps.world import letter as a_letter

ACCOUNT = Account(
    "home", Identities(frozenset({ME})), mode=Mode.MOVE, sent=("Sent",), hosts=frozenset({".winter.example"})
)


def inbox(ordinary: int, forged: int) -> Iterator[tuple[datetime, bytes]]:
    """Letters of three years, and among the last of them a night's flood of bounces."""
    dice = random.Random(5)
    now = datetime.now(UTC).replace(microsecond=0)
    left = forged
    for number in range(ordinary):
        at = now - timedelta(days=1000) + timedelta(seconds=number * 1000 * 86_400 / ordinary * 0.99)
        body = b"\r\n".join(b"word " * 12 for _ in range(dice.randrange(20, 120)))
        letter = a_letter(f"Letter {number}", ident=f"{dice.getrandbits(64):x}@firm.example", at=at)
        yield at, _travelled(dice, at) + letter + body
    for number in range(left):
        at = now - timedelta(hours=10) + timedelta(seconds=number * 6 * 3600 / max(left, 1))
        yield at, a_bounce(f"{dice.getrandbits(64):x}@spam.example", at=at, number=number)


def _travelled(dice: random.Random, at: datetime) -> bytes:
    """What servers put on top of a letter on its way: 2 to 3 kB, as on mail of today."""

    def token(size: int) -> str:
        return "\r\n\t".join(f"{dice.getrandbits(280):070x}" for _ in range(size))

    when = f"{at:%a, %d %b %Y %H:%M:%S} +0000"
    hops = [
        f"Received: from out{n}.firm.example (out{n}.firm.example [203.0.113.{n}])\r\n\tby mx{n}.winter.example "
        f"(Postfix) with ESMTPS id 4{dice.getrandbits(40):X}\r\n\tfor <{ME}>; {when}"
        for n in range(dice.randrange(3, 6))
    ]
    lines = [
        "Return-Path: <bob@firm.example>",
        f"Delivered-To: {ME}",
        *hops,
        "Authentication-Results: mx.winter.example;\r\n\tdkim=pass header.d=firm.example header.s=s1;",
        "\tspf=pass smtp.mailfrom=bob@firm.example; dmarc=pass header.from=firm.example",
        "DKIM-Signature: v=1; a=rsa-sha256; c=relaxed/relaxed; d=firm.example; s=s1;",
        f"\th=from:to:subject:date;\r\n\tbh={token(1)};\r\n\tb={token(5)}",
        f"X-MS-Exchange-Organization-AuthSource: {token(1)[:40]}",
        f"X-Spam-Status: No, score=-1.2 required=5.0\r\n\ttests=DKIM_VALID,{token(2)}",
        "MIME-Version: 1.0",
        "Content-Type: text/plain; charset=UTF-8",
    ]
    return ("\r\n".join(lines) + "\r\n").encode()


@contextmanager
def user(
    server: ScratchDovecot, name: str, mail: Sequence[tuple[datetime, bytes]], sent: int
) -> Iterator[str]:
    login = (name, server.password)
    letters.append(server.port, login, "Sent", letters.sent(sent))
    letters.append(server.port, login, "INBOX", mail)
    warm(server, name)
    yield name


def warm(server: ScratchDovecot, name: str) -> None:
    """Let the server put into its cache what is asked for of each message: its own first look at a message takes as
    long as all that is measured here, whoever asks."""
    asked = {"Sent": sent.FIELDS, "INBOX": (*gather.FIELDS, *FINGERPRINT_FIELDS)}
    with socket.create_connection(("127.0.0.1", server.port)) as sock, sock.makefile("rb") as answers:
        sock.sendall(f"a LOGIN {name} {server.password}\r\n".encode())
        for folder, fields in asked.items():
            items = f"(INTERNALDATE RFC822.SIZE BODY.PEEK[HEADER.FIELDS ({' '.join(fields)})])"
            sock.sendall(f"b EXAMINE {folder}\r\nc UID FETCH 1:* {items}\r\n".encode())
            while not answers.readline().startswith(b"c OK"):
                pass


def access_of(server: ScratchDovecot, port: int, name: str) -> Access:
    return Access("home", "127.0.0.1", port, name, lambda: server.password, tls="none")


def ours(access: Access) -> int:
    with tempfile.TemporaryDirectory() as scratch, open_store(Path(scratch) / "log.db") as store:
        box = open_mailbox(access)
        report = Sweep(
            account=ACCOUNT,
            sources=Sources(store.sent_log, store.experience, {"home": frozenset()}),
            mailbox=box,
            journal=store.journal,
            docket=store.docket,
            clock=lambda: datetime.now(UTC),
        ).run()
        box.close()
    return report.moved


def imapclient(access: Access) -> int:
    return _by_imapclient(access, policy.compat32, None)


def imapclient_written_down(access: Access) -> int:
    with tempfile.TemporaryDirectory() as scratch:
        return _by_imapclient(access, policy.default, Path(scratch) / "log.db")


def _by_imapclient(access: Access, parser: policy.Policy, database: Path | None) -> int:
    import imapclient as library

    notes = Notes(database)
    client = library.IMAPClient(access.host, access.port, ssl=False)
    client.login(access.username, access.secret())
    client.select_folder("Sent", readonly=True)
    for batch in _batches(client.search("ALL"), 500):
        rows = client.fetch(batch, ["RFC822.HEADER"]).values()
        notes.sent([email.message_from_bytes(row[b"RFC822.HEADER"], policy=parser) for row in rows])
    client.select_folder("INBOX")
    candidates = []
    for batch in _batches(client.search("ALL"), 500):
        for uid, row in client.fetch(batch, ["RFC822.HEADER"]).items():
            header = email.message_from_bytes(row[b"RFC822.HEADER"], policy=parser)
            if header.get("Return-Path") == "<>" or header.get_content_type() == "multipart/report":
                candidates.append(uid)
    orphans = []
    for batch in _batches(candidates, 200):
        read = {uid: bounce.read(row[b"RFC822"]) for uid, row in client.fetch(batch, ["RFC822"]).items()}
        ids = {uid: {f"<{ref.id.text}>" for ref in found.references} for uid, found in read.items() if found}
        known = notes.known(set().union(*ids.values()))
        orphans += [uid for uid, named in ids.items() if not named & known]
    client.create_folder("Backscatter")
    for batch in _batches(orphans, 500):
        client.move(batch, "Backscatter")
        notes.moved(batch)
    if database is not None:
        client.select_folder("Backscatter", readonly=True)
        if len(client.search("ALL")) != len(orphans):
            raise SystemExit("IMAPClient lost some")
    client.logout()
    return len(orphans)


class Notes:
    """What was sent and moved: in memory, or in SQLite by SQLAlchemy's Core."""

    def __init__(self, path: Path | None) -> None:
        self._ids: set[str] = set()
        self._engine = None
        if path is not None:
            self._engine = sqlalchemy.create_engine(f"sqlite:///{path}")
            tables = sqlalchemy.MetaData()
            text = sqlalchemy.Text
            self._sent = sqlalchemy.Table(
                "sent",
                tables,
                *(sqlalchemy.Column(name, text) for name in ("recipients", "subject", "date")),
                sqlalchemy.Column("id", text, primary_key=True),
            )
            self._moved = sqlalchemy.Table("moved", tables, sqlalchemy.Column("uid", sqlalchemy.Integer))
            tables.create_all(self._engine)

    def sent(self, headers: Sequence[email.message.Message]) -> None:
        if self._engine is None:
            self._ids.update(str(header["Message-ID"]) for header in headers)
            return
        rows = [
            {
                "id": str(header["Message-ID"]),
                "recipients": str(header["To"]),
                "subject": str(header["Subject"]),
                "date": str(header["Date"]),
            }
            for header in headers
        ]
        with self._engine.begin() as connection:
            connection.execute(sqlalchemy.insert(self._sent), rows)

    def known(self, ids: set[str]) -> set[str]:
        if self._engine is None:
            return ids & self._ids
        with self._engine.begin() as connection:
            found = connection.scalars(sqlalchemy.select(self._sent.c.id).where(self._sent.c.id.in_(ids)))
            return set(found)

    def moved(self, uids: Sequence[int]) -> None:
        if self._engine is not None:
            with self._engine.begin() as connection:
                connection.execute(sqlalchemy.insert(self._moved), [{"uid": uid} for uid in uids])


_BY_SENDER = """
    found:move_messages(me.Backscatter)
    io.write(#found)
"""
_THE_SAME = """
    orphans = Set {}
    for _, message in ipairs(found) do
        mailbox, uid = table.unpack(message)
        known = false
        for id in mailbox[uid]:fetch_body():gmatch("[Mm]essage%-[Ii][Dd]:%s*(<[^>]+>)") do
            if #me.Sent:contain_field("Message-ID", id) > 0 then known = true end
        end
        if not known then table.insert(orphans, message) end
    end
    orphans:move_messages(me.Backscatter)
    io.write(#orphans)
"""


def imapfilter(access: Access, script_end: str) -> int:
    with tempfile.TemporaryDirectory() as scratch:
        script = Path(scratch) / "config.lua"
        script.write_text(
            f"""options.timeout = 600
            me = IMAP {{ server = "{access.host}", port = {access.port}, username = "{access.username}",
                         password = "{access.secret()}" }}
            me:create_mailbox("Backscatter")
            found = me.INBOX:match_header("Return-[Pp]ath: <>")
            {script_end}"""
        )
        done = subprocess.run(
            ["imapfilter", "-c", str(script)],
            check=True,
            capture_output=True,
            text=True,
            env={**os.environ, "HOME": scratch},
        )
    return int(done.stdout.strip().splitlines()[-1])


def _batches(uids: Sequence[int], size: int) -> Iterator[Sequence[int]]:
    for start in range(0, len(uids), size):
        yield uids[start : start + size]


# --- the moves alone -------------------------------------------------------------------------------------


def raw_moves(access: Access) -> float:
    """Seconds of UID MOVE of sets of 100, one after the other, by a raw socket."""
    with socket.create_connection((access.host, access.port)) as sock, sock.makefile("rb") as answers:
        answers.readline()

        def ask(command: str) -> list[bytes]:
            sock.sendall(f"a {command}\r\n".encode())
            lines = []
            for line in answers:
                lines.append(line)
                if line.startswith(b"a "):
                    if not line.startswith(b"a OK"):
                        raise RuntimeError(line)
                    return lines
            raise RuntimeError("the server hung up")

        ask(f"LOGIN {access.username} {access.secret()}")
        ask("CREATE Backscatter")
        ask("SELECT INBOX")
        found = next(line for line in ask("UID SEARCH ALL") if line.startswith(b"* SEARCH"))
        uids = [int(word) for word in found.split()[2:]]
        start = time.perf_counter()
        for batch in _batches(uids, 100):
            ask(f"UID MOVE {batch[0]}:{batch[-1]} Backscatter")
        return time.perf_counter() - start


class Clocked:
    """The journal, and how long its commits took."""

    def __init__(self, store: Store) -> None:
        self._journal = store.journal
        self.spent = 0.0

    def __getattr__(self, name: str) -> object:
        found = getattr(self._journal, name)
        if name not in {"intend", "settle"}:
            return found

        def timed(*args: object) -> object:
            start = time.perf_counter()
            try:
                return found(*args)
            finally:
                self.spent += time.perf_counter() - start

        return timed


def our_moves(access: Access) -> tuple[int, float, float, float]:
    """How many, the seconds in `deeds.act`, those of the processor, and those in `intend` and `settle`."""
    with tempfile.TemporaryDirectory() as scratch, open_store(Path(scratch) / "log.db") as store:
        box = open_mailbox(access)
        place = box.state("INBOX").place
        intents = [
            Intent(
                "home",
                fingerprint(s.header),
                Whereabouts(place, s.uid),
                "Backscatter",
                Errand.SWEEP,
                arrival=s.arrival,
            )
            for s in box.headers(place, box.uids(place), FINGERPRINT_FIELDS)
        ]
        journal = Clocked(store)
        sweep = store.journal.begin_sweep("home", Mode.MOVE, datetime.now(UTC))
        start, worked = time.perf_counter(), time.process_time()
        with seldom():  # as a sweep does all
            done = deeds.act(box, journal, sweep, intents, clock=lambda: datetime.now(UTC))  # type: ignore[arg-type]
        spent = time.perf_counter() - start, time.process_time() - worked
        box.close()
    return done.count(MoveState.MOVED), *spent, journal.spent


# --- all of it ---------------------------------------------------------------------------------------------


def measured(job: Callable[[], int], due: int) -> tuple[float, float]:
    start, worked = time.perf_counter(), time.process_time()
    done = job()
    if done != due:
        raise SystemExit(f"{done} of {due} were moved")
    return time.perf_counter() - start, time.process_time() - worked


def main() -> None:
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("--letters", type=int, default=45_000)
    parser.add_argument("--bounces", type=int, default=5000)
    parser.add_argument("--sent", type=int, default=10_000)
    parser.add_argument("--rounds", type=int, default=3)
    parser.add_argument("--delay", type=int, default=0, help="milliseconds of round-trip time")
    parser.add_argument("--skip-imapfilter", action="store_true")
    chosen = parser.parse_args()
    mail = list(inbox(chosen.letters, chosen.bounces))
    flood = mail[chosen.letters :]
    peers: dict[str, Callable[[Access], int]] = {"scatterclean": ours, "IMAPClient, bare": imapclient}
    once = {"IMAPClient, written down": imapclient_written_down}
    if not chosen.skip_imapfilter and shutil.which("imapfilter"):
        once["imapfilter, by its sender"] = lambda access: imapfilter(access, _BY_SENDER)
        once["imapfilter, the same"] = lambda access: imapfilter(access, _THE_SAME)
    peers |= once
    times: dict[str, list[tuple[float, float]]] = {name: [] for name in (*peers, "raw UID MOVE", "deeds.act")}
    commits: list[float] = []
    for turn in range(chosen.rounds):
        # A server for each round: the mail of the rounds before would fill the disk.
        with ScratchDovecot() as server, delayed(server.port, chosen.delay / 1000) as port:
            for name, job in peers.items():
                if name in once and turn:
                    continue  # once is long enough
                with user(server, f"u{len(name)}{len(times[name])}", mail, chosen.sent) as who:
                    access = access_of(server, port, who)
                    times[name].append(measured(lambda: job(access), chosen.bounces))  # noqa: B023 - called at once
            with user(server, "raw", flood, chosen.sent) as who:
                access = access_of(server, port, who)
                times["raw UID MOVE"].append((raw_moves(access), 0.0))
            with user(server, "deeds", flood, chosen.sent) as who:
                access = access_of(server, port, who)
                done, wall, worked, committing = our_moves(access)
                times["deeds.act"].append((wall, worked))
                commits.append(committing)
                if done != chosen.bounces:
                    raise CannotMoveSafely(f"{done} of {chosen.bounces}")
    print(
        f"{chosen.letters:,} letters, {chosen.bounces:,} bounces, {chosen.sent:,} sent, {chosen.rounds} rounds, "
        f"round-trip time {chosen.delay} ms more, load {os.getloadavg()[0]:.1f} on {os.cpu_count()} cores"
    )
    middle = {
        name: [statistics.median(column) for column in zip(*pairs, strict=True)]
        for name, pairs in times.items()
    }
    base = middle["scatterclean"][0]
    for name in peers:
        wall, worked = middle[name]
        print(f"{name:26} {wall:9.2f} s {wall / base:7.2f} x scatterclean, processor {worked:8.2f} s")
    raw, deed, waited = middle["raw UID MOVE"][0], middle["deeds.act"][0], statistics.median(commits)
    print(f"{'raw UID MOVE':26} {raw:9.2f} s")
    print(
        f"{'deeds.act':26} {deed:9.2f} s, {waited:.2f} s of it in commits: {(deed - waited) / raw:.2f} x without"
    )


if __name__ == "__main__":
    main()
