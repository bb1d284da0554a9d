"""An answer that may be cut off: what stood behind its last byte may have made it a bounce, or a person's mail.

The invariant: no id of a truncated message is strong that is not strong in the whole one.  A text that is said to be
whole and is not cannot be told from a whole one; of these, only cuts in front of its text are looked at.
"""

from __future__ import annotations

from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from scatterclean import bounce
from scatterclean.model import Bounce, Kind, Weight

LETTER = """\
Received: by a.example id 5
From: ada@example.org
To: olga@example.net
Subject: shed
Message-ID: <shed-1@winter.example>
Date: Tue, 03 Mar 2026 10:14:00 +0100

hello
"""
FAILED = "Your message could not be delivered.\n\n<olga@example.com>: 550 5.1.1 unknown user\n"
HELD = "Your message to olga@example.net is being held, please confirm your message.\n"
AWAY = "I am away.\n"
RETURNED = "Content-Type: message/rfc822\n\n" + LETTER
STATUS = (
    "Content-Type: message/delivery-status\n\nReporting-MTA: dns; a.example\n\n"
    "Final-Recipient: rfc822; olga@example.com\nAction: failed\nStatus: 5.1.1\n"
)
CALENDAR = "Content-Type: text/calendar; method=REPLY\n\nBEGIN:VCALENDAR\nEND:VCALENDAR\n"
RECEIPT = (
    "Content-Type: message/disposition-notification\n\nFinal-Recipient: rfc822; olga@example.com\n"
    "Original-Message-ID: <read@winter.example>\nDisposition: automatic-action/MDN-sent-automatically; displayed\n"
)
COMPLAINT = "Content-Type: message/feedback-report\n\nFeedback-Type: abuse\nVersion: 1\nUser-Agent: x\n"
BOUNCE = (
    "Content-Type: message/rfc822\n\nReturn-Path: <>\nFrom: MAILER-DAEMON@x.example\nTo: ada@example.org\n"
    "Subject: failure notice\n\n" + FAILED + "\n" + LETTER
)

SENDERS = st.sampled_from(
    (
        "Olga <olga@example.net>", "Olga <info@example.net>", "MAILER-DAEMON@example.net", "postmaster@example.net",
        "photo-owner@example.net", "noreply@example.net",
    )
)  # fmt: skip
PATHS = st.sampled_from(("", "Return-Path: <>\n", "Return-Path: <olga@example.net>\n"))
MACHINES = st.sampled_from(
    (
        "", "Auto-Submitted: auto-replied\n", "Auto-Submitted: auto-generated\n",
        "X-Loop: olga@example.net\nPrecedence: junk\n", "X-Autoreply: yes\n",
    )
)  # fmt: skip
SUBJECTS = st.sampled_from(
    (
        "Undeliverable: shed", "Re: shed", "Out of office: shed", "shed", "Virus found in your message",
        "Mail delivery delayed",
    )
)  # fmt: skip
ANSWERED = st.sampled_from(("", "In-Reply-To: <answered@winter.example>\n"))
NOTICES = st.sampled_from((FAILED, AWAY, HELD, FAILED + "\n" + LETTER))
PARTS = st.lists(
    st.sampled_from((RETURNED, STATUS, CALENDAR, RECEIPT, COMPLAINT, BOUNCE)), min_size=1, max_size=3
)


@st.composite
def headers(draw: st.DrawFn) -> str:
    telling = draw(PATHS) + draw(MACHINES) + draw(ANSWERED)
    rest = f"From: {draw(SENDERS)}\nTo: ada@example.org\nSubject: {draw(SUBJECTS)}\nMIME-Version: 1.0\n"
    return telling + rest if draw(st.booleans()) else rest + telling


@st.composite
def multiparts(draw: st.DrawFn) -> bytes:
    kind = draw(st.sampled_from(("mixed", "report")))
    parts = ["Content-Type: text/plain\n\n" + draw(NOTICES), *draw(PARTS)]
    body = "".join(f"--bb\n{part}" for part in parts) + "--bb--\n"
    return f"{draw(headers())}Content-Type: multipart/{kind}; boundary=bb\n\n{body}".encode()


@st.composite
def texts(draw: st.DrawFn) -> bytes:
    copy = draw(st.sampled_from((LETTER, "> " + LETTER.replace("\n", "\n> "))))
    return f"{draw(headers())}Content-Type: text/plain\n\n{draw(NOTICES)}\n{copy}".encode()


def strong_ids(found: Bounce | None) -> set[str]:
    return {ref.id.text for ref in found.references if ref.weight is Weight.STRONG} if found else set()


def line_ends(raw: bytes) -> list[int]:
    ends = [at for at, letter in enumerate(raw) if letter in b"\n>"]
    return sorted({*ends, *(at + 1 for at in ends)})


@settings(max_examples=120, deadline=None, suppress_health_check=[HealthCheck.too_slow])
@given(multiparts(), st.booleans())
def test_no_id_of_a_multipart_that_was_cut_is_strong_unless_it_is_in_the_whole(
    raw: bytes, complete: bool
) -> None:
    whole = strong_ids(bounce.read(raw))
    for end in line_ends(raw):
        assert strong_ids(bounce.read(raw[:end], complete=complete)) <= whole, raw[:end].decode()


@settings(max_examples=120, deadline=None, suppress_health_check=[HealthCheck.too_slow])
@given(texts())
def test_no_id_of_a_text_that_was_cut_is_strong_unless_it_is_in_the_whole(raw: bytes) -> None:
    whole = strong_ids(bounce.read(raw))
    text = raw.index(b"\n\n") + 2
    for end in line_ends(raw):
        assert strong_ids(bounce.read(raw[:end], complete=False)) <= whole, raw[:end].decode()
        if end <= text:
            assert strong_ids(bounce.read(raw[:end])) <= whole, raw[:end].decode()


def answer(text: str, *parts: str, closed: bool = True) -> bytes:
    whole = "".join(f"--bb\n{part}" for part in ("Content-Type: text/plain\n\n" + text, *parts))
    return (
        "From: Olga <olga@example.net>\nTo: ada@example.org\nSubject: shed\nAuto-Submitted: auto-replied\n"
        "In-Reply-To: <answered@winter.example>\nMIME-Version: 1.0\n"
        f"Content-Type: multipart/mixed; boundary=bb\n\n{whole}{'--bb--' * closed}\n"
    ).encode()


def test_an_answer_to_an_invitation_does_not_become_a_bounce_that_convicts_when_its_calendar_is_cut_off() -> (
    None
):
    whole = answer(FAILED, RETURNED, CALENDAR)
    assert bounce.read(whole) is None
    cut = bounce.read(whole[: whole.index(b"--bb\nContent-Type: text/calendar")])
    assert cut is not None
    assert cut.kind is Kind.BOUNCE
    assert strong_ids(cut) == set()


def test_an_own_returned_header_and_an_smtp_answer_convict_where_the_end_was_seen() -> None:
    found = bounce.read(answer(FAILED, RETURNED))
    assert found is not None
    assert found.kind is Kind.BOUNCE
    assert strong_ids(found) == {"shed-1@winter.example"}


def test_what_a_vacation_text_answers_is_strong_where_the_end_was_seen_and_only_there() -> None:
    note = "Content-Type: text/plain\n\nback on Monday\n"
    assert strong_ids(bounce.read(answer(AWAY, note))) == {"answered@winter.example"}
    assert strong_ids(bounce.read(answer(AWAY, note, closed=False))) == set()
