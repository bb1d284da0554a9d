"""Alarms, evidence and the state of the log in words: for frightened people, and safe on a terminal."""

from __future__ import annotations

import unicodedata
from datetime import UTC, datetime, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from scatterclean import wording
from scatterclean.bounce.contents import Attachment, Contents
from scatterclean.model import (
    Alarm,
    AlarmKind,
    Coverage,
    Grade,
    Interval,
    Origin,
    OriginSign,
    Proofs,
    Route,
    RouteCause,
    Whose,
)

NOW = datetime(2026, 11, 23, 12, 0, tzinfo=UTC)


def alarm(kind: AlarmKind, **detail: str) -> Alarm:
    return Alarm("home", f"{kind}:x", kind, NOW, tuple(detail.items()))


ALARMS = [
    alarm(
        AlarmKind.SENT_BY_YOU,
        bounces="3",
        sign="signed",
        line="d=w.example s=k",
        subject="Win",
        recipient="x@y.example",
    ),
    alarm(AlarmKind.BURST, messages="200", strangers="190", usual="3"),
    alarm(AlarmKind.MANY_BOUNCES, bounces="40", recipients="38", id="a@b.example", subject="Win"),
]


def test_there_is_an_example_of_every_alarm() -> None:
    assert {one.kind for one in ALARMS} == set(AlarmKind)


@pytest.mark.parametrize("one", ALARMS, ids=lambda one: str(one.kind))
def test_an_alarm_says_what_happened_what_else_it_may_be_and_what_to_do(one: Alarm) -> None:
    happened, otherwise, what_to_do = wording.alarm_told(one)
    assert happened.startswith("ALARM: account home: ")
    assert "harmless" in otherwise
    for deed in ("password", "app passwords", "sessions", "forwarding", "filter rules"):
        assert deed in what_to_do
    assert wording.alarm(one).split("\n  ") == [happened, otherwise, what_to_do]


def test_an_alarm_about_unlogged_mail_names_the_harmless_causes() -> None:
    _, otherwise, _ = wording.alarm_told(ALARMS[0])
    for cause in ("you deleted that mail from Sent", "files no copies", "once more"):
        assert cause in otherwise


def test_no_alarm_lets_a_stranger_write_into_a_terminal() -> None:
    for kind in AlarmKind:
        written = dict.fromkeys(("line", "subject", "recipient", "id"), "a\x1b[31m\nb" * 99)
        for line in wording.alarm_told(alarm(kind, **written)):
            assert not [c for c in line if unicodedata.category(c) in ("Cc", "Cf")]


@pytest.mark.parametrize(
    ("link", "told"),
    [
        ("http://evil.example/a.html", "hxxp://evil[.]example/a[.]html"),
        ("HTTPS://user@evil.example/", "HxxPS://user[at]evil[.]example/"),
        ("https://a.example/?u=http%3a//b.example", "hxxps://a[.]example/?u=hxxp%3a//b[.]example"),
        ("ftp://f.example/x", "fxp://f[.]example/x"),
        ("www.bank.example", "www[.]bank[.]example"),
    ],
)
def test_a_link_of_a_stranger_is_written_so_that_nothing_opens_it(link: str, told: str) -> None:
    assert wording.defanged(link) == told


@given(st.text(), st.booleans())
def test_no_defanged_link_can_be_opened_or_obeyed(text: str, secure: bool) -> None:
    told = wording.defanged(f"http{'s' * secure}://{text}.example/").lower()
    assert "http://" not in told
    assert "https://" not in told
    assert "." not in told.replace("[.]", "")
    assert not [c for c in told if unicodedata.category(c) in ("Cc", "Cf")]
    assert len(told) <= 100


@pytest.mark.parametrize("sign", OriginSign)
def test_who_sent_it_is_told_with_the_line_that_shows_it(sign: OriginSign) -> None:
    told = wording.evidence.origin(Origin(Whose.UNKNOWN, sign, "from a\x1b[31m by b"))
    assert told.startswith(wording.evidence.ORIGINS[sign])
    assert 'it says: "from a' in told
    assert "\x1b" not in told


def test_dangerous_attachments_are_marked_and_long_lists_are_cut() -> None:
    links = tuple(f"http://h{n}.example/" for n in range(8))
    held = Contents(
        links=links, attachments=(Attachment("a.exe", "application/pdf"), Attachment("", "image/png"))
    )
    links_told, files, note = wording.evidence.contents(held)
    assert links_told.startswith("8 links")
    assert links_told.endswith("hxxp://h4[.]example/ and 3 more")
    assert files == (
        '2 attachments: "a.exe" (DANGEROUS: files of this type can harm your computer), '
        "one without a name, image/png"
    )
    assert note == "nothing of this was opened or fetched"
    assert wording.evidence.contents(Contents()) == []


LONG_AGO = datetime(2019, 3, 3, 9, 0, tzinfo=UTC)
YESTERDAY = NOW - timedelta(hours=22)
MAY = datetime(2026, 5, 7, 6, 0, tzinfo=UTC)


def test_coverage_is_told_as_a_person_wants_it() -> None:
    covered = Coverage(
        (
            Interval(LONG_AGO, MAY, Grade.BACKFILLED),
            Interval(MAY + timedelta(hours=6), YESTERDAY, Grade.BACKFILLED),
            Interval(YESTERDAY, NOW, Grade.WITNESSED),
        )
    )
    told = wording.log.coverage(covered, [(MAY, MAY + timedelta(hours=6))], NOW)
    assert told == (
        "the log knows what you sent since 3 March 2019, watched live since yesterday 14:00, last read today 12:00, "
        "hole on 7 May"
    )


def test_a_log_that_was_only_read_back_or_never_is_told_so() -> None:
    assert "does not know yet" in wording.log.coverage(Coverage(), [], NOW)
    read = Coverage((Interval(LONG_AGO, NOW, Grade.BACKFILLED),))
    assert "not watched live yet" in wording.log.coverage(read, [], NOW)
    watched = Coverage((Interval(YESTERDAY, NOW, Grade.WITNESSED),))
    assert "watched live all the time" in wording.log.coverage(watched, [], NOW)


def test_watching_ends_at_a_break_and_goes_through_joints() -> None:
    hours = [NOW - timedelta(hours=n) for n in (9, 6, 4, 2, 0)]
    spans = [Interval(hours[0], hours[1], Grade.WITNESSED), Interval(hours[2], hours[3], Grade.WITNESSED)]
    joined = Coverage((*spans, Interval(hours[3], hours[4], Grade.WITNESSED)))
    assert wording.log.watched_since(joined) == hours[2]
    assert wording.log.watched_since(Coverage((*spans, Interval(hours[3], NOW, Grade.BACKFILLED)))) is None


def test_many_holes_are_cut_to_the_latest() -> None:
    holes = [(MAY + timedelta(days=n), MAY + timedelta(days=n, hours=1)) for n in range(0, 10, 2)]
    covered = Coverage((Interval(LONG_AGO, NOW, Grade.BACKFILLED),))
    told = wording.log.coverage(covered, holes, NOW)
    assert "hole on 11 May, hole on 13 May, hole on 15 May, and 2 earlier holes" in told
    assert "hole from 7 May to 9 May" in wording.log.coverage(covered, [(MAY, MAY + timedelta(days=2))], NOW)


def test_proof_by_replies_is_told_or_that_there_is_none() -> None:
    told = wording.log.proofs(Proofs(12, YESTERDAY), NOW)
    assert (
        told == "12 replies to messages in the log came, the last yesterday: what you send does reach the log"
    )
    assert wording.log.proofs(Proofs(1, NOW), NOW).startswith("1 reply to messages in the log came")
    assert wording.log.proofs(Proofs(), NOW).startswith("no proof yet that this is all: ")


@pytest.mark.parametrize("cause", RouteCause)
def test_a_route_past_the_log_says_that_its_bounces_stay(cause: RouteCause) -> None:
    told = wording.log.route(Route("n.n@*.ada.example", cause, "1.2@h3.ada.example", YESTERDAY), NOW)
    assert told.startswith("mail with ids like n.n@*.ada.example ")
    assert "2026-11-22" in told
    assert "always stay" in told
    assert ("scatterclean import" in told) == (cause is RouteCause.REPLY)


def test_the_servers_of_the_person_are_named_or_what_would_tell_them() -> None:
    twice = {".w.example", "w.example", "mx.v.example"}
    assert wording.log.hosts(twice, known=True) == "your mail leaves through mx.v.example, w.example"
    assert wording.log.hosts({".w.example", "mx.v.example"}, known=True) == (
        "your mail leaves through mx.v.example, w.example"
    )
    told = wording.log.hosts({".w.example"}, known=False)
    assert "a guess: w.example" in told
    assert '`outbound = ["*.w.example"]`' in told
    assert "`outbound = [...]`" in wording.log.hosts((), known=False)
    assert '`outbound = ["198.51.100.21"]`' in wording.log.hosts(
        {".198.51.100.21", ".127.0.0.1"}, known=False
    )


def test_what_dns_said_of_the_servers_is_told_and_not_that_it_should_be_asked() -> None:
    told = wording.log.hosts({".w.example"}, known=False, published={"w.example": (), "v.example": None})
    assert "DNS was asked: v.example gave no answer that names them all, w.example has no SPF record" in told
    assert "dns = " not in told
    assert "domains that many share" in wording.log.hosts((), known=False, published={})
    told = wording.log.hosts({".w.example"}, known=False, published={"w.example": ("192.0.2.0/24",)})
    assert told == "your mail from w.example leaves through the networks that its SPF record in DNS names"
