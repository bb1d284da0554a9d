"""What every SentLog keeps its promise on: rows, cursors, coverage, questions."""

from __future__ import annotations

from dataclasses import replace
from datetime import datetime, timedelta, timezone
from itertools import count, pairwise
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from scatterclean.model import (
    Coverage,
    Cursor,
    Grade,
    Interval,
    MessageId,
    Place,
    Question,
    SentMessage,
    Tie,
    TieQuestion,
)
from scatterclean.ports import SentLog
from scatterclean.store import open_store
from tests.contracts.records import NOW, cursor, days, message

W, B = Grade.WITNESSED, Grade.BACKFILLED


def known(log: SentLog, *keys: str, person: str = "ada") -> frozenset[str]:
    return log.ask(Question(person, keys=frozenset(keys))).known


def ties(log: SentLog, recipient: str, since: datetime, until: datetime, person: str = "ada") -> list[Tie]:
    return list(log.ask(Question(person, ties=frozenset((TieQuestion(recipient, since, until),)))).ties)


# --- rows and cursors -----------------------------------------------------------------------------------


def test_a_new_log_knows_nothing(log: SentLog) -> None:
    assert log.cursors("home") == {}
    assert log.coverage(["home"]) == {"home": Coverage()}
    assert log.senders("ada") == frozenset()
    assert (log.count("ada"), log.count_account("home"), log.first_sent("home")) == (0, 0, None)
    assert known(log, "sent.1@winter.example") == frozenset()


def test_record_returns_how_many_messages_were_new_and_counts_them(log: SentLog) -> None:
    assert log.record("home", "ada", [message(1), message(2), message(1)], cursor()) == 2
    assert log.record("home", "ada", [message(2), message(3)], cursor()) == 1
    assert log.record("work", "ada", [message(1)], cursor()) == 1  # each account has its own
    assert (log.count_account("home"), log.count_account("work"), log.count("ada")) == (3, 1, 4)


def test_record_sets_the_cursor_of_that_folder_alone(log: SentLog) -> None:
    log.record("home", "ada", [], cursor("Sent", 10))
    log.record("home", "ada", [], cursor("Gesendete Elemente", 20))
    log.record("work", "ada", [], cursor("Sent", 30))
    later = Cursor(Place("Sent", 4), 11, 5, NOW + days(1))
    log.record("home", "ada", [message(1)], later)
    assert log.cursors("home") == {"Sent": later, "Gesendete Elemente": cursor("Gesendete Elemente", 20)}
    assert log.cursors("work") == {"Sent": cursor("Sent", 30)}


def test_forgetting_a_folder_drops_its_cursor_and_no_message(log: SentLog) -> None:
    log.record("home", "ada", [message(1)], cursor("Sent"))
    log.record("home", "ada", [], cursor("Sent2"))
    log.forget_folder("home", "Sent")
    assert list(log.cursors("home")) == ["Sent2"]
    assert known(log, "sent.1@winter.example") == {"sent.1@winter.example"}


def test_a_second_copy_of_a_message_adds_its_ids_and_recipients(log: SentLog) -> None:
    log.record("home", "ada", [message(1, ids=["a@x.example"], to=["bob@x.example"])], cursor())
    copy = message(1, ids=["a@x.example", "alias@x.example"], to=["bob@x.example", "bcc@x.example"])
    assert log.record("home", "ada", [copy], cursor()) == 0
    assert known(log, "a@x.example", "alias@x.example") == {"a@x.example", "alias@x.example"}
    assert len(ties(log, "bcc@x.example", NOW - days(1), NOW)) == 1
    assert log.count("ada") == 1


@pytest.mark.parametrize("dated", [True, False])
def test_a_second_copy_is_not_new_in_whatever_batch_it_comes(log: SentLog, dated: bool) -> None:
    """Each copy of an undated message counts as sent when it was filed."""
    apart = days(0 if dated else 3)
    first = [message(n)._replace(dated=dated) for n in (1, 2)]
    again = [
        one._replace(
            sent_at=one.sent_at + apart,
            ids=(MessageId(f"{n}@alias.example"),),
            recipients=("bcc@x.example",),
        )
        for n, one in enumerate(first)
    ]
    assert log.record("home", "ada", [first[0], again[0], message(3)], cursor()) == 2
    assert log.record("home", "ada", [message(4), again[0], first[1], again[1]], cursor()) == 2
    assert log.record("home", "ada", [again[1], message(4), first[0]], cursor()) == 0
    assert log.record("work", "ada", again, cursor()) == 2
    assert (log.count_account("home"), log.count_account("work")) == (4, 2)
    assert known(log, "0@alias.example", "1@alias.example") == {"0@alias.example", "1@alias.example"}
    assert {tie.sent_at for tie in ties(log, "bcc@x.example", NOW - days(9), NOW + days(9))} == {
        one.sent_at for one in again
    }


def test_copies_with_and_without_a_date_of_one_message_lead_to_the_one_with_it(log: SentLog) -> None:
    """It is in the log in both ways, and a batch brings both once more, the undated one first."""
    dated = message(1, sent_at=NOW - timedelta(hours=10))
    undated = [dated._replace(sent_at=NOW - timedelta(hours=ago), dated=False) for ago in (6, 3)]
    for batch in ([undated[0]], [dated], [undated[1], dated]):
        log.record("home", "ada", batch, cursor())
    (hour,) = log.hours("home", NOW - days(1))
    assert (hour.start.hour, hour.messages, hour.strangers) == (dated.sent_at.hour, 1, 1)


def test_what_is_ready_to_be_recorded_is_not_recorded_before_it_is_called_for(log: SentLog) -> None:
    """Made ready by one thread and called by another, in whatever order; some were logged in between."""
    ready = [
        log.recording("home", "ada", [message(n), message(n + 1)], cursor("Sent", uidnext))
        for n, uidnext in ((1, 10), (2, 20))
    ]
    assert (log.count_account("home"), log.cursors("home")) == (0, {})
    assert [record() for record in reversed(ready)] == [2, 1]
    assert log.cursors("home") == {"Sent": cursor("Sent", 10)}
    assert known(log, *(f"sent.{n}@winter.example" for n in range(5))) == {
        f"sent.{n}@winter.example" for n in (1, 2, 3)
    }
    assert ready[0]() == 0


def test_first_sent_passes_over_the_earliest_when_asked_to(log: SentLog) -> None:
    log.record("home", "ada", [message(n, sent_at=NOW - days(n)) for n in (3, 1, 2)], cursor())
    assert log.first_sent("home") == NOW - days(3)
    assert log.first_sent("home", 1) == NOW - days(2)
    assert log.first_sent("home", 3) is None


def test_senders_are_the_from_addresses_of_the_person_alone(log: SentLog) -> None:
    log.record("home", "ada", [message(1), message(2, sender=None)], cursor())
    log.record("work", "ada", [message(1, sender="a.winter@firm.example")], cursor())
    log.record("his", "bob", [message(1, sender="bob@example.net")], cursor())
    assert log.senders("ada") == {"ada@winter.example", "a.winter@firm.example"}


def test_senders_elsewhere_are_those_that_only_other_accounts_logged(log: SentLog) -> None:
    log.record("home", "ada", [message(1)], cursor())
    log.record("work", "ada", [message(1), message(2, sender="a.winter@firm.example")], cursor())
    log.record("his", "bob", [message(1, sender="bob@example.net")], cursor())
    assert log.senders_elsewhere("ada", ["home"]) == {"work": {"a.winter@firm.example"}}
    assert log.senders_elsewhere("ada", ["home", "work"]) == {}


def test_an_account_takes_its_messages_along_to_another_person(log: SentLog) -> None:
    log.record("home", "ada", [message(1)], cursor())
    log.record("work", "ada", [message(2)], cursor())
    log.assign({"home": "ada", "work": "firm", "new": "firm"})
    assert known(log, "sent.1@winter.example", "sent.2@winter.example") == {"sent.1@winter.example"}
    assert known(log, "sent.2@winter.example", person="firm") == {"sent.2@winter.example"}
    assert (log.count("ada"), log.count("firm")) == (1, 1)


def test_ten_thousand_messages_in_one_call_are_all_found_again(log: SentLog) -> None:
    messages = [message(n, ids=[f"a{n}@x.example", f"b{n}@x.example"]) for n in range(10_000)]
    assert log.record("home", "ada", messages, cursor()) == 10_000
    keys = {f"{letter}{n}@x.example" for n in range(0, 20_000, 7) for letter in "ab"}
    assert known(log, *keys) == {key for key in keys if int(key[1:-10]) < 10_000}


def test_a_moment_comes_back_exactly_and_in_utc(log: SentLog) -> None:
    moment = datetime(2026, 3, 29, 2, 30, 0, 999999, tzinfo=timezone(timedelta(hours=2)))
    log.record("home", "ada", [message(1, sent_at=moment)], cursor())
    first = log.first_sent("home")
    assert first == moment
    assert first is not None
    assert first.utcoffset() == timedelta(0)


def test_a_moment_without_a_zone_is_refused_and_nothing_is_written(log: SentLog) -> None:
    naive = message(2)._replace(sent_at=datetime(2026, 1, 1))  # noqa: DTZ001 - what must not be
    with pytest.raises(Exception, match="time zone"):
        log.record("home", "ada", [message(1), naive], cursor())
    assert log.count("ada") == 0
    assert log.cursors("home") == {}


# --- questions ------------------------------------------------------------------------------------------


def test_a_message_is_known_by_every_key_of_every_id(log: SentLog) -> None:
    tagged = "ab12.0123abcdef.Real.ID@Winter.example"
    log.record("home", "ada", [message(1, ids=["A@X.example", tagged])], cursor())
    assert known(log, "a@x.example", *MessageId(tagged).keys, "b@x.example") == {
        "a@x.example",
        *MessageId(tagged).keys,
    }


def test_an_id_without_at_may_be_one_that_was_cut_short(log: SentLog) -> None:
    """No gateway says where it cuts; some programs write ids without "@", which are looked up as they are."""
    log.record(
        "home", "ada", [message(1)._replace(ids=(MessageId("20261123.4711.abc@winter.example"),))], cursor()
    )
    cut = {
        "20261123.4711.abc",
        "20261123.47",
        "20261123.48",
        "2026",
        "20261123.4711.abc@winter",
        "20261123.4711.abcd",
    }
    assert known(log, *cut) == {"20261123.4711.abc", "20261123.47"}
    assert known(log, "20261123.47", person="ben") == frozenset()


def test_another_persons_mail_is_not_known(log: SentLog) -> None:
    log.record("his", "bob", [message(1, to=["carl@example.net"])], cursor())
    question = Question(
        "ada",
        keys=frozenset(["sent.1@winter.example"]),
        ties=frozenset([TieQuestion("carl@example.net", NOW - days(14), NOW)]),
        correspondents=frozenset(["carl@example.net", "example.net"]),
    )
    assert log.ask(question) == type(log.ask(question))()
    assert log.ask(replace(question, person="bob")).known == question.keys


def test_a_tie_is_a_message_to_that_recipient_in_that_time_both_ends_included(log: SentLog) -> None:
    sent = [message(n, to=["bob@x.example", f"c{n}@x.example"], sent_at=NOW - days(n)) for n in range(1, 5)]
    log.record("home", "ada", sent, cursor())
    found = ties(log, "bob@x.example", NOW - days(3), NOW - days(2))
    assert found == [Tie("bob@x.example", NOW - days(n), "Invoice") for n in (3, 2)]
    assert ties(log, "bob@x.example", NOW - days(20), NOW - days(10)) == []
    assert ties(log, "x.example", NOW - days(20), NOW) == []


def test_ties_asked_for_by_many_bounces_come_once_each(log: SentLog) -> None:
    sent = [message(n, to=["bob@x.example"], sent_at=NOW - days(n)) for n in (1, 5, 40)]
    log.record("home", "ada", sent, cursor())
    asked = {TieQuestion("bob@x.example", NOW - days(14 + n / 100), NOW - days(n / 100)) for n in range(300)}
    asked.add(TieQuestion("bob@x.example", NOW - days(50), NOW - days(30)))
    found = log.ask(Question("ada", ties=frozenset(asked))).ties
    assert [tie.sent_at for tie in found] == [NOW - days(n) for n in (40, 5, 1)]


def test_a_message_without_a_subject_ties_too(log: SentLog) -> None:
    log.record("home", "ada", [message(1, subject=None)], cursor())
    assert ties(log, "bob@example.net", NOW - days(1), NOW) == [
        Tie("bob@example.net", NOW - timedelta(minutes=1), None)
    ]


def test_correspondents_are_whole_addresses_or_whole_domains(log: SentLog) -> None:
    log.record("home", "ada", [message(1, to=["bob@shop.example", "eve@mail.other.example"])], cursor())
    asked = frozenset(
        [
            "bob@shop.example",
            "shop.example",
            "ob@shop.example",
            "hop.example",
            "other.example",
            "eve@shop.example",
        ]
    )
    answer = log.ask(Question("ada", correspondents=asked))
    assert answer.correspondents == {"bob@shop.example", "shop.example"}


@pytest.mark.parametrize(
    "text", ["nul\0nul@x.example", "half\ud83d@x.example", "💊@x.example", '"\\@x.example']
)
def test_strange_characters_neither_break_the_log_nor_hide_a_message(log: SentLog, text: str) -> None:
    strange = message(1, ids=[text], to=[text], sender=text, subject=text)
    assert log.record("home", "ada", [strange], cursor()) == 1
    keys = MessageId(text).keys
    assert known(log, *keys) == set(keys)
    question = Question("ada", correspondents=frozenset([text]))
    assert log.ask(question).correspondents == {text}
    assert [tie.recipient for tie in ties(log, text, NOW - days(1), NOW)] == [text]


def test_overlong_texts_are_cut_and_still_found(log: SentLog) -> None:
    long = "x" * 5000 + "@x.example"
    log.record("home", "ada", [message(1, ids=[long], to=[long], subject="s" * 10_000)], cursor())
    assert known(log, long) == {long}
    (tie,) = ties(log, long, NOW - days(1), NOW)
    assert tie.subject is not None
    assert len(tie.subject) <= 1024


_ids = st.sampled_from([f"id{n}@x.example" for n in range(8)])
_messages = st.lists(
    st.builds(
        lambda number, names: message(number, ids=names), st.integers(0, 5), st.lists(_ids, max_size=3)
    ),
    max_size=6,
)


def test_adding_rows_never_makes_a_known_id_unknown(tmp_path: Path) -> None:
    """Design, invariant 6: more knowledge never condemns."""
    persons = count()
    with open_store(tmp_path / "s.db") as store:
        log = store.sent_log

        @settings(max_examples=60, deadline=None)
        @given(before=_messages, after=_messages)
        def check(before: list[SentMessage], after: list[SentMessage]) -> None:
            person = f"person {next(persons)}"
            keys = [f"id{n}@x.example" for n in range(8)]
            log.record(person, person, before, cursor())
            knew = known(log, *keys, person=person)
            assert knew == {key for m in before for an_id in m.ids for key in an_id.keys}
            log.record(person, person, after, cursor())
            assert knew <= known(log, *keys, person=person)
            assert log.count(person) == len({m.fingerprint for m in (*before, *after)})

        check()


# --- coverage -------------------------------------------------------------------------------------------


def interval(start: float, end: float, grade: Grade = W) -> Interval:
    return Interval(NOW + timedelta(hours=start), NOW + timedelta(hours=end), grade)


def test_intervals_that_touch_or_overlap_become_one(log: SentLog) -> None:
    log.cover("home", [interval(0, 1)])
    log.cover("home", [interval(1, 2), interval(5, 6)])
    log.cover("home", [interval(4, 5.5)])
    assert log.coverage(["home"])["home"].intervals == (interval(0, 2), interval(4, 6))


def test_the_grades_of_coverage_are_kept_apart(log: SentLog) -> None:
    log.cover("home", [interval(-100, 0, B), interval(-1, 1, W)])
    assert set(log.coverage(["home"])["home"].intervals) == {interval(-100, 0, B), interval(-1, 1, W)}


def test_coverage_is_told_for_every_account_that_was_asked_for(log: SentLog) -> None:
    log.cover("home", [interval(0, 1)])
    log.cover("other", [interval(0, 9)])
    assert log.coverage(["home", "work"]) == {"home": Coverage((interval(0, 1),)), "work": Coverage()}


def test_an_interval_that_ends_before_it_starts_covers_nothing(log: SentLog) -> None:
    log.cover("home", [interval(2, 1)])
    assert log.coverage(["home"])["home"] == Coverage()


_interval = st.builds(
    lambda start, length, grade: interval(start, start + length, grade),
    st.integers(0, 20),
    st.integers(0, 5),
    st.sampled_from([W, B]),
)


def test_merged_coverage_covers_what_its_pieces_covered_and_nothing_else(tmp_path: Path) -> None:
    accounts = count()
    with open_store(tmp_path / "s.db") as store:
        log = store.sent_log

        @settings(max_examples=60, deadline=None)
        @given(st.lists(st.lists(_interval, max_size=4), max_size=4))
        def check(calls: list[list[Interval]]) -> None:
            account = f"account {next(accounts)}"
            for call in calls:
                log.cover(account, call)
            stored = log.coverage([account])[account].intervals
            pieces = [piece for call in calls for piece in call]
            for grade in Grade:
                of_grade = [i for i in stored if i.grade is grade]
                for half_hour in range(60):
                    moment = NOW + timedelta(hours=half_hour / 2 - 1)
                    assert any(i.start <= moment <= i.end for i in of_grade) == any(
                        p.start <= moment <= p.end for p in pieces if p.grade is grade
                    )
                ends = sorted(of_grade, key=lambda i: i.start)
                assert all(a.end < b.start for a, b in pairwise(ends))

        check()
