"""An id that did not come through whole is never strong: it would convict a genuine bounce that the log knows."""

from __future__ import annotations

import quopri
from html import escape

import pytest

from scatterclean import bounce
from scatterclean.bounce.intact import is_intact
from scatterclean.model import MAX_ID, MAX_REFERENCES, MessageId, Weight

ID = "CAHk-=whR4xY=3kqLmN.20240305101109.0123456789@very-long-host-name.winter.example"
FIELD = f"Message-ID: <{ID}>"
ORIGINAL = (
    "Received: from smtp.winter.example by mx.sommer.example with ESMTP; Tue, 5 Mar 2024 10:11:12 +0100\n"
    "From: Olga Winter <olga@winter.example>\nTo: paul@sommer.example\nSubject: Angebot\n"
    "Date: Tue, 5 Mar 2024 10:11:09 +0100\n{}\nMIME-Version: 1.0\n\nGuten Tag\n"
)
NOTICE = "Delivery to the following recipient failed:\n\n   paul@sommer.example\n   550 5.1.1 unknown\n\n"
TOP = (
    "Return-Path: <>\nFrom: MAILER-DAEMON@mx.sommer.example\nTo: olga@winter.example\nSubject: failure notice\n"
    "Date: Tue, 5 Mar 2024 10:15:00 +0100\nMessage-ID: <4711@mx.sommer.example>\nMIME-Version: 1.0\n"
)


def broken(at: int, between: str) -> str:
    """The field, its lines broken after `at` characters."""
    return between.join(FIELD[i : i + at] for i in range(0, len(FIELD), at))


# What gateways, converters and editors were seen to do to a header that they paste or relabel: lines broken without
# the mark of folding, quoted-printable and HTML escapes without their label, links made of what looks like an address,
# ids shortened (Google Groups' web pages), blanked out, or named where there is none.
FOUND_AGAIN = {
    **{f"broken after {at}": broken(at, "\n") for at in (40, 50, 60, 70, 76)},
    **{f"soft line break after {at}": broken(at, "=\n") for at in (40, 60, 76)},
    "quoted-printable": quopri.encodestring(FIELD.encode()).decode(),
    "escaped": escape(FIELD),
    "escaped twice": escape(escape(FIELD)),
    "escaped by number": FIELD.replace("<", "&#60;").replace(">", "&#62;").replace("@", "&#64;"),
    "one bracket": FIELD.rstrip(">"),
    "linked": f"Message-ID: <{ID}<mailto:{ID}>>",
    "link behind": f"{FIELD}<mailto:{ID}>",
    "link in brackets": f"Message-ID: [mailto:{ID}]",
    "anchor": f'Message-ID: <<a href="mailto:{ID}">{ID}</a>>',
    "zero-width space": FIELD.replace("@", "\u200b@"),
    "soft hyphen": FIELD.replace("host", "ho\u00adst"),
    "RFC 2047": f"Message-ID: =?utf-8?Q?=3C{ID.replace('=', '=3D')}=3E?=",
    "URL": f"Message-ID: %3C{ID.replace('@', '%40')}%3E",
    "quoted": f'Message-ID: "{ID}"',
    "semicolon": f"Message-ID: {ID};",
    "parentheses": f"Message-ID: ({ID})",
    "wide brackets": f"Message-ID: \uff1c{ID}\uff1e",
}
LOST = {
    "shortened": f"Message-ID: <{ID[:30]}...>",
    "shortened in front of @": "Message-ID: <CAHk...@winter.example>",
    "ellipsis": f"Message-ID: <{ID[:30]}\u2026>",
    "stars": "Message-ID: <****@****.example>",
    "none": "Message-ID: <none>",
    "not there": "Message-ID: N/A",
    "null": "Message-ID: (null)",
    "redacted": "Message-ID: <REDACTED@winter.example>",
    "the writer's address": "Message-ID: olga@winter.example",
    "cut behind the @": f"Message-ID: <{ID.partition('@')[0]}@>",
    "cut before the @": f"Message-ID: <@{ID.partition('@')[2]}>",
    "blanked out by x": "Message-ID: <xxxx@xxxx>",
    "blanked out by X, but for the dots": "Message-ID: <XXXXXX@XXXX.XXX>",
    "host blanked out": f"Message-ID: <{ID.partition('@')[0]}@xxxx>",
    "blanked out by zeros": "Message-ID: <0000@winter.example>",
    "two ids": "Message-ID: <4711@gateway.example> <4712@gateway.example>",
    "two ids, one of them cut": "Message-ID: <4711@gateway.example> <4712@gate",
    "two ids and a comma": "Message-ID: <4711@gateway.example>,<4712@gateway.example>",
    "broken character": "Message-ID: <4711\ufffd@winter.example>",
}


def attached(original: str) -> str:
    return (
        f'{TOP}Content-Type: multipart/report; report-type=delivery-status; boundary="b"\n\n'
        f"--b\nContent-Type: text/plain\n\n{NOTICE}\n--b\nContent-Type: message/rfc822\n\n{original}\n--b--\n"
    )


def pasted(original: str) -> str:
    return f"{TOP}Content-Type: text/plain; charset=utf-8\n\n{NOTICE}--- Original message ---\n\n{original}"


def quoted(original: str) -> str:
    return pasted("".join(f"> {line}\n" for line in original.splitlines()))


def as_html(original: str) -> str:
    shown = f"<html><pre>{NOTICE}--- Original ---\n\n{escape(original)}</pre></html>"
    return f"{TOP}Content-Type: text/html; charset=utf-8\n\n{shown}"


WAYS = (attached, pasted, quoted, as_html)


def ids(field: str, way: object) -> tuple[set[str], set[str]]:
    """(keys of the strong ids, keys of all)."""
    assert callable(way)
    found = bounce.read(way(ORIGINAL.format(field)).encode())
    assert found is not None
    strong = {key for each in found.references if each.weight is Weight.STRONG for key in each.id.keys}
    return strong, {key for each in found.references for key in each.id.keys}


@pytest.mark.parametrize("way", WAYS)
def test_a_whole_id_is_strong(way: object) -> None:
    strong, _ = ids(FIELD, way)
    assert strong == set(MessageId(ID).keys)


@pytest.mark.parametrize("way", WAYS)
@pytest.mark.parametrize("field", FOUND_AGAIN.values(), ids=FOUND_AGAIN)
def test_of_a_mangled_id_no_strong_one_is_made_and_the_right_one_is_found(field: str, way: object) -> None:
    strong, every = ids(field, way)
    assert strong <= set(MessageId(ID).keys)
    assert every >= set(MessageId(ID).keys)


@pytest.mark.parametrize("way", WAYS)
@pytest.mark.parametrize("field", LOST.values(), ids=LOST)
def test_of_an_id_that_is_lost_no_strong_one_is_made(field: str, way: object) -> None:
    strong, _ = ids(field, way)
    assert strong == set()


@pytest.mark.parametrize(
    ("text", "value"),
    [
        ("a.b@host.example", "<a.b@host.example>"),
        ("a.b@host.example", "a.b@host.example"),  # some clients write no brackets
        ("ab@host.example", "<a b@host.example>"),  # white space inside is folding
        ("a@host.example", "<a@host.example> (added by postmaster@host.example)"),
        ("a@host.example", "<<a@host.example>>"),
        ("tel4711", "<tel4711>"),
        ("a@[192.0.2.1]", "<a@[192.0.2.1]>"),
        ('"a.b"@host.example', '<"a.b"@host.example>'),
        ("none.such.4711@host.example", "<none.such.4711@host.example>"),
        ("xy4711@host.example", "<xy4711@host.example>"),
    ],
)
def test_odd_ids_that_came_through_are_intact(text: str, value: str) -> None:
    assert is_intact(MessageId(text), value)


@pytest.mark.parametrize("first", ["a", "e"])
def test_an_id_that_is_cut_because_of_its_length_is_not_strong_whatever_it_begins_with(first: str) -> None:
    value = f"<{first}{'b' * MAX_ID}@host.example>"
    assert not is_intact(MessageId(value[1 : 1 + MAX_ID]), value)


@pytest.mark.parametrize(
    "value",
    [
        "<none@host.example>",
        "<Unknown@host.example>",
        "<na@host.example>",
        "<xxxx@host.example>",
        "<0.0@host.example>",
        "<4711@xxxx>",
        "<4711@x.0>",
        "<a..b...c@host.example>",
    ],
)
def test_a_word_for_none_or_a_blanked_out_id_is_not_intact(value: str) -> None:
    assert not is_intact(MessageId(value[1:-1]), value)


@pytest.mark.parametrize(
    "value",
    [
        "<nonesuch@host.example>",
        "<e.1@host.example>",
        "<x1@host.example>",
        "<0a0@xen.example>",
        "<4711@x.0a>",
    ],
)
def test_what_merely_begins_like_a_blanked_out_id_is_intact(value: str) -> None:
    assert is_intact(MessageId(value[1:-1]), value)


def test_an_address_that_in_reply_to_names_is_no_id() -> None:
    """MH and its heirs write 'Message from Olga Winter <olga@winter.example> of "Tue, 5 Mar" <id>'."""
    raw = (
        "Return-Path: <>\nFrom: paul@sommer.example\nTo: olga@winter.example\nSubject: Out of office: Angebot\n"
        "Auto-Submitted: auto-replied\n"
        'In-Reply-To: Message from Olga <olga@winter.example> of "Tue" <4711@winter.example>\n\n'
        "Bin im Urlaub.\n"
    )
    found = bounce.read(raw.encode())
    assert found is not None
    assert [each.id.text for each in found.references if each.weight is Weight.STRONG] == [
        "4711@winter.example"
    ]


def test_ten_thousand_mangled_ids_are_read_within_the_bound() -> None:
    """Each was looked for in the whole header: 5 s of one message."""
    many = "Message-ID: <a&lt;@winter.example\n" * 10_000
    found = bounce.read(attached(ORIGINAL.format(many.rstrip())).encode())
    assert found is not None
    assert len(found.references) <= MAX_REFERENCES
    assert all(each.weight is Weight.WEAK for each in found.references)
