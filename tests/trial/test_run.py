"""`try` on files: what the core reads and how it judges, as objects that programs can rely on."""

from __future__ import annotations

import io
import json
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest

from scatterclean import trial
from scatterclean.model import Answer, Because, Question, Tie, TieQuestion, Verdict
from scatterclean.outbox import files
from scatterclean.outbox.files import messages
from scatterclean.trial import ALL_TIME, PeriodUnreadable, SentUnreadable, period
from scatterclean.trial.log import Log
from tests.trial.letters import ME, bounce, letter, mbox


def told(raw: bytes, **given: Any) -> dict[str, Any]:
    """The one object for one message on standard input, after a round through JSON."""
    (one,) = trial.run([Path("-")], stdin=io.BytesIO(raw), **given)
    copied: dict[str, Any] = json.loads(json.dumps(one))
    assert copied == one
    return copied


@pytest.fixture
def sent(tmp_path: Path) -> Path:
    """Two messages that Ada really sent, as a directory."""
    (tmp_path / "sent").mkdir()
    (tmp_path / "sent" / "1.eml").write_bytes(letter("kept.1@winter.example"))
    (tmp_path / "sent" / "2.eml").write_bytes(letter("kept.2@winter.example", to="aunt@far.example"))
    return tmp_path / "sent"


def test_a_bounce_is_told_with_all_that_it_says() -> None:
    assert told(bounce()) == {
        "file": "-",
        "kind": "bounce",
        "references": [
            {
                "id": "lost.1@winter.example",
                "weight": "strong",
                "found_in": "message/rfc822 part",
                "level": 1,
            }
        ],
        "recipients": ["nobody@far.example"],
        "original": {
            "from": ME,
            "to": ["nobody@far.example"],
            "subject": "Minutes of Monday",
            "date": "2026-01-12T08:59:00+00:00",
        },
        "reporting_mta": "mx.far.example",
        "action": "failed",
        "status": "5.1.1",
        "incomplete": False,
        "stumbled": [],
    }


def test_ordinary_mail_has_the_same_keys_and_no_kind() -> None:
    ordinary = told(letter())
    assert ordinary.keys() == told(bounce()).keys()
    assert ordinary["kind"] is None
    assert ordinary["references"] == []


def test_without_a_log_nothing_is_judged() -> None:
    assert "verdict" not in told(bounce())


def test_objects_come_in_the_order_of_the_input(tmp_path: Path) -> None:
    (tmp_path / "box").write_bytes(mbox(bounce("a@x"), letter(), bounce("b@x")))
    (tmp_path / "a.eml").write_bytes(letter())
    objects = list(
        trial.run([tmp_path / "box", tmp_path / "none", Path("-"), tmp_path / "a.eml"], stdin=io.BytesIO())
    )
    assert [(str(each["file"]).rpartition("/")[2], each["kind"]) for each in objects] == [
        ("box#1", "bounce"),
        ("box#2", None),
        ("box#3", "bounce"),
        ("none", None),
        ("-", None),
        ("a.eml", None),
    ]
    assert ["error" in each for each in objects] == [False, False, False, True, False, False]


def test_a_bounce_of_a_sent_message_is_genuine(sent: Path) -> None:
    one = told(bounce("kept.2@winter.example"), sent=sent)
    assert one["verdict"] == "genuine"
    assert one["reasons"] == [
        {"code": "id-logged", "id": "kept.2@winter.example", "found_in": "message/rfc822 part"}
    ]
    assert "kept.2@winter.example" in one["because"][0]


def test_a_bounce_of_an_unknown_message_is_an_orphan(sent: Path) -> None:
    one = told(bounce(), sent=sent)
    assert (one["verdict"], one["reasons"][0]["code"]) == ("orphan", "unknown-id")


def test_a_recipient_that_was_written_to_makes_it_genuine_without_the_id(sent: Path) -> None:
    (sent / "3.eml").write_bytes(letter("", to="nobody@far.example", subject="Minutes of Monday"))
    assert told(bounce(), sent=sent)["reasons"][0]["code"] == "tie"
    (sent / "3.eml").write_bytes(
        letter(
            "", to="nobody@far.example", subject="Minutes of Monday", date="Mon, 22 Dec 2025 09:00:00 +0100"
        )
    )
    # Three weeks before: it is not tied to that, but it is somebody to whom the person writes.
    assert told(bounce(), sent=sent)["reasons"][0]["code"] == "correspondent"


def test_ordinary_and_unreadable_mail_is_not_judged(sent: Path, tmp_path: Path) -> None:
    assert (told(letter(), sent=sent)["verdict"], told(letter(), sent=sent)["because"]) == (None, [])
    (one,) = trial.run([tmp_path / "none"], sent=sent)
    assert (one["verdict"], one["because"], one["reasons"]) == (None, [], [])


def test_the_senders_of_the_log_and_the_given_addresses_are_the_persons(sent: Path) -> None:
    to_info = bounce(to="info@winter.example", sender="info@winter.example")
    assert told(to_info, sent=sent)["reasons"][0]["code"] == "not-yours"
    assert told(to_info, sent=sent, me=["Info@Winter.example"])["verdict"] == "orphan"
    assert told(to_info, sent=sent, me=["*@winter.example"])["verdict"] == "orphan"


def test_every_kind_is_switched_on(sent: Path) -> None:
    complaint = b"""\
From: abuse@far.example
To: ada@winter.example
Subject: abuse report
Date: Mon, 12 Jan 2026 10:00:00 +0100
Content-Type: multipart/report; report-type=feedback-report; boundary="cut"

--cut
Content-Type: text/plain

This is spam.
--cut
Content-Type: message/feedback-report

Feedback-Type: abuse
User-Agent: x/1
Version: 1

--cut
Content-Type: message/rfc822

From: ada@winter.example
To: nobody@far.example
Subject: Cheap watches
Date: Mon, 12 Jan 2026 09:59:00 +0100
Message-ID: <lost.1@winter.example>

x
--cut--
"""
    one = told(complaint, sent=sent)
    assert (one["kind"], one["verdict"]) == ("complaint", "orphan")


def test_what_was_not_covered_is_no_orphan(sent: Path) -> None:
    assert told(bounce(), sent=sent, covered=period("2025-12-01..2026-01-12"))["verdict"] == "orphan"
    for narrow in ("2026-01-12..", "..2025-12-31", "2026-02-01..2026-03-01"):
        assert told(bounce(), sent=sent, covered=period(narrow))["verdict"] in ("undecided", "waiting"), (
            narrow
        )


def test_an_empty_log_convicts_nobody(tmp_path: Path) -> None:
    one = told(bounce(), sent=tmp_path, me=[ME])
    assert (one["verdict"], one["reasons"][0]["code"]) == ("undecided", "empty-log")


def test_a_log_that_cannot_be_read_to_the_end_is_refused_before_anything_is_judged(sent: Path) -> None:
    with pytest.raises(SentUnreadable, match="none"):
        trial.run([], sent=sent / "none")
    loop = sent / "3.eml"
    loop.symlink_to("4.eml")
    (sent / "4.eml").symlink_to("3.eml")
    with pytest.raises(SentUnreadable, match=r"3\.eml"):
        trial.run([], sent=loop)


def test_the_log_may_be_a_maildir_an_mbox_or_one_message(sent: Path, tmp_path: Path) -> None:
    box = tmp_path / "Maildir"
    for part in ("cur", "new", "tmp"):
        (box / part).mkdir(parents=True)
    (box / "cur" / "1768208400.1.host:2,S").write_bytes(letter("kept.2@winter.example"))
    (tmp_path / "mbox").write_bytes(mbox(letter("kept.2@winter.example")))
    for log in (sent, box, tmp_path / "mbox", sent / "2.eml"):
        assert told(bounce("kept.2@winter.example"), sent=log)["verdict"] == "genuine", log


@pytest.mark.parametrize(
    "date",
    [
        "",
        "Mon, 99 Foo 0000",
        "Mon, 12 Jan 0001 00:00:00 +0000",
        "Fri, 31 Dec 9999 23:59:59 -1200",
        "Fri, 31 Dec 9999 00:00:00 +0000",
    ],
)
def test_absurd_dates_stop_nothing(sent: Path, date: str) -> None:
    raw = bounce().replace(b"Mon, 12 Jan 2026 10:00:05 +0100", date.encode())
    for each in (raw, raw.replace(b"Mon, 12 Jan 2026 10:00:00 +0100", date.encode())):
        for one in (each, each.replace(b"Mon, 12 Jan 2026 09:59:00 +0100", date.encode())):
            assert told(one, sent=sent)["verdict"] == "orphan"
    (sent / "3.eml").write_bytes(letter("kept.3@winter.example", date=date))
    assert told(bounce("kept.3@winter.example"), sent=sent)["verdict"] == "genuine"


def test_the_codes_and_verdicts_are_those_of_the_model(sent: Path) -> None:
    one = told(bounce(), sent=sent)
    assert one["verdict"] in set(Verdict)
    assert {reason["code"] for reason in one["reasons"]} <= set(Because)


def test_the_mbox_line_tells_the_arrival_of_a_message_without_any_date(sent: Path, tmp_path: Path) -> None:
    (sent / "3.eml").write_bytes(letter("", to="nobody@far.example", subject="Minutes of Monday"))
    undated = b"".join(
        line for line in bounce().splitlines(keepends=True) if not line.startswith((b"Received:", b"Date:"))
    )
    for line, verdict in (
        (b"From MAILER-DAEMON Tue Jan 13 09:00:05 2026\n", "genuine"),
        (
            b"From MAILER-DAEMON Fri Feb 13 09:00:05 2026\n",
            "undecided",
        ),  # nothing went there in the 14 days before, but it is somebody to whom the person writes
    ):
        (tmp_path / "box").write_bytes(mbox(undated, line=line))
        (one,) = trial.run([tmp_path / "box"], sent=sent)
        assert one["verdict"] == verdict


def test_a_message_that_was_cut_in_front_of_what_it_returns_is_incomplete(
    sent: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(files, "CAP", bounce().index(b"Content-Type: message/rfc822"))
    (tmp_path / "long.eml").write_bytes(bounce())
    (one,) = trial.run([tmp_path / "long.eml"], sent=sent)
    assert one["incomplete"] is True
    assert one["verdict"] == "undecided"


def test_the_log_answers_as_the_real_one_does(sent: Path) -> None:
    log = Log.of(messages([sent]))
    at = datetime(2026, 1, 12, 8, 59, tzinfo=UTC)
    hour = timedelta(hours=1)
    answer = log.ask(
        Question(
            "",
            keys=frozenset({"kept.1@winter.example", "lost.1@winter.example"}),
            ties=frozenset(
                {
                    TieQuestion("aunt@far.example", at, at),
                    TieQuestion("friend@far.example", at + hour, at + 2 * hour),
                    TieQuestion("friend@far.example", at - 2 * hour, at - hour),
                    TieQuestion("nobody@far.example", at - hour, at + hour),
                }
            ),
            correspondents=frozenset(
                {"aunt@far.example", "far.example", "uncle@far.example", "near.example"}
            ),
        )
    )
    assert answer == Answer(
        known=frozenset({"kept.1@winter.example"}),
        ties=(Tie("aunt@far.example", at, "Lunch"),),
        correspondents=frozenset({"aunt@far.example", "far.example"}),
    )
    assert (log.count, log.latest, log.senders) == (2, at, {ME})


def test_more_knowledge_never_condemns(sent: Path) -> None:
    before = told(bounce(), sent=sent)["verdict"]
    (sent / "3.eml").write_bytes(letter("lost.1@winter.example"))
    assert (before, told(bounce(), sent=sent)["verdict"]) == ("orphan", "genuine")


def test_what_the_persons_provider_may_have_carried_may_be_the_persons(sent: Path) -> None:
    without, named = told(bounce(), sent=sent), told(bounce(), sent=sent, provider=["winter.example"])
    assert (without["verdict"], named["verdict"]) == ("orphan", "undecided")
    assert [reason["code"] for reason in named["reasons"]] == ["provider-hop"]


def test_a_period_is_two_days_of_which_both_count() -> None:
    start, end = period("2026-01-01..2026-06-30")
    assert start == datetime(2026, 1, 1, tzinfo=UTC)
    assert end == datetime(2026, 7, 1, tzinfo=UTC) - timedelta(microseconds=1)
    assert period("2026-01-01T12:00+01:00..2026-01-01T11:00Z") == (datetime(2026, 1, 1, 11, tzinfo=UTC),) * 2
    assert period("..2026-06-30") == (ALL_TIME[0], end)
    assert period("2026-01-01..") == (start, ALL_TIME[1])
    assert period("0001-01-01..9999-12-31") == ALL_TIME


@pytest.mark.parametrize(
    "text", ["", "..", "2026-01-01", "2026-13-01..", "x..y", "2026-06-30..2026-01-01", "2026..2027"]
)
def test_what_is_no_period_is_refused_with_an_example(text: str) -> None:
    with pytest.raises(PeriodUnreadable) as caught:
        period(text)
    assert caught.value.hint
