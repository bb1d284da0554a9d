"""Words: there are some for everything, they fit the rules, and strangers cannot write into a terminal."""

from __future__ import annotations

import shlex
import unicodedata
from collections.abc import Mapping
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from enum import StrEnum
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from scatterclean import wording
from scatterclean.model import (
    Because,
    Bounce,
    Case,
    Errand,
    Finding,
    Kind,
    Mode,
    MoveState,
    Original,
    OriginSign,
    Place,
    Reason,
    Refusal,
    SweepReport,
    Verdict,
    Whereabouts,
)
from scatterclean.plan import Hand

NOW = datetime(2026, 11, 23, 12, 0, tzinfo=UTC)
TABLES: list[tuple[Mapping[Any, str], type[StrEnum]]] = [
    (wording.KINDS, Kind),
    (wording.VERDICTS, Verdict),
    (wording.CAUSES, Because),
    (wording.evidence.ORIGINS, OriginSign),
    (wording.RULES, Because),
    (wording.CHANGES, Because),
    (wording.HANDS, Hand),
    (wording.ERRANDS, Errand),
    (wording.MOVE_STATES, MoveState),
    (wording.REFUSALS, Refusal),
]


@pytest.mark.parametrize(("table", "nouns"), TABLES, ids=lambda each: getattr(each, "__name__", ""))
def test_there_are_words_for_everything(table: Mapping[Any, str], nouns: type[StrEnum]) -> None:
    assert set(table) == set(nouns)
    assert all(table.values())


DETAILS = ("id", "found_in", "recipient", "address", "account", "format", "kind", "replier")
MORE = ("sign", "line", "domain", "pattern", "shape", "why")


@pytest.mark.parametrize("because", Because)
@pytest.mark.parametrize("names", [(), DETAILS, DETAILS + MORE], ids=["none", "some", "all"])
def test_every_reason_is_a_sentence_without_a_full_stop(because: Because, names: tuple[str, ...]) -> None:
    times = dict.fromkeys(("sent_at", "until", "through", "hole_from", "hole_to", "since"), NOW.isoformat())
    details = {**dict.fromkeys(names, "x@y.example"), **times}
    told = wording.reason(Reason.of(because, **details))
    assert told
    assert told == told.strip().rstrip(".")
    assert not names or "()" not in told


@pytest.mark.parametrize("because", Because)
def test_no_reason_lets_a_stranger_write_into_a_terminal(because: Because) -> None:
    written = dict.fromkeys(
        ("id", "recipient", "address", "replier", "line", "domain", "shape", "pattern"),
        "a\x1b[31m\u202eb" * 99,
    )
    times = dict.fromkeys(("sent_at", "until", "through", "hole_from", "hole_to", "since"), NOW.isoformat())
    told = wording.reason(Reason.of(because, **written, **times))
    assert not [c for c in told if unicodedata.category(c) in ("Cc", "Cf")]
    assert len(told) < 800


@pytest.mark.parametrize(
    ("why", "sign", "words", "helpful"),
    [
        (
            "backfilled",
            OriginSign.NO_CHAIN,
            (
                "the log of account home holds what was in Sent when that was first read: what you had deleted by then "
                "it does not know; and the bounce does not show which way the message went"
            ),
            "watched for about ten days",
        ),
        (
            "unproved",
            OriginSign.PROVIDER_UNKNOWN,
            (
                "no reply to mail of yours has shown yet that the log of account home holds all that you send; and "
                "scatterclean does not know through which servers your mail leaves (set `outbound = [...]` in the "
                "account, or let DNS be asked)"
            ),
            "`outbound = [...]`",
        ),
    ],
)
def test_silence_that_proves_too_little_says_what_would_help(
    why: str, sign: OriginSign, words: str, helpful: str
) -> None:
    reason = Reason.of(Because.UNPROVED, account="home", why=why, sign=sign.value)
    assert wording.reason(reason) == words
    assert helpful in wording.changes(reason)


def test_what_would_change_it_is_told_for_every_reason() -> None:
    for because in Because:
        assert wording.changes(Reason.of(because))


def test_the_rules_are_told_without_the_words_of_the_code() -> None:
    jargon = ("acquit", "strong", "weak", "covered", "evidence", "reference", "id", "tie")
    for because, rule in wording.RULES.items():
        assert not set(jargon) & set(rule.replace(",", "").split()), because


def test_an_automatic_reply_is_told_in_grammar() -> None:
    told = wording.reason(Reason.of(Because.REPLY_ID, id="x@y.example", replier="jo@firm.example"))
    assert told == (
        "it names <x@y.example>, but an automatic reply proves too little: jo@firm.example may have made up that "
        "id, or you have written there before"
    )


def test_the_way_to_ask_is_safe_to_paste_whatever_a_stranger_wrote() -> None:
    one = case(Reason.of(Because.NO_REFERENCE))
    for ident in ("a@b.example", "a'; rm -rf ~; '@b.example", "$(reboot)@b.example"):
        told = wording.how_to_ask(replace(one, bounce=replace(one.bounce, message_id=ident)))
        assert shlex.split(told) == ["scatterclean", "why", "home", f"<{ident}>"]
    for hidden in (None, "a\x1b[31m@b.example", "\u202ea@b.example"):
        told = wording.how_to_ask(replace(one, bounce=replace(one.bounce, message_id=hidden)))
        assert shlex.split(told) == ["scatterclean", "why", "home", "1", "--folder", "INBOX"]


@given(st.text(), st.integers(1, 40))
def test_what_strangers_wrote_is_short_and_holds_nothing_that_a_terminal_obeys(text: str, limit: int) -> None:
    told = wording.shown(text, limit)
    assert len(told) <= limit
    assert not [c for c in told if unicodedata.category(c) in ("Cc", "Cf", "Cs", "Co", "Zl", "Zp")]


def case(
    reason: Reason, verdict: Verdict = Verdict.UNDECIDED, *, subject: str = "Failure", uid: int = 1
) -> Case:
    bounce = Bounce(
        Kind.BOUNCE,
        subject=subject,
        sender="daemon@mx.example",
        recipients=("friend@f.example",),
        original=Original(subject="Hello"),
    )
    where = Whereabouts(Place("INBOX", 1), uid)
    return Case("home", where, f"{uid:032}", NOW, bounce, Finding(verdict, (reason,)))


def test_cases_with_one_reason_are_told_together_and_the_shared_details_with_them() -> None:
    one = Reason.of(Because.SHARED, address="info@winter.example")
    other = Reason.of(Because.SHARED, address="office@winter.example")
    [(verdict, sentence, heap)] = wording.by_reason([case(one), case(one, uid=2)])
    assert (verdict, len(heap)) == (Verdict.UNDECIDED, 2)
    assert "info@winter.example" in sentence
    [(_, sentence, heap)] = wording.by_reason([case(one), case(other, uid=2)])
    assert (sentence, len(heap)) == (wording.CAUSES[Because.SHARED], 2)


def test_heaps_come_in_the_order_of_verdicts_the_largest_first() -> None:
    genuine = Reason.of(Because.ID_LOGGED, id="a@b.example", found_in="In-Reply-To")
    nothing = Reason.of(Because.NO_REFERENCE)
    shared = Reason.of(Because.SHARED, address="info@winter.example")
    told = wording.by_reason(
        [case(shared), case(nothing, uid=2), case(nothing, uid=3), case(genuine, Verdict.GENUINE, uid=4)]
    )
    assert [(verdict, len(heap)) for verdict, _, heap in told] == [
        (Verdict.GENUINE, 1),
        (Verdict.UNDECIDED, 2),
        (Verdict.UNDECIDED, 1),
    ]


def test_examples_count_equal_subjects_and_name_the_rest() -> None:
    reason = Reason.of(Because.NO_REFERENCE)
    subjects = ["Failure"] * 3 + ["Delay", "Away", "Full", "Gone"]
    told = wording.examples([case(reason, subject=s, uid=n) for n, s in enumerate(subjects)])
    assert told[0] == '3 x "Failure" from daemon@mx.example'
    assert told[-1] == "and 2 other subjects"
    assert len(told) == 4


def test_a_genuine_bounce_is_told_with_the_letter_that_did_not_arrive() -> None:
    told = wording.about(case(Reason.of(Because.NO_REFERENCE)))
    assert told == '"Failure" from daemon@mx.example, about mail to friend@f.example: "Hello"'


@pytest.mark.parametrize(
    ("number", "kind", "told"),
    [
        (1, Kind.BOUNCE, "1 bounce"),
        (2, Kind.BOUNCE, "2 bounces"),
        (3, Kind.AUTOREPLY, "3 automatic replies"),
        (1, Kind.AUTOREPLY, "1 automatic reply"),
        (0, Kind.NOTICE, "0 filter's notices"),
    ],
)
def test_a_number_of_messages_is_told_in_english(number: int, kind: Kind, told: str) -> None:
    assert wording.counted(number, kind) == told


def test_a_sweep_that_observes_does_not_count_what_it_would_leave_alone() -> None:
    report = SweepReport(
        "home", 1, Mode.OBSERVE, NOW, NOW + timedelta(seconds=1), verdicts={Verdict.ORPHAN: 5}, left_alone=2
    )
    assert wording.sweep_line(report).startswith("home: 3 would be put away")
    assert wording.sweep_line(report, bare=True).startswith("3 would be put away")


@pytest.mark.parametrize("text", ["home: refused", "account home: refused"])
def test_a_trouble_names_its_account_once(text: str) -> None:
    assert wording.of_account("home", text) == text
    assert wording.of_account("work", text) == f"work: {text}"
