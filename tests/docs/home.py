"""A home in which what a page shows can be typed: two accounts on a real Dovecot with TLS, files, and a machine."""

from __future__ import annotations

import os
import re
import shlex
import shutil
import signal
import sqlite3
import subprocess
import time
from collections.abc import Callable
from contextlib import closing
from datetime import UTC, datetime
from itertools import count
from pathlib import Path

import pytest

from scatterclean.cli import main
from scatterclean.demo.dovecot import ScratchDovecot
from tests.cli.program import COMMAND, environment
from tests.docs.shown import ROOT
from tests.e2e import world as worlds
from tests.servers import RealHand
from tests.units.test_installing import FAKE, RUNS

ME = worlds.ME
_numbers = count(1)
# A line that only a shell understands; all others are called in this process, which takes a tenth of the time.
_FOR_A_SHELL = re.compile(r"[|<>;&$]|^eval |^(?!scatterclean )")
# Of these the tests only need that they are there; a stand-in takes the place of one that is not.
_OTHERS = ("jq", "man", "sqlite3")
_SENT_BY_PHONE = """\
Nov 23 10:00:00 mx postfix/submission/smtpd[21]: 4A7B31C0D2: client=dsl.example[198.51.100.7], sasl_username=ada
Nov 23 10:00:01 mx postfix/cleanup[22]: 4A7B31C0D2: message-id=<phone.1@winter.example>
Nov 23 10:00:01 mx postfix/qmgr[8]: 4A7B31C0D2: from=<ada@winter.example>, size=1203, nrcpt=1 (queue active)
Nov 23 10:00:02 mx postfix/smtp[23]: 4A7B31C0D2: to=<bob@firm.example>, relay=mx.firm.example[192.0.2.5]:25, delay=1, \
delays=0.1/0/0.5/0.5, dsn=2.0.0, status=sent (250 2.0.0 Ok: queued as 9F)
Nov 23 10:00:03 mx postfix/qmgr[8]: 4A7B31C0D2: removed
"""


class Home:
    """Where commands are typed.  What a page calls 4711 or PATH is something real here."""

    def __init__(self, server: ScratchDovecot, folder: Path, patch: pytest.MonkeyPatch) -> None:
        self.server, self.folder, self._patch = server, folder, patch
        number = next(_numbers)
        self.user, self.other = f"ada{number}@winter.example", f"work{number}@winter.example"
        self.hand, self._work = RealHand(server, self.user), RealHand(server, self.other)
        self._orphans = count(1000)
        self._environment()
        self._mail()
        self._files()

    def close(self) -> None:
        for hand in (self.hand, self._work):
            hand.close()

    # --- what is there -------------------------------------------------------------------------------------

    def _environment(self) -> None:
        fakes, home = self.folder / "bin", self.folder
        for name in list(os.environ):
            if name.startswith(("XDG_", "SCATTERCLEAN")):
                self._patch.delenv(name)
        for name, value in {
            "HOME": str(home),
            "HERE": str(home),
            "USER": "ada",
            "PATH": f"{fakes}:/usr/bin:/bin",
            "SCATTERCLEAN_SENDMAIL": str(fakes / "sendmail"),
            "NO_COLOR": "1",
            "MANPATH": str(home / "share" / "man"),
        }.items():
            self._patch.setenv(name, value)
        self._patch.chdir(home)
        programs = dict.fromkeys(("systemctl", "systemd-run", "loginctl", "journalctl"), FAKE)
        programs |= {"sendmail": "#!/bin/sh\ncat >/dev/null\n"}
        programs |= {"scatterclean": f'#!/bin/sh\nexec {shlex.join(COMMAND)} "$@"\n'}
        programs |= {name: "#!/bin/sh\n[ -t 0 ] || cat\n" for name in _OTHERS if shutil.which(name) is None}
        (home / "share" / "man").mkdir(parents=True)
        (home / "share" / "man" / "man1").symlink_to(ROOT / "docs" / "man")
        fakes.mkdir()
        for name, text in programs.items():
            (fakes / name).write_text(text)
            (fakes / name).chmod(0o755)
        for name, text in {"fails": "", "version": "252.1", "shown": RUNS}.items():
            (home / name).write_text(text)

    def _mail(self) -> None:
        now = datetime.now(UTC)
        self.world = worlds.make(now, sent=60, ordinary=3, orphans=4)
        for folder, letters in (("Sent", self.world.sent), ("INBOX", self.world.inbox)):
            for letter in letters:
                self.hand.append(folder, letter.raw, flags=letter.flags, arrival=letter.arrival)
        for letter in self.world.sent[:3]:
            self._work.append("Sent", letter.raw, flags=letter.flags, arrival=letter.arrival)
        self._work.create("INBOX/Bounces")
        self._configure()
        for account in ("home", "work"):
            worlds.as_after_months(self.database, account, now)

    def _configure(self) -> None:
        config = self.folder / ".config" / "scatterclean"
        config.mkdir(parents=True)
        self.config, self.password = config / "scatterclean.toml", config / "password"
        self.database = self.folder / ".local" / "share" / "scatterclean" / "scatterclean.db"
        self.database.parent.mkdir(parents=True)
        self.password.write_text(self.server.password)
        self.password.chmod(0o600)
        (self.folder / ".config" / "mail-password").write_text(self.server.password)
        text = (
            f'[defaults]\nhost = "localhost"\nport = {self.server.tls_port}\nca_file = "{self.server.ca_file}"\n'
            f'password_file = "password"\naddresses = ["{ME}"]\noutbound = ["*.winter.example"]\ndns = false\n'
            'mode = "move"\nsettle = "0s"\n'
            f'[accounts.home]\nusername = "{self.user}"\n[accounts.work]\nusername = "{self.other}"\n'
        )
        self.config.write_text(text)
        # ... and where pages name a file of one's own, by a path from here.
        for other in (self.folder / "scatterclean.toml", self.folder / "mail" / "scatterclean.toml"):
            other.parent.mkdir(exist_ok=True)
            other.write_text(text.replace('"password"', f'"{self.password}"'))

    def _files(self) -> None:
        bounce = self.world.moving[0].raw
        for name in ("mail.eml", "bounce.eml", "message", "inbox.mbox"):
            (self.folder / name).write_bytes(
                b"From x Mon Nov 23 08:00:00 2026\n" * (".mbox" in name) + bounce
            )
        for name in ("sent.mbox", "old/sent.mbox"):
            (self.folder / name).parent.mkdir(exist_ok=True)
            raw = self.world.sent[0].raw
            (self.folder / name).write_bytes(b"From x Mon Nov 23 08:00:00 2026\n" + raw)
        for maildir in ("Maildir", "Maildir/.Sent"):
            for part in ("cur", "new", "tmp"):
                (self.folder / maildir / part).mkdir(parents=True)
            (self.folder / maildir / "cur" / "1:2,S").write_bytes(bounce)
        for log in ("mail.log", "mail.log.1"):
            (self.folder / log).write_text(_SENT_BY_PHONE)
        (self.folder / ".config" / "fish" / "completions").mkdir(parents=True)

    # --- typing --------------------------------------------------------------------------------------------

    def put_away_one_more(self) -> None:
        """A fresh orphan, swept: for an undo there must be something to bring back."""
        letter = worlds.another_orphan(next(self._orphans), datetime.now(UTC))
        self.hand.append("INBOX", letter.raw, flags=letter.flags, arrival=letter.arrival)
        before = self._last_move()
        # It came just now, whatever its date says, so Sent must be read once more before its absence there counts.
        for _ in range(2):
            assert main(["sweep", "home", "--move"]) == 0
        assert self._last_move() != before

    def _last_move(self) -> tuple[int, str]:
        """The sweep that put away something last, and the Message-ID of that."""
        with closing(sqlite3.connect(self.database)) as books:
            row = books.execute(
                "SELECT sweep_id, message_id FROM moves WHERE returns IS NULL AND state = 'moved' "
                "ORDER BY id DESC LIMIT 1"
            ).fetchone()
        return (int(row[0]), str(row[1]).strip("<>")) if row else (1, "none@example.net")

    def meant(self, text: str) -> str:
        """What a page shows, with what is real here in the place of its examples."""
        sweep, ident = self._last_move() if self.database.exists() else (1, "none@example.net")
        inbox = max(message.uid for message in self.hand.messages("INBOX"))
        there = "Backscatter" in self.hand.folder_names()
        away = [message.uid for message in self.hand.messages("Backscatter")] if there else []
        server = f"localhost --port {self.server.tls_port} --ca-file {self.server.ca_file} --no-dns"
        changes: tuple[tuple[str, str], ...] = (
            (r"ACCOUNT UID", f"home {inbox}"),
            (r"(why home) 12\b", rf"\1 {max(away, default=1)}"),
            (r"(why home) 4711\b", rf"\1 {inbox}"),
            (r"<2026112\d\.4711@mx\.example\.net>", f"<{ident}>"),
            (r"(undo --sweep) \d+", rf"\1 {sweep}"),
            (r"--password-file PATH", f"--password-file {self.password}"),
            (r"--host imap\.example\.org", f"--host {server} --username {self.user} --name fresh"),
            (r"--email ada@example\.org", f"--email {ME}"),
            (r"--user ada\b", f"--user root --config {self.config}"),
            (r"/var/log/mail\.log", str(self.folder / "mail.log")),
            (r"import PATH", "import mail.eml"),
            (r"sendmail -- ARGS", "sendmail -- -t -i < message"),
            (r"COMMAND --help", "sweep --help"),
            # bash reads no script of zsh.
            (r'^eval "\$\((scatterclean completion zsh)\)"', r"\1 > z && { ! command -v zsh || zsh -n z; }"),
        )
        for pattern, real in changes:
            text = re.sub(pattern, real, text)
        return text

    def type(self, text: str, say: Callable[[], str]) -> tuple[int, str]:
        """Exit code, and all that was said.  `say` is what this process printed meanwhile."""
        if " undo" in text or (" why " in text and not self._last_move()[1].startswith("b")):
            self.put_away_one_more()
        if " service status" in text:
            assert main(["service", "install"]) == 0
        if re.search(r" run(?: --[a-z-]+)*$", text):
            return self._watched(shlex.split(text))
        if re.search(r"\binit --non-interactive\b", text):
            self._patch.setenv("SCATTERCLEAN_CONFIG", str(self.folder / "fresh" / "scatterclean.toml"))
        text = self.meant(text)
        say()
        try:
            if not _FOR_A_SHELL.search(text):
                words = [str(Path(w).expanduser()) if w.startswith("~") else w for w in shlex.split(text)]
                code = main(words[1:])
                return code, f"{text}\n{say()}"
            done = subprocess.run(
                ["bash", "-o", "pipefail", "-c", text],
                capture_output=True,
                text=True,
                check=False,
                timeout=120,
            )
            return done.returncode, f"{text}\n{done.stdout}{done.stderr}"
        finally:
            self._patch.delenv("SCATTERCLEAN_CONFIG", raising=False)

    def _watched(self, words: list[str]) -> tuple[int, str]:
        """The daemon, until it has swept both accounts once, and then told to leave."""
        more = [str(Path(w).expanduser()) if w.startswith("~") else w for w in words[1:]]
        before, until = self._swept(), time.monotonic() + 120
        with (self.folder / "said").open("w+b") as said:
            process = subprocess.Popen([*COMMAND, *more], stderr=said, env=environment())
            try:
                while len(self._swept() - before) < 2 and process.poll() is None:
                    if time.monotonic() > until:
                        break
                    time.sleep(0.05)
                process.send_signal(signal.SIGTERM)
                code = process.wait(30)
            finally:
                process.kill()
                process.wait()
            said.seek(0)
            seen = sorted(name for name, _ in self._swept() - before)
            return code or int(seen != ["home", "work"]), f"swept: {seen}\n{said.read().decode()}"

    def _swept(self) -> set[tuple[str, int]]:
        if not self.database.exists():
            return set()
        with closing(sqlite3.connect(self.database)) as books:
            return set(books.execute("SELECT account, id FROM sweeps WHERE ended IS NOT NULL"))
