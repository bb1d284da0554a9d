"""A FETCH answer is read alike by the quick pattern and token by token, however the server writes it."""

from __future__ import annotations

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from scatterclean.errors import CommandRefused, ConnectionLost
from scatterclean.mailbox.answers import Value, as_number, fetched, flags_in, internal_date
from scatterclean.mailbox.fetching import Row, usual
from scatterclean.mailbox.login import open_session
from tests.mailbox.scripts import saying
from tests.servers import CUT

ITEMS = {
    "UID": st.integers(1, 2**32 - 1).map(lambda n: f"UID {n}".encode()),
    "INTERNALDATE": st.just(b'INTERNALDATE "17-Jul-1996 02:44:25 -0700"'),
    "FLAGS": st.lists(st.sampled_from([b"\\Seen", b"$Junk", b"0", b"\\Recent"]), max_size=3).map(
        lambda flags: b"FLAGS (" + b" ".join(flags) + b")"
    ),
    "SIZE": st.integers(0, 2**40).map(lambda n: f"RFC822.SIZE {n}".encode()),
}


@st.composite
def responses(draw: st.DrawFn) -> tuple[bytes, bytes]:
    """(a response up to its literal, the literal)."""
    literal = draw(st.binary(max_size=60)).replace(b"TAG", b"")
    items = [draw(ITEMS[name]) for name in draw(st.permutations(sorted(ITEMS)))]
    section = draw(
        st.sampled_from(
            [b"BODY[]<0>", b"BODY[HEADER.FIELDS (FROM TO)]", b"BODY[]", b"BODY[HEADER.FIELDS (From To)]"]
        )
    )
    return b"7 (" + b" ".join(items) + b" " + section + b" {%d}" % len(literal), literal


@settings(max_examples=40)
@given(
    st.lists(responses(), min_size=1, max_size=12),
    st.sampled_from([b"(UID)", b"(UID BODY.PEEK[]<0.9>)", b"(UID BODY.PEEK[HEADER.FIELDS (From To)])"]),
)
def test_the_quick_pattern_reads_what_the_tokens_say(said: list[tuple[bytes, bytes]], asked: bytes) -> None:
    told: dict[int, dict[str, Value]] = {}
    wire = b""
    for head, literal in said:
        number, _, items = head.partition(b" ")
        assert usual(asked).match(b"* " + number + b" FETCH " + items + b"\r\n")
        wire += b"* " + number + b" FETCH " + items + b"\r\n" + literal + b")\r\n"
        for uid, row in fetched([(head, literal), b")"]).items():
            told.setdefault(uid, {}).update(row)
    with saying({"UID FETCH": [wire + b"TAG OK done\r\n"]}) as server:
        session = open_session(server.access())
        session.open("INBOX")
        assert session.fetch(b"1:*", asked, keep=1000) == {
            uid: Row(
                uid,
                internal_date(row["INTERNALDATE"]),  # type: ignore[arg-type]
                flags_in(row["FLAGS"]),
                as_number(row["RFC822.SIZE"]),
                row["BODY"],  # type: ignore[arg-type]
            )
            for uid, row in told.items()
        }
        session.drop()


@pytest.mark.parametrize(
    ("said", "expected"),
    [
        (b"* 1 FETCH (UID 5 BODY[] {3}\r\nabc FLAGS (\\Seen))\r\n", Row(5, body=b"abc", flags=frozenset(["\\Seen"]))),
        (b"* 1 FETCH (BODY[] {3}\r\nabc UID 5)\r\n", Row(5, body=b"abc")),
        (b'* 1 FETCH (UID 5 BODY[] "abc")\r\n', Row(5, body=b"abc")),
        (b"* 1 FETCH (UID 5 BODY[] NIL)\r\n", Row(5)),
        (b"* 1 FETCH (UID 5 BODY[] (a) RFC822.SIZE x)\r\n", Row(5)),
        (b"* 1 FETCH (UID 5 BODY[] {3}\r\nabc)\r\n* 1 FETCH (UID 5 FLAGS (a))\r\n",
         Row(5, None, frozenset("a"), None, b"abc")),
        (b"* 1 FETCH (UID 5 BODY[] {1}\r\na)\r\n* 1 FETCH (UID 5 BODY[] {1}\r\nb)\r\n", Row(5, body=b"b")),
        (b"* 2 EXPUNGE\r\n* 9 EXISTS\r\n* 1 FETCH (UID 5 BODY[] {12}\r\n0123456789ab)\r\n", Row(5, body=b"01234567")),
        (b"* OK still here\r\n* 1 FETCH (uid 5 body[] {0}\r\n)\r\n", Row(5, body=b"")),
    ],
)  # fmt: skip
def test_unusual_answers_are_read_as_well(said: bytes, expected: Row) -> None:
    with saying({"UID FETCH": [said + b"TAG OK done\r\n"]}) as server:
        session = open_session(server.access())
        session.open("INBOX")
        assert session.fetch(b"1:*", b"(UID)", keep=8) == {5: expected}
        session.drop()


@pytest.mark.parametrize(
    "said",
    [
        b"* 1 FETCH (UID 5 BODY[] {300}\r\nabc" + CUT,
        b"* 1 FETCH (UID 5 BODY[] {3}\r\nabc" + CUT,
        b"* 1 FETCH (UID 5 BODY[] {3}\r\nabc)\r\n" + CUT,
        b"* 1 FETCH (UID 5 BODY[] {3}\r\nabc)\r\n* BYE enough\r\n" + CUT,
        b"* 1 FETCH (UID 5" + CUT,
    ],
)
def test_an_answer_that_breaks_off_gives_no_row(said: bytes) -> None:
    with saying({"UID FETCH": [said]}) as server:
        session = open_session(server.access())
        session.open("INBOX")
        with pytest.raises(ConnectionLost):
            session.fetch(b"1:*", b"(UID)", keep=1000)
        assert session.state() == "LOGOUT"


def test_what_was_sent_before_a_no_is_not_believed() -> None:
    with saying({"UID FETCH": [b"* 1 FETCH (UID 5 BODY[] {3}\r\nabc)\r\nTAG NO not now\r\n"]}) as server:
        session = open_session(server.access())
        session.open("INBOX")
        with pytest.raises(CommandRefused):
            session.fetch(b"1:*", b"(UID)", keep=1000)
        assert session.state() == "LOGOUT"
