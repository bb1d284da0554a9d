"""Replies, echoes and ties teach about the log; what strangers write proves nothing that could convict."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import replace
from datetime import datetime, timedelta

import pytest

from scatterclean import calibrate
from scatterclean.calibrate import Passing, from_findings, from_mail, passing, question_for
from scatterclean.model import (
    Answer,
    Because,
    Case,
    Finding,
    Identities,
    Lessons,
    MessageId,
    Place,
    Reason,
    RouteCause,
    Tie,
    Verdict,
    Whereabouts,
)
from scatterclean.shapes import shape_of

from .people import ARRIVAL, BOUNCE, ME, NOW, reference

ADA = Identities(addresses=frozenset([ME]))
LOGGED = "1763.22.7@laptop.winter.example"
SHAPES = frozenset([shape_of(MessageId(LOGGED))])
UNKNOWN = "1763.99.1@laptop.winter.example"  # of the person's own shape


def reply(
    parent: str,
    *,
    sender: str = "bob@firm.example",
    to: str = ME,
    references: str = "",
    subject: str = "Re: Plans",
    ident: str = "r1@firm.example",
    at: datetime = NOW,
) -> Passing:
    raw = (
        f"From: Bob <{sender}>\r\nTo: {to}\r\nSubject: {subject}\r\nMessage-ID: <{ident}>\r\n"
        f"Date: {NOW:%a, %d %b %Y %H:%M:%S} +0000\r\n"
    )
    if parent:
        raw += f"In-Reply-To: <{parent}>\r\n"
    if references:
        raw += f"References: {references}\r\n"
    return passing(raw.encode(), at)


def lessons(
    *mail: Passing,
    answer: Answer | None = None,
    holders: Mapping[str, frozenset[str]] | None = None,
    received: frozenset[str] = frozenset(),
) -> Lessons:
    return from_mail(mail, answer or Answer(), holders or {}, SHAPES, received, ADA, NOW)


def test_a_reply_that_cites_a_logged_id_proves_the_account_that_logged_it() -> None:
    found = lessons(
        reply(LOGGED),
        reply("", references=f"<{LOGGED}> <other@firm.example>", ident="r2@firm.example"),
        answer=Answer(known=frozenset([LOGGED])),
        holders={LOGGED: frozenset(["home"])},
    )
    assert found.proofs["home"].replies == 2
    assert found.proofs["home"].last == NOW
    assert not found.routes


def test_what_the_person_writes_proves_nothing() -> None:
    own = reply(LOGGED, sender=ME, ident="own@winter.example")
    assert not lessons(
        own, answer=Answer(known=frozenset([LOGGED])), holders={LOGGED: frozenset(["home"])}
    ).proofs


def test_a_reply_that_cites_an_unknown_id_of_the_persons_own_shape_reveals_a_route() -> None:
    [route] = lessons(reply(UNKNOWN)).routes
    assert (route.shape, route.cause, route.example) == (*SHAPES, RouteCause.REPLY, UNKNOWN)


def test_a_host_of_an_own_domain_is_the_persons_own_shape() -> None:
    [route] = lessons(reply("cron-17@server.winter.example")).routes
    assert route.shape == shape_of(MessageId("cron-17@server.winter.example"))


def test_a_reply_to_another_member_of_the_thread_reveals_nothing() -> None:
    assert not lessons(reply(UNKNOWN, to=f"carol@club.example, {ME}")).routes


def test_a_reply_to_what_the_person_received_reveals_nothing() -> None:
    assert not lessons(reply(UNKNOWN), received=frozenset([UNKNOWN])).routes
    earlier = reply("", ident=UNKNOWN, sender="carol@club.example", subject="Plans")
    assert not lessons(earlier, reply(UNKNOWN)).routes


def test_a_stranger_who_cites_a_strange_id_reveals_nothing() -> None:
    assert not lessons(reply("CAabcdefgh@mail.example.net")).routes


def test_someone_whom_the_person_writes_to_reveals_a_route_of_any_shape() -> None:
    answer = Answer(correspondents=frozenset(["bob@firm.example"]))
    [route] = lessons(reply("CAabcdefgh@mail.example.net"), answer=answer).routes
    assert route.cause is RouteCause.REPLY


def test_a_reply_that_fits_a_logged_message_but_cites_another_id_shows_a_provider_that_rewrites() -> None:
    tie = Tie("bob@firm.example", NOW - timedelta(days=2), "Plans")
    [route] = lessons(reply("DB7PR04@x.prod.outlook.com"), answer=Answer(ties=(tie,))).routes
    assert route.cause is RouteCause.REWRITTEN


def test_a_thread_of_which_one_id_is_logged_reveals_nothing() -> None:
    mail = reply(UNKNOWN, references=f"<{LOGGED}>")
    assert not lessons(mail, answer=Answer(known=frozenset([LOGGED]))).routes


def echo(ident: str) -> Passing:
    return reply("", sender=ME, to="list@club.example", subject="[club] Meeting", ident=ident)


def test_a_logged_message_that_comes_back_under_another_id_shows_a_provider_that_rewrites() -> None:
    tie = Tie("list@club.example", NOW - timedelta(minutes=1), "Meeting")
    [route] = lessons(echo("new@relay.example"), answer=Answer(ties=(tie,))).routes
    assert (route.cause, route.example) == (RouteCause.ECHO, "new@relay.example")


def test_spam_under_the_persons_own_address_reveals_nothing() -> None:
    assert not lessons(echo("spam@relay.example")).routes


@pytest.mark.parametrize("days", [0, 59, 61])
def test_ids_of_what_came_in_are_remembered_for_sixty_days(days: int) -> None:
    old = reply("", ident="letter@firm.example", at=NOW - timedelta(days=days))
    assert ("letter@firm.example" in lessons(old).received) is (days < 60)


def test_the_question_asks_for_all_that_learning_looks_up() -> None:
    question = question_for("ada", [reply(UNKNOWN, references=f"<{LOGGED}>"), echo("e@relay.example")], ADA)
    assert {UNKNOWN, LOGGED, "r1@firm.example", "e@relay.example"} <= question.keys
    assert {tie.recipient for tie in question.ties} == {"bob@firm.example", "list@club.example"}
    assert question.correspondents == {"bob@firm.example"}


def test_junk_in_the_fields_teaches_nothing_and_raises_nothing() -> None:
    junk = b"From: \xff<\r\nIn-Reply-To: <<>@\r\nReferences: \x00\r\nTo: ,,\r\nDate: soon\r\nMessage-ID:\r\n"
    assert not lessons(passing(junk, NOW))
    assert calibrate.FIELDS  # what the mailbox is asked for


# --- genuine bounces ------------------------------------------------------------------------------------


def tied_case(subject: str | None) -> Case:
    reason = Reason.of(Because.TIE, recipient="nobody@elsewhere.example", sent_at=ARRIVAL.isoformat())
    bounce = replace(
        BOUNCE,
        references=(reference("rewritten.1@relay.example"),),
        original=replace(BOUNCE.original, subject=subject),
    )
    where = Whereabouts(Place("INBOX", 1), 1)
    return Case("home", where, "f" * 32, ARRIVAL, bounce, Finding(Verdict.GENUINE, (reason,)))


def test_a_bounce_that_matched_by_the_tie_alone_shows_a_provider_that_rewrites() -> None:
    ties = [Tie("nobody@elsewhere.example", ARRIVAL, "Plans")]
    [route] = from_findings([tied_case("Plans")], ties)
    assert (route.cause, route.example) == (RouteCause.TIE, "rewritten.1@relay.example")


@pytest.mark.parametrize("subject", [None, "Cheap watches"])
def test_a_tie_without_equal_subjects_shows_nothing(subject: str | None) -> None:
    assert not from_findings([tied_case(subject)], [Tie("nobody@elsewhere.example", ARRIVAL, "Plans")])


def test_a_reply_that_cites_an_id_as_an_encoded_word_proves_as_much() -> None:
    """It would show a route of which nothing is known, else, and no proof."""
    encoded = f"=?utf-8?q?=3C{LOGGED.replace('.', '=2E').replace('@', '=40')}=3E?="
    raw = f"From: bob@firm.example\r\nTo: {ME}\r\nMessage-ID: <r1@firm.example>\r\nIn-Reply-To: {encoded}\r\n"
    one = passing(raw.encode(), NOW)
    assert one.parent[0] == MessageId(LOGGED)


@pytest.mark.parametrize("sender", ["bob@firm.example", ME], ids=["reply", "echo"])
def test_the_header_of_a_message_is_not_read_once_more_for_each_tie(
    sender: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    """To whom the person writes every day (a report to oneself) there are thousands of ties."""
    read: list[str] = []

    def counted(name: str, reader: Callable[[str], object]) -> Callable[[str], object]:
        def read_it(value: str) -> object:
            read.append(name)
            return reader(value)

        return read_it

    for name in ("decoded", "date_in", "first_address"):
        monkeypatch.setattr(calibrate, name, counted(name, getattr(calibrate, name)))

    def times(ties: int) -> int:
        read.clear()
        asked = reply(UNKNOWN, sender=sender, ident="1763.99.7@laptop.winter.example")
        answer = Answer(ties=tuple(Tie(sender, NOW, f"Report {n}") for n in range(ties)))
        lessons(asked, answer=answer)
        return len(read)

    assert 0 < times(500) == times(1)
