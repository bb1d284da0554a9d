"""Names of folders: modified UTF-7, quoting without a way to inject, namespaces."""

from __future__ import annotations

import re

import pytest
from hypothesis import given
from hypothesis import strategies as st

from scatterclean.mailbox.folders import (
    Namespaces,
    from_utf7,
    guessed,
    listed,
    namespaces,
    quoted,
    to_utf7,
)

# A quoted string of RFC 3501, 9, as servers read it: nothing in it ends it or starts another line.
QUOTED = re.compile(rb'"(?:[^"\\\r\n\x00\x80-\xff]|\\["\\])*"')


@given(st.text(alphabet=st.characters(codec=None, categories=None)))
def test_no_name_of_a_folder_can_become_a_command(name: str) -> None:
    assert QUOTED.fullmatch(quoted(to_utf7(name)))


@given(st.text(alphabet=st.characters(exclude_categories=["Cs"])))
def test_every_name_comes_back_as_it_was(name: str) -> None:
    assert from_utf7(to_utf7(name)) == name


@given(st.binary())
def test_any_bytes_are_either_a_name_that_goes_back_or_none(wire: bytes) -> None:
    name = from_utf7(wire)
    assert name is None or to_utf7(name) == wire


@pytest.mark.parametrize(
    ("name", "wire"),
    [
        # RFC 3501, 5.1.3
        ("~peter/mail/台北/日本語", b"~peter/mail/&U,BTFw-/&ZeVnLIqe-"),
        ("R&D", b"R&-D"),
        ("Gelöschte Objekte", b"Gel&APY-schte Objekte"),
        ("😀", b"&2D3eAA-"),
    ],
)
def test_names_are_written_as_the_rfc_says(name: str, wire: bytes) -> None:
    assert to_utf7(name) == wire
    assert from_utf7(wire) == name


@pytest.mark.parametrize("wire", [b"R&D", b"&AGE-", b"&U,BTFw-&ZeVnLIqe-", b"&2D0-", b"M\xc3\xbcll", b"&A-"])
def test_what_is_not_canonical_has_no_name_of_its_own(wire: bytes) -> None:
    assert from_utf7(wire) is None


@pytest.mark.parametrize("text", [b"a\r\nX LOGOUT", b"a\nb", b"a\x00b"])
def test_a_line_break_is_never_quoted(text: bytes) -> None:
    with pytest.raises(ValueError, match="line break"):
        quoted(text)


def test_a_list_with_one_broken_name_shows_all_folders() -> None:
    found = listed(
        [
            b'(\\HasNoChildren) "/" INBOX',
            b'(\\HasNoChildren) "/" "Caf&e"',  # a client that forgot to encode
            b'(\\HasNoChildren) "/" "M\xc3\xbcll"',
            (b'() "/" {6}', b'say"so'),
            b"",
            b'() "/" "say \\"cheese\\" \\\\"',
            b"() NIL 2026",
            b'() "/" "NIL"',
        ]
    )
    assert [one.folder.name for one in found] == [
        "INBOX",
        "Caf&e",
        "Müll",
        'say"so',
        'say "cheese" \\',
        "2026",
        "NIL",
    ]
    assert found[2].wire == b"M\xc3\xbcll"


def test_special_uses_and_closed_folders_are_known_in_any_case() -> None:
    found = listed(
        [
            b'(\\HasNoChildren \\SENT) "/" Gesendet',
            b'(\\sent \\hasnochildren) "/" "Sent Items"',
            b'(\\NoSelect \\HasChildren) "/" "[Gmail]"',
            b'(\\NonExistent) "/" Gone',
            b'(\\Sent \\Important) "/" Both',
        ]
    )
    assert [(one.folder.use, one.folder.selectable) for one in found] == [
        (frozenset({"sent"}), True),
        (frozenset({"sent"}), True),
        (frozenset(), False),
        (frozenset(), False),
        (frozenset({"sent", "important"}), True),
    ]


@pytest.mark.parametrize(
    ("line", "expected"),
    [
        (b'(("" "/")) NIL NIL', Namespaces("", "/", ())),
        (
            b'(("INBOX." ".")) (("user." ".")) (("shared." "."))',
            Namespaces("INBOX.", ".", ("user.", "shared.")),
        ),
        (b'(("INBOX" ".")) NIL (("" "."))', Namespaces("INBOX.", ".", ("",))),
        (b'(("" "/")) NIL (("" "/"))', Namespaces("", "/", ())),
        (b'(("" NIL)) NIL', Namespaces("", "/", ())),
        (b'(("" "/" "TRANSLATION" ("x"))) NIL NIL', Namespaces("", "/", ())),
        (b"NIL NIL NIL", None),
        (b"", None),
    ],
)
def test_namespaces_are_read(line: bytes, expected: Namespaces | None) -> None:
    assert namespaces([line]) == expected


def test_the_folders_of_others_are_not_the_persons_own() -> None:
    spaces = Namespaces("INBOX.", ".", ("user.", ""))
    assert spaces.own("INBOX")
    assert spaces.own("INBOX.Sent")
    assert not spaces.own("bulletin")
    spaces = Namespaces("", "/", ("Other Users/", "Public/"))
    assert spaces.own("Sent")
    assert not spaces.own("Other Users/bob/Sent")
    assert not spaces.own("Other Users")


def test_the_prefix_is_guessed_where_everything_lives_below_inbox() -> None:
    below = listed([b'() "." INBOX', b'() "." INBOX.Sent', b'() "." INBOX.Trash'])
    assert guessed(below).personal("Backscatter") == "INBOX.Backscatter"
    beside = listed([b'() "/" INBOX', b'() "/" Sent', b'() "/" INBOX/Old'])
    assert guessed(beside).personal("Backscatter") == "Backscatter"
    assert guessed(listed([b'() "." INBOX'])).personal("Backscatter") == "Backscatter"


def test_a_prefix_in_any_case_is_not_doubled() -> None:
    assert Namespaces("INBOX.", ".").personal("inbox.Backscatter") == "INBOX.Backscatter"
