"""What the daemon takes of a machine that polls many accounts; issue 6, the last row of its table.

    python bench/accounts.py [--accounts 200] [--minutes 10] [--poll 5m] [--push]

One Dovecot with so many mailboxes, unchanged after the first round; one `scatterclean run` with as many accounts.
Printed are the processor time of the daemon as a share of one core, its memory, threads and files, every minute.  The
share of the whole time begins after the first round, in which every account is swept once.  With --push every
account has a connection that waits for the server (IDLE) beside it.
"""

from __future__ import annotations

import argparse
import os
import re
import subprocess
import sys
import tempfile
import time
from pathlib import Path

import letters

from scatterclean.demo.dovecot import ScratchDovecot

ACCOUNT = """
[accounts.a{number}]
host = "127.0.0.1"
port = {port}
tls = "none"
username = "u{number}"
password_command = "echo {password}"
addresses = ["u{number}@winter.example"]
"""
TICKS = os.sysconf("SC_CLK_TCK")


def spent(pid: int) -> float:
    """Seconds of the processor, of the process and the children it waited for."""
    fields = Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()
    return sum(int(ticks) for ticks in fields[11:15]) / TICKS


def taken(pid: int) -> tuple[float, int, int]:
    """(MiB, threads, files)"""
    status = Path(f"/proc/{pid}/status").read_text()
    told = dict(re.findall(r"^(VmRSS|Threads):\s+(\d+)", status, re.MULTILINE))
    return int(told["VmRSS"]) / 1024, int(told["Threads"]), len(list(Path(f"/proc/{pid}/fd").iterdir()))


def main() -> None:
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("--accounts", type=int, default=200)
    parser.add_argument("--minutes", type=float, default=10)
    parser.add_argument("--poll", default="5m")
    parser.add_argument("--push", action="store_true")
    chosen = parser.parse_args()
    with ScratchDovecot() as server, tempfile.TemporaryDirectory() as scratch:
        for number in range(chosen.accounts):
            for folder in ("Sent", "INBOX"):
                login = (f"u{number}", server.password)
                letters.append(server.port, login, folder, letters.sent(50, seed=number))
        config = Path(scratch) / "scatterclean.toml"
        accounts = "".join(
            ACCOUNT.format(number=number, port=server.port, password=server.password)
            for number in range(chosen.accounts)
        )
        push = str(chosen.push).lower()
        defaults = f'[defaults]\npoll = "{chosen.poll}"\npush = {push}\ndns = false\n'
        config.write_text(f'database = "log.db"\n[notify]\ninbox = false\n{defaults}{accounts}')
        config.chmod(0o600)
        with (Path(scratch) / "run.log").open("wb") as log:
            daemon = subprocess.Popen(
                [sys.executable, "-m", "scatterclean", "--config", str(config), "run"], stdout=log, stderr=log
            )
        try:
            watch(daemon, chosen.minutes, Path(scratch) / "run.log")
        finally:
            daemon.terminate()
            daemon.wait(60)


def watch(daemon: subprocess.Popen[bytes], minutes: float, log: Path) -> None:
    began = time.monotonic()
    first: tuple[float, float] | None = None
    while time.monotonic() - began < minutes * 60:
        before, at = spent(daemon.pid), time.monotonic()
        time.sleep(60)
        if daemon.poll() is not None:
            raise SystemExit(f"the daemon ended:\n{log.read_text()[-3000:]}")
        now = spent(daemon.pid)
        memory, threads, files = taken(daemon.pid)
        share = 100 * (now - before) / (time.monotonic() - at)
        minute = (time.monotonic() - began) / 60
        print(
            f"{minute:5.1f} min: {share:5.2f} % of one core, {memory:.0f} MiB, {threads} threads, {files} files",
            flush=True,
        )
        if first is None and share < 20:
            first = now, time.monotonic()
    if first is None:
        raise SystemExit("the first round did not end")
    share = 100 * (spent(daemon.pid) - first[0]) / (time.monotonic() - first[1])
    print(f"after the first round: {share:.2f} % of one core")


if __name__ == "__main__":
    main()
