"""What holds for any bytes at all.  The invariant is the first line of every test."""

from __future__ import annotations

import base64
from pathlib import Path

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from scatterclean import bounce
from scatterclean.bounce.anatomy import split
from scatterclean.bounce.signs.heads import may_be, surely_ordinary, wanted
from scatterclean.model import MAX_ADDRESSES, MAX_ID, MAX_REFERENCES, Bounce, Kind, Weight

HERE = Path(__file__).parent
FIXTURES = {path.stem: path.read_bytes() for path in sorted((HERE / "fixtures").glob("*.eml"))}
NEGATIVES = {path.stem: path.read_bytes() for path in sorted((HERE / "negatives").glob("*.eml"))}
MESSAGES = tuple((FIXTURES | NEGATIVES).values())

# What breaks parsers: line ends, delimiters, encodings announced and not done, words of this trade.
TOKENS = st.sampled_from(
    (
        b"\n", b"\r", b"\r\n", b"\n\n", b"\r\r\n", b"--", b"<", b">", b"@", b'"', b"=?utf-8?b?QQ?=", b"=?", b"?=",
        b":", b";", b"\x00", b"\xff\xfe", b" ", b"\t", b"> ", b"=\n", b"(", b"&lt;", b"<br>", b"<!--",
        b"\nContent-Type: multipart/mixed; boundary=a\n\n--a\n", b"\nContent-Transfer-Encoding: base64\n",
        b"\nMessage-ID: <", b"\nFrom: MAILER-DAEMON\n", b"\nReturn-Path: <>\n", b"\nAction: failed\n",
        b"\nbegin 644 x\n", b"charset=punycode", b"\nReceived: by x id ", b"550 5.1.1 ", b"\nFinal-Recipient: rfc822;",
    )
)  # fmt: skip


@st.composite
def damaged(draw: st.DrawFn) -> bytes:
    """A message of ours with pieces cut out, doubled, exchanged and put in."""
    message = draw(st.sampled_from(MESSAGES))
    for _ in range(draw(st.integers(1, 6))):
        at = draw(st.integers(0, len(message)))
        to = draw(st.integers(at, min(len(message), at + 400)))
        middle = draw(
            st.one_of(
                TOKENS,
                st.just(b""),
                st.binary(max_size=20),
                st.builds(lambda token, count: token * count, TOKENS, st.integers(2, 60)),
                st.just(message[at:to] * 2),
            )
        )
        message = message[:at] + middle + message[to:]
    return message


def strong_ids(found: Bounce | None) -> set[str]:
    return {ref.id.text for ref in found.references if ref.weight is Weight.STRONG} if found else set()


def essence(found: Bounce | None) -> object:
    """What line ends must not change."""
    return found and (found.kind, found.references, found.recipients, found.original, found.status)


@given(st.binary(max_size=3000), st.booleans())
def test_any_bytes_are_read_without_raising(raw: bytes, complete: bool) -> None:
    bounce.candidate(raw)
    bounce.read(raw, complete=complete)


@settings(max_examples=400, suppress_health_check=[HealthCheck.too_slow])
@given(damaged(), st.booleans())
def test_damaged_messages_are_read_without_raising_and_within_the_bounds(raw: bytes, complete: bool) -> None:
    found = bounce.read(raw, complete=complete)
    if found is None:
        return
    assert found.stumbled == ()
    assert len(found.references) <= MAX_REFERENCES
    assert len(found.recipients) <= MAX_ADDRESSES
    for ref in found.references:
        assert 0 < len(ref.id.text) <= MAX_ID
        ref.id.text.encode("utf-8")  # raises for a lone surrogate, which no store can keep
        assert "\x00" not in ref.id.text


@settings(max_examples=300, suppress_health_check=[HealthCheck.too_slow])
@given(damaged())
def test_whatever_is_read_as_automatic_is_a_candidate_by_its_header(raw: bytes) -> None:
    if bounce.read(raw) is not None:
        assert bounce.candidate(raw)


@settings(max_examples=400, suppress_health_check=[HealthCheck.too_slow])
@given(damaged(), st.sampled_from((b"\n", b"\r\n")))
def test_what_is_passed_over_at_once_is_no_candidate(raw: bytes, line_end: bytes) -> None:
    for each in (raw, raw.replace(b"\n", line_end)):
        block = split(each)[0]
        assert not (surely_ordinary(block) and may_be(wanted(block)))


@pytest.mark.parametrize(
    "line",
    [
        "Return-Path: <>",
        "Return-Path:",
        "Return-Path: < >",
        "return-path :\t<MAILER-DAEMON@a.example>",
        "Return-Path:\n <>",
        "Auto-Submitted: auto-replied",
        "Auto-Submitted:\n auto-replied",
        "Precedence: \n junk",
        "X-Failed-Recipients: olga@example.net",
        "X-MS-Exchange-Message-Is-Ndr:",
        "Content-Type: multipart/report; boundary=a",
        "Content-Type: text/plain;\n report-type=delivery-status",
        "Content-Type: text/plain; charset=utf-8\n ; report-type=delivery-status",
        "Message-ID: <mailman.1.2@a.example>",
    ],
)
def test_one_field_that_tells_keeps_a_letter_from_being_passed_over_at_once(line: str) -> None:
    letter = b"From: ada@example.org\nSubject: shed\n"
    assert surely_ordinary(letter + b"X-Other: a")
    block = line.encode() + b"\n" + letter + b"X-Other: a"
    assert may_be(wanted(block))
    assert not surely_ordinary(block)


@pytest.mark.parametrize("name", [*FIXTURES, *NEGATIVES])
def test_line_ends_change_nothing(name: str) -> None:
    raw = (FIXTURES | NEGATIVES)[name].replace(b"\r\n", b"\n").replace(b"\r", b"\n")
    wanted = essence(bounce.read(raw))
    assert essence(bounce.read(raw.replace(b"\n", b"\r\n"))) == wanted
    assert essence(bounce.read(raw.replace(b"\n", b"\r"))) == wanted
    assert essence(bounce.read(raw.replace(b"\n", b"\r\r\n"))) == wanted
    head, body = raw.replace(b"\n", b"\r\n").partition(b"\r\n\r\n")[::2]
    assert essence(bounce.read(head + b"\r\n\r\n" + body.replace(b"\r\n", b"\n"))) == wanted


@pytest.mark.parametrize("name", [*FIXTURES, *NEGATIVES])
def test_line_ends_the_wrong_way_round_change_nothing_and_truncation_makes_no_id_strong(name: str) -> None:
    raw = (FIXTURES | NEGATIVES)[name].replace(b"\r\n", b"\n").replace(b"\r", b"\n")
    swapped = raw.replace(b"\n", b"\n\r")
    wanted = bounce.read(raw)
    assert essence(bounce.read(swapped)) == essence(wanted)
    for end in range(0, len(swapped), 31):
        assert strong_ids(bounce.read(swapped[:end])) <= strong_ids(wanted), swapped[:end][-60:]


@pytest.mark.parametrize("junk", [b"=", b"===", b"!!!!", b"\xff\xfe", b"-- scanned\n"])
@pytest.mark.parametrize("at", [8, 60, 110, 150, 200, 10_000])
def test_junk_in_base64_makes_no_id_strong_when_it_is_cut_off(junk: bytes, at: int) -> None:
    returned = (
        b"Received: by a.example id 5\nFrom: ada@example.org\nTo: olga@example.net\nSubject: shed\n"
        b"Message-ID: <shed-1@winter.example>\nDate: Tue, 03 Mar 2026 10:14:00 +0100\n\nhello\n"
    )
    encoded = base64.encodebytes(returned)
    part = b"Content-Transfer-Encoding: base64\n\n" + encoded[:at] + junk + encoded[at:]
    raw = (WRAPPER % b"").replace(b"message/rfc822\n\n", b"message/rfc822\n" + part)
    whole = strong_ids(bounce.read(raw))
    assert whole <= {"shed-1@winter.example"}
    for end in range(len(raw)):
        assert strong_ids(bounce.read(raw[:end])) <= whole, raw[:end][-60:]


def positions(raw: bytes, letters: bytes) -> list[int]:
    return [at for at, letter in enumerate(raw) if letter in letters]


@pytest.mark.parametrize("complete", [True, False], ids=["said to be whole", "said to be cut"])
@pytest.mark.parametrize("name", [*FIXTURES, *NEGATIVES])
def test_truncation_never_makes_an_id_strong_that_the_whole_does_not_hold_as_strong(
    name: str, complete: bool
) -> None:
    raw = (FIXTURES | NEGATIVES)[name]
    wanted = strong_ids(bounce.read(raw))
    # Everywhere, and at every byte around what ends ids and lines that matter.
    ends = {*range(0, len(raw), 29), *(at + step for at in positions(raw, b"@>") for step in (0, 1, 2))}
    for end in sorted(ends):
        assert strong_ids(bounce.read(raw[:end], complete=complete)) <= wanted, raw[:end][-60:]


@pytest.mark.parametrize("name", FIXTURES)
def test_what_was_cut_before_the_returned_header_is_incomplete(name: str) -> None:
    raw = FIXTURES[name]
    line_end = b"\r" if b"\n" not in raw else b"\n"
    head = raw[: raw.index(line_end * 2) + 2]
    found = bounce.read(head, complete=False)
    assert found is None or found.incomplete
    whole = bounce.read(head, complete=True)
    assert whole is None or not whole.incomplete


WRAPPER = b"""\
Return-Path: <>
From: MAILER-DAEMON@gate.example.com (Mail Delivery System)
To: ada@example.org
Subject: Undelivered Mail Returned to Sender
Auto-Submitted: auto-replied
MIME-Version: 1.0
Content-Type: multipart/report; report-type=delivery-status; boundary="the wrapper"

--the wrapper
Content-Type: text/plain

<someone@example.com>: mailbox full

--the wrapper
Content-Type: message/delivery-status

Reporting-MTA: dns; gate.example.com

Final-Recipient: rfc822; someone@example.com
Action: failed
Status: 5.2.2

--the wrapper
Content-Type: message/rfc822

%s
--the wrapper--
"""


@pytest.mark.parametrize("name", FIXTURES)
def test_a_bounce_that_is_wrapped_in_another_is_still_found(name: str) -> None:
    raw = FIXTURES[name].removeprefix(b"\xef\xbb\xbf").replace(b"\r", b"\n")
    inner = bounce.read(raw)
    outer = bounce.read(WRAPPER % raw)
    assert inner is not None
    assert outer is not None
    assert outer.kind is Kind.BOUNCE
    quoted = {ref.id.text: ref.level for ref in outer.references}
    for ref in inner.references:
        assert quoted[ref.id.text] == ref.level + 1
    if raw.lower().startswith(b"return-path: <>") and inner.kind in (Kind.BOUNCE, Kind.DELAY):
        assert strong_ids(outer) >= strong_ids(inner)


@settings(max_examples=200, suppress_health_check=[HealthCheck.too_slow])
@given(damaged())
def test_reading_twice_gives_the_same(raw: bytes) -> None:
    assert bounce.read(raw) == bounce.read(raw)


def test_a_header_in_the_notice_is_not_strong_while_the_returned_one_may_be_cut_off() -> None:
    # Found by fuzzing: the whole message says that the pasted header is not the one that came back.
    pasted = (
        b"It failed.\n\n----- Original message -----\n\nReceived: from a by b with SMTP\nFrom: ada@example.org\n"
        b"To: olga@example.net\nMessage-ID: <pasted@example.org>\nDate: Tue, 3 Mar 2026 10:15:01 +0100\n\nhello\n"
    )
    returned = b"From: ada@example.org\nTo: olga@example.net\nMessage-ID: <returned@example.org>\nSubject: shed\n\nhi\n"
    raw = (WRAPPER % returned).replace(b"<someone@example.com>: mailbox full\n", pasted)
    whole = strong_ids(bounce.read(raw))
    assert whole == {"returned@example.org"}
    for end in range(len(raw)):
        assert strong_ids(bounce.read(raw[:end])) <= whole, raw[:end][-60:]
