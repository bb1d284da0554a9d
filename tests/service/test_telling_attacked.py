"""Telling, with a stranger, a server, a clock and a bug against it; the house is that of test_events."""

from __future__ import annotations

import hashlib
import logging
import threading
import time
from datetime import UTC, datetime, timedelta

import pytest

from scatterclean.config.notify import Digest
from scatterclean.errors import ConnectionLost, DatabaseUnusable, ServerBusy
from scatterclean.model import (
    NOTICE_DOMAIN,
    Alarm,
    AlarmKind,
    Mode,
    Notice,
    NoticeState,
    Refusal,
    SweepReport,
)
from scatterclean.service import Service
from scatterclean.service.events import Failing
from scatterclean.service.watcher import Rest, Watch
from scatterclean.tell import message_id
from tests.service.test_events import DAY, HOUR, NOW, House, house

__all__ = ["house"]  # the fixture

ALARM = Alarm(
    "home", "burst:2026-11-25", AlarmKind.BURST, NOW, (("messages", "9"), ("strangers", "90"), ("usual", "1"))
)


def test_a_stranger_who_knows_account_and_day_cannot_keep_an_alarm_from_being_told(house: House) -> None:
    """Whoever sends through the account knows the day, and the name is mostly a word such as "home"."""
    guessed = hashlib.sha256(b"home\0alarm:burst:2026-11-25").hexdigest()[:32]
    house.server("home").append(
        "INBOX",
        b"From: x@evil.example\r\nSubject: hello\r\nMessage-ID: <"
        + guessed.encode()
        + b"@notice.scatterclean.invalid>\r\n\r\nhi\r\n",
    )
    house.household.store.journal.ring([ALARM], NOW)
    house.now += timedelta(seconds=61, microseconds=123_456)
    house.round()
    assert len([one for one in house.told() if one.startswith("ALARM")]) == 1


def test_what_lies_in_the_inbox_after_a_restart_is_found_by_its_id_again(house: House) -> None:
    house.now += timedelta(microseconds=123_456)
    house.arrive(20)
    house.lost = True
    house.round()
    house.restart()
    [one] = house.household.store.notices.due(house.now + HOUR)
    name = f"<{message_id(one.notice)}>"
    assert name.endswith(f"@{NOTICE_DOMAIN}>")
    assert name.encode() in house.server("home").messages("INBOX")[-1].raw


def test_a_server_that_breaks_at_every_append_is_not_hammered(house: House) -> None:
    tries = 0

    def breaks(_: str, __: Notice) -> bool:
        nonlocal tries
        tries += 1
        raise ConnectionLost("home: the server ended the session during APPEND")

    house.put = breaks
    house.arrive(20)
    house.round()
    for _ in range(12 * 60):  # an hour, in which the main loop looks every 5 s what is due
        house.now += timedelta(seconds=5)
        if "home" in house.mind():
            house.round()
    assert tries <= 7


def test_a_bug_at_one_notice_is_not_tried_again_every_few_seconds(
    house: House, caplog: pytest.LogCaptureFixture
) -> None:
    tries = 0

    def bug(_: str, __: Notice) -> bool:
        nonlocal tries
        tries += 1
        raise ValueError("a piece of mail")

    house.put = bug
    house.arrive(20)
    house.round()
    for _ in range(12 * 60):
        house.now += timedelta(seconds=5)
        if "home" in house.mind():
            house.round()
    assert tries <= 7
    assert "a piece of mail" not in caplog.text


def test_what_a_bug_kept_from_the_desktop_does_not_count_as_told(
    house: House, monkeypatch: pytest.MonkeyPatch
) -> None:
    shown: list[str] = []
    broken = True

    def show(subject: str, _: str, *, urgent: bool) -> None:
        if broken:
            raise ValueError("embedded null byte")
        shown.append(subject)

    monkeypatch.setattr("scatterclean.tell.show", show)
    house.wants(ways=("desktop",))
    house.arrive(20)
    house.round()
    house.mind()
    broken = False
    house.now += HOUR
    house.mind()
    assert len(shown) == 1


def test_trouble_is_not_told_again_after_a_restart_though_the_last_rounds_found_nothing_new(
    house: House,
) -> None:
    house.round()
    house.now += HOUR
    house.telling.after_round("home", None)  # nothing had changed: the journal knows nothing of this success
    house.now += timedelta(minutes=5)
    house.fails("home", house.now)
    house.now += 26 * HOUR
    house.mind()
    house.round("work")
    assert len(house.told("work")) == 1
    house.restart()
    house.fails("home", house.now)
    house.now += 3 * HOUR
    house.mind()
    house.round("work")
    assert len(house.told("work")) == 1
    house.round()
    house.fails("home", house.now)
    house.now += 26 * HOUR
    house.mind()
    house.round("work")
    assert len(house.told("work")) == 2  # another one


def test_after_an_outage_of_weeks_a_restart_still_knows_when_it_went_well_last(house: House) -> None:
    house.round()
    house.fails("home", house.now)
    house.now += 26 * HOUR
    house.mind()
    house.round("work")
    for _ in range(600):
        house.now += timedelta(minutes=15)
        number = house.household.store.journal.begin_sweep("home", Mode.MOVE, house.now)
        house.household.store.journal.end_sweep(
            SweepReport("home", number, Mode.MOVE, house.now, house.now, refusal=Refusal.NO_SESSION)
        )
    house.restart()
    house.fails("home", house.now)
    house.now += 2 * HOUR
    house.mind()
    house.round("work")
    assert len(house.told("work")) == 1


def test_an_account_whose_every_round_ends_in_a_bug_is_trouble_too(house: House) -> None:
    house.round()
    service = Service(house.household, lambda: house.settings)
    service._hear("bug", ("home", ValueError("a piece of mail")))
    assert isinstance(service.telling.events.failing.get("home"), Failing)
    assert "a piece of mail" not in service.telling.events.failing["home"].said
    assert "ValueError" in service.telling.events.failing["home"].said


def test_a_server_that_asks_the_watcher_for_patience_is_not_polled_faster_in_a_storm(house: House) -> None:
    house.arrive(20)
    house.round()
    service = Service(house.household, lambda: house.settings)
    assert service.telling.pace("home") is not None
    watch = Watch(house.household.accounts["home"], None)
    service.watchers.watches["home"] = watch
    service.watchers.rests["home"] = Rest()
    service._hear("silent", (watch, ServerBusy("home: too many connections")))
    assert service.telling.pace("home") is None


def test_a_clock_that_stood_in_the_future_silences_no_digest_afterwards(house: House) -> None:
    house.wants(digest=Digest.DAILY)
    house.mind()
    house.now = datetime(2030, 1, 1, 12, tzinfo=UTC)
    house.mind()
    house.now = NOW + DAY
    house.household.store.journal.ring([ALARM], NOW + HOUR)
    house.mind()
    house.round()
    assert any(one.startswith("scatterclean") for one in house.told())


def test_what_was_written_down_while_the_clock_stood_in_the_future_is_told_now(house: House) -> None:
    house.now = NOW + 400 * DAY
    house.lost = True
    house.arrive(20)
    house.down = {"home"}
    house.round()
    house.down = set()
    house.now = NOW
    assert [one.state for one in house.household.store.notices.due(house.now)] == [NoticeState.TRYING]


def test_a_storm_begun_while_the_clock_stood_in_the_future_ends_and_the_next_one_is_told(
    house: House,
) -> None:
    house.now = NOW + 400 * DAY
    house.arrive(20)
    house.round()
    assert house.events.storming == {"home"}
    house.now = NOW
    house.round()
    house.now += 7 * HOUR
    house.round()
    assert house.events.storming == set()
    house.now += DAY
    house.arrive(30)
    house.round()
    assert house.events.storming == {"home"}


def test_a_database_that_takes_nothing_is_told_of_once_not_every_few_seconds(
    house: House, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    def full(*_: object, **__: object) -> None:
        raise DatabaseUnusable("the disk is full")

    house.wants(ways=("desktop",))
    house.arrive(20)
    house.round()
    monkeypatch.setattr(house.household.store.notices.__class__, "change", full)
    with caplog.at_level(logging.INFO, "scatterclean"):
        for _ in range(20):
            house.now += timedelta(seconds=5)
            house.mind()
    assert caplog.text.count("the disk is full") == 1


def test_a_service_that_never_comes_to_an_end_silences_no_other_way(
    house: House, monkeypatch: pytest.MonkeyPatch
) -> None:
    shown: list[str] = []
    sent: list[str] = []
    hanging, over = threading.Event(), threading.Event()

    def send(subject: str, *_: object) -> None:
        sent.append(subject)
        hanging.set()
        over.wait(60)

    monkeypatch.setattr("scatterclean.tell.send", send)
    monkeypatch.setattr("scatterclean.tell.show", lambda subject, *_, **__: shown.append(subject))
    monkeypatch.setattr("scatterclean.service.telling._LONGEST_WORD", 0.0)
    house.wants(ways=("apprise", "desktop"))
    house.arrive(20)
    house.round()
    try:
        house.telling.mind()
        hung = house.telling._mouth
        assert hanging.wait(20)
        for _ in range(100):
            house.telling._next_due = 0.0
            house.telling.mind()
            if shown:
                break
            time.sleep(0.05)
        assert len(shown) == 1
        assert len(sent) == 1
    finally:
        over.set()
        if hung is not None:
            hung.join()
