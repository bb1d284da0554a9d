"""The contract of `ports.Notices`: each event once on each way, whatever dies in between."""

from __future__ import annotations

from dataclasses import replace
from datetime import timedelta
from pathlib import Path

import pytest

from scatterclean.errors import NobodyCanMend
from scatterclean.model import Arrival, Finding, Notice, NoticeKind, NoticeState, Storm, Verdict
from scatterclean.ports.notices import Notices
from scatterclean.store import Store, open_store
from tests.contracts.records import NOW, case, days

ONE = Notice("home", "storm:1", NoticeKind.STORM, "A storm", "It began.\nLook.", NOW, NOW)
WAYS = ("inbox", "desktop")


@pytest.fixture
def notices(store: Store) -> Notices:
    return store.notices


def test_an_event_is_written_down_once_for_each_way(notices: Notices) -> None:
    assert notices.announce([ONE, ONE], WAYS, NOW) == (ONE,)
    assert notices.announce([replace(ONE, body="Other words.")], WAYS, NOW + days(1)) == ()
    due = notices.due(NOW)
    assert [(one.notice, one.way, one.state) for one in due] == [(ONE, way, NoticeState.DUE) for way in WAYS]


def test_events_of_two_accounts_with_one_key_are_two(notices: Notices) -> None:
    other = replace(ONE, account="work")
    assert notices.announce([ONE, other], ("inbox",), NOW) == (ONE, other)
    assert len(notices.due(NOW)) == 2


def test_what_is_told_on_no_way_is_known_and_never_due(notices: Notices) -> None:
    assert notices.announce([ONE], (), NOW) == (ONE,)
    assert notices.announce([ONE], WAYS, NOW) == ()
    assert notices.due(NOW + days(9)) == ()
    assert notices.last_of("home", "storm:", NOW) == NOW


def test_it_is_due_when_the_quiet_hours_are_over(notices: Notices) -> None:
    notices.announce([replace(ONE, due=NOW + days(0.5))], ("inbox",), NOW)
    assert notices.due(NOW) == ()
    assert notices.next_due() == NOW + days(0.5)
    assert len(notices.due(NOW + days(0.5))) == 1


def test_what_was_cut_off_is_due_again_and_says_where_it_was_tried(store: Store, tmp_path: Path) -> None:
    store.notices.announce([ONE], ("inbox",), NOW)
    [one] = store.notices.due(NOW)
    store.notices.change(one, NoticeState.TRYING, NOW, inbox="work")
    path = store.path
    store.close()
    with open_store(path) as again:
        [cut] = again.notices.due(NOW)
        assert (cut.state, cut.inbox, cut.tries) == (NoticeState.TRYING, "work", 0)
        again.notices.change(cut, NoticeState.TOLD, NOW)
        assert again.notices.due(NOW + days(99)) == ()
        assert again.notices.next_due() is None


def test_a_try_in_vain_is_counted_and_tried_again_later(notices: Notices) -> None:
    notices.announce([ONE], ("inbox",), NOW)
    [one] = notices.due(NOW)
    notices.change(one, NoticeState.TRYING, NOW, inbox="home")
    notices.change(one, NoticeState.DUE, NOW, next_try=NOW + days(1))
    assert notices.due(NOW) == ()
    [again] = notices.due(NOW + days(1))
    assert (again.tries, again.state) == (1, NoticeState.DUE)


@pytest.mark.parametrize("end", [NoticeState.TOLD, NoticeState.GIVEN_UP])
@pytest.mark.parametrize("then", [NoticeState.DUE, NoticeState.TRYING])
def test_what_is_over_is_never_told_again(notices: Notices, end: NoticeState, then: NoticeState) -> None:
    notices.announce([ONE], ("inbox",), NOW)
    [one] = notices.due(NOW)
    notices.change(one, NoticeState.TRYING, NOW)
    notices.change(one, end, NOW)
    with pytest.raises(NobodyCanMend):
        notices.change(one, then, NOW)


def test_a_storm_begins_and_ends_once_and_is_told_in_the_same_moment(notices: Notices) -> None:
    storm = Storm("home", NOW - days(0.1), NOW)
    assert notices.begin_storm(storm, [ONE], ("inbox",))
    assert not notices.begin_storm(replace(storm, since=NOW), [replace(ONE, key="storm:2")], ("inbox",))
    assert notices.storms("home") == (storm,)
    ended = replace(storm, ended=NOW + days(1))
    over = replace(ONE, key="storm-over:1")
    assert notices.end_storm(ended, [over], ("inbox",))
    assert not notices.end_storm(ended, [replace(over, key="again")], ("inbox",))
    assert notices.storms("home") == (ended,)
    assert [one.notice.key for one in notices.due(NOW)] == ["storm:1", "storm-over:1"]
    assert notices.begin_storm(Storm("home", NOW + days(2), NOW + days(2)), [], ())


def test_a_notice_holds_no_more_than_a_store_can_keep(notices: Notices) -> None:
    notices.announce([replace(ONE, subject="a\0\ud800" * 2000, body="b\0" * 40_000)], ("inbox",), NOW)
    [one] = notices.due(NOW)
    assert len(one.notice.subject) <= 1024
    assert "\0" not in one.notice.subject + one.notice.body


def test_arrivals_are_those_of_all_bounces_on_record_with_what_they_were_found_to_be(store: Store) -> None:
    cases = [
        case(number, finding=Finding(verdict, ()), arrival=NOW - timedelta(hours=number))
        for number, verdict in enumerate(Verdict, 1)
    ]
    entered = store.docket.enter("home", cases, None)
    store.docket.close(entered[:2], NOW)
    found = store.docket.arrivals("home", NOW - timedelta(hours=len(cases)))
    assert list(found) == [Arrival(one.arrival, one.finding.verdict) for one in reversed(cases)]
    assert store.docket.arrivals("home", NOW) == ()
    assert store.docket.arrivals("work", NOW - days(9)) == ()
