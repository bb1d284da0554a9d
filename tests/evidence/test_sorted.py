"""Servers, addresses, reasons and spam: each sorted where it belongs, whatever strangers call it."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest

from scatterclean.evidence import senders
from scatterclean.evidence.failures import failure_of
from scatterclean.model import (
    Because,
    Bounce,
    Case,
    Finding,
    Identities,
    Kind,
    Original,
    Reason,
    Verdict,
)
from scatterclean.model.report import Bouncer, Failure
from scatterclean.store import Store, open_store
from tests.contracts.records import case
from tests.evidence.asking import ACCOUNT, ME, NOW, orphan, told


@pytest.fixture
def store(tmp_path: Path) -> Iterator[Store]:
    with open_store(tmp_path / "log.db") as opened:
        yield opened


def only(store: Store, *cases: Case) -> Bouncer:
    store.docket.enter("home", cases, None)
    [found] = told(store).bouncers
    return found


OWN_LINE = (
    "from mx.isp.example (mx.isp.example [198.51.100.9]) by mx.winter.example (Postfix) with ESMTPS id 4"
)
INNER = "by mail.winter.example (Dovecot) with LMTP id A"


def test_a_server_is_called_as_it_calls_itself(store: Store) -> None:
    found = only(
        store,
        orphan(
            1,
            reporting_mta="MX.isp.example",
            received=(INNER, OWN_LINE),
            status="5.1.1",
            message_id="1@isp.example",
        ),
    )
    assert (found.host, found.domain, found.ip) == ("mx.isp.example", "isp.example", "198.51.100.9")
    assert (found.statuses, found.example, found.bounces) == (("5.1.1",), "1@isp.example", 1)


def test_else_by_the_host_that_handed_it_over_else_by_the_domain_of_its_sender(store: Store) -> None:
    found = only(store, orphan(1, sender="postmaster@isp.example", received=(INNER, OWN_LINE)))
    assert found.host == "mx.isp.example"
    store.docket.enter(
        "home", [orphan(2, sender="daemon@other.example", received=("by x.other.example id 1",))], None
    )
    assert {one.host for one in told(store).bouncers} == {"mx.isp.example", "other.example"}


def test_only_the_own_provider_says_from_which_address_it_came(store: Store) -> None:
    forged = "from mx.victim.example (mx.victim.example [203.0.113.5]) by mx.evil.example with SMTP id 1"
    assert only(store, orphan(1, reporting_mta="mx.isp.example", received=(forged, OWN_LINE))).ip == ""


def test_one_server_under_two_senders_is_one_and_its_kinds_are_counted(store: Store) -> None:
    found = only(
        store,
        orphan(1, reporting_mta="mx.isp.example", sender="a@isp.example"),
        orphan(2, reporting_mta="mx.isp.example", sender="b@isp.example", kind=Kind.DELAY),
    )
    assert (found.bounces, found.kinds) == (2, {Kind.BOUNCE: 1, Kind.DELAY: 1})
    assert (found.first, found.last) == (NOW - timedelta(minutes=2), NOW - timedelta(minutes=1))


@pytest.mark.parametrize(
    "name", ["localhost", "EXCH01.corp.local", "[192.0.2.7]", "x\x1b[31m\u202e", "a" * 1000]
)
def test_a_name_that_says_nothing_gets_the_domain_of_the_sender(store: Store, name: str) -> None:
    found = only(store, orphan(1, reporting_mta=name, sender="daemon@isp.example"))
    assert (found.host, found.domain) == (name.lower(), "isp.example")


def test_bounces_of_mail_that_was_the_persons_own_are_no_bouncers(store: Store) -> None:
    genuine = replace(
        orphan(1, reporting_mta="mx.isp.example"),
        finding=Finding(Verdict.GENUINE, (Reason.of(Because.ID_LOGGED),)),
    )
    store.docket.enter("home", [genuine], None)
    assert told(store).bouncers == ()


# --- addresses ------------------------------------------------------------------------------------------


def test_addresses_that_were_forged_are_told_apart(store: Store) -> None:
    account = replace(
        ACCOUNT,
        identities=Identities(
            addresses=frozenset([ME, "*@winter.example"]), never_sends=frozenset(["shop@winter.example"])
        ),
    )
    made = [
        orphan(uid, original=Original(sender=sender), delivered_to=to)
        for uid, (sender, to) in enumerate(
            [
                (ME, (ME,)),
                ("x9@winter.example", ("x9@winter.example",)),
                ("ada+list@winter.example", (ME,)),
                ("shop@winter.example", (ME,)),
                ("stranger@spam.example", (ME,)),  # the envelope alone was forged
                (None, ("bill@winter.example",)),
            ],
            1,
        )
    ]
    store.docket.enter("home", made, None)
    found = {one.address: one for one in told(store, account=account).forged}
    assert found[ME].bounces == 2
    assert found.keys() == {ME, *(f"{name}@winter.example" for name in ("x9", "ada+list", "shop", "bill"))}
    assert (found["x9@winter.example"].owned, found["x9@winter.example"].catch_all) == (False, True)
    assert (found[ME].owned, found[ME].catch_all, found[ME].used) == (True, False, False)
    assert (found["ada+list@winter.example"].tag, found["ada+list@winter.example"].owned) == ("list", True)
    assert (found["shop@winter.example"].owned, found["shop@winter.example"].catch_all) == (True, False)
    assert told(store, account=account).conclusion.never_sends == 1


# --- the person's own mail ------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("status", "said", "failure"),
    [
        ("5.1.1", "550 5.1.1 <x@y.example>: User unknown in virtual alias table", Failure.UNKNOWN_ADDRESS),
        (
            "5.1.1",
            "550-5.1.1 The email account that you tried to reach does not exist.",
            Failure.UNKNOWN_ADDRESS,
        ),
        ("5.5.0", "550 Requested action not taken: mailbox unavailable", Failure.UNKNOWN_ADDRESS),
        ("5.4.1", "550 5.4.1 Recipient address rejected: Access denied", Failure.UNKNOWN_ADDRESS),
        ("", "Unrouteable address", Failure.UNKNOWN_ADDRESS),
        (
            "5.4.4",
            "Host or domain name not found. Name service error for name=nowhere.example",
            Failure.UNKNOWN_DOMAIN,
        ),
        ("5.1.10", "", Failure.UNKNOWN_DOMAIN),
        ("4.2.2", "452 4.2.2 The email account that you tried to reach is over quota", Failure.MAILBOX_FULL),
        ("5.2.2", "", Failure.MAILBOX_FULL),
        ("5.2.1", "550 5.2.1 The email account that you tried to reach is inactive", Failure.MAILBOX_CLOSED),
        ("5.3.4", "552 5.3.4 Message size exceeds fixed limit", Failure.TOO_LARGE),
        ("5.7.1", "554 5.7.1 Message rejected as spam by Content Filtering", Failure.REFUSED_AS_SPAM),
        (
            "5.7.1",
            "554 5.7.1 Service unavailable; Client host [192.0.2.1] blocked using zen.spamhaus.org",
            Failure.REFUSED_SENDER,
        ),
        ("5.7.26", "", Failure.REFUSED_SENDER),
        ("5.7.1", "550 5.7.1 Unable to relay", Failure.NOT_ALLOWED),
        ("5.7.0", "", Failure.NOT_ALLOWED),
        ("4.4.1", "connect to mx.y.example[192.0.2.1]:25: Connection timed out", Failure.UNREACHABLE),
        ("5.4.7", "", Failure.UNREACHABLE),
        ("", "", Failure.OTHER),
        ("banana", "x" * 100_000, Failure.OTHER),
    ],
)
def test_why_it_was_not_delivered(store: Store, status: str, said: str, failure: Failure) -> None:
    bounce = Bounce(Kind.BOUNCE, recipients=("x@y.example",), status=status, diagnostic=said)
    genuine = Finding(Verdict.GENUINE, (Reason.of(Because.TIE, sent_at="2026-11-20T08:00:00+00:00"),))
    store.docket.enter("home", [case(1, finding=genuine, bounce=bounce)], None)
    [found] = told(store).returned
    assert (found.failure, found.recipient) == (failure, "x@y.example")
    assert found.sent_at == datetime(2026, 11, 20, 8, tzinfo=UTC)


@pytest.mark.parametrize(
    ("kind", "failure"),
    [
        (Kind.DELAY, Failure.DELAYED),
        (Kind.SUCCESS, Failure.DELIVERED),
        (Kind.RECEIPT, Failure.DELIVERED),
        (Kind.AUTOREPLY, Failure.ANSWERED),
        (Kind.CHALLENGE, Failure.ANSWERED),
    ],
)
def test_where_nothing_failed_the_kind_tells(store: Store, kind: Kind, failure: Failure) -> None:
    genuine = Finding(Verdict.GENUINE, (Reason.of(Because.ID_LOGGED),))
    store.docket.enter(
        "home", [case(1, finding=genuine, bounce=Bounce(kind, diagnostic="550 User unknown"))], None
    )
    assert told(store).returned[0].failure is failure


def test_subjects_that_differ_by_numbers_and_spacing_are_one(store: Store) -> None:
    texts = ["Invoice 17 due", "Re: invoice  18 due", "INVOICE 4711 due!", "Watches", None, "4711", "12 34"]
    store.docket.enter(
        "home", [orphan(uid, original=Original(subject=text)) for uid, text in enumerate(texts, 1)], None
    )
    found = told(store).spam.subjects
    assert [(one.bounces, one.others) for one in found] == [(3, 2), (2, 1), (1, 0)]


def test_names_of_files_that_run_are_marked(store: Store) -> None:
    files = (
        ("bill.pdf.exe", "application/octet-stream"),
        ("photo.jpg", "image/jpeg"),
        ("", "application/zip"),
    )
    store.docket.enter("home", [orphan(1, original=Original(body=True, files=files))], None)
    found = told(store).spam
    assert {(one.text, one.dangerous) for one in found.files} == {
        ("bill.pdf.exe", True),
        ("photo.jpg", False),
        ("application/zip", True),
    }
    assert found.seen == 1


def test_an_account_without_a_machine_of_its_own_provider_names_no_address() -> None:
    assert senders.taken_from((OWN_LINE,), frozenset()) == senders.Taken()


FRAMED = "from innocent.example (innocent.example [203.0.113.99]) by mx.winter.example with ESMTP id x; now"
INSIDE = "from localhost (localhost [127.0.0.1]) by mx.winter.example with LMTP id y; now"
OWN_HOSTS = frozenset([".winter.example"])


@pytest.mark.parametrize(
    "outside",
    [
        "from unknown (HELO x) by mx.winter.example with SMTP; now",
        "from x.example by mx.winter.example with ESMTP; now",
        "from mail.winter.example (unknown [198.51.100.9]) by mx.winter.example with ESMTP; now",
        "from [203.0.113.99] (evil.example [198.51.100.9]) by mx.winter.example with ESMTP; now",
    ],
)
def test_below_the_line_that_does_not_tell_who_came_nobody_is_named(outside: str) -> None:
    """What stands there a stranger wrote: an innocent server would get the note."""
    assert senders.taken_from((INSIDE, outside, FRAMED), OWN_HOSTS) == senders.Taken()


def test_who_calls_itself_an_own_machine_is_named_by_its_address() -> None:
    outside = "from mx.winter.example (evil.example [198.51.100.9]) by mx.winter.example with ESMTP; now"
    found = senders.taken_from((INSIDE, outside, FRAMED), OWN_HOSTS)
    assert found == senders.Taken("evil.example", "198.51.100.9")


@pytest.mark.parametrize(
    ("status", "said", "failure"),
    [
        ("5.1.1", "550 5.1.1 <quota@x.example>: User unknown", Failure.UNKNOWN_ADDRESS),
        (
            "5.1.1",
            "550 5.1.1 <joe@junkyard.example>: Recipient address rejected: User unknown",
            Failure.UNKNOWN_ADDRESS,
        ),
        ("5.1.1", "host mx.spamhaus-free.example[192.0.2.1] said: 550 User unknown", Failure.UNKNOWN_ADDRESS),
        ("5.4.4", "Host not found: name=nospam.example type=MX: Host not found", Failure.UNKNOWN_DOMAIN),
        ("5.2.2", "The recipient's mailbox size limit was reached: mailbox full", Failure.MAILBOX_FULL),
    ],
)
def test_names_in_the_servers_line_are_no_words(status: str, said: str, failure: Failure) -> None:
    assert failure_of(Bounce(Kind.BOUNCE, status=status, diagnostic=said)) is failure
