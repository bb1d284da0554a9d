"""What cannot be told on one way is told on another, or stands in `status`; nothing is tried for ever, or told twice.

The house is that of test_events.
"""

from __future__ import annotations

import logging
from collections.abc import Callable
from dataclasses import replace
from datetime import datetime, timedelta
from email.utils import format_datetime

import pytest

from scatterclean import bounce
from scatterclean.errors import ConnectionLost
from scatterclean.model import (
    Finding,
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
from scatterclean.tell.services import CannotSend
from tests.contracts.records import case
from tests.service.test_events import DAY, HOUR, NOW, House, house

__all__ = ["house"]  # the fixture


# --- two services, one of which fails ---------------------------------------------------------------------


def test_a_service_that_took_it_is_not_told_again_when_another_one_did_not(
    house: House, monkeypatch: pytest.MonkeyPatch
) -> None:
    took: list[str] = []
    broken = True

    def send(_subject: str, _body: str, urls: tuple[str, ...]) -> None:
        if broken and any("two" in url for url in urls):
            took.extend(url for url in urls if "two" not in url)
            raise CannotSend("no service of `apprise` took it")
        took.extend(urls)

    monkeypatch.setattr("scatterclean.tell.send", send)
    house.wants(ways=("apprise",), apprise=("ntfy://one", "ntfy://two"))
    house.arrive(20)
    house.round()
    house.mind()
    assert took == ["ntfy://one"]
    broken = False
    house.now += HOUR
    house.mind()
    house.mind()
    assert sorted(took) == ["ntfy://one", "ntfy://two"]
    assert house.household.store.notices.next_due() is None


def test_what_an_older_version_wrote_down_for_all_services_still_reaches_them(
    house: House, monkeypatch: pytest.MonkeyPatch
) -> None:
    took: list[str] = []
    monkeypatch.setattr("scatterclean.tell.send", lambda _subject, _body, urls: took.extend(urls))
    house.wants(ways=("apprise",), apprise=("ntfy://one", "ntfy://two"))
    one = house.events.notice("home", "alarm:x", NoticeKind.ALARM, ("ALARM", "text"), house.now)
    house.household.store.notices.announce([one], ["apprise"], house.now)
    house.mind()
    assert took == ["ntfy://one", "ntfy://two"]


def test_a_service_that_was_taken_out_of_the_configuration_is_given_up(
    house: House, monkeypatch: pytest.MonkeyPatch
) -> None:
    took: list[str] = []
    house.wants(ways=("apprise",), apprise=("ntfy://one", "ntfy://two"))
    house.arrive(20)
    house.round()
    house.wants(ways=("apprise",), apprise=("ntfy://one",))
    monkeypatch.setattr("scatterclean.tell.send", lambda _subject, _body, urls: took.extend(urls))
    house.mind()
    assert took == ["ntfy://one"]
    assert house.household.store.notices.next_due() is None


# --- an inbox into which nothing can be put ---------------------------------------------------------------


@pytest.fixture
def breaks(house: House) -> Callable[[], int]:
    """Every APPEND breaks the connection off; how many there were."""
    tries = 0

    def put(_: str, __: Notice) -> bool:
        nonlocal tries
        tries += 1
        raise ConnectionLost("home: the server ended the session during APPEND")

    house.put = put
    return lambda: tries


def weeks(house: House, number: int) -> None:
    for _ in range(number * 7 * 24 * 4):
        house.now += timedelta(minutes=15)
        if "home" in house.mind():
            house.round()


def test_an_inbox_that_breaks_at_every_append_is_given_up_in_the_end_and_stands_in_status(
    house: House, breaks: Callable[[], int], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("scatterclean.tell.show", nobody)
    house.arrive(20)
    house.round()
    weeks(house, 2)
    first = breaks()
    weeks(house, 2)
    assert breaks() == first, "it is tried for ever"
    untold = house.household.standing("home").untold
    assert [(one.way, "storm" in one.notice.key) for one in untold][:1] == [("inbox", True)]


def nobody(*_: object, **__: object) -> None:
    from scatterclean.tell.desktop import CannotShow

    raise CannotShow("notify-send is not installed")


def test_meanwhile_the_desktop_is_told_where_it_is_the_only_other_way(
    house: House, breaks: Callable[[], int], monkeypatch: pytest.MonkeyPatch
) -> None:
    shown: list[str] = []
    monkeypatch.setattr("scatterclean.tell.show", lambda subject, *_, **__: shown.append(subject))
    house.arrive(20)
    house.round()
    for _ in range(6 * 60):  # six hours: the storm is still in progress then
        house.now += timedelta(minutes=1)
        if "home" in house.mind():
            house.round()
    assert len(shown) == 1
    assert breaks() > 4


def test_who_is_told_on_another_way_anyway_hears_it_there_once(
    house: House, breaks: Callable[[], int], monkeypatch: pytest.MonkeyPatch
) -> None:
    shown: list[str] = []
    monkeypatch.setattr("scatterclean.tell.show", lambda subject, *_, **__: shown.append(subject))
    house.wants(ways=("inbox", "desktop"))
    house.arrive(20)
    house.round()
    for _ in range(5 * 60):
        house.now += timedelta(minutes=1)
        if "home" in house.mind():
            house.round()
    assert len(shown) == 1


def test_one_that_was_cut_off_by_a_crash_is_looked_for_however_late(house: House) -> None:
    house.arrive(20)
    house.round()
    [told] = house.told()
    store = house.household.store.notices
    assert told
    assert store.next_due() is None
    one = house.events.notice("home", "alarm:x", NoticeKind.ALARM, ("ALARM", "text"), house.now)
    store.announce([one], ["inbox"], house.now)
    [due] = store.due(house.now)
    store.change(due, NoticeState.TRYING, house.now, inbox="home")
    house.restart()
    house.now += 30 * DAY
    house.round()
    assert "ALARM" in house.told()


# --- sweeps that have a session and clean nothing ----------------------------------------------------------


@pytest.mark.parametrize(
    "refusal",
    [
        *(Refusal.SENT_UNKNOWN, Refusal.SENT_EMPTY, Refusal.CANNOT_MOVE, Refusal.TARGET_UNSAFE),
        *(Refusal.HALF_MOVED, Refusal.NOTHING_READ, Refusal.FULL),
    ],
)
def test_sweeps_that_clean_nothing_for_a_day_are_trouble_that_is_told_once_and_truly(
    house: House, refusal: Refusal
) -> None:
    house.round()
    for _ in range(60):
        house.now += HOUR
        swept(house, refusal)
        house.mind()
    swept(house, refusal)
    [subject] = house.told()
    assert subject.startswith("home has not been cleaned since")
    text = " ".join(house.text().split())
    assert "could put nothing away" in text
    assert "could not look at" not in text
    # And when it works again, that is a success.
    swept(house, None)
    assert "home" not in house.events.failing


def test_sweeps_that_only_observe_or_are_stopped_are_no_trouble(house: House) -> None:
    house.round()
    for hours in range(60):
        house.now += HOUR
        swept(house, Refusal.OBSERVING if hours % 2 else Refusal.STOPPED)
        house.mind()
    assert house.told() == []


def swept(house: House, refusal: Refusal | None) -> None:
    house.telling._looked.clear()
    journal = house.household.store.journal
    number = journal.begin_sweep("home", Mode.MOVE, house.now)
    report = SweepReport("home", number, Mode.MOVE, house.now, house.now, refusal=refusal)
    journal.end_sweep(report)
    house.telling.after_round("home", report)


# --- old mail that was put into the inbox today ------------------------------------------------------------


def arrived(house: House, number: int, *, date: datetime, stamp: datetime | None) -> None:
    """So many bounces whose INTERNALDATE is now, as they are read from bytes."""
    for _ in range(number):
        house.uid += 1
        hop = (
            f"Received: from mx.far.example by mx.winter.example; {format_datetime(stamp)}\r\n"
            if stamp
            else ""
        )
        # What came before is the stranger's.
        hop += f"Received: from a by b; {format_datetime(date)}\r\n" if stamp else ""
        raw = (
            f"Return-Path: <>\r\n{hop}From: MAILER-DAEMON@far.example\r\nTo: ada@winter.example\r\n"
            f"Date: {format_datetime(date)}\r\nSubject: Undelivered Mail Returned to Sender\r\n"
            "MIME-Version: 1.0\r\nContent-Type: multipart/report; report-type=delivery-status; boundary=b\r\n\r\n"
            "--b\r\nContent-Type: message/delivery-status\r\n\r\nReporting-MTA: dns; far.example\r\n\r\n"
            "Final-Recipient: rfc822; x@far.example\r\nAction: failed\r\nStatus: 5.1.1\r\n\r\n"
            f"--b\r\nContent-Type: text/rfc822-headers\r\n\r\nMessage-ID: <{house.uid}@evil.example>\r\n--b--\r\n"
        )
        read = bounce.read(raw.encode())
        assert read is not None
        one = case(house.uid, account="home", finding=Finding(Verdict.ORPHAN, ()), arrival=house.now)
        one = replace(one, where=Whereabouts(Place("INBOX", 7), house.uid), bounce=read)
        house.household.store.docket.enter("home", [one], None)


def test_old_mail_that_was_imported_today_is_no_storm(house: House, caplog: pytest.LogCaptureFixture) -> None:
    with caplog.at_level(logging.INFO, "scatterclean"):
        old = NOW - 400 * DAY
        arrived(house, 50, date=old, stamp=old)
        house.round()
    assert house.told() == []
    assert house.household.standing("home").storm is None


@pytest.mark.parametrize("stamp", [NOW, NOW - HOUR, NOW - DAY, None, NOW + 400 * DAY])
def test_a_forged_date_hides_no_storm(house: House, stamp: datetime | None) -> None:
    """A stranger writes the Date, and every Received line but the topmost, which is the provider's own."""
    arrived(house, 50, date=NOW - 400 * DAY, stamp=stamp)
    house.round()
    assert len(house.told()) == 1
