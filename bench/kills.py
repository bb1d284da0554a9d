"""Real deaths: `scatterclean sweep` is killed (SIGKILL) at random moments on a real server, then gone on with.

    python -m bench.kills --server dovecot --kills 150
    python -m bench.kills --server cyrus --kills 150

Prints how many processes were killed and how many ended before; exits with 1 if a message was lost or doubled, or a
flag, keyword or date of one changed.
"""

from __future__ import annotations

import argparse
import os
import random
import subprocess
import sys
import tempfile
import time
from collections import Counter
from datetime import UTC, datetime, timedelta
from pathlib import Path

from tests import forked
from tests.hosts.kinds import KINDS
from tests.servers import RealHand, fresh_user
from tests.sweeps.world import ME, bounce, letter

KEYWORD = "$Backscatter"
Books = Counter[tuple[bytes, datetime, frozenset[str]]]


def books(hand: RealHand) -> Books:
    """What is in the inbox and in Backscatter, but for the keyword that the sweep sets."""
    names = hand.folder_names()
    folders = [name for name in names if name.upper() == "INBOX" or name.endswith("Backscatter")]
    return Counter(
        (m.raw, m.arrival, m.flags - {KEYWORD, "\\Recent"}) for f in folders for m in hand.messages(f)
    )


def without_deleted(found: Books) -> set[tuple[bytes, datetime, frozenset[str]]]:
    """Between COPY and UID EXPUNGE the source of our own bears \\Deleted."""
    return {(raw, arrival, flags - {"\\Deleted"}) for raw, arrival, flags in found}


def fill(hand: RealHand, number: int, prefix: str) -> int:
    for _ in range(8):
        number += 1
        at = (datetime.now(UTC) - timedelta(hours=2, minutes=number)).replace(microsecond=0)
        raw = bounce(f"forged.{number}@spam.example", at=at, number=number)
        hand.append("INBOX", raw, flags=["\\Seen", "$Label1"], arrival=at)
    return number


def run(kind: str, kills: int, seed: int) -> int:
    """How many were killed; raises AssertionError if the books do not balance."""
    dice, chosen = random.Random(seed), KINDS[kind]
    killed = ended = number = 0
    with chosen.make() as server, tempfile.TemporaryDirectory() as scratch:
        home, user = Path(scratch), fresh_user()
        password = home / "password"
        password.touch(mode=0o600)
        password.write_text(server.password)
        config = home / "scatterclean.toml"
        config.write_text(
            f'database = "{home / "log.db"}"\n[accounts.home]\nhost = "127.0.0.1"\nport = {server.port}\n'
            f'tls = "none"\nusername = "{user}"\npassword_file = "{password}"\naddresses = ["{ME}"]\n'
            'outbound = ["*.winter.example"]\nmode = "move"\nsettle = "0s"\n'
        )
        command = ["--config", str(config), "sweep"]
        hand, nowhere = RealHand(server, user), os.open(os.devnull, os.O_RDWR)
        for days in range(400, 0, -20):
            at = datetime.now(UTC) - timedelta(days=days)
            sent = letter("Hello", to="f@f.example", sender=ME, ident=f"s.{days}@winter.example", at=at)
            hand.append(f"{chosen.prefix}Sent", sent, arrival=at)
        forked.run(["version"], env=os.environ)  # from now on there is one that forks
        started = time.monotonic()
        assert forked.run(command, env=os.environ).returncode == 0
        usual = time.monotonic() - started
        while killed < kills:
            number = fill(hand, number, chosen.prefix)
            before = books(hand)
            for _ in range(4):  # deaths in a row, each on what the one before has left
                process = forked.start(command, env=os.environ, files=(nowhere, nowhere, nowhere))
                try:
                    process.wait(dice.uniform(0.05, 0.9) * usual)
                except subprocess.TimeoutExpired:
                    process.kill()
                    process.wait()
                    killed += 1
                else:
                    ended += 1
                assert not set(before) - without_deleted(books(hand)), f"lost after {killed} kills"
            for _ in range(
                2
            ):  # where no sweep came as far as the inbox, the first sees the mail and the second moves it
                done = forked.run(command, env=os.environ)
                said = (done.stdout + done.stderr).decode()
                assert done.returncode in (0, 1), said
            after = books(hand)
            assert after == before, f"after {killed} kills: {after - before} {before - after}"
            left = len(hand.messages("INBOX"))
            assert not left, f"{left} stay in the inbox after {killed} kills: {said}"
            print(f"{kind}: {killed} killed, {ended} ended before, {number} messages", flush=True)
        hand.close()
        os.close(nowhere)
    return killed


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--server", choices=sorted(KINDS), default="dovecot")
    parser.add_argument("--kills", type=int, default=150)
    parser.add_argument("--seed", type=int, default=1)
    chosen = parser.parse_args()
    try:
        run(chosen.server, chosen.kills, chosen.seed)
    except AssertionError as wrong:
        print(wrong)
        return 1
    print("0 lost, 0 doubled, 0 flags or dates changed")
    return 0


if __name__ == "__main__":
    sys.exit(main())
