# ruff: noqa: E501 - lines of logs are as long as they are
"""Logs of Postfix and Exim: what the person handed over counts, what came from outside does not, whatever it says."""

from __future__ import annotations

import time
from collections.abc import Iterator
from datetime import UTC, datetime

import pytest

from scatterclean.model import SentMessage
from scatterclean.outbox import logs

ME = "ada@winter.example"
WRITTEN = datetime(2026, 11, 24, 12, 0, tzinfo=UTC)


@pytest.fixture(autouse=True)
def machine_in_utc(monkeypatch: pytest.MonkeyPatch) -> Iterator[None]:
    monkeypatch.setenv("TZ", "UTC")
    time.tzset()
    yield
    monkeypatch.undo()
    time.tzset()


def owns(address: str) -> bool:
    return address == ME


def postfix(text: str, written: datetime = WRITTEN) -> list[SentMessage]:
    return list(logs.postfix(text.encode("latin-1").splitlines(keepends=True), owns, written))


def exim(text: str) -> list[SentMessage]:
    return list(logs.exim(text.encode("latin-1").splitlines(keepends=True), owns, WRITTEN))


def ids(messages: list[SentMessage]) -> list[str]:
    return [an_id.text for message in messages for an_id in message.ids]


SUBMITTED = """\
Nov 23 10:00:00 mail postfix/submission/smtpd[2101]: connect from dsl-7.home.example[198.51.100.7]
Nov 23 10:00:00 mail postfix/submission/smtpd[2101]: 4A7B31C0D2: client=dsl-7.home.example[198.51.100.7], sasl_method=PLAIN, sasl_username=ada
Nov 23 10:00:01 mail postfix/cleanup[2105]: 4A7B31C0D2: message-id=<phone.1@winter.example>
Nov 23 10:00:01 mail postfix/qmgr[880]: 4A7B31C0D2: from=<shop@winter.example>, size=1203, nrcpt=2 (queue active)
Nov 23 10:00:02 mail postfix/smtp[2107]: 4A7B31C0D2: to=<Bob@Firm.example>, relay=mx.firm.example[192.0.2.5]:25, delay=1.1, delays=0.1/0/0.5/0.5, dsn=2.0.0, status=sent (250 2.0.0 Ok: queued as 9F)
Nov 23 10:00:03 mail postfix/smtp[2107]: 4A7B31C0D2: to=<carl@new.example>, orig_to=<carl@old.example>, relay=none, delay=2, delays=1/0/1/0, dsn=5.1.1, status=bounced (host said: 550 to=<trap@evil.example>)
Nov 23 10:00:03 mail postfix/qmgr[880]: 4A7B31C0D2: removed
"""
PICKED_UP = """\
Nov 23 11:00:00 mail postfix/pickup[870]: 5B00C1D2E3: uid=33 from=<www-data>
Nov 23 11:00:00 mail postfix/cleanup[2105]: 5B00C1D2E3: message-id=<20261123110000.5B00C1D2E3@mail.winter.example>
Nov 23 11:00:00 mail postfix/qmgr[880]: 5B00C1D2E3: from=<www-data@mail.winter.example>, size=512, nrcpt=1 (queue active)
Nov 23 11:00:02 mail postfix/smtp[2107]: 5B00C1D2E3: to=<bob@firm.example>, relay=mx.firm.example[192.0.2.5]:25, status=sent (250 Ok)
Nov 23 11:00:02 mail postfix/qmgr[880]: 5B00C1D2E3: removed
"""
INCOMING = """\
Nov 23 12:00:00 mail postfix/smtpd[2101]: 6C11D2E3F4: client=mx.firm.example[192.0.2.5]
Nov 23 12:00:00 mail postfix/cleanup[2105]: 6C11D2E3F4: message-id=<from.outside@firm.example>
Nov 23 12:00:00 mail postfix/qmgr[880]: 6C11D2E3F4: from=<bob@firm.example>, size=999, nrcpt=1 (queue active)
Nov 23 12:00:01 mail postfix/smtp[2107]: 6C11D2E3F4: to=<ada@winter.example>, relay=127.0.0.1[127.0.0.1]:10024, status=sent (250 2.0.0 from MTA(smtp:[127.0.0.1]:10025): 250 2.0.0 Ok: queued as 7D22E3F405)
Nov 23 12:00:01 mail postfix/smtpd[2130]: 7D22E3F405: client=localhost[127.0.0.1]
Nov 23 12:00:01 mail postfix/cleanup[2105]: 7D22E3F405: message-id=<from.outside@firm.example>
Nov 23 12:00:01 mail postfix/qmgr[880]: 7D22E3F405: from=<bob@firm.example>, size=1400, nrcpt=1 (queue active)
Nov 23 12:00:02 mail postfix/virtual[2140]: 7D22E3F405: to=<ada@winter.example>, relay=virtual, status=sent (delivered to maildir)
Nov 23 12:00:02 mail postfix/qmgr[880]: 7D22E3F405: removed
Nov 23 12:00:02 mail postfix/qmgr[880]: 6C11D2E3F4: removed
"""


def test_postfix_submission_counts_with_all_its_recipients_and_its_own_time() -> None:
    [message] = postfix(SUBMITTED)
    assert ids([message]) == ["phone.1@winter.example"]
    assert message.recipients == ("bob@firm.example", "carl@new.example", "carl@old.example")
    assert message.sent_at == datetime(2026, 11, 23, 10, 0, 0, tzinfo=UTC)
    assert (message.subject, message.sender) == (None, "shop@winter.example")


def test_postfix_mail_of_a_script_on_the_machine_counts() -> None:
    assert ids(postfix(PICKED_UP)) == ["20261123110000.5B00C1D2E3@mail.winter.example"]


def test_postfix_incoming_mail_counts_not_even_when_a_content_filter_brings_it_back() -> None:
    assert postfix(INCOMING) == []


def test_postfix_mail_with_the_persons_reverse_path_counts() -> None:
    relayed = INCOMING.replace("from=<bob@firm.example>", f"from=<{ME}>")
    assert set(ids(postfix(relayed))) == {"from.outside@firm.example"}


def test_postfix_bounces_and_forwarded_mail_of_others_count_never() -> None:
    assert postfix(PICKED_UP.replace("from=<www-data@mail.winter.example>", "from=<>")) == []
    srs = "from=<SRS0=hash=tt=firm.example=bob@winter.example>"
    assert (
        list(
            logs.postfix(
                INCOMING.replace("from=<bob@firm.example>", srs).encode().splitlines(), bool, WRITTEN
            )
        )
        == []
    )


def test_messages_that_cross_are_kept_apart_and_an_id_that_is_used_again_is_another() -> None:
    crossing = sorted((SUBMITTED + INCOMING + PICKED_UP).splitlines(keepends=True))
    assert set(ids(postfix("".join(crossing)))) == set(ids(postfix(SUBMITTED + PICKED_UP)))
    again = INCOMING.replace("6C11D2E3F4", "4A7B31C0D2")
    assert ids(postfix(SUBMITTED + again)) == ["phone.1@winter.example"]


def test_a_log_that_ends_in_the_middle_gives_what_it_has() -> None:
    [message] = postfix("".join(SUBMITTED.splitlines(keepends=True)[:3]))
    assert (ids([message]), message.recipients) == (["phone.1@winter.example"], ())


@pytest.mark.parametrize(
    "line",
    [
        "6C11D2E3F4: client=mx.firm.example[192.0.2.5], helo=<x, sasl_username=ada>",
        "6C11D2E3F4: reject: RCPT from x[192.0.2.5]: sasl_username=ada from=<ada@winter.example>",
        "NOQUEUE: client=x[192.0.2.5], sasl_method=PLAIN, sasl_username=ada",
        "warning: 6C11D2E3F4: uid=33 from=<ada>",
    ],
)
def test_what_a_stranger_says_to_postfix_makes_nothing_sent(line: str) -> None:
    assert postfix(f"Nov 23 11:59:59 mail postfix/smtpd[2101]: {line}\n" + INCOMING) == []


def test_postfix_long_queue_ids_and_times_with_year_and_zone_are_read() -> None:
    text = SUBMITTED.replace("4A7B31C0D2", "3Xn7Tz0kBdzGbP").replace(
        "Nov 23 10:00:0", "2025-03-30T01:30:00.123456+02:00"[:-13] + "0"
    )
    assert ids(postfix(text)) == []  # half a time is none
    text = SUBMITTED.replace("4A7B31C0D2", "3Xn7Tz0kBdzGbP")
    for second in range(4):
        text = text.replace(f"Nov 23 10:00:0{second}", f"2025-03-30T01:30:0{second}.123456+02:00")
    [message] = postfix(text)
    assert message.sent_at == datetime(2025, 3, 29, 23, 30, 0, 123456, tzinfo=UTC)


@pytest.mark.parametrize(
    ("stamp", "year"),
    [
        ("Nov 24 11", 2026),
        ("Nov 25 11", 2026),
        ("Nov 26 13", 2025),
        ("Dec 31 10", 2025),
        ("Jan  2 10", 2026),
        ("Feb 29 10", 2024),
    ],
)
def test_a_line_without_a_year_is_of_the_latest_that_is_not_in_the_future(stamp: str, year: int) -> None:
    text = SUBMITTED.replace("Nov 23 10", stamp)
    [message] = postfix(text)
    assert message.sent_at.year == year


def test_the_same_log_gives_the_same_fingerprints() -> None:
    first, second = postfix(SUBMITTED + PICKED_UP), postfix(SUBMITTED + PICKED_UP)
    assert first == second
    assert len({m.fingerprint for m in first}) == 2


EXIM_SENT = """\
2026-11-23 10:00:00 Start queue run: pid=1200
2026-11-23 10:00:01 1vNabc-000123-4F <= shop@winter.example H=dsl-7.home.example (phone) [198.51.100.7] P=esmtpsa X=TLS1.3:ECDHE:256 CV=no A=plain_login:ada S=1203 id=phone.1@winter.example T="Offer \\"X\\" for you" for bob@firm.example carl@old.example
2026-11-23 10:00:02 1vNabc-000123-4F => Bob@Firm.example R=dnslookup T=remote_smtp H=mx.firm.example [192.0.2.5] C="250 OK"
2026-11-23 10:00:02 1vNabc-000123-4F -> dora@firm.example R=dnslookup T=remote_smtp H=mx.firm.example [192.0.2.5]
2026-11-23 10:00:03 1vNabc-000123-4F ** carl@new.example <carl@old.example> R=dnslookup T=remote_smtp: 550 <trap@evil.example> unknown
2026-11-23 10:00:03 1vNabc-000123-4F Completed
2026-11-23 10:05:00 1vNabd-00000000abc-1Xyz <= www-data@host.winter.example U=www-data P=local S=512 id=E1vNabd-00000000abc-1Xyz@host.winter.example
2026-11-23 10:05:01 1vNabd-00000000abc-1Xyz == erin@slow.example R=dnslookup T=remote_smtp defer (-53): retry time not reached
"""
EXIM_INCOMING = (
    "2026-11-23 11:00:00 1vNabe-000124-5G <= bob@firm.example H=mx.firm.example (A=x) [192.0.2.5] P=esmtps "
    'S=999 id=from"outside@firm.example T=" A=plain:ada P=local \\" U=ada" for ada@winter.example\n'
    "2026-11-23 11:00:01 1vNabe-000124-5G => ada <ada@winter.example> R=local T=maildir\n"
    "2026-11-23 11:00:01 1vNabe-000124-5G Completed\n"
)


def test_exim_submission_and_local_mail_count_with_their_recipients() -> None:
    phone, script = exim(EXIM_SENT)
    assert ids([phone, script]) == [
        "phone.1@winter.example",
        "E1vNabd-00000000abc-1Xyz@host.winter.example",
    ]
    assert set(phone.recipients) == {
        "bob@firm.example",
        "dora@firm.example",
        "carl@new.example",
        "carl@old.example",
    }
    assert phone.sent_at == datetime(2026, 11, 23, 10, 0, 1, tzinfo=UTC)
    assert script.recipients == ("erin@slow.example",)


def test_exim_incoming_mail_counts_not_whatever_its_subject_says() -> None:
    assert exim(EXIM_INCOMING) == []


def test_exim_mail_with_the_persons_reverse_path_counts_and_a_bounce_does_not() -> None:
    assert len(exim(EXIM_INCOMING.replace("<= bob@firm.example", f"<= {ME}"))) == 1
    assert (
        exim(
            EXIM_SENT.replace("<= shop@winter.example", "<= <> R=1vNabc-000122-3E")[
                : EXIM_SENT.index("10:05")
            ]
        )
        == []
    )


def test_exim_lines_with_zone_process_and_fractions_are_read() -> None:
    text = EXIM_SENT.replace("2026-11-23 10:00:01 ", "2026-11-23 10:00:01.250 +0100 [4711] ")
    [phone, _] = exim(text)
    assert phone.sent_at == datetime(2026, 11, 23, 9, 0, 1, 250_000, tzinfo=UTC)


def test_the_two_logs_are_told_from_each_other_and_from_mail() -> None:
    assert (logs.is_postfix(SUBMITTED.encode()), logs.is_exim(SUBMITTED.encode())) == (True, False)
    assert (logs.is_postfix(EXIM_SENT.encode()), logs.is_exim(EXIM_SENT.encode())) == (False, True)
    mail = b"From: a@b.example\nSubject: 2026\n\nNov 23\n"
    assert (logs.is_postfix(mail), logs.is_exim(mail)) == (False, False)


def test_any_bytes_are_no_trouble_and_open_messages_are_bounded(monkeypatch: pytest.MonkeyPatch) -> None:
    junk = [
        bytes(range(256)) * 4,
        b"\0" * 5000,
        b"Nov 99 99:99:99 h postfix/smtpd[1]: ABCDEF: x\n",
        b" " * 60_000,
    ]
    assert list(logs.postfix(junk, owns, WRITTEN)) == []
    assert list(logs.exim([*junk, b"2026-99-99 10:00:00 1vNabc-000123-4F <= x\n"], owns, WRITTEN)) == []
    monkeypatch.setattr(logs, "_MOST_OPEN", 1)
    assert len(postfix(SUBMITTED.replace("removed", "kept") + PICKED_UP.replace("removed", "kept"))) == 2
