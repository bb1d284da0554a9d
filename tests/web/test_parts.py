"""Parts of the dashboard that no browser waits for: links that grow old, sessions, its end, what is made behind the
scenes, and who carries wishes out."""

from __future__ import annotations

import threading
from collections.abc import Iterator
from pathlib import Path

import pytest
from markupsafe import Markup

from scatterclean.config import Settings, load
from scatterclean.errors import ConnectionLost
from scatterclean.model import Wish, WishKind, WishState
from scatterclean.store import open_store
from scatterclean.web import Dashboard
from scatterclean.web import overview as overviews
from scatterclean.web.carrying import SOON, Carrier
from scatterclean.web.door import LINK_LIFE, MOST_SESSIONS, Door, Entry, from_elsewhere
from scatterclean.web.overview import Overview
from scatterclean.wire import Household
from scatterclean.wording import web as words
from tests.contracts.records import NOW
from tests.web.conftest import configured, fill


class Clock:
    now = 0.0

    def __call__(self) -> float:
        return self.now


@pytest.fixture
def settings(tmp_path: Path) -> Settings:
    fill(tmp_path)
    return load(configured(tmp_path))


@pytest.fixture
def household(settings: Settings) -> Iterator[Household]:
    with Household.open(settings, read_only=True, asking=True) as opened:
        yield opened


# --- the door -------------------------------------------------------------------------------------------


def test_a_link_lives_five_minutes() -> None:
    clock = Clock()
    door = Door(8765, clock)
    early, late = door.link(), ""
    clock.now = LINK_LIFE
    assert not isinstance(door.enter(early), Entry)
    late = door.link()
    clock.now += LINK_LIFE + 1
    assert door.enter(late) is Entry.OLD
    assert door.enter(late) is Entry.USED


def test_with_one_browser_more_than_are_kept_the_oldest_is_let_go() -> None:
    door = Door(8765)
    values = [str(door.enter(door.link())) for _ in range(MOST_SESSIONS + 1)]
    assert door.session(values[0]) is None
    sessions = [door.session(value) for value in values[1:]]
    assert None not in sessions
    assert len({session.csrf for session in sessions if session}) == MOST_SESSIONS


def test_neither_link_nor_cookie_is_kept_as_it_is_given() -> None:
    door = Door(8765)
    link = door.link()
    value = str(door.enter(link))
    assert link not in repr(door)
    assert value not in repr(door)


@pytest.mark.parametrize(
    ("headers", "changes", "foreign"),
    [
        ({"Origin": "http://127.0.0.1:8765"}, True, False),
        ({"Origin": "http://127.0.0.1:8765", "Sec-Fetch-Site": "same-origin"}, True, False),
        ({"Origin": "http://127.0.0.1:8765", "Sec-Fetch-Site": "cross-site"}, True, True),
        ({"Origin": "null", "Sec-Fetch-Site": "same-origin"}, True, True),
        ({}, True, True),
        ({}, False, False),
        ({"Sec-Fetch-Site": "none", "Sec-Fetch-Mode": "navigate"}, False, False),
        ({"Sec-Fetch-Site": "cross-site", "Sec-Fetch-Mode": "navigate"}, False, False),
        ({"Sec-Fetch-Site": "cross-site", "Sec-Fetch-Mode": "no-cors"}, False, True),
    ],
)
def test_who_asks_from_elsewhere_is_told_by_what_browsers_send(
    headers: dict[str, str], changes: bool, foreign: bool
) -> None:
    assert from_elsewhere(headers, "127.0.0.1:8765", changes=changes) is foreign


# --- the end --------------------------------------------------------------------------------------------


def test_it_ends_when_nobody_has_used_it_for_so_long(settings: Settings) -> None:
    dashboard = Dashboard.open(settings, 0, idle=0.3, make=lambda _: Markup("made"))
    thread = threading.Thread(target=dashboard.run)
    thread.start()
    thread.join(20)
    assert not thread.is_alive()
    assert dashboard.forsaken


def test_a_page_that_looks_by_itself_does_not_count_as_somebody(settings: Settings) -> None:
    dashboard = Dashboard.open(settings, 0, make=lambda _: Markup("made"))
    used: list[int] = []
    application = next(
        one.application for one in dashboard.listener._map.values() if hasattr(one, "application")
    )
    value = str(dashboard.door.enter(dashboard.door.link()))
    while not hasattr(application, "used"):  # waitress wraps it
        application = application.__closure__[0].cell_contents
    application.used = lambda: used.append(1)
    environ = {
        "REQUEST_METHOD": "GET",
        "PATH_INFO": "/pulse",
        "HTTP_HOST": f"127.0.0.1:{dashboard.door.port}",
        "HTTP_COOKIE": f"{dashboard.door.cookie}={value}",
    }
    assert b" " in b"".join(application({**environ, "HTTP_X_LOOKS_BY_ITSELF": "1"}, lambda *_: None))
    assert used == []
    application(environ, lambda *_: None)
    assert used == [1]
    dashboard.listener.close()
    dashboard.household.store.close()


def test_a_long_list_says_that_it_was_not_counted_to_its_end() -> None:
    told = [words.how_many(number, 1000) for number in (1, 999, 1000, 1001)]
    assert told == ["1 message", "999 messages", "1,000 messages", "more than 1,000 messages"]


# --- behind the scenes ----------------------------------------------------------------------------------


def until_made(overview: Overview) -> None:
    thread = overview._making
    if thread is not None:
        thread.join(20)
    assert overview._making is None


def test_nobody_waits_for_the_report_and_what_was_made_last_is_shown(
    household: Household, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(overviews, "PATIENCE", 0.01)
    monkeypatch.setattr(overviews, "OFTEN", 0.0)
    monkeypatch.setattr(overviews, "TIMES", 0.0)
    go, made = threading.Semaphore(0), []

    def make(_: Household) -> Markup:
        go.acquire()
        made.append(1)
        return Markup(f"number {len(made)}")

    overview = Overview(household, make)
    assert overview.content() is None  # nothing yet, and nobody has waited
    before = overview.pulse()
    go.release()
    until_made(overview)
    assert overview.pulse() != before  # a page that is open learns of it
    assert overview.content() == "number 1"
    first = overview.at
    assert first is not None
    assert not overview.making
    assert overview._making is None  # nothing is new: nothing is made
    household.store.wishes.ask(Wish("home", WishKind.BRING_BACK, "form", NOW, move=1))
    assert overview.content() == "number 1"
    assert (overview.making, overview.at) == (True, first)  # the old one is shown, with its own time
    go.release()
    until_made(overview)
    assert overview.content() == "number 2"
    assert overview.at is not None
    assert overview.at > first


def test_a_report_that_cannot_be_made_says_why_and_the_last_one_stays(
    household: Household, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(overviews, "OLD", 0.0)
    answers: list[Markup | Exception] = [Markup("good"), ConnectionLost("it broke"), ValueError("of mail")]

    def make(_: Household) -> Markup:
        answer = answers.pop(0)
        if isinstance(answer, Exception):
            raise answer
        return answer

    overview = Overview(household, make)
    overview.mind()
    until_made(overview)
    assert (overview._content, overview.trouble) == ("good", "")
    overview.mind()
    until_made(overview)
    assert (overview._content, overview.trouble) == ("good", "it broke")
    overview.mind()
    until_made(overview)
    assert "ValueError" in overview.trouble
    assert "of mail" not in overview.trouble


# --- who carries it out ---------------------------------------------------------------------------------


def test_who_holds_the_database_is_left_in_peace_and_asked_again_soon(
    settings: Settings, household: Household
) -> None:
    wish = household.store.wishes.ask(Wish("home", WishKind.BRING_BACK, "form", NOW, move=1))
    carrier = Carrier(settings, household)
    with open_store(settings.database):  # a sweep that the person has started
        assert carrier._look() == SOON
        assert household.store.wishes.get(wish.id) == wish
    with open_store(settings.database) as daemon:
        daemon.note_pushes({})
        assert carrier.waits_for() == "the daemon"
        assert carrier._look() == SOON
    assert carrier.waits_for() == "this dashboard"


def test_a_server_that_cannot_be_reached_is_told_with_the_wish_and_tried_again_later(
    settings: Settings, household: Household
) -> None:
    wish = household.store.wishes.ask(Wish("home", WishKind.BRING_BACK, "form", household.clock(), move=1))
    wait = Carrier(settings, household)._look()
    assert wait is not None
    assert wait > SOON
    now = household.store.wishes.get(wish.id)
    assert now is not None
    assert now.state is WishState.ASKED
    assert "refuses the connection" in now.told


def test_a_wish_for_an_account_that_is_not_configured_any_more_is_refused(
    settings: Settings, household: Household
) -> None:
    wish = household.store.wishes.ask(Wish("work", WishKind.BRING_BACK, "form", NOW, move=1))
    assert Carrier(settings, household)._look() is None
    now = household.store.wishes.get(wish.id)
    assert now is not None
    assert (now.state, now.told) == (
        WishState.REFUSED,
        "the configuration has no account work any more.",
    )
