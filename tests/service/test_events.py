"""What there is to tell, on a real store and a clock of the test's own: each event once, also after a restart."""

from __future__ import annotations

import threading
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field, replace
from datetime import UTC, datetime, time, timedelta
from pathlib import Path

import pytest

from scatterclean import tell
from scatterclean.config import AccountSettings, Secret, Settings, Source
from scatterclean.config.notify import Digest, NotifySettings
from scatterclean.errors import ConnectionLost, LoginRefused, OverQuota, ServerBusy
from scatterclean.mailbox.memory import MemoryMailbox, MemoryServer
from scatterclean.model import (
    Account,
    Alarm,
    AlarmKind,
    Finding,
    Identities,
    Mode,
    Notice,
    NoticeKind,
    NoticeState,
    Place,
    Refusal,
    SweepReport,
    Verdict,
    Whereabouts,
)
from scatterclean.service.events import Events
from scatterclean.service.telling import Telling
from scatterclean.store import open_store
from scatterclean.store.notices import SqlNotices
from scatterclean.tell.desktop import CannotShow
from scatterclean.wire import Household
from tests.contracts.records import case

NOW = datetime(2026, 11, 25, 12, 0, tzinfo=UTC)  # a Wednesday
HOUR, DAY = timedelta(hours=1), timedelta(days=1)


def account(name: str, person: str = "ada", mode: Mode = Mode.MOVE) -> AccountSettings:
    identities = Identities(addresses=frozenset(("ada@winter.example",)))
    return AccountSettings(
        Account(name=name, identities=identities, person=person, mode=mode),
        "imap.winter.example",
        "ada@winter.example",
        Secret(Source.PLAIN, ("x",)),
    )


@dataclass
class House:
    """A household whose servers are in memory; `restart` is what a new process knows."""

    path: Path
    settings: Settings
    now: datetime = NOW
    servers: dict[str, MemoryServer] = field(default_factory=dict)
    down: set[str] = field(default_factory=set)
    lost: bool = False
    uid: int = 0
    put: Callable[[str, Notice], bool] = field(init=False)

    def __post_init__(self) -> None:
        self.put = self.put_notice
        self.start()

    def start(self) -> None:
        self.household = Household(self.settings, open_store(self.path), clock=lambda: self.now)
        self.telling = Telling(self.household, threading.Event(), lambda name: name not in self.down)
        self.events = self.telling.events

    def restart(self) -> None:
        self.household.store.close()
        self.start()

    def wants(self, **changes: object) -> None:
        self.settings = replace(self.settings, notify=replace(self.settings.notify, **changes))  # type: ignore[arg-type]
        self.household.settings = self.settings

    def server(self, name: str) -> MemoryServer:
        return self.servers.setdefault(name, MemoryServer())

    def put_notice(self, name: str, notice: Notice) -> bool:
        if name in self.down:
            raise ConnectionLost(f"{name}: gone")
        done = tell.put(MemoryMailbox(self.server(name)), notice, "ada@winter.example")
        if self.lost:
            self.lost = False
            raise ConnectionLost(f"{name}: the connection broke during APPEND")
        return done

    def arrive(self, number: int, verdict: Verdict = Verdict.ORPHAN, *, name: str = "home") -> None:
        """So many bounces, one each minute until now."""
        for minutes in range(number):
            self.uid += 1
            one = case(
                self.uid,
                account=name,
                finding=Finding(verdict, ()),
                arrival=self.now - timedelta(minutes=minutes),
            )
            where = Whereabouts(Place("INBOX", 7), self.uid)
            self.household.store.docket.enter(name, [replace(one, where=where)], None)

    def round(self, name: str = "home") -> None:
        """A round that goes well, however soon after the last one."""
        self.telling._looked.clear()
        number = self.household.store.journal.begin_sweep(name, Mode.MOVE, self.now)
        report = SweepReport(name, number, Mode.MOVE, self.now, self.now)
        self.household.store.journal.end_sweep(report)
        self.telling.after_round(name, report)

    def fails(self, name: str, since: datetime) -> None:
        trouble = LoginRefused(f"{name}: refused the login", hint="Check user name and password.")
        now, self.now = self.now, since
        self.telling.failed(name, trouble)
        self.now = now

    def mind(self) -> set[str]:
        self.telling._next_due = self.telling._next_tell = 0.0
        woken = set(self.telling.mind())
        if self.telling._mouth is not None:
            self.telling._mouth.join()
        return woken

    def told(self, name: str = "home") -> list[str]:
        """Subjects in the inbox, in order."""
        subjects = []
        for message in self.server(name).messages("INBOX"):
            [line] = [one for one in message.raw.split(b"\r\n") if one.startswith(b"Subject: ")]
            subjects.append(line.decode().removeprefix("Subject: "))
        return subjects

    def text(self, name: str = "home") -> str:
        raw = self.server(name).messages("INBOX")[-1].raw.decode()
        return raw.replace("=\r\n", "").replace("=3D", "=").replace("\r\n", "\n")


@pytest.fixture
def house(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[House]:
    settings = Settings(
        path=tmp_path / "scatterclean.toml",
        database=tmp_path / "log.db",
        accounts=(account("home"), account("work"), account("bob", "bob")),
        notify=NotifySettings(digest=Digest.NEVER, digest_at=time(8)),
    )
    house = House(tmp_path / "log.db", settings)
    monkeypatch.setattr(Household, "put_notice", lambda _, name, notice: house.put(name, notice))
    yield house
    house.household.store.close()


# --- storms ---------------------------------------------------------------------------------------------


def test_a_storm_is_told_once_at_its_beginning_and_once_at_its_end(house: House) -> None:
    house.arrive(20)
    house.round()
    house.round()
    house.restart()
    house.round()
    assert house.told() == ["A storm of bounces at home: about 20 an hour"]
    assert house.events.storming == {"home"}
    house.now += 7 * HOUR
    house.round()
    house.restart()
    house.round()
    assert house.told()[1:] == ["The storm of bounces at home is over: 20 came"]
    assert house.events.storming == set()
    house.now += HOUR
    house.arrive(30)
    house.round()
    assert len(house.told()) == 3


def test_a_storm_that_dies_with_the_process_ends_in_the_next(house: House) -> None:
    house.arrive(20)
    house.round()
    house.restart()
    house.now += 2 * DAY
    house.round()
    assert len(house.told()) == 2


def test_an_old_backlog_is_told_of_by_nobody(house: House) -> None:
    now, house.now = house.now, house.now - 3 * DAY
    house.arrive(300)
    house.now = now
    house.round()
    assert house.told() == []


def test_while_a_storm_is_in_progress_the_account_is_looked_at_every_minute_and_only_it(
    house: House,
) -> None:
    assert house.telling.pace("home") is None
    house.arrive(20)
    house.round()
    assert house.telling.pace("home") == timedelta(minutes=1)
    assert house.telling.pace("work") is None
    house.telling.failed("home", ServerBusy("home: asks for patience"))
    assert house.telling.pace("home") is None


def test_an_account_that_is_polled_faster_anyway_is_not_slowed_down(house: House) -> None:
    first, *others = house.settings.accounts
    house.settings = replace(house.settings, accounts=(replace(first, poll=timedelta(seconds=20)), *others))
    house.household.settings = house.settings
    house.arrive(20)
    house.round()
    assert house.telling.pace("home") == timedelta(seconds=20)


def test_what_is_said_of_a_storm_is_true_while_only_observing(house: House) -> None:
    house.settings = replace(house.settings, accounts=(account("home", mode=Mode.OBSERVE),))
    house.household.settings = house.settings
    house.arrive(12)
    house.arrive(3, Verdict.GENUINE)
    house.arrive(2, Verdict.UNDECIDED)
    house.round()
    text = house.text()
    assert "3 of them are about mail that your account did send" in text
    assert "Of 2 bounces it cannot be said for sure" in text
    assert "12 would be put away; nothing is moved, for this account only observes" in text
    assert "None of them" not in text


# --- kinds and quiet hours ------------------------------------------------------------------------------


def test_a_kind_that_is_switched_off_is_not_told_also_not_later(house: House) -> None:
    house.wants(kinds=frozenset((NoticeKind.ALARM,)))
    house.arrive(20)
    house.round()
    assert house.told() == []
    assert house.events.storming == {"home"}  # and still it is looked at more often
    house.wants(kinds=frozenset(NoticeKind))
    house.round()
    assert house.told() == []


@pytest.mark.parametrize(("quiet_alarms", "now_told"), [(False, 1), (True, 0)])
def test_quiet_hours_keep_an_alarm_back_only_if_they_shall(
    house: House, quiet_alarms: bool, now_told: int
) -> None:
    local = house.now.astimezone()
    quiet = (local - HOUR).time(), (local + HOUR).time()
    house.wants(quiet=quiet, quiet_alarms=quiet_alarms)
    alarm = Alarm("home", "burst:1", AlarmKind.BURST, house.now, (("strangers", "80"), ("usual", "2")))
    house.household.store.journal.ring([alarm], house.now)
    house.arrive(20)
    house.round()
    assert len(house.told()) == now_told
    assert house.mind() == set()
    house.now += 2 * HOUR
    assert house.mind() == {"home"}
    house.round()
    house.round()
    assert len(house.told()) == 2


# --- trouble --------------------------------------------------------------------------------------------


def test_trouble_is_told_once_in_another_inbox_of_the_same_person(house: House) -> None:
    house.round("home")
    house.now += 25 * HOUR
    house.down = {"home"}
    house.fails("home", house.now - 25 * HOUR)
    house.mind()
    house.round("bob")
    assert house.told("bob") == []
    house.round("work")
    house.mind()
    house.restart()
    house.fails("home", house.now - 2 * HOUR)
    house.mind()
    house.round("work")
    assert house.told("work") == ["home has not been looked at since yesterday 12:00"]
    assert "Check user name and password." in house.text("work")
    assert house.told("home") == []


def test_without_another_inbox_it_is_told_when_the_account_is_back(house: House) -> None:
    house.round("bob")
    house.now += 30 * HOUR
    house.down = {"bob"}
    house.fails("bob", house.now - 25 * HOUR)
    assert house.mind() == set()
    house.now += 3 * HOUR
    house.down = set()
    house.round("bob")
    [subject] = house.told("bob")
    assert subject.startswith("bob has not been looked at since")
    assert "could not be put here before" in house.text("bob")


def test_trouble_that_is_short_or_seen_only_now_is_not_told(house: House) -> None:
    """After a suspend the last success is days ago, and the network comes back a moment late."""
    house.round("home")
    house.now += 3 * DAY
    house.fails("home", house.now - timedelta(minutes=5))
    house.mind()
    house.round("work")
    house.fails("home", house.now - 4 * HOUR)
    house.telling.clock_moved()
    house.mind()
    house.round("work")
    assert house.told("work") == []


# --- a digest -------------------------------------------------------------------------------------------


def test_a_digest_comes_once_a_day_if_anything_happened(house: House) -> None:
    house.wants(digest=Digest.DAILY)
    house.mind()
    house.round()
    assert house.told() == []  # nothing is known of the time before
    house.now += DAY
    house.arrive(2, Verdict.GENUINE)
    for _ in range(3):
        house.mind()
        house.round()
    assert len(house.told()) == 1
    assert "2 bounces of your own mail came" in house.text()
    house.restart()
    house.now += DAY
    house.mind()
    house.round()
    assert len(house.told()) == 1


def test_a_weekly_digest_comes_on_monday(house: House) -> None:
    house.wants(digest=Digest.WEEKLY)
    house.mind()
    house.now += HOUR
    house.arrive(2, Verdict.GENUINE)
    told_on = []
    for _ in range(14):
        house.now += DAY
        before = len(house.told())
        house.mind()
        house.round()
        if len(house.told()) > before:
            told_on.append(house.now.weekday())
    assert told_on == [0]


# --- handing over ---------------------------------------------------------------------------------------


def test_a_connection_that_breaks_behind_the_message_does_not_double_it(house: House) -> None:
    house.arrive(20)
    house.lost = True
    house.round()
    assert house.household.store.notices.due(house.now) == ()
    house.now += timedelta(minutes=1)
    [one] = house.household.store.notices.due(house.now)
    assert (one.state, one.inbox) == (NoticeState.TRYING, "home")
    house.restart()
    house.round()
    assert len(house.told()) == 1
    assert house.household.store.notices.due(house.now + DAY) == ()


def test_what_was_cut_off_in_one_inbox_is_put_into_no_other(house: House) -> None:
    house.arrive(20)
    house.lost = True
    house.round()
    house.down = {"home"}
    house.fails("home", house.now)
    house.now += HOUR
    house.round("work")
    assert house.told("work") == []


def test_a_full_mailbox_is_not_hammered_and_given_up_in_the_end(house: House) -> None:
    tries = 0

    def full(_: str, __: Notice) -> bool:
        nonlocal tries
        tries += 1
        raise OverQuota("home: the mailbox is full")

    house.put = full
    house.arrive(20)
    for _ in range(8 * 24 * 4):
        house.round()
        house.now += timedelta(minutes=15)
    storm = tries
    assert storm < 70  # two notices, the beginning and the end, for a week each
    house.now += 8 * DAY
    house.round()
    assert tries == storm
    assert house.household.store.notices.next_due() is None


def test_the_desktop_is_told_once_and_what_was_cut_off_counts_as_told(
    house: House, monkeypatch: pytest.MonkeyPatch
) -> None:
    shown: list[str] = []
    monkeypatch.setattr(tell, "show", lambda subject, _body, **_: shown.append(subject))
    house.wants(ways=("desktop",))
    house.arrive(20)
    house.round()
    house.mind()
    house.mind()
    assert len(shown) == 1

    def dies(*_: object, **__: object) -> None:
        raise SystemExit

    house.now += 7 * HOUR
    monkeypatch.setattr(tell, "show", dies)
    monkeypatch.setattr(threading, "excepthook", lambda _: None)
    house.round()
    house.mind()
    monkeypatch.setattr(tell, "show", lambda subject, _body, **_: shown.append(subject))
    house.restart()
    house.mind()
    assert len(shown) == 1
    assert house.household.store.notices.next_due() is None


def test_a_desktop_that_is_not_there_is_tried_again_later(
    house: House, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    def absent(*_: object, **__: object) -> None:
        raise CannotShow("notify-send is not installed")

    monkeypatch.setattr(tell, "show", absent)
    house.wants(ways=("desktop",))
    house.arrive(20)
    house.round()
    for _ in range(5):
        house.mind()
    assert caplog.text.count("notify-send is not installed") == 1
    shown: list[str] = []
    monkeypatch.setattr(tell, "show", lambda subject, _body, **_: shown.append(subject))
    house.now += HOUR
    house.mind()
    assert len(shown) == 1


def test_a_bug_in_telling_stops_no_round(house: House, caplog: pytest.LogCaptureFixture) -> None:
    def broken(_: str, __: Notice) -> bool:
        raise KeyError("a piece of mail")

    house.put = broken
    house.arrive(20)
    house.round()
    assert "a bug of scatterclean (KeyError)" in caplog.text
    assert "a piece of mail" not in caplog.text


def test_the_last_success_is_found_among_tries_that_came_to_no_session(house: House) -> None:
    journal = house.household.store.journal
    house.round()
    well = house.now
    for _ in range(30):
        house.now += HOUR
        number = journal.begin_sweep("home", Mode.MOVE, house.now)
        journal.end_sweep(
            SweepReport("home", number, Mode.MOVE, house.now, house.now, refusal=Refusal.NO_SESSION)
        )
    assert Events(house.household)._since("home", house.now) == (well, True)


def test_what_is_about_an_account_that_is_gone_is_given_up_and_put_into_nobodys_inbox(house: House) -> None:
    house.down = {"home"}
    house.arrive(20)
    house.lost = True
    house.round()
    house.now += HOUR
    house.settings = replace(house.settings, accounts=house.settings.accounts[1:])
    house.restart()
    house.round("bob")
    assert house.told("bob") == []
    assert house.household.store.notices.next_due() is None


def test_what_could_not_be_tried_for_weeks_is_told_when_the_account_is_back(house: House) -> None:
    house.round("bob")
    house.now += 2 * DAY
    house.fails("bob", house.now - 25 * HOUR)
    house.mind()
    house.now += 20 * DAY
    house.round("bob")
    assert len(house.told("bob")) == 1


class Death(BaseException):
    """The process is killed here."""


@pytest.mark.parametrize("after", [False, True], ids=["before", "after"])
@pytest.mark.parametrize("step", range(8))
def test_killed_before_or_after_any_effect_it_tells_once(
    house: House, monkeypatch: pytest.MonkeyPatch, step: int, after: bool
) -> None:
    """The effects: what is written into the store, and what is put into the inbox."""
    effects = 0
    killed = False

    def tripwire(what: Callable[..., object]) -> Callable[..., object]:
        def effect(*given: object, **named: object) -> object:
            nonlocal effects, killed
            here = effects == step and not killed
            effects += 1
            if here and not after:
                killed = True
                raise Death
            done = what(*given, **named)
            if here:
                killed = True
                raise Death
            return done

        return effect

    for name in ("announce", "begin_storm", "end_storm", "change"):
        monkeypatch.setattr(SqlNotices, name, tripwire(getattr(SqlNotices, name)))
    house.put = tripwire(house.put_notice)  # type: ignore[assignment]
    alarm = Alarm("home", "burst:1", AlarmKind.BURST, house.now, (("strangers", "80"), ("usual", "2")))
    house.household.store.journal.ring([alarm], house.now)
    house.arrive(20)
    for _ in range(4):
        try:
            house.round()
        except Death:
            house.restart()
    assert killed
    assert sorted(house.told()) == [
        "A storm of bounces at home: about 20 an hour",
        "ALARM: is somebody else using your account home?",
    ]
    assert house.household.store.notices.next_due() is None
