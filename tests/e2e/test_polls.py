"""What a poll of an unchanged account costs on a real Dovecot, and that nothing which changes is passed over for it."""

from __future__ import annotations

import sqlite3
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import closing
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest

from scatterclean.config import load
from scatterclean.demo.dovecot import ScratchDovecot
from scatterclean.mailbox import sessions
from scatterclean.mailbox.together import manners_of
from scatterclean.model import Cursor, MessageId, Push, SentMessage, SweepReport
from scatterclean.outbox import spool
from scatterclean.service import Service
from scatterclean.service.followups import Waits
from scatterclean.wire import Household
from tests.e2e.wiretap import Wiretap
from tests.servers import RealHand, fresh_user
from tests.sweeps.world import ME, bounce, letter

FOLDERS = ("Sent", "INBOX")


@dataclass
class Stage:
    tap: Wiretap
    hand: RealHand
    household: Household
    numbers: int = 0

    def sweep(self) -> SweepReport:
        return self.household.sweep("home")

    def unchanged(self) -> bool:
        return self.household.unchanged("home")

    def until_moved(self) -> None:
        """What arrived since the last sweep waits until Sent was read once more."""
        for _ in range(3):
            if self.sweep().moved:
                return
        raise AssertionError("nothing was moved")

    def send(self) -> None:
        self.numbers += 1
        at = datetime.now(UTC)
        raw = letter("Hello", to="f@f.example", sender=ME, ident=f"s{self.numbers}@winter.example", at=at)
        self.hand.append("Sent", raw, arrival=at)

    def orphan(self) -> int:
        self.numbers += 1
        at = datetime.now(UTC) - timedelta(minutes=5)
        return self.hand.append(
            "INBOX", bounce(f"f{self.numbers}@spam.example", at=at, number=self.numbers), arrival=at
        )


@pytest.fixture
def stage(dovecot: ScratchDovecot, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Stage]:
    monkeypatch.setenv("MAIL_PASSWORD", dovecot.password)
    manners_of.cache_clear()
    user = fresh_user()
    file = tmp_path / "scatterclean.toml"
    with closing(RealHand(dovecot, user)) as hand, Wiretap(dovecot.port).running() as tap:
        for days in range(400, 0, -40):
            at = datetime.now(UTC) - timedelta(days=days)
            raw = letter("Hello", to="f@f.example", sender=ME, ident=f"sent.{days}@winter.example", at=at)
            hand.append("Sent", raw, arrival=at)
        hand.append("INBOX", letter("Lunch", at=datetime.now(UTC)), arrival=datetime.now(UTC))
        file.write_text(
            f'database = "log.db"\n[accounts.home]\nhost = "127.0.0.1"\nport = {tap.port}\ntls = "none"\n'
            f'username = "{user}"\npassword_env = "MAIL_PASSWORD"\naddresses = ["{ME}"]\nsettle = "0s"\n'
            'outbound = ["*.winter.example"]\nmode = "move"\ndns = false\npoll = "1h"\n'
        )
        with Household.open(load(file)) as household:
            yield Stage(tap, hand, household)


@pytest.fixture
def kept(stage: Stage) -> Stage:
    """One sweep was made, and its session is kept."""
    stage.household.keep_sessions()
    stage.sweep()
    stage.tap.clear()
    return stage


# --- what it costs ----------------------------------------------------------------------------------------


def test_a_sweep_of_an_unchanged_account_on_a_new_connection_takes_at_most_five_round_trips(
    stage: Stage,
) -> None:
    stage.sweep()
    stage.tap.clear()
    stage.sweep()
    assert stage.tap.met == 1
    assert stage.tap.turns <= 5  # the farewell among them
    assert sorted(stage.tap.commands()) == sorted(
        ["AUTHENTICATE", "ID", "NAMESPACE", "LIST", *["STATUS"] * len(FOLDERS), "LOGOUT"]
    )


def test_a_poll_of_an_unchanged_account_on_a_living_connection_takes_one_round_trip(kept: Stage) -> None:
    for _ in range(3):
        kept.tap.clear()
        assert kept.unchanged()
        assert (kept.tap.met, kept.tap.turns) == (0, 1)
        assert kept.tap.commands() == ["STATUS"] * len(FOLDERS)
        assert kept.tap.up + kept.tap.down <= 250 * len(FOLDERS)


def test_a_poll_of_an_unchanged_account_writes_nothing_into_the_database(kept: Stage) -> None:
    path = kept.household.store.path
    wal = path.with_name(path.name + "-wal")
    with closing(sqlite3.connect(path)) as other:

        def written() -> tuple[int, int]:
            return other.execute("PRAGMA data_version").fetchone()[0], wal.stat().st_size

        before = written()
        assert kept.unchanged()
        assert written() == before
        kept.sweep()
        assert written()[0] != before[0]  # this is how a write would have shown


def test_a_sweep_on_a_living_connection_takes_one_round_trip(kept: Stage) -> None:
    kept.sweep()
    assert (kept.tap.met, kept.tap.turns) == (0, 1)


# --- what must not be passed over -------------------------------------------------------------------------


@pytest.mark.parametrize(
    "change",
    [
        lambda s: s.orphan(),
        lambda s: s.send(),
        lambda s: s.hand.delete("INBOX", s.hand.messages("INBOX")[0].uid),
        lambda s: s.hand.delete("Sent", s.hand.messages("Sent")[0].uid),
        lambda s: s.hand.move("INBOX", s.hand.messages("INBOX")[0].uid, "Sent"),
        lambda s: s.hand.renew("Sent"),
        lambda s: s.hand.rename("Sent", "Elsewhere"),
    ],
    ids=["arrived", "sent", "deleted", "deleted from Sent", "moved", "made anew", "renamed"],
)
def test_whatever_changes_in_a_folder_asks_for_a_sweep(
    kept: Stage, change: Callable[[Stage], object]
) -> None:
    assert kept.unchanged()
    change(kept)
    assert not kept.unchanged()


def test_what_arrives_while_a_sweep_runs_is_seen_by_the_next_question(kept: Stage) -> None:
    kept.send()

    def meanwhile(*_: object) -> bool:
        if kept.numbers < 2:
            kept.orphan()  # after the folders were looked at
        return False

    report = kept.household.sweep("home", stop=meanwhile)
    assert kept.numbers == 2
    assert report.looked_at == 1 or not kept.unchanged()


def test_what_a_sweep_moved_is_settled_by_the_one_after_it(kept: Stage) -> None:
    kept.orphan()
    assert not kept.unchanged()
    kept.until_moved()
    assert not kept.unchanged()
    assert kept.sweep().moved == 0
    assert kept.unchanged()


def test_what_waits_in_the_spool_asks_for_a_sweep(kept: Stage) -> None:
    now = datetime.now(UTC)
    handed = SentMessage(
        "f" * 32, (MessageId("handed@winter.example"),), ME, ("f@f.example",), "Hello", now, now
    )
    spool.put(kept.household.store.path, "home", [handed])
    assert not kept.unchanged()
    kept.sweep()
    assert kept.unchanged()


def test_another_configuration_asks_for_a_sweep(kept: Stage) -> None:
    assert kept.unchanged()
    file = kept.household.settings.path
    file.write_text(file.read_text().replace('mode = "move"', 'mode = "observe"'))
    kept.household.settings = load(file)
    assert not kept.unchanged()


def test_after_a_sweep_with_troubles_nobody_knows_whether_anything_changed(kept: Stage) -> None:
    kept.hand.rename("Sent", "Elsewhere")
    assert kept.sweep().troubles
    assert not kept.unchanged()


def test_without_a_sweep_in_this_process_nobody_knows(stage: Stage) -> None:
    stage.household.keep_sessions()
    assert not stage.unchanged()
    assert stage.tap.met == 0


# --- connections that die ---------------------------------------------------------------------------------


@pytest.mark.parametrize("how", ["forgotten", "closed"])
def test_a_connection_that_died_is_replaced_in_the_same_round(
    kept: Stage, monkeypatch: pytest.MonkeyPatch, how: str
) -> None:
    monkeypatch.setattr(sessions, "_PATIENCE", 0.5)
    if how == "forgotten":
        kept.tap.forget()
    else:
        for one in kept.tap._open:
            one.close()
    kept.orphan()
    assert not kept.unchanged()
    kept.until_moved()
    assert kept.tap.met == 1


# --- the daemon -------------------------------------------------------------------------------------------


def test_an_unchanged_account_costs_nothing_while_the_server_wakes_us(kept: Stage) -> None:
    swept: list[SweepReport] = []

    class Noting(Service):
        def _swept(self, report: SweepReport, waits: Waits, began: float) -> None:
            super()._swept(report, waits, began)
            swept.append(report)

    daemon = Noting(kept.household, lambda: kept.household.settings)
    thread = threading.Thread(target=daemon.run, daemon=True)
    thread.start()
    try:
        until(lambda: daemon.watchers.rests.get("home") and daemon.watchers.rests["home"].push is Push.WOKEN)
        # The watcher looks once behind the first sweep; then all is quiet.
        until(lambda: "home" in daemon.jobs.woken and "home" in daemon.jobs.calm and not daemon.jobs.rounds)
        until(lambda: quiet(kept.tap))
        kept.tap.clear()
        known = len(swept)
        for _ in range(3):
            daemon.jobs.round("home")
        assert (kept.tap.turns, kept.tap.up, kept.tap.down) == (0, 0, 0)
        kept.orphan()
        until(lambda: any(report.looked_at for report in swept[known:]))
    finally:
        daemon.words.put(("stop", "the test"))
        thread.join(20)
    assert not thread.is_alive()
    kept.tap.clear()
    kept.sweep()
    assert (kept.tap.met, kept.tap.commands()[-1]) == (1, "LOGOUT")  # who has left keeps nothing


def quiet(tap: Wiretap) -> bool:
    """Did nobody say anything for three seconds?  A sweep that the watcher's beginning causes comes within two."""
    before = tap.up
    time.sleep(3)
    return tap.up == before


def until(done: Callable[[], object]) -> None:
    end = time.monotonic() + 60
    while not done():
        assert time.monotonic() < end
        time.sleep(0.05)


def test_a_sweep_after_the_first_knows_its_cursor(kept: Stage) -> None:
    """The states that are compared are those that the log's cursors were set by."""
    cursor = kept.household.store.sent_log.cursors("home")["Sent"]
    assert isinstance(cursor, Cursor)
    assert kept.household._seen["home"][1]["Sent"].uidnext == cursor.uidnext
